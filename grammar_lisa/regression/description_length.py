"""How long formulas are, and which of them are worth their length."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

import numpy as np

from grammar_lisa.expressions.expression import NEGATION, NUMBER, Pool
from grammar_lisa.expressions.skeleton import Skeleton
from grammar_lisa.regression.equations import EXACT, Equation
from grammar_lisa.regression.search.tree import significant_digits

_NODE: Final = float(np.log(20.0))
_DIGIT: Final = float(np.log(10.0)) / 2
"""What a unit of complexity beyond `_SHORT`, and a digit, cost in nats."""
_SHORT: Final = 5


def complexity(formula: Skeleton) -> int:
    """Return how many operations, variables and numbers a formula has; signs of numbers are free.

    So ``-4.9*t**2+2`` is as complex as ``2-4.9*t**2``.
    """
    sizes: list[int] = []
    led: list[bool] = []
    for node in formula.nodes:
        first = bool(node.operands) and led[node.operands[0]]
        led.append(node.operator == NUMBER or (first and node.operator in {"*", "/"}))
        free = node.operator == NEGATION and first
        sizes.append((not free) + sum(sizes[operand] for operand in node.operands))
    return sizes[-1]


def worth_their_length(
    equations: Iterable[Equation], rows: Iterable[float], *, squared: bool = True
) -> list[Equation]:
    """Leave out formulas that gain less than their length costs; known ones stay.

    With few rows, and many formulas tried, long ones meet them by chance. The description of a
    formula costs 1 nat for each unit of complexity up to 5, log 20 for each further one, as there
    are ever more formulas of a length, and half of log 10 for each digit of its numbers. Beside a
    simpler one it gains m/2·log of the quotient of their losses where errors are squared, and m·log
    where they are absolute (minimum description length, Rissanen 1978). m is the number of rows
    that decide between the two, the greater of their `effective_rows`, less the numbers of the
    formula, which take up as many. Each that is kept comes out ahead of all simpler ones.

    Args:
        equations: The formulas.
        rows: How many rows the errors of each count as.
        squared: Whether the loss is a mean of squares.
    """
    described = [
        _Described(each, count, *_description(each))
        for each, count in zip(equations, rows, strict=True)
        if np.isfinite(each.loss)
    ]
    described.sort(key=lambda d: (d.equation.complexity, d.equation.loss, not d.equation.known))
    greatest = max((each.equation.loss for each in described), default=1.0)
    floor = max(EXACT * greatest, np.finfo(float).tiny)
    kept: list[_Described] = []
    for each in described:
        ahead = all(
            each.gain(other, floor, squared=squared) > each.cost - other.cost for other in kept
        )
        if ahead or each.equation.known:
            kept.append(each)
    return [each.equation for each in kept]


class _Described(NamedTuple):
    """A formula and what it takes to describe it.

    Attributes:
        equation: The formula.
        rows: How many rows its errors count as.
        cost: Of its description, in nats.
        numbers: How many numbers it has.
    """

    equation: Equation
    rows: float
    cost: float
    numbers: int

    def gain(self, other: _Described, floor: float, *, squared: bool) -> float:
        """Return what it gains beside a simpler formula, in nats; losses below a floor are it."""
        quotient = max(other.equation.loss, floor) / max(self.equation.loss, floor)
        rows = max(self.rows - self.numbers, other.rows - self.numbers, 1.0)
        return float(rows * np.log(quotient) / (2 if squared else 1))


def _description(equation: Equation) -> tuple[float, int]:
    """Return what the description of a formula costs, in nats, and how many numbers it has."""
    pool = Pool(None)
    pool.add(equation.text)
    numbers = [node.value for node in pool.nodes if node.operator == NUMBER]
    cost = equation.complexity + (_NODE - 1) * max(equation.complexity - _SHORT, 0)
    return cost + _DIGIT * sum(map(significant_digits, numbers)), len(numbers)
