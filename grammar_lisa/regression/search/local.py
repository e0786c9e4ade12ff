"""The contexts of the parts of a good formula, and formulas with a part taken out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any, Final

import numpy as np

from grammar_lisa.expressions.evaluation import FUNCTIONS
from grammar_lisa.expressions.expression import NEGATION, OPEN, POWER
from grammar_lisa.regression.search.contexts import INVERSES, Context
from grammar_lisa.regression.search.tree import Tree, make, number, open_constant
from shared.common.arrays import Floats

_MOST: Final = 1e100
"""Desired values from here on, whose squares add up to no number, are of no use."""
_UNIT: Final = 0.05
"""So near to one a factor or a term may be one."""
_UNITARY: Final = frozenset({"+", "-", "*", "/"})
_Backward = Callable[[Floats, list[Any]], Any]
_BACKWARD: Final[Mapping[tuple[str, int], _Backward]] = {
    ("+", 0): lambda d, v: d - v[1],
    ("+", 1): lambda d, v: d - v[0],
    ("-", 0): lambda d, v: d + v[1],
    ("-", 1): lambda d, v: v[0] - d,
    ("*", 0): lambda d, v: d / v[1],
    ("*", 1): lambda d, v: d / v[0],
    ("/", 0): lambda d, v: d * v[1],
    ("/", 1): lambda d, v: v[0] / d,
    (NEGATION, 0): lambda d, v: -d,
    (POWER, 0): lambda d, v: np.power(d, 1 / v[1]),
    (POWER, 1): lambda d, v: np.log(d) / np.log(v[0]),
}


def contexts_within(
    formula: Tree, points: Mapping[str, Floats], root: Context
) -> Iterator[Context]:
    """Yield the context of each part of a formula that targets can be taken back to.

    Args:
        formula: The formula.
        points: The variables, each ``[point]``.
        root: The context of the whole formula.
    """

    def descend(tree: Tree, context: Context) -> Iterator[Context]:
        if context.depth and tree.operator != OPEN:
            yield context
        values = [operand.values(points) for operand in tree.operands]
        for place, operand in enumerate(tree.operands):
            if operand.operator == OPEN:
                continue
            inner = _taken_back(tree.operator, place, context.desired, values)
            if inner is not None:
                around = float(tree.size - operand.size)
                wrap = partial(_put, tree, place)
                step = _forward(tree.operator, place, values)
                yield from descend(operand, context.within(inner, around, wrap, step))

    yield from descend(formula, root)


def _put(tree: Tree, place: int, part: Tree) -> Tree:
    """Return a tree with another operand."""
    return tree.replaced((place,), part)


def _taken_back(operator: str, place: int, desired: Floats, values: list[Any]) -> Floats | None:
    backward = _BACKWARD.get((operator, place))
    with np.errstate(all="ignore"):
        if backward is not None:
            inner = backward(desired, values)
        else:
            inverse = INVERSES.get(operator)
            inner = None if inverse is None else inverse.undone(desired)
    is_fit = inner is not None and np.ndim(inner) == 1 and np.abs(inner).max() < _MOST
    return inner if is_fit else None


def _forward(operator: str, place: int, values: list[Any]) -> Callable[[Any], Any]:
    def apply(part: Any) -> Any:
        operands = list(values)
        operands[place] = part
        with np.errstate(all="ignore"):
            return FUNCTIONS[operator](*operands)

    return apply


def simpler(formula: Tree) -> Iterator[Tree]:
    """Yield formulas with one part made simpler.

    It is replaced by one of its operands or by a constant; or an exponent by a simple one; or a
    multiple of a quotient by one whose divisor takes the factor up.
    """
    for path, part in formula.paths():
        if (quotient := _taken_up(part)) is not None:
            yield formula.replaced(path, quotient)
        for operand in part.operands:
            yield formula.replaced(path, operand)
        if part.operands and path:
            yield formula.replaced(path, open_constant(1.0))
        if part.operator == OPEN and np.isfinite(part.value):
            near = round(2 * part.value) / 2
            if near and abs(near - part.value) < 0.1:
                yield formula.replaced(
                    path, number(abs(near)) if near > 0 else make(NEGATION, number(-near))
                )


def with_units(formula: Tree) -> Tree:
    """Return a formula whose factors and terms near one and minus one are that: ``1-exp(-x)``."""
    operands = [with_units(operand) for operand in formula.operands]
    if formula.operator not in _UNITARY:
        return make(formula.operator, *operands) if operands else formula
    first, second = operands
    if _is_near_one(first) and _is_near_one(second):
        return formula
    for one, other in ((first, second), (second, first)):
        if _is_near_one(one) and one.value < 0 and formula.operator == "*":
            return make(NEGATION, other)
        if _is_near_one(one) and one.value < 0 and formula.operator == "+":
            return make("-", other, number(1))
        if _is_near_one(one) and formula.operator == "+" and other.operator == NEGATION:
            return make("-", number(1), other.operands[0])
    return make(
        formula.operator,
        *(number(1) if _is_near_one(each) and each.value > 0 else each for each in operands),
    )


def _is_near_one(part: Tree) -> bool:
    return part.operator == OPEN and abs(abs(part.value) - 1) <= _UNIT


def _taken_up(part: Tree) -> Tree | None:
    """Return ``a/(c*x+c)`` for ``c*(a/(c*x+c))``; None where a divisor's term has no constant."""
    if part.operator != "*" or part.operands[0].operator != OPEN or not part.operands[0].value:
        return None
    quotient = part.operands[1]
    if quotient.operator != "/":
        return None
    divisor = _multiplied(quotient.operands[1], 1 / part.operands[0].value)
    return None if divisor is None else make("/", quotient.operands[0], divisor)


def _multiplied(total: Tree, factor: float) -> Tree | None:
    """Return a sum with each of its constants multiplied; None where a term has none."""
    if total.operator == OPEN:
        return open_constant(total.value * factor)
    if total.operator in {"+", "-"}:
        left, right = (_multiplied(term, factor) for term in total.operands)
        return None if left is None or right is None else make(total.operator, left, right)
    if total.operator in {"*", "/"} and total.operands[0].operator == OPEN:
        constant, rest = total.operands
        return make(total.operator, open_constant(constant.value * factor), rest)
    return None
