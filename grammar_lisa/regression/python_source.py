"""A formula as the text of a Python function that needs numpy alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np

from grammar_lisa.expressions.evaluation import FUNCTIONS
from grammar_lisa.expressions.expression import (
    CONSTANT,
    NEGATION,
    NUMBER,
    POWER,
    VARIABLE,
    Node,
    PerNode,
    Pool,
)
from grammar_lisa.expressions.precedence import Precedence

_SUM, _PRODUCT, _SIGN, _POWER, _ATOM = Precedence
_BINDS: Final = {"+": _SUM, "-": _SUM, "*": _PRODUCT, "/": _PRODUCT, POWER: _POWER}


class _Source(NamedTuple):
    """The source of a subexpression.

    Attributes:
        text: The source.
        binding: How tightly it holds together.
        value: Of what holds no variable; None otherwise.
    """

    text: str
    binding: Precedence
    value: float | None = None

    def within(self, binding: Precedence) -> str:
        """Return the text, in parentheses where something tighter is due."""
        return self.text if self.binding >= binding else f"({self.text})"


def python_function(
    text: str,
    variables: Sequence[str],
    names: Mapping[str, str] | None = None,
    *,
    target: str = "",
    function: str = "f",
) -> str:
    """Return the source of a function of numpy arrays, or numbers, that computes a formula.

    It gives what `grammar_lisa.expressions.evaluate` gives: infinities and NaN without warnings.

    Args:
        text: The formula.
        variables: The parameters in their order, used or not.
        names: What the user calls them, for the docstring.
        target: What the user calls the result.
        function: The name of the function.

    Raises:
        LisaError: The text is no formula over the variables.
    """
    pool = Pool(variables)
    root = pool.add(text)
    source = PerNode(pool, _write)[root]
    own = names or {}
    about = [f"    {name}: {own.get(name, name)!a}" for name in variables]
    result = f"    returns: {target!a}" if target else "    returns: the prediction"
    arrays = [f"    {name} = np.asarray({name}, dtype=float)" for name in variables]
    shape = ", ".join(f"{name}.shape" for name in variables)
    return "\n".join(
        [
            "import numpy as np",
            "",
            "",
            f"def {function}({', '.join(variables)}):",
            *(line.replace("    ", "    # ", 1) for line in (*about, result)),
            *arrays,
            '    with np.errstate(all="ignore"):',
            f"        return {source.within(_SUM)} + np.zeros(np.broadcast_shapes({shape}))",
            "",
        ]
    )


def _write(node: Node, operands: Sequence[_Source]) -> _Source:
    if node.operator == VARIABLE:
        return _Source(node.name, _ATOM)
    if node.operator == CONSTANT:
        return _Source(f"np.{node.name}", _ATOM, node.value)
    if node.operator == NUMBER:
        finite = np.isfinite(node.value)
        return _Source(repr(node.value) if finite else "np.inf", _ATOM, node.value)
    value = _value(node, operands)
    if node.operator in _BINDS and not _fails_in_python(node, operands, value):
        return _Source(_infix(node.operator, *operands), _BINDS[node.operator], value)
    if node.operator == NEGATION:
        return _Source(f"-{operands[0].within(_SIGN)}", _SIGN, value)
    name = FUNCTIONS[node.operator].__name__
    return _Source(f"np.{name}({', '.join(each.text for each in operands)})", _ATOM, value)


def _infix(operator: str, left: _Source, right: _Source) -> str:
    binding = _BINDS[operator]
    if operator == POWER:  # groups to the right; a sign on its right needs no parentheses
        return f"{left.within(_ATOM)}**{right.within(_SIGN)}"
    spaces = " " if binding == _SUM else ""
    return f"{left.within(binding)}{spaces}{operator}{spaces}{right.within(binding.tighter)}"


def _value(node: Node, operands: Sequence[_Source]) -> float | None:
    values = [each.value for each in operands]
    if None in values:
        return None
    with np.errstate(all="ignore"):
        return float(FUNCTIONS[node.operator](*map(np.float64, values)))


def _fails_in_python(node: Node, operands: Sequence[_Source], value: float | None) -> bool:
    """Tell whether Python's own numbers raise, or turn complex, where numpy's do not."""
    if value is None:
        return False
    return not np.isfinite(value) or (node.operator == "/" and operands[1].value == 0)
