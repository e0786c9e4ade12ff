"""Polynomials over ``1 + c*r``, with r a product of powers: quotients that noise does not bias.

For each r and a grid of c what is fitted is linear, and errors are those of the desired values
themselves. So saturations, ratios of sums and the like are found where noise hides them from
`Polynomials.quotients`, whose least squares have noise among the columns.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from itertools import product as choices_of
from typing import Final, NamedTuple

import numpy as np

from grammar_lisa.regression.search.contexts import Context
from grammar_lisa.regression.search.polynomials import Polynomials, backward, cost_of
from grammar_lisa.regression.search.recombination import Solution
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

_SHARE: Final = 0.15
_MOST_RATIOS: Final = 300
_SIZES: Final = np.geomspace(0.03, 30.0, 10)
"""Of ``c*r`` at the median."""
_TAKEN: Final = 10
"""So many r are taken for each context, the best by rank."""
_HALVINGS: Final = 8
_STEPS: Final = 3
_FAR: Final = 0.5
"""How far from the c of all monomials, by share, that of a few may lie."""
_RIDGE: Final = 1e-11
_UNIT: Final = 0.1
"""How much smaller, as a logarithm, errors must be for each factor of r."""


class _Ratio(NamedTuple):
    tree: Tree
    values: Floats
    factors: int


class Fractions:
    """Quotients of polynomials and of one and a product of powers.

    Args:
        points: What they are made of, each ``[point]``.
        degree: The highest of the polynomials: with many monomials noise hides c.
    """

    def __init__(self, points: Mapping[Feature, Floats], degree: int = 3) -> None:
        self._monomials = Polynomials(points, _SHARE, degree).monomials
        rows = self._monomials.values
        scales = np.sqrt(np.square(rows).mean(axis=1))
        self._rows = rows / np.where(scales > 0, scales, 1.0)[:, None]
        self._upper = np.triu_indices(len(rows))
        self._squares = self._rows[self._upper[0]] * self._rows[self._upper[1]]
        with np.errstate(all="ignore"):
            self._ratios = list(_ratios(points))

    def solutions(self, context: Context) -> Iterator[Solution]:
        """Yield quotients for a context, their terms fewer and fewer."""
        ranked = list[tuple[float, float, _Ratio]]()
        for ratio in self._ratios:
            median = float(np.median(np.abs(ratio.values)))
            sizes = np.concatenate([_SIZES, -_SIZES]) / (median or 1.0)
            left = self._left(context, ratio, sizes)
            best = int(left.argmin())
            if np.isfinite(left[best]):
                rank = np.log(left[best] + 1e-300) + _UNIT * ratio.factors
                ranked.append((float(rank), float(sizes[best]), ratio))
        ranked.sort(key=lambda each: each[0])
        for _, size, ratio in ranked[:_TAKEN]:
            yield from self._quotients(context, ratio, self._refined(context, ratio, size))

    def _left(self, context: Context, ratio: _Ratio, sizes: Floats) -> Floats:
        """Return the sum of the squares that all monomials over ``1 + c*r`` leave, for each c."""
        below = 1 + sizes[:, None] * ratio.values
        whole: Bools = np.ptp(np.sign(below), axis=1) == 0
        roots = np.where(whole[:, None], context.slopes / np.where(below == 0, 1.0, below), 0.0)
        count = len(self._rows)
        gram = np.empty((len(sizes), count, count))
        gram[:, self._upper[0], self._upper[1]] = np.square(roots) @ self._squares.T
        gram[:, self._upper[1], self._upper[0]] = gram[:, self._upper[0], self._upper[1]]
        scales = np.sqrt(np.einsum("sii->si", gram))
        scales[~(scales > 0)] = 1.0
        gram /= scales[:, :, None] * scales[:, None, :]
        gram[:, range(count), range(count)] += _RIDGE
        wanted = context.desired * context.slopes
        moments = (roots * wanted) @ self._rows.T / scales
        try:
            found = np.linalg.solve(gram, moments[..., None])[..., 0]
        except np.linalg.LinAlgError:
            return np.full(len(sizes), np.inf)
        left = wanted @ wanted - np.einsum("si,si->s", found, moments)
        return np.where(whole & np.isfinite(left), np.maximum(left, 0.0), np.inf)

    def _refined(self, context: Context, ratio: _Ratio, size: float) -> float:
        """Return the c near one that leaves least."""
        step = float(np.log(_SIZES[1] / _SIZES[0]))
        for _ in range(_HALVINGS):
            step /= 2
            near = size * np.exp(np.array([-step, 0.0, step]))
            size = float(near[self._left(context, ratio, near).argmin()])
        return size

    def _quotients(self, context: Context, ratio: _Ratio, size: float) -> Iterator[Solution]:
        columns = self._monomials.values
        under = columns / (1 + size * ratio.values)
        for terms, _ in backward(under, context.desired, context.slopes):
            chosen = columns[terms]
            best = _nearest(chosen, context, ratio.values, size)
            below = 1 + best * ratio.values
            found = _met(chosen / below, context)
            above = [self._monomials.trees[term] for term in terms]
            build = partial(_quotient, found.tolist(), above, best, ratio.tree)
            yield Solution(found @ chosen / below, cost_of([*above, ratio.tree]) + 1.0, build)


def _quotient(found: Sequence[float], above: Sequence[Tree], size: float, ratio: Tree) -> Tree:
    below = make("+", make("*", open_constant(size), ratio), number(1))
    return make("/", combination(found, above), below)


def _met(columns: Floats, context: Context) -> Floats:
    """Return the coefficients of columns ``[column, point]`` that meet a context best."""
    wanted = context.desired * context.slopes
    found = np.linalg.lstsq((columns * context.slopes).T, wanted, rcond=None)[0]
    return np.asarray(found, dtype=np.float64)


def _nearest(columns: Floats, context: Context, ratio: Floats, size: float) -> float:
    """Return the c near one with which a few terms leave least, by Gauss-Newton."""
    for _ in range(_STEPS):
        below = 1 + size * ratio
        values = _met(columns / below, context) @ columns / below
        move = float(_met(np.vstack([columns / below, -values * ratio / below]), context)[-1])
        if not abs(move) < _FAR * abs(size) or np.ptp(np.sign(1 + (size + move) * ratio)) > 0:
            break
        size += move
    return size


def _ratios(points: Mapping[Feature, Floats]) -> Iterator[_Ratio]:
    """Yield products of small powers."""
    features = list(points)
    most = 2 if 5 ** len(features) <= _MOST_RATIOS else 1
    if 3 ** len(features) > 2 * _MOST_RATIOS:
        return
    for exponents in choices_of(range(-most, most + 1), repeat=len(features)):
        if not any(exponents):
            continue
        used = [(feature, e) for feature, e in zip(features, exponents, strict=True) if e]
        values = np.prod([points[feature] ** float(e) for feature, e in used], axis=0)
        if np.isfinite(values).all() and np.ptp(values) > 0:
            above = [power(part_of(feature), e) for feature, e in used if e > 0]
            below = [power(part_of(feature), -e) for feature, e in used if e < 0]
            tree = quotient(above or [open_constant(1.0)], below)
            yield _Ratio(tree, values, sum(abs(e) for e in exponents))
