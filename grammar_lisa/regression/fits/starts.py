"""Draw constants to start fits from, of sizes that make a difference on the data.

Every node has sizes that are useful: those of the targets at the root, angles between a third of
a radian and one radian a point within ``sin``, exponents up to 20 within ``exp``. They are taken
from the root down to the constants, and divided by the range of what a constant multiplies. What
is added to something is drawn such that the sum is zero at a point of the data, or near them.
"""

from __future__ import annotations

import math
from typing import Any, Final, NamedTuple, final

import numpy as np

from grammar_lisa.expressions.differentiation import BoundSkeleton
from grammar_lisa.expressions.evaluation import FUNCTIONS
from grammar_lisa.expressions.expression import NEGATION, POWER, Node
from grammar_lisa.expressions.program import Step
from grammar_lisa.regression.fits.losses import BoundLoss
from shared.common.arrays import Floats

_ANGLES: Final = frozenset({"sin", "cos", "tan"})
_EXPONENTIAL: Final = frozenset({"exp", "sinh", "cosh", "tanh", "atan"})
_LOGARITHMS: Final = frozenset({"log", "log2", "log10"})
_MOST_RADIANS: Final = 200
_WHOLE: Final = (2.0, 2.0, 2.0, 3.0, 1.0, -1.0, -2.0, 4.0)
_POINTS: Final = 8
_INSIDE: Final = 0.5
"""The share of sums that are drawn to be zero at a point of the data."""


class _Sizes(NamedTuple):
    """The sizes that are useful for a node.

    Attributes:
        low: The least.
        high: The greatest.
        shape: Whether changes over the data count, as within `sin`, or sizes themselves.
    """

    low: float
    high: float
    shape: bool = False

    def over(self, divisor: float) -> _Sizes:
        divisor = _within_reach(divisor)
        low, high = _within_reach(self.low / divisor), _within_reach(self.high / divisor)
        return self._replace(low=low, high=high)


_ANY: Final = _Sizes(0.1, 10.0)
_OUTSIDE: Final = _Sizes(0.01, 3.0)
"""How far from the data other sums have their zeros, as a share of the spread."""


class _Range(NamedTuple):
    """How large a node's values are, and how far they spread over the data."""

    size: float
    spread: float

    def seen(self, sizes: _Sizes) -> float:
        return self.spread if sizes.shape and self.spread > 0 else self.size


def draw_starts(
    bound: BoundSkeleton, loss: BoundLoss, count: int, generator: np.random.Generator
) -> Floats:
    """Draw nonlinear constants, ``[count, q]``; callers ignore numpy's warnings."""
    return _Draw(bound, loss, count, generator).constants()


@final
class _Draw:
    def __init__(
        self, bound: BoundSkeleton, loss: BoundLoss, count: int, generator: np.random.Generator
    ) -> None:
        self._program = bound.program
        self._nodes = bound.program.nodes
        self._free = bound.free_values
        self._count = count
        self._generator = generator
        self._n_points = bound.n_points
        self._ranges = self._all_ranges()
        high = 3.0 * float(np.max(np.abs(loss.y))) or 1.0
        self._sizes = self._all_sizes(_Sizes(min(0.3 * loss.scale, high), high))

    def constants(self) -> Floats:
        """Draw bottom up, each start at a few points of its own, which sums are aimed at."""
        points = self._generator.integers(self._n_points, size=(self._count, _POINTS))
        values: list[Any] = [
            None if value is None else value[points] if np.ndim(value) else value
            for value in self._free
        ]
        leaves = set(self._program.nonlinear_nodes)
        drawn = {leaf: self._signed(self._sizes[leaf])[:, None] for leaf in leaves}
        for leaf in leaves & {node.operands[1] for node in self._nodes if node.operator == POWER}:
            drawn[leaf] = self._half_whole(drawn[leaf])
        values = [drawn.get(number, value) for number, value in enumerate(values)]
        for step in self._program.inner:
            self._aim(step, leaves, values)
            second = values[step.second] if step.second >= 0 else None
            function = FUNCTIONS[self._nodes[step.node].operator]
            values[step.node] = (
                function(values[step.first])
                if second is None
                else function(values[step.first], second)
            )
        starts = np.empty((self._count, len(leaves)))
        for place, leaf in enumerate(self._program.nonlinear_nodes):
            starts[:, place] = values[leaf][:, 0]
        return starts

    def _aim(self, step: Step, leaves: set[int], values: list[Any]) -> None:
        """Redraw the constant of a sum or product from the values of the other operand."""
        operator = self._nodes[step.node].operator
        pair = (step.first, step.second)
        if (pair[0] in leaves) == (pair[1] in leaves):
            return
        leaf, other = pair if pair[0] in leaves else pair[::-1]
        if operator in "+-":
            aimed = self._aimed(np.broadcast_to(values[other], (self._count, _POINTS)))
            values[leaf] = (aimed if operator == "-" else -aimed)[:, None]
        elif operator == "*" and self._free[other] is None:
            sizes = self._sizes[step.node]
            seen = np.ptp(values[other], 1) if sizes.shape else np.abs(values[other]).max(1)
            values[leaf] = (self._signed(sizes) / np.where(seen > 0, seen, 1.0))[:, None]

    def _aimed(self, values: Floats) -> Floats:
        """Draw numbers within, below or above values ``[start, point]``, ``[start]``."""
        low, high = values.min(1), values.max(1)
        spread = high - low
        spread = np.where(spread > 0, spread, np.abs(high)) * self._log_uniform(_OUTSIDE)
        kind = self._generator.random(self._count)
        outside = np.where(kind < 0.5 * (1.0 - _INSIDE), low - spread, high + spread)
        return np.where(kind > 1.0 - _INSIDE, values[:, 0], outside)

    def _half_whole(self, exponents: Floats) -> Floats:
        """Make half of the exponents ``[start, 1]`` whole, as powers of negatives need."""
        whole = self._generator.choice(_WHOLE, exponents.shape)
        mixed: Floats = np.where(self._generator.random(exponents.shape) < 0.5, whole, exponents)
        return mixed

    def _signed(self, sizes: _Sizes) -> Floats:
        signed: Floats = self._log_uniform(sizes) * self._generator.choice([-1.0, 1.0], self._count)
        return signed

    def _log_uniform(self, sizes: _Sizes) -> Floats:
        low = _within_reach(sizes.low)
        high = max(_within_reach(sizes.high), low)
        # One draw in each of as many equal parts of the range: a Latin hypercube.
        shares = self._generator.permutation(self._count) + self._generator.random(self._count)
        drawn: Floats = low * (high / low) ** (shares / self._count)
        return drawn

    def _all_ranges(self) -> list[_Range | None]:
        """Return the ranges of all nodes as far as known; of a constant None."""
        ranges: list[_Range | None] = []
        for node, value in zip(self._nodes, self._free, strict=True):
            if value is not None:
                ranges.append(_range_of(value))
            else:
                ranges.append(_guessed(node, [ranges[operand] for operand in node.operands]))
        return ranges

    def _all_sizes(self, root: _Sizes) -> dict[int, _Sizes]:
        sizes = {len(self._nodes) - 1: root}
        for number in reversed(range(len(self._nodes))):
            if self._free[number] is not None or number not in sizes:
                continue
            for place, operand in enumerate(self._nodes[number].operands):
                sizes[operand] = self._operand_sizes(number, place, sizes[number])
        return sizes

    def _operand_sizes(self, number: int, place: int, sizes: _Sizes) -> _Sizes:
        node = self._nodes[number]
        operator = node.operator
        own = self._ranges[node.operands[place]] or _Range(1.0, 1.0)
        if operator in _ANGLES:
            return _Sizes(0.3, min(self._n_points, _MOST_RADIANS), True)
        if operator in _EXPONENTIAL:
            return _Sizes(0.3, 20.0, True)
        if operator in _LOGARITHMS:
            return _Sizes(0.1 * own.size, 10.0 * own.size)
        if operator in {"asin", "acos"}:
            return _Sizes(0.05, 1.0)
        if operator == "sqrt":
            return _Sizes(sizes.low**2, sizes.high**2)
        if operator in {NEGATION, "abs"}:
            return sizes
        return self._side_sizes(number, place, sizes)

    def _side_sizes(self, number: int, place: int, sizes: _Sizes) -> _Sizes:
        """Return the sizes of one of two operands, given the range of the other."""
        node = self._nodes[number]
        other_node = node.operands[1 - place]
        other = self._ranges[other_node]
        if node.operator in "+-":
            if self._free[other_node] is None or other is None:
                return sizes
            return _Sizes(0.1 * other.size, 10.0 * other.size, sizes.shape)
        if node.operator == POWER:
            return self._power_sizes(number, place, sizes)
        if other is None:
            return _ANY if node.operator == "/" and place else sizes
        if node.operator == "*":
            return sizes.over(other.seen(sizes))
        if place == 0:
            return sizes.over(1.0 / other.size)
        seen = other.seen(sizes)
        return _Sizes(seen / sizes.high, seen / sizes.low, sizes.shape)

    def _power_sizes(self, number: int, place: int, sizes: _Sizes) -> _Sizes:
        base, exponent = self._nodes[number].operands
        if place == 1:
            leaf = not self._nodes[exponent].operands
            return _Sizes(0.2, 4.0) if leaf else _Sizes(0.3, 20.0, True)
        value = self._free[exponent]
        if value is None or np.ndim(value) or not value:
            own = self._ranges[base] or _Range(1.0, 1.0)
            return _Sizes(0.1 * own.size, 10.0 * own.size)
        ends = sorted((sizes.low ** (1.0 / value), sizes.high ** (1.0 / value)))
        return _Sizes(float(ends[0]), float(ends[1]), sizes.shape)


def _within_reach(size: float) -> float:
    """Return a size that neither it nor its inverse nor a product of two is too large."""
    return min(max(size, 1e-150), 1e150)


def _range_of(value: Any) -> _Range:
    finite = np.atleast_1d(value)[np.isfinite(np.atleast_1d(value))]
    if not finite.size or not finite.any():
        return _Range(1.0, 0.0)
    return _Range(float(np.sqrt(np.mean(np.square(finite)))), float(np.ptp(finite)))


def _guessed(node: Node, operands: list[_Range | None]) -> _Range | None:
    """Return the range of a node that depends on constants, as if these were about one."""
    known = [operand for operand in operands if operand is not None]
    if not node.operands:
        return None
    if node.operator in {NEGATION, "abs"}:
        return operands[0]
    if node.operator == "sqrt" and known:
        return _Range(math.sqrt(known[0].size), math.sqrt(known[0].spread))
    if node.operator in "+-" and known:
        return max(known, key=lambda operand: operand.size)
    if node.operator == "*" and known:
        size = math.prod(operand.size for operand in known)
        return _Range(size, size)
    if node.operator == "/" and known:
        left, right = (operand or _Range(1.0, 1.0) for operand in operands)
        return _Range(left.size / right.size, left.size / right.size)
    return _Range(1.0, 1.0) if known or node.operator not in "+-*/" else None
