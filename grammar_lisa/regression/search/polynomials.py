"""Polynomials and quotients of polynomials that meet desired values, their terms few."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from itertools import combinations_with_replacement
from math import comb
from typing import Final, NamedTuple

import numpy as np

from grammar_lisa.regression.search.contexts import Context
from grammar_lisa.regression.search.recombination import Solution
from grammar_lisa.regression.search.rows import scales, variances
from grammar_lisa.regression.search.tree import (
    Feature,
    Tree,
    combination,
    make,
    open_constant,
    part_of,
    power,
    product,
)
from shared.common.arrays import Floats

_DEGREE: Final = 4
_MOST_TERMS: Final = 10
"""Longer sums are not told."""
_POLE: Final = 4.0
"""What a denominator costs that changes its sign between the points."""
_ONE: Final = 1e-7
"""Coefficients so near to one are one."""
_UNIT: Final = 0.1
"""How much smaller, as a logarithm, a quotient's errors must be for each unit of its cost."""
_RIDGE: Final = 1e-11
"""Added to the squares of columns of length 1 that may depend on each other."""
_ROUNDING: Final = 1e-20
"""A smaller share of the variance is rounding."""


class Monomials(NamedTuple):
    """Products of powers of variables.

    Attributes:
        trees: As formulas; the first is the number 1.
        values: Their values, ``[monomial, point]``.
    """

    trees: list[Tree]
    values: Floats


class _Quotient(NamedTuple):
    """A quotient of polynomials.

    Attributes:
        solution: What it is as a part of a formula.
        denominator: The values of its denominator, ``[point]``.
    """

    solution: Solution
    denominator: Floats


class Polynomials:
    """Polynomials in some variables, and quotients of them.

    Args:
        points: The variables, each ``[point]``.
        share: The most monomials for each point; it bounds the degree.
        most_degree: The highest degree.
        weight_roots: The roots of the points' weights, ``[point]``; None for equal ones.

    Attributes:
        monomials: What is summed up, the number 1 first.
    """

    def __init__(
        self,
        points: Mapping[Feature, Floats],
        share: float = 0.3,
        most_degree: int = _DEGREE,
        weight_roots: Floats | None = None,
    ) -> None:
        self._points = points
        self._most_degree = most_degree
        self._n_points = len(next(iter(points.values())))
        self.degree = self._degree(share * self._n_points)
        self.monomials = self._powers(self.degree)
        self._below = self._powers(self._degree(share * self._n_points / 2))
        self._weight_roots = np.ones(self._n_points) if weight_roots is None else weight_roots
        weighted = self.monomials.values * self._weight_roots
        self._basis = np.linalg.qr((weighted / scales(weighted)[:, None]).T)[0]

    def alone(self, contexts: Sequence[Context]) -> Iterator[tuple[float, Context, Floats]]:
        """Yield for each context what all monomials leave of its variance, and their best sum."""
        desired = np.array([context.desired for context in contexts])
        roots = self._weight_roots
        totals = variances(desired, roots)
        left = desired * roots
        for _ in range(2):
            left = left - (left @ self._basis) @ self._basis.T
        shares = np.square(left).sum(axis=1) / np.maximum(totals, 1e-300)
        yield from zip(
            shares.tolist(), contexts, desired - left / np.where(roots > 0, roots, 1.0), strict=True
        )

    def weighted(self, context: Context) -> Floats:
        """Return the sum of all monomials that the whole formula meets its targets best with."""
        columns = self.monomials.values * context.slopes
        sizes = scales(columns)
        wanted = context.desired * context.slopes
        found = np.linalg.lstsq((columns / sizes[:, None]).T, wanted, rcond=1e-12)[0] / sizes
        values: Floats = found @ self.monomials.values
        return values

    def sums(self, context: Context) -> Iterator[Solution]:
        """Yield polynomials of fewer and fewer terms for a context, with their values."""
        for terms, found in backward(self.monomials.values, context.desired, context.slopes):
            trees = [self.monomials.trees[term] for term in terms]
            found = np.where(np.abs(found - 1) < _ONE, 1.0, found)
            values = found @ self.monomials.values[terms]
            yield Solution(values, cost_of(trees), partial(combination, found.tolist(), trees))

    def quotients(self, context: Context) -> Iterator[Solution]:
        """Yield quotients of polynomials of fewer and fewer terms for a context.

        The denominator's first term has the coefficient 1 and each monomial in turn is that term:
        what is met by least squares is ``desired * first = numerator - desired * others``. Noise
        in the desired values biases that, so quotients are told once more beginning from the best,
        by the errors of the quotient itself, to first order.
        """
        best: tuple[float, int, _Quotient] | None = None
        for first in range(len(self._below.trees)):
            for quotient in self._quotients(context, first):
                solution = quotient.solution
                yield solution
                with np.errstate(all="ignore"):
                    errors = (context.desired - solution.values) * context.slopes
                    error = float(errors @ errors) * np.exp(_UNIT * solution.cost)
                if np.isfinite(error) and (best is None or error < best[0]):
                    best = error, first, quotient
        if best is not None:
            for quotient in self._quotients(context, *best[1:]):
                yield quotient.solution

    def _quotients(
        self, context: Context, first: int, near: _Quotient | None = None
    ) -> Iterator[_Quotient]:
        """Yield quotients whose denominator's first term is a certain one, near one if given."""
        above, below, desired = self.monomials.values, self._below.values, context.desired
        others = [each for each in range(len(below)) if each != first]
        with np.errstate(all="ignore"):
            if near is None:
                columns = np.concatenate([above, -desired * below[others]])
                wanted, weights = desired * below[first], context.slopes / np.abs(below[first])
            else:
                whole, values = near.denominator, near.solution.values
                columns = np.concatenate([above, -values * below[others]]) / whole
                wanted = desired - values + values * below[first] / whole
                weights = context.slopes
        fine = np.isfinite(weights) & np.isfinite(wanted) & np.isfinite(columns).all(axis=0)
        wanted, columns = np.where(fine, wanted, 0.0), np.where(fine, columns, 0.0)
        for terms, found in backward(columns, wanted, np.where(fine, weights, 0.0)):
            quotient = self._quotient(terms, found, first, others)
            if quotient is not None:
                yield quotient

    def _quotient(
        self, terms: Sequence[int], found: Floats, first: int, others: Sequence[int]
    ) -> _Quotient | None:
        above, below = self.monomials, self._below
        count = len(above.trees)
        top = [(t, f) for t, f in zip(terms, found.tolist(), strict=True) if t < count]
        rest = [
            (others[t - count], f) for t, f in zip(terms, found.tolist(), strict=True) if t >= count
        ]
        if not top or not rest:
            return None
        bottom = [(first, 1.0), *rest]
        numerators = [above.trees[t] for t, _ in top]
        denominators = [below.trees[t] for t, _ in bottom]

        def tree() -> Tree:
            numerator = combination([f for _, f in top], numerators)
            return make("/", numerator, combination([f for _, f in bottom], denominators))

        denominator = np.asarray(sum(f * below.values[t] for t, f in bottom))
        with np.errstate(all="ignore"):
            values = np.asarray(sum(f * above.values[t] for t, f in top)) / denominator
        cost = cost_of([*numerators, *denominators])
        cost += _POLE * float(np.ptp(np.sign(denominator)) > 0)
        return _Quotient(Solution(values, cost, tree), denominator)

    def _degree(self, most: float) -> int:
        k = len(self._points)
        degree = 1
        while degree < self._most_degree and comb(k + degree + 1, k) <= most:
            degree += 1
        return degree

    def _powers(self, degree: int) -> Monomials:
        names = list(self._points)
        trees, rows = list[Tree](), list[Floats]()
        for size in range(degree + 1):
            for chosen in combinations_with_replacement(names, size):
                row = np.ones(self._n_points)
                with np.errstate(over="ignore"):
                    for name in chosen:
                        row = row * self._points[name]
                if not np.isfinite(row).all():
                    continue
                counts = {name: chosen.count(name) for name in dict.fromkeys(chosen)}
                factors = [power(part_of(name), count) for name, count in counts.items()]
                trees.append(product(*factors) if factors else open_constant(1.0))
                rows.append(row)
        return Monomials(trees, np.array(rows))


def cost_of(trees: Sequence[Tree]) -> float:
    """Return what a sum of products costs."""
    return sum(0.75 * tree.size + 1.0 for tree in trees)


def backward(
    columns: Floats, desired: Floats, weights: Floats
) -> Iterator[tuple[list[int], Floats]]:
    """Drop one column after the other, that which is missed least, and tell the last few sums.

    Args:
        columns: What may be summed up, ``[column, point]``; what overflows is left out.
        desired: What is to be met, ``[point]``.
        weights: What errors are multiplied by, ``[point]``.

    Yields:
        The columns that are left, at most `_MOST_TERMS`, with their coefficients.
    """
    with np.errstate(all="ignore"):
        columns, desired = columns * weights, desired * weights
    if not np.isfinite(desired).all():
        return
    columns[~np.isfinite(columns).all(axis=1)] = 0.0
    sizes = scales(columns)
    units = columns / sizes[:, None]
    terms, exact = _telling(units, desired)
    if not exact and len(terms) > _MOST_TERMS:
        terms = _most_missed(units, desired)
    while terms:
        found, *_ = np.linalg.lstsq(units[terms].T, desired, rcond=None)
        if len(terms) <= _MOST_TERMS:
            yield list(terms), found / sizes[terms]
        if len(terms) == 1:
            return
        inverse = np.linalg.pinv(units[terms] @ units[terms].T, hermitian=True)
        missed = np.square(found) / np.maximum(np.diag(inverse), 1e-300)
        drop = max(1, (len(terms) - _MOST_TERMS) // 2)
        for place in sorted(np.argsort(missed)[:drop].tolist(), reverse=True):
            del terms[place]


def _telling(units: Floats, desired: Floats) -> tuple[list[int], bool]:
    """Return the columns whose coefficients are more than rounding, and whether all are exact."""
    found, *_ = np.linalg.lstsq(units.T, desired, rcond=1e-12)
    left = desired - found @ units
    if left @ left > _ROUNDING * (desired @ desired):
        return list(range(len(units))), False
    return np.flatnonzero(np.abs(found) > 1e-7 * np.abs(found).max()).tolist(), True


def _most_missed(units: Floats, desired: Floats) -> list[int]:
    """Return the last columns that are left as one after the other is dropped.

    The inverse of the Gram matrix is corrected for each column that goes, so that a hundred columns
    cost little more than one sum of them.
    """
    gram = units @ units.T
    gram[np.diag_indices_from(gram)] += _RIDGE
    inverse = np.linalg.inv(gram)
    found = inverse @ (units @ desired)
    left = np.ones(len(units), dtype=bool)
    for _ in range(len(units) - _MOST_TERMS):
        diagonal = np.where(left, np.maximum(np.diag(inverse), 1e-300), 1.0)
        worst = int(np.where(left, np.square(found) / diagonal, np.inf).argmin())
        column = inverse[:, worst] / diagonal[worst]
        found = found - column * found[worst]
        inverse = inverse - np.outer(column, inverse[worst])
        left[worst] = False
    return np.flatnonzero(left).tolist()
