"""What a part of a formula would have to be for the whole to meet the data.

Semantic backpropagation (Pawlak, Wieloch & Krawiec 2015): the targets are taken back through the
operators around a place, and what comes out there are the desired values of the part.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Final, Self

import numpy as np

from grammar_lisa.expressions.evaluation import FUNCTIONS
from grammar_lisa.expressions.expression import POWER
from grammar_lisa.regression.search.directions import Directions
from grammar_lisa.regression.search.tree import Tree, make, number
from shared.common.arrays import Floats

Map = Callable[[Floats], Floats]
_CONSTANT: Final = 1e-9
"""Desired values that spread less than this share of their size are constant."""
_DIFFERENCE: Final = 1e-5
_MET: Final = 1e-6
_STEEPEST: Final = 1e100
_UNLAWFUL: Final = 0.5
"""The share of the points that may lie outside of what a function takes on: noise."""


@dataclass(frozen=True)
class Context:
    """A formula with a place left open.

    Attributes:
        targets: What the whole is to meet, ``[point]``.
        desired: What the part at that place would have to be, ``[point]``.
        cost: Of what stands around the place.
        wrap: From a part to the whole formula.
        forward: From the part's values to the whole's.
        depth: How many operators stand around the place.
        weight_roots: The roots of the points' weights, ``[point]``; None for equal ones.
    """

    targets: Floats
    desired: Floats
    cost: float
    wrap: Callable[[Tree], Tree]
    forward: Map
    depth: int = 0
    weight_roots: Floats | None = None

    @classmethod
    def root(cls, targets: Floats, weight_roots: Floats | None = None) -> Self:
        """Return the context of a whole formula."""
        return cls(
            targets,
            targets,
            0.0,
            lambda part: part,
            lambda values: values,
            weight_roots=weight_roots,
        )

    @cached_property
    def slopes(self) -> Floats:
        """How much an error of the part counts, ``[point]``.

        How much the whole changes with the part, by central differences, times the roots of the
        points' weights. Errors of the part times these are errors of the whole, to first order.
        Points whose target the whole cannot meet have slope 0.
        """
        step = _DIFFERENCE * (np.abs(self.desired) + np.abs(self.desired).mean())
        with np.errstate(all="ignore"):
            above, below = self.forward(self.desired + step), self.forward(self.desired - step)
            slopes = np.abs(above - below) / (2 * step)
            met = np.abs(self.forward(self.desired) - self.targets) <= _MET * np.std(self.targets)
        slopes = np.where(met & (slopes < _STEEPEST), slopes, 0.0)
        return slopes if self.weight_roots is None else slopes * self.weight_roots

    def within(
        self, desired: Floats, cost: float, wrap: Callable[[Tree], Tree], forward: Map
    ) -> Context:
        """Return the context of a place within the part."""
        return Context(
            self.targets,
            desired,
            self.cost + cost,
            lambda part: self.wrap(wrap(part)),
            lambda values: self.forward(forward(values)),
            self.depth + 1,
            self.weight_roots,
        )


@dataclass(frozen=True)
class Inverse:
    """A function that can be undone.

    Attributes:
        wrap: From an argument's tree to the function's.
        forward: The function.
        backward: Its inverse.
        low: Nothing smaller has an inverse.
        high: Nothing greater has one.
        cost: What the function costs.
    """

    wrap: Callable[[Tree], Tree]
    forward: Map
    backward: Map
    low: float = -np.inf
    high: float = np.inf
    cost: float = 1.0

    def undone(self, values: Floats) -> Floats | None:
        """Return the arguments; what lies outside counts as the nearest that does not.

        None where more lies outside than noise would explain.
        """
        inside = (values >= self.low) & (values <= self.high)
        if inside.mean() < 1 - _UNLAWFUL:
            return None
        if not inside.all():
            values = np.clip(values, values[inside].min(), values[inside].max())
        with np.errstate(all="ignore"):
            return self.backward(values)


_UNDONE: Final[Mapping[str, tuple[Map, float, float]]] = {
    "sqrt": (np.square, 0.0, np.inf),
    "exp": (np.log, 1e-300, np.inf),
    "log": (np.exp, -30.0, 30.0),
    "sin": (np.arcsin, -1.0, 1.0),
    "cos": (np.arccos, -1.0, 1.0),
    "tan": (np.arctan, -np.inf, np.inf),
    "sinh": (np.arcsinh, -np.inf, np.inf),
    "cosh": (np.arccosh, 1.0, np.inf),
    "tanh": (np.arctanh, -1 + 1e-12, 1 - 1e-12),
    "asin": (np.sin, -np.pi / 2, np.pi / 2),
    "acos": (np.cos, 0.0, np.pi),
    "atan": (np.tan, -np.pi / 2, np.pi / 2),
}
"""What undoes functions, and from where to where."""
INVERSES: Final[Mapping[str, Inverse]] = {
    "/": Inverse(lambda part: make("/", number(1), part), np.reciprocal, np.reciprocal, cost=0.5),
    "pow": Inverse(
        lambda part: make(POWER, part, number(2)), np.square, np.sqrt, low=0.0, cost=0.5
    ),
    **{
        name: Inverse(partial(make, name), FUNCTIONS[name], *each) for name, each in _UNDONE.items()
    },
}


@dataclass(frozen=True)
class Move:
    """A step from a place to one within it.

    Attributes:
        cost: What then stands around the place in addition.
        inner: From the context of the outer place to that of the inner one, or None.
    """

    cost: float
    inner: Callable[[Context], Context | None]


def moves_of(entries: Sequence[tuple[Tree, Floats, float]], operators: Sequence[str]) -> list[Move]:
    """Return the steps through functions and past subexpressions, the cheap ones first.

    Args:
        entries: Subexpressions with their values and costs.
        operators: What formulas may be made with.
    """
    moves = [_through(each) for name, each in INVERSES.items() if name in operators]
    for tree, values, cost in entries:
        if "*" in operators and values.all():
            moves.append(_past("*", tree, values, cost + 0.5, np.multiply, np.divide))
        if "+" in operators:
            moves.append(_past("+", tree, values, cost + 1.0, np.add, np.subtract))
        if "-" in operators:
            moves.append(_past("-", tree, values, cost + 1.0, np.subtract, np.add))
    return sorted(moves, key=lambda move: move.cost)


def _through(inverse: Inverse) -> Move:
    def inner(context: Context) -> Context | None:
        desired = inverse.undone(context.desired)
        if desired is None:
            return None
        return context.within(desired, inverse.cost, inverse.wrap, inverse.forward)

    return Move(inverse.cost, inner)


def _past(
    operator: str, tree: Tree, values: Floats, cost: float, apply: np.ufunc, undo: np.ufunc
) -> Move:
    def inner(context: Context) -> Context:
        return context.within(
            undo(context.desired, values),
            cost,
            lambda part: make(operator, part, tree),
            lambda part: apply(part, values),
        )

    return Move(cost, inner)


def contexts_of(
    root: Context,
    moves: Sequence[Move],
    most: int,
    depth: int = 4,
    late: Callable[[], bool] = lambda: False,
) -> list[Context]:
    """Return the contexts around a place of a formula that meets targets, the cheap ones first.

    Args:
        root: The context of what the places are within; the first one returned.
        moves: The steps to places within, the cheap ones first.
        most: The number of contexts.
        depth: The most operators around the place within the root's.
        late: Whether to end with what there is.
    """
    found = [root]
    directions = Directions(len(root.desired))
    _is_new(root.desired, directions)
    # Of each place only the cheapest step that is still to be taken waits in the queue.
    queue = [(moves[0].cost, 0, 0)] if moves else []
    while queue and len(found) < most and not late():
        _, parent, step = heapq.heappop(queue)
        if step + 1 < len(moves):
            cost = found[parent].cost + moves[step + 1].cost
            heapq.heappush(queue, (cost, parent, step + 1))
        with np.errstate(all="ignore"):
            inner = moves[step].inner(found[parent])
        if inner is not None and _is_new(inner.desired, directions):
            found.append(inner)
            if inner.depth - root.depth < depth:
                heapq.heappush(queue, (inner.cost + moves[0].cost, len(found) - 1, 0))
    return found


def _is_new(desired: Floats, directions: Directions) -> bool:
    """Whether desired values are finite, vary, and are no multiple of what was seen before."""
    with np.errstate(all="ignore"):
        size = np.sqrt(desired @ desired)
        if not 0 < size < np.inf or np.ptp(desired) <= _CONSTANT * np.abs(desired).max():
            return False
    return bool(directions.new(desired[None]))
