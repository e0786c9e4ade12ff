"""Write expressions as text that the reader and Python take for the same values.

Signs of numbers move out of products into sums, which changes no value: ``x+(-2)*y`` is written
``x-2*y``.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final, NamedTuple

from grammar_lisa.expressions.expression import NEGATION, NUMBER, POWER, Node
from shared.common.errors import LisaError

_SUM, _PRODUCT, _POWER, _ATOM = 1, 2, 4, 5
_LONGEST_INTEGER: Final = 1e16


class _Written(NamedTuple):
    """A text without its sign, whether it is negated, and how tightly its operator binds."""

    text: str
    negative: bool
    binding: int

    def within(self, binding: int) -> str:
        """The text with its sign, in parentheses where its surroundings bind tighter."""
        if self.negative:
            return f"-{self.text}" if binding <= _SUM else f"(-{self.text})"
        return self.unsigned(binding)

    def unsigned(self, binding: int) -> str:
        """The text without its sign."""
        return self.text if self.binding >= binding else f"({self.text})"


def write(nodes: Sequence[Node]) -> str:
    """Return the text of the last of `nodes`, whose operands precede what is made of them.

    Raises:
        LisaError: A number is not finite.
    """
    written: list[_Written] = []
    for node in nodes:
        written.append(_written(node, [written[operand] for operand in node.operands]))
    return written[-1].within(_SUM)


def number_text(value: float, digits: int | None = None) -> str:
    """Return the shortest text that reads as a number at least 0, or as it with some digits.

    Args:
        value: The number.
        digits: Significant digits; None keeps all that tell the number from its neighbours.

    Raises:
        LisaError: The number is not finite.
    """
    if not math.isfinite(value):
        raise LisaError(f"{value} cannot be written into a formula; constants must be finite")
    rounded = value if digits is None else float(f"{value:.{digits}g}")
    if rounded.is_integer() and rounded < _LONGEST_INTEGER:
        return str(int(rounded))
    return repr(rounded)


def _written(node: Node, operands: list[_Written]) -> _Written:
    operator = node.operator
    if operator == NUMBER:
        negative = math.copysign(1.0, node.value) < 0
        return _Written(number_text(abs(node.value)), negative, _ATOM)
    if not operands:
        return _Written(node.name, False, _ATOM)
    left = operands[0]
    if operator == NEGATION:
        # A sum keeps its parentheses, as the sign in front of it means all of it.
        binding = left.binding if left.binding > _SUM else _ATOM
        return _Written(left.unsigned(_PRODUCT), not left.negative, binding)
    if len(operands) == 1:
        return _Written(f"{operator}({left.within(_SUM)})", False, _ATOM)
    return _joined(operator, left, operands[1])


def _joined(operator: str, left: _Written, right: _Written) -> _Written:
    if operator in "+-":
        minus = (operator == "-") != right.negative
        text = f"{left.within(_SUM)}{'-' if minus else '+'}{right.unsigned(_PRODUCT)}"
        return _Written(text, False, _SUM)
    if operator == POWER:
        text = f"{left.within(_ATOM)}**{right.within(_POWER)}"
        return _Written(text, False, _POWER)
    text = f"{left.unsigned(_PRODUCT)}{operator}{right.unsigned(_PRODUCT + 1)}"
    return _Written(text, left.negative != right.negative, _PRODUCT)
