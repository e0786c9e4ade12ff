"""What a part of a formula would have to be for the whole to meet the data.

Semantic backpropagation (Pawlak, Wieloch & Krawiec 2015): the targets are taken back through the
operators around a place, and what comes out there are the desired values of the part.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from grammar_lisa.expressions.evaluation import Floats
from grammar_lisa.expressions.expression import POWER
from grammar_lisa.regression.tree import Tree, make, number

Map = Callable[[Floats], Floats]
_CONSTANT: Final = 1e-9
"""Desired values that spread less than this share of their size are constant."""
_DIGITS: Final = 9


@dataclass(frozen=True)
class Context:
    """A formula with a place left open.

    Attributes:
        desired: What the part at that place would have to be, ``[point]``.
        cost: Of what stands around the place.
        wrap: From a part to the whole formula.
        forward: From the part's values to the whole's.
        depth: How many operators stand around the place.
    """

    desired: Floats
    cost: float
    wrap: Callable[[Tree], Tree]
    forward: Map
    depth: int = 0

    def within(
        self, desired: Floats, cost: float, wrap: Callable[[Tree], Tree], forward: Map
    ) -> Context:
        """Return the context of a place within the part."""
        return Context(
            desired,
            self.cost + cost,
            lambda part: self.wrap(wrap(part)),
            lambda values: self.forward(forward(values)),
            self.depth + 1,
        )


@dataclass(frozen=True)
class Inverse:
    """A function that can be undone.

    Attributes:
        wrap: From an argument's tree to the function's.
        forward: The function.
        backward: Its inverse.
        lawful: Whether values have an inverse everywhere.
        cost: What the function costs.
    """

    wrap: Callable[[Tree], Tree]
    forward: Map
    backward: Map
    lawful: Callable[[Floats], bool]
    cost: float = 1.0


def _named(name: str, forward: Map, backward: Map, lawful: Callable[[Floats], bool]) -> Inverse:
    return Inverse(lambda part: make(name, part), forward, backward, lawful)


INVERSES: Final[dict[str, Inverse]] = {
    "/": Inverse(
        lambda part: make("/", number(1), part),
        np.reciprocal,
        np.reciprocal,
        lambda d: bool(np.abs(d).min() > _CONSTANT * np.abs(d).max()),
        0.5,
    ),
    "pow": Inverse(
        lambda part: make(POWER, part, number(2)),
        np.square,
        np.sqrt,
        lambda d: bool(d.min() >= 0),
        0.5,
    ),
    "sqrt": _named("sqrt", np.sqrt, np.square, lambda d: bool(d.min() >= 0)),
    "exp": _named("exp", np.exp, np.log, lambda d: bool(d.min() > 0)),
    "log": _named("log", np.log, np.exp, lambda d: bool(np.abs(d).max() < 30)),
    "sin": _named("sin", np.sin, np.arcsin, lambda d: bool(np.abs(d).max() <= 1)),
    "cos": _named("cos", np.cos, np.arccos, lambda d: bool(np.abs(d).max() <= 1)),
    "tanh": _named("tanh", np.tanh, np.arctanh, lambda d: bool(np.abs(d).max() < 1)),
    "asin": _named("asin", np.arcsin, np.sin, lambda d: bool(np.abs(d).max() <= np.pi / 2)),
    "acos": _named("acos", np.arccos, np.cos, lambda d: bool(d.min() >= 0 and d.max() <= np.pi)),
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


def moves_of(members: Sequence[tuple[Tree, Floats, float]], operators: Sequence[str]) -> list[Move]:
    """Return the steps through functions and past subexpressions, the cheap ones first.

    Args:
        members: Subexpressions with their values and costs.
        operators: What formulas may be made with.
    """
    moves = [_through(each) for name, each in INVERSES.items() if name in operators]
    for tree, values, cost in members:
        if "*" in operators and values.all():
            moves.append(_past("*", tree, values, cost + 0.5, np.multiply, np.divide))
        if "+" in operators:
            moves.append(_past("+", tree, values, cost + 1.0, np.add, np.subtract))
        if "-" in operators:
            moves.append(_past("-", tree, values, cost + 1.0, np.subtract, np.add))
    return sorted(moves, key=lambda move: move.cost)


def _through(inverse: Inverse) -> Move:
    def inner(context: Context) -> Context | None:
        if not inverse.lawful(context.desired):
            return None
        desired = inverse.backward(context.desired)
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


def contexts_of(targets: Floats, moves: Sequence[Move], most: int, depth: int = 4) -> list[Context]:
    """Return the contexts around a place of a formula that meets targets, the cheap ones first.

    Args:
        targets: What the formula is to meet, ``[point]``.
        moves: The steps to places within, the cheap ones first.
        most: The number of contexts.
        depth: The most operators around the place.
    """
    root = Context(targets, 0.0, lambda part: part, lambda values: values)
    found = [root]
    probe = np.random.default_rng(0).normal(size=(len(targets), 2))
    seen = set[bytes]()
    _is_new(targets, probe, seen)
    # Of each place only the cheapest step that is still to be taken waits in the queue.
    queue = [(moves[0].cost, 0, 0)]
    while queue and len(found) < most:
        _, parent, step = heapq.heappop(queue)
        if step + 1 < len(moves):
            cost = found[parent].cost + moves[step + 1].cost
            heapq.heappush(queue, (cost, parent, step + 1))
        with np.errstate(all="ignore"):
            inner = moves[step].inner(found[parent])
        if inner is not None and _is_new(inner.desired, probe, seen):
            found.append(inner)
            if inner.depth < depth:
                heapq.heappush(queue, (inner.cost + moves[0].cost, len(found) - 1, 0))
    return found


def _is_new(desired: Floats, probe: Floats, seen: set[bytes]) -> bool:
    """Whether desired values are finite, vary, and are no multiple of what was seen before."""
    with np.errstate(all="ignore"):
        size = np.sqrt(desired @ desired)
        if not np.isfinite(size) or np.ptp(desired) <= _CONSTANT * np.abs(desired).max():
            return False
        key = np.round((desired / size) @ probe, _DIGITS)
    mark = (np.where(key[0] < 0, -key, key) + 0.0).tobytes()
    if mark in seen:
        return False
    seen.add(mark)
    return True
