"""Write expressions as text that the reader and Python take for the same values.

Signs of numbers move out of products into sums, which changes no value: ``x+(-2)*y`` is written
``x-2*y``.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence
from types import MappingProxyType
from typing import Final, NamedTuple

from grammar_lisa.expressions.expression import NEGATION, NUMBER, POWER, Node
from grammar_lisa.expressions.precedence import Precedence
from shared.common.errors import LisaError

_SUM, _PRODUCT, _SIGN, _POWER, _ATOM = Precedence
_LARGE: Final = 1e6
_ZEROS: Final = 4
"""Large integers that end in so many zeros are written with an exponent."""
_EXACT: Final = MappingProxyType({"+": operator.add, "-": operator.sub, "*": operator.mul})


class _Written(NamedTuple):
    """A text without its sign, whether it is negated, and how tightly its operator binds."""

    text: str
    negative: bool
    binding: Precedence

    def within(self, binding: Precedence) -> str:
        """Return the text with its sign, in parentheses where its surroundings bind tighter."""
        if self.negative:
            return f"-{self.text}" if binding <= _SUM else f"(-{self.text})"
        return self.unsigned(binding)

    def unsigned(self, binding: Precedence) -> str:
        """Return the text without its sign."""
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


def tidy(nodes: Sequence[Node]) -> list[Node]:
    """Leave out what changes no value: ``0+x``, ``1*x``, ``x/1``, ``x**1``.

    ``-1*x`` becomes ``-x``, and ``0*x`` becomes 0, which differs where x is not finite. Sums and
    products of two integers are carried out.

    Args:
        nodes: The nodes of a formula, operands first; the last is the formula.

    Returns:
        Nodes of the same kind, those that are used no more among them.
    """
    kept: list[Node] = []
    places: list[int] = []
    for node in nodes:
        operands = [places[operand] for operand in node.operands]
        place = _neutral(node.operator, operands, kept)
        if place is None:
            kept.append(_combined(node, operands, kept))
            place = len(kept) - 1
        places.append(place)
    return kept[: places[-1] + 1]


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
    mantissa, _, exponent = repr(rounded).partition("e")
    if exponent:
        return f"{mantissa}e{int(exponent)}"
    if not rounded.is_integer():
        return mantissa
    plain = str(int(rounded))
    significant = plain.rstrip("0")
    if rounded < _LARGE or len(significant) > len(plain) - _ZEROS:
        return plain
    return f"{significant[0]}{'.' if significant[1:] else ''}{significant[1:]}e{len(plain) - 1}"


def _neutral(symbol: str, operands: list[int], nodes: list[Node]) -> int | None:
    """Return the operand that an operator leaves as it is, where the other one has no effect."""
    if len(operands) != 2:
        return None
    left, right = operands
    first, second = (_number(nodes[operand]) for operand in operands)
    if (symbol in "+-" and second == 0) or (symbol in {"*", "/", POWER} and second == 1):
        return left
    if (symbol == "+" and first == 0) or (symbol == "*" and first == 1):
        return right
    if symbol == "*" and 0 in (first, second):
        return left if first == 0 else right
    return left if symbol == "/" and first == 0 else None


def _combined(node: Node, operands: list[int], nodes: list[Node]) -> Node:
    """Return the node over its operands; a number where it is a sum or product of two integers."""
    numbers = [_number(nodes[operand]) for operand in operands]
    if not operands:
        return node
    if node.operator == NEGATION and nodes[operands[0]].operator == NUMBER:
        return Node(NUMBER, (), "", -numbers[0])
    if node.operator in _EXACT and all(number.is_integer() for number in numbers):
        return Node(NUMBER, (), "", _EXACT[node.operator](*numbers))
    if (node.operator, numbers[0]) in {("-", 0.0), ("*", -1.0)}:
        return Node(NEGATION, (operands[1],))
    if len(numbers) == 2 and node.operator in "*/" and numbers[1] == -1.0:
        return Node(NEGATION, (operands[0],))
    return node._replace(operands=tuple(operands))


def _number(node: Node) -> float:
    return node.value if node.operator == NUMBER else math.nan


def _written(node: Node, operands: list[_Written]) -> _Written:
    if node.operator == NUMBER:
        negative = math.copysign(1.0, node.value) < 0
        return _Written(number_text(abs(node.value)), negative, _ATOM)
    if not operands:
        return _Written(node.name, False, _ATOM)
    left = operands[0]
    if node.operator == NEGATION:
        # A sum keeps its parentheses, as the sign in front of it means all of it.
        binding = left.binding if left.binding > _SUM else _ATOM
        return _Written(left.unsigned(_PRODUCT), not left.negative, binding)
    if len(operands) == 1:
        return _Written(f"{node.operator}({left.within(_SUM)})", False, _ATOM)
    return _joined(node.operator, left, operands[1])


def _joined(symbol: str, left: _Written, right: _Written) -> _Written:
    if symbol in "+-":
        minus = (symbol == "-") != right.negative
        text = f"{left.within(_SUM)}{'-' if minus else '+'}{right.unsigned(_PRODUCT)}"
        return _Written(text, False, _SUM)
    if symbol == POWER:
        text = f"{left.within(_ATOM)}**{right.within(_POWER)}"
        return _Written(text, False, _POWER)
    text = f"{left.unsigned(_PRODUCT)}{symbol}{right.unsigned(_SIGN)}"
    return _Written(text, left.negative != right.negative, _PRODUCT)
