"""A library of subexpressions with their values: the cheap ones first, no two proportional."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final, NamedTuple

import numpy as np

from grammar_lisa.expressions.evaluation import FUNCTIONS
from grammar_lisa.expressions.expression import POWER
from grammar_lisa.regression.search.directions import Directions
from grammar_lisa.regression.search.rows import lengths
from grammar_lisa.regression.search.tree import Tree, make, number
from shared.common.arrays import Floats

_STEP: Final = 0.5
_SMALLEST, _LARGEST = 1e-100, 1e100


@dataclass(frozen=True)
class Operator:
    """How a subexpression is made of others.

    Attributes:
        make: From the operands' trees to the whole's.
        function: From the operands' values to the whole's.
        cost: What it adds to the operands' costs.
        symmetric: Whether two operands may change places.
        nested: Whether it may stand within another one of its kind.
    """

    make: Callable[..., Tree]
    function: Callable[..., Floats]
    cost: float
    symmetric: bool = False
    nested: bool = True


class Subexpression(NamedTuple):
    """A subexpression.

    Attributes:
        operator: What makes it of its operands; None where it was given.
        operands: Subexpressions, by number.
        given: The tree of what was given.
        nested: Whether a function stands in it that may not stand within another.
    """

    operator: Operator | None
    operands: tuple[int, ...]
    given: Tree | None
    nested: bool


def _operator(name: str, cost: float, *, symmetric: bool = False, nested: bool = True) -> Operator:
    return Operator(partial(make, name), FUNCTIONS[name], cost, symmetric, nested)


_RARE: Final = ("tan", "asin", "acos", "atan", "sinh", "cosh", "tanh", "abs")
UNARY: Final[Mapping[str, Operator]] = {
    "pow": Operator(lambda operand: make(POWER, operand, number(2)), np.square, 0.5),
    **{name: _operator(name, 1.0, nested=False) for name in ("sqrt", "exp", "log", "sin", "cos")},
    **{name: _operator(name, 1.5, nested=False) for name in _RARE},
}
BINARY: Final[Mapping[str, Operator]] = {
    "*": _operator("*", 0.5, symmetric=True),
    "/": _operator("/", 0.5),
    "+": _operator("+", 1.0, symmetric=True),
    "-": _operator("-", 1.0),
}


class Library:
    """Subexpressions of given ones.

    Args:
        operators: The names of what they may be made with.
        n_points: The number of points.

    Attributes:
        entries: How each is made.
        costs: What each costs, ascending.
    """

    def __init__(self, operators: Sequence[str], n_points: int) -> None:
        self._unary = [UNARY[name] for name in UNARY if name in operators]
        self._binary = [BINARY[name] for name in BINARY if name in operators]
        self._directions = Directions(n_points)
        self._levels: dict[float, list[int]] = {}
        self._values: list[Floats] = []
        self._cost = 0.0
        self.entries: list[Subexpression] = []
        self.costs: list[float] = []

    def __len__(self) -> int:
        return len(self.entries)

    @property
    def values(self) -> Floats:
        """The values of all, ``[entry, point]``."""
        return np.array(self._values)

    def tree(self, entry: int) -> Tree:
        """Return a subexpression as a tree."""
        operator, operands, given, _ = self.entries[entry]
        if operator is None:
            assert given is not None
            return given
        return operator.make(*(self.tree(each) for each in operands))

    def is_function(self, entry: int) -> bool:
        """Tell whether a subexpression is a function of another, such as a sine, and no power."""
        operator = self.entries[entry].operator
        return operator is not None and not operator.nested

    def add(self, tree: Tree, values: Floats, cost: float, *, nested: bool = False) -> None:
        """Add a subexpression that others may be made of, unless a proportional one is there."""
        self._take(values[None], [Subexpression(None, (), tree, nested)], cost)

    def grow(self, most: int, most_cost: float) -> None:
        """Make subexpressions of what is there, at rising cost, until there are enough.

        Args:
            most: The number of subexpressions to stop at.
            most_cost: The cost to stop at.
        """
        while self._cost < most_cost and len(self) < most:
            self._cost += _STEP
            for operator in self._unary:
                self._apply(operator, self._cost)
            for operator in self._binary:
                for left in sorted(self._levels):
                    right = self._cost - operator.cost - left
                    if right in self._levels and not (operator.symmetric and right < left):
                        self._pair(operator, left, right, most)

    def _apply(self, operator: Operator, cost: float) -> None:
        inner = self._levels.get(cost - operator.cost, [])
        inner = [m for m in inner if operator.nested or not self.entries[m].nested]
        if inner:
            with np.errstate(all="ignore"):
                values = operator.function(np.array([self._values[m] for m in inner]))
            nested = not operator.nested
            made = [
                Subexpression(operator, (m,), None, nested or self.entries[m].nested) for m in inner
            ]
            self._take(values, made, cost)

    def _pair(self, operator: Operator, left: float, right: float, most: int) -> None:
        others = list(self._levels[right])
        table = np.array([self._values[m] for m in others])
        for place, entry in enumerate(list(self._levels[left])):
            if len(self) >= most:
                return
            start = place if operator.symmetric and left == right else 0
            with np.errstate(all="ignore"):
                values = operator.function(self._values[entry][None], table[start:])
            made = [
                Subexpression(
                    operator,
                    (entry, other),
                    None,
                    self.entries[entry].nested or self.entries[other].nested,
                )
                for other in others[start:]
            ]
            self._take(values, made, left + right + operator.cost)

    def _take(self, values: Floats, made: Sequence[Subexpression], cost: float) -> None:
        with np.errstate(all="ignore"):
            norms = lengths(values)
        sensible = np.flatnonzero((norms > _SMALLEST) & (norms < _LARGEST))
        for row in sensible[self._directions.new(values[sensible])].tolist():
            self._levels.setdefault(cost, []).append(len(self.entries))
            self.entries.append(made[row])
            self._values.append(values[row])
            self.costs.append(cost)
