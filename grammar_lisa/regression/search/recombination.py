"""Sums and products of library subexpressions that meet desired values, for many contexts at once.

Linear least squares of one or two subexpressions: of the values themselves, or of their logarithms
beside powers of all variables. What contexts share is worked out once, so that thousands of
contexts and subexpressions are compared by a product of two matrices.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np

from grammar_lisa.expressions.expression import NEGATION
from grammar_lisa.regression.search.contexts import Context
from grammar_lisa.regression.search.library import Library
from grammar_lisa.regression.search.rows import lengths, variances
from grammar_lisa.regression.search.subexpression_pairs import SubexpressionPair, SubexpressionPairs
from grammar_lisa.regression.search.tree import (
    Feature,
    Tree,
    combination,
    make,
    number,
    open_constant,
    part_of,
    power,
    quotient,
)
from shared.common.arrays import Bools, Floats

_DEPENDENT: Final = 1e-8
"""What is left of a subexpression beside the base, by share, if it says nothing new."""
_NICE: Final = 0.04
"""Exponents so near to a multiple of one half are taken for it."""
_TELLING: Final = 1e-6
"""The same for squares, where errors are weighted."""
_EVEN: Final = 1e-6
_EXACT: Final = 1e-14
_SIMPLICITY: Final = 0.3
"""How much smaller, as a logarithm, the rest must be for each unit of a subexpression's cost."""
_BLOCK: Final = 256
"""Contexts whose subexpressions are compared at a time."""
_ROUNDING: Final = 1e-9
"""Terms below this share of what is to be met are rounding."""


class Match(NamedTuple):
    """Subexpressions that may meet the desired values of a context.

    Attributes:
        left: The share of the desired values' variance that they leave.
        context: The context.
        entries: The subexpressions, by number.
    """

    left: float
    context: Context
    entries: tuple[int, ...]


class Solution(NamedTuple):
    """The part that a match stands for.

    Attributes:
        values: Its values, ``[point]``.
        cost: What it costs.
        tree: Builds it.
    """

    values: Floats
    cost: float
    tree: Callable[[], Tree]


class Recombination(ABC):
    """Least squares of desired values by subexpressions and a base that is always there.

    Args:
        library: The subexpressions.
        base: What is always there, ``[k, point]``.
        rows: What stands for each subexpression, ``[entry, point]``; zeros are left out.
        weight_roots: The roots of the points' weights, ``[point]``; None for equal ones.
    """

    def __init__(
        self, library: Library, base: Floats, rows: Floats, weight_roots: Floats | None = None
    ) -> None:
        self.library = library
        self.base = base
        self.rows = rows
        self._weight_roots = np.ones(rows.shape[1]) if weight_roots is None else weight_roots
        self._basis = np.linalg.qr((base * self._weight_roots).T)[0]
        self._units = _units(rows * self._weight_roots, self._basis)
        self._squares = np.square(rows)
        self._costs = np.array(library.costs)
        self._handicaps = np.exp(_SIMPLICITY * self._costs)

    @abstractmethod
    def desired(self, contexts: Sequence[Context]) -> tuple[list[Context], Floats]:
        """Return the contexts that can be served, and what is to be met for them."""

    @abstractmethod
    def solutions(self, match: Match) -> Iterator[Solution]:
        """Yield the part that a match stands for, and simpler ones near it."""

    def alone(self, contexts: Sequence[Context]) -> Iterator[Match]:
        """Yield for each context what the base leaves by itself."""
        some, left, totals = self._left(contexts)
        for context, row, whole in zip(some, left, totals, strict=True):
            yield Match(float(row @ row) / whole, context, ())

    def single(self, contexts: Sequence[Context], each: int) -> Iterator[Match]:
        """Yield the best subexpressions of each context, so many of each."""
        for start in range(0, len(contexts), _BLOCK):
            some, left, totals = self._left(contexts[start : start + _BLOCK])
            if some:
                sums = np.square(left).sum(axis=1)
                left_over = sums[:, None] - np.square(left @ self._units.T)
                left_over = np.maximum(left_over, 0.0, out=left_over) / totals[:, None]
                best = self._best(left_over, each)
                for context, row, entries in zip(some, left_over, best, strict=True):
                    for entry in entries:
                        yield Match(float(row[entry]), context, (entry,))

    def _best(self, left_over: Floats, each: int) -> list[list[int]]:
        """Return the best subexpressions of each row, ``[.., entry]``, for their costs."""
        ranks = (left_over + _EXACT) * self._handicaps
        each = min(each, ranks.shape[-1])
        best: list[list[int]] = np.argpartition(ranks, each - 1)[..., :each].tolist()
        return best

    def weighted(self, context: Context, each: int) -> Iterator[Match]:
        """Yield the base and the best subexpressions by how far the whole is off its targets.

        As `single`, but errors count as much as the whole formula changes with them, so that
        what noise makes of targets on the way to the desired values does not mislead.
        """
        some, desired = self.desired([context])
        if not some:
            return
        weights = self.weights(context)
        basis = np.linalg.qr((self.base * weights).T)[0]
        row = _without((desired * weights), basis)[0]
        total = _total(context)
        whole = float(row @ row)
        yield Match(whole / total, context, ())
        along = self.rows @ (weights[:, None] * np.column_stack([row, basis]))
        sizes = self._squares @ np.square(weights)
        norms = sizes - np.square(along[:, 1:]).sum(axis=1)
        fine = norms > _TELLING * np.maximum(sizes, 1e-300)
        gains = np.where(fine, np.square(along[:, 0]) / np.where(fine, norms, 1.0), 0.0)
        left_over = np.maximum(whole - gains, 0.0) / total
        (best,) = self._best(left_over[None], each)
        for entry in best:
            yield Match(float(left_over[entry]), context, (entry,))

    def weights(self, context: Context) -> Floats:
        """Return how much the whole changes with what is fitted here, ``[point]``."""
        return context.slopes

    def pairs(self, contexts: Sequence[Context], each: int, most: int) -> Iterator[Match]:
        """Yield the best pairs of the first `most` subexpressions for each context.

        As in `weighted`, errors count as much as the whole formula changes with them.
        """
        plain = SubexpressionPairs(self._units[:most])
        some, left, totals = self._left(contexts)
        for context, row, whole in zip(some, left, totals, strict=True):
            weights = self.weights(context)
            if np.ptp(weights) <= _EVEN * weights.max():
                yield from _matches(plain.best(row, each), whole, context)
                continue
            basis = np.linalg.qr((self.base * weights).T)[0]
            pairs = SubexpressionPairs(_units(self.rows[:most] * weights, basis))
            weighted = _without(self.desired([context])[1] * weights, basis)[0]
            yield from _matches(pairs.best(weighted, each), _total(context), context)

    def _left(self, contexts: Sequence[Context]) -> tuple[list[Context], Floats, Floats]:
        """Return what the base leaves of the desired values, and their total variances."""
        some, desired = self.desired(contexts)
        if not some:
            return [], np.empty((0, 0)), np.empty(0)
        roots = self._weight_roots
        totals = variances(desired, roots)
        fine = totals > 0
        some = [context for context, is_fine in zip(some, fine, strict=True) if is_fine]
        return some, _without(desired[fine] * roots, self._basis), totals[fine]


def _matches(pairs: Iterable[SubexpressionPair], whole: float, context: Context) -> Iterator[Match]:
    """Yield pairs as matches, what they leave as a share of a whole."""
    for pair in pairs:
        yield Match(pair.left / whole, context, (pair.first, pair.second))


class Sums(Recombination):
    """The desired values as a sum of subexpressions with coefficients, and of terms always there.

    Args:
        library: The subexpressions.
        terms: What may always be added, with values ``[point]``; a constant comes last by itself.
        weight_roots: The roots of the points' weights, ``[point]``; None for equal ones.
    """

    def __init__(
        self,
        library: Library,
        terms: Mapping[Feature, Floats] | None = None,
        weight_roots: Floats | None = None,
    ) -> None:
        values = library.values
        self._names = list(terms or ())
        base = [*(terms or {}).values(), np.ones(values.shape[1])]
        super().__init__(library, np.array(base), values, weight_roots)

    def desired(self, contexts: Sequence[Context]) -> tuple[list[Context], Floats]:
        """Return all, with their desired values."""
        return list(contexts), np.array([context.desired for context in contexts])

    def solutions(self, match: Match) -> Iterator[Solution]:
        """Yield the sum without terms whose share is rounding, and the one without a constant."""
        for terms in (len(self.base), len(self.base) - 1):
            solution = self._solution(match, terms)
            if solution is not None:
                yield solution

    def _solution(self, match: Match, terms: int) -> Solution | None:
        """Return the sum of the subexpressions and the first so many terms of the base."""
        context = match.context
        desired, weights = context.desired, self.weights(context)
        columns = np.concatenate([self.rows[list(match.entries)], self.base[:terms]])
        weighted, wanted = columns * weights, desired * weights
        sizes = lengths(weighted)
        if not len(sizes) or not sizes.all() or not np.isfinite(sizes).all():
            return None
        shares = np.linalg.lstsq((weighted / sizes[:, None]).T, wanted, rcond=None)[0]
        kept = np.abs(shares) > _ROUNDING * np.sqrt(wanted @ wanted)
        if not kept.any():
            return None
        found = np.where(kept, shares / sizes, 0.0)
        cost = self._costs[list(match.entries)].sum() + kept.sum()
        return Solution(found @ columns, float(cost), lambda: self._sum(match.entries, found))

    def _sum(self, entries: Sequence[int], coefficients: Floats) -> Tree:
        trees = [self.library.tree(entry) for entry in entries]
        trees += [*map(part_of, self._names), number(1)]
        kept = np.flatnonzero(coefficients).tolist()
        return combination(coefficients[kept].tolist(), [trees[place] for place in kept])


class Products(Recombination):
    """The desired values as a product of powers of all variables and of subexpressions.

    Magnitudes are compared by their logarithms. What changes its sign takes part with integer
    exponents, and the signs must come out right; what is zero somewhere takes no part.

    Args:
        library: The subexpressions.
        points: The variables, each ``[point]``.
        roots: Whether square roots may be taken.
        weight_roots: The roots of the points' weights, ``[point]``; None for equal ones.
    """

    def __init__(
        self,
        library: Library,
        points: Mapping[Feature, Floats],
        *,
        roots: bool,
        weight_roots: Floats | None = None,
    ) -> None:
        self._names = [name for name, values in points.items() if values.all()]
        self._roots = roots
        n_points = len(next(iter(points.values())))
        base = np.stack([np.ones(n_points), *(np.log(np.abs(points[n])) for n in self._names)])
        values = library.values
        self._signs = np.sign(values)
        self._base_signs = np.array([np.sign(points[name]) for name in self._names])
        self._base_signs = self._base_signs.reshape(len(self._names), n_points)
        fine = (values != 0).all(axis=1)
        rows = np.zeros_like(values)
        rows[fine] = np.log(np.abs(values[fine]))
        super().__init__(library, base, rows, weight_roots)

    def desired(self, contexts: Sequence[Context]) -> tuple[list[Context], Floats]:
        """Return those whose desired values are nowhere zero, with their logarithms."""
        some = [context for context in contexts if context.desired.all()]
        return some, np.log(np.abs(np.array([context.desired for context in some])))

    def weights(self, context: Context) -> Floats:
        """Return how much the whole changes with the logarithm, ``[point]``."""
        return context.slopes * np.abs(context.desired)

    def solutions(self, match: Match) -> Iterator[Solution]:
        """Yield the product, exponents near multiples of one half at them, and with all at them."""
        columns = self._columns(match)
        for exponents in self._exponents(match, columns):
            solution = self._solution(match, columns, exponents)
            if solution is not None:
                yield solution

    def _columns(self, match: Match) -> Floats:
        """Return the logarithms of what is multiplied, a constant first."""
        return np.concatenate([self.base, self.rows[list(match.entries)]])

    def _exponents(self, match: Match, columns: Floats) -> list[Floats]:
        """Return the exponents that are worth a look."""
        weights = self.weights(match.context)
        logs = np.log(np.abs(match.context.desired))
        found = np.linalg.lstsq((columns * weights).T, logs * weights, rcond=None)[0][1:]
        near = np.round(2 * found) / 2
        almost = np.where(np.abs(near - found) < _NICE, near, found)
        return [almost] if (almost == near).all() else [almost, near]

    def _solution(self, match: Match, columns: Floats, exponents: Floats) -> Solution | None:
        desired = match.context.desired
        signs = np.concatenate([self._base_signs, self._signs[list(match.entries)]])
        changing = np.abs(signs.sum(axis=1)) != signs.shape[1]
        if (changing & (exponents != np.round(exponents))).any():
            return None
        with np.errstate(all="ignore"):
            shape = np.exp(exponents @ columns[1:])
            odd = changing & (np.round(exponents) % 2 == 1)
            shape = shape * np.prod(signs[odd], axis=0)
            slopes = np.square(match.context.slopes)
            scale = float((slopes * shape) @ desired / ((slopes * shape) @ shape))
            values = scale * shape
        if not np.isfinite(values).all():
            return None
        flipped = ~changing & (signs[:, 0] < 0)
        cost = self._costs[list(match.entries)].sum() + _exponent_cost(exponents)
        return Solution(
            values,
            float(cost),
            lambda: self._product(match.entries, exponents, flipped, scale),
        )

    def _product(
        self, entries: Sequence[int], exponents: Floats, flipped: Bools, scale: float
    ) -> Tree:
        above, below = [open_constant(scale)], list[Tree]()
        trees = list(map(part_of, self._names))
        trees += [self.library.tree(entry) for entry in entries]
        for tree, exponent, flip in zip(trees, exponents.tolist(), flipped, strict=True):
            if exponent:
                side = above if exponent > 0 else below
                base = _negative(tree) if flip else tree
                side.append(power(base, abs(exponent), root=self._roots))
        return quotient(above, below)


def _exponent_cost(exponents: Floats) -> float:
    """Return what factors cost: more where the exponent is no simple one."""
    size = np.abs(exponents)
    simple = 2 * size == np.round(2 * size)
    return float(
        np.where(size == 0, 0.0, np.where(size == 1, 1.5, np.where(simple, 2.0, 3.5))).sum()
    )


def _negative(tree: Tree) -> Tree:
    """Return the tree with its sign changed, without a sign where there is such a form."""
    if tree.operator == "-":
        return make("-", *reversed(tree.operands))
    return make(NEGATION, tree)


def _total(context: Context) -> float:
    """Return the sum of the squares of the whole formula's targets about their mean."""
    return float(np.square(context.targets - context.targets.mean()).sum()) or 1.0


def _units(rows: Floats, basis: Floats) -> Floats:
    """Return what a basis ``[point, k]`` leaves of rows, at length 1; zeros where it is nothing."""
    left = _without(rows, basis)
    norms = lengths(left)
    fine = norms > _DEPENDENT * np.maximum(lengths(rows), 1e-300)
    return np.where(fine[:, None], left / np.where(fine, norms, 1.0)[:, None], 0.0)


def _without(rows: Floats, basis: Floats) -> Floats:
    """Rows less what an orthonormal basis ``[point, k]`` says of them, twice for precision."""
    left = rows - (rows @ basis) @ basis.T
    again: Floats = left - (left @ basis) @ basis.T
    return again
