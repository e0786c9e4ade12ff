"""A formula as the text of a Python function that needs numpy alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from grammar_lisa.expressions.evaluation import FUNCTIONS
from grammar_lisa.expressions.expression import (
    CONSTANT,
    NUMBER,
    UNARY_FUNCTIONS,
    VARIABLE,
    Node,
    Pool,
)
from grammar_lisa.expressions.writing import write


def python_function(
    text: str, variables: Sequence[str], names: Mapping[str, str], target: str
) -> str:
    """Return the source of a function `f` of numpy arrays, or numbers, that computes a formula.

    It gives what `grammar_lisa.expressions.evaluate` gives: infinities and NaN without warnings.

    Args:
        text: The formula.
        variables: The parameters in their order, used or not.
        names: What the user calls them, for the comments.
        target: What the user calls the result.

    Raises:
        LisaError: The text is no formula over the variables.
    """
    about = [f"    # {name}: {names[name]!a}" for name in variables]
    arrays = [f"    {name} = np.asarray({name}, dtype=float)" for name in variables]
    shape = ", ".join(f"{name}.shape" for name in variables)
    result = f"{_in_python(text, variables)} + np.zeros(np.broadcast_shapes({shape}))"
    return "\n".join(
        [
            "import numpy as np",
            "",
            "",
            f"def f({', '.join(variables)}):",
            *about,
            f"    # returns: {target!a}",
            *arrays,
            '    with np.errstate(all="ignore"):',
            f"        return {result}",
            "",
        ]
    )


def _in_python(text: str, variables: Sequence[str]) -> str:
    """Return a formula with the names of numpy."""
    pool = Pool(variables)
    root = pool.add(text)
    places, nodes, values = dict[int, int](), list[Node](), dict[int, float]()
    for number in pool.reachable(root):
        node = pool.nodes[number]
        value = _value(node, [values.get(operand) for operand in node.operands])
        if value is not None:
            values[number] = value
        if value is not None and not np.isfinite(value):
            # Python's own numbers raise there, or turn complex, where numpy's do not.
            node = Node(CONSTANT, (), f"np.{abs(value)}" if value != -np.inf else "(-np.inf)")
        elif node.operator in {CONSTANT, *UNARY_FUNCTIONS}:
            name = node.name or FUNCTIONS[node.operator].__name__
            node = node._replace(operator=f"np.{name}", name=f"np.{name}")
        places[number] = len(nodes)
        nodes.append(node._replace(operands=tuple(places[each] for each in node.operands)))
    return write(nodes)


def _value(node: Node, operands: Sequence[float | None]) -> float | None:
    """Return the value of what holds no variable; None of anything else."""
    if node.operator == VARIABLE or None in operands:
        return None
    if node.operator in {NUMBER, CONSTANT}:
        return node.value
    with np.errstate(all="ignore"):
        return float(FUNCTIONS[node.operator](*np.array(operands)))
