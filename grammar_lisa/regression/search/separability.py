"""Subproblems: the same problem in fewer inputs, where the rows show that it has such a form.

Two forms are told from the rows before any formula is known, as AI Feynman does with a network
(Udrescu & Tegmark 2020, arXiv:1905.11481): a product of powers of some inputs times a function of
the others, and a product of powers times a function of one combination of inputs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations, combinations_with_replacement
from itertools import product as choices_of
from math import comb, gcd
from typing import Any, Final, NamedTuple, Self

import numpy as np

from grammar_lisa.expressions.expression import POWER
from grammar_lisa.regression.search.contexts import Context
from grammar_lisa.regression.search.tree import (
    Feature,
    Tree,
    make,
    number,
    power,
    quotient,
    variable,
)
from shared.common.arrays import Floats

_ROWS: Final = 500
"""The most rows by which combinations are judged."""
_FEWEST: Final = 60
"""With fewer rows nothing is told."""
_MOST_COMBINATIONS: Final = 1000
"""Products of one set of inputs."""
_SMOOTH: Final = 0.1
"""The share of the variance that neighbours may differ by where one combination tells all."""
_SURE: Final = 3e-3
"""Subproblems of one combination that tell less come after that without factors."""
_UNIT: Final = 0.2
"""How much smaller, as a logarithm, that must be for each further factor of a combination."""
_HALF: Final = 0.06
"""So near must exponents be to multiples of one half."""
_DIVISORS: Final = (1.0, -1.0, 2.0, -2.0)
"""Exponents of one input that targets are divided by before."""
_MOST_EXPONENT: Final = 4.0
_DEVIATION: Final = 0.12
"""The greatest standard error of an exponent that is told; of halves it is a quarter of that."""
_SHARE: Final = 0.25
"""The most monomials for each row where factors are told."""
_MATTERS: Final = 6.0
"""How many times what chance would monomials must lower the squared errors by, to matter."""
_LITTLE: Final = 1e-3
"""The same beside what the input that matters most lowers them by."""
_DEGREE: Final = 3
_REWEIGHTED: Final = 4


@dataclass(frozen=True)
class Subproblem:
    """A problem in some inputs.

    Attributes:
        inputs: What formulas are made of, each ``[point]``.
        root: The context that such a formula stands in.
        entries: What is as simple as they are.
    """

    inputs: Mapping[Feature, Floats]
    root: Context
    entries: Mapping[Tree, Floats] = field(default_factory=dict)

    @classmethod
    def whole(cls, points: Mapping[str, Floats], root: Context) -> Self:
        """Return that of all inputs, each ``[point]``, in the context of whole formulas."""
        inputs = dict[Feature, Floats]()
        inputs.update(points.items())
        return cls(inputs, root)


class _Combination(NamedTuple):
    tree: Tree
    values: Floats
    factors: int


def subproblems_of(
    points: Mapping[str, Floats],
    targets: Floats,
    sample: int,
    operators: Sequence[str],
    weight_roots: Floats | None = None,
) -> list[Subproblem]:
    """Return the subproblems that the rows speak for, the surest first.

    Args:
        points: The inputs, each ``[row]``.
        targets: What is to be met, ``[row]``.
        sample: How many of the first rows the subproblems are of.
        operators: What formulas may be made with.
        weight_roots: The roots of the weights of those first rows, ``[point]``; None for equal
            ones. Which subproblems there are is told from all rows alike.
    """
    if len(targets) < _FEWEST or len(points) < 2 or not {"*", "/"} <= set(operators):
        return []
    with np.errstate(all="ignore"):
        try:
            found = sorted(
                _found_subproblems(points, targets, operators), key=lambda each: each.share
            )
        except np.linalg.LinAlgError:
            return []
        root = Context.root(targets[:sample], weight_roots)
        subproblems = [_subproblem(points, root, *each[1:]) for each in found]
    return [subproblem for subproblem in subproblems if _is_finite(subproblem)]


def _is_finite(subproblem: Subproblem) -> bool:
    rows = [
        subproblem.root.desired,
        *subproblem.inputs.values(),
        *subproblem.entries.values(),
    ]
    return all(bool(np.isfinite(row).all()) for row in rows)


def _found_subproblems(
    points: Mapping[str, Floats], targets: Floats, operators: Sequence[str]
) -> Iterator[_Found]:
    """Yield the subproblem without factors, and that of one combination."""
    factors = _factors(points, targets)
    rest: dict[Feature, Floats] = {n: v for n, v in points.items() if n not in factors}
    one = _of_one(points, targets, operators)
    if factors:
        yield _Found(_SURE, rest, factors)
        if one is None and len(rest) > 1:
            left = {name: values for name, values in points.items() if name not in factors}
            inner = _of_one(left, targets / _product(points, factors), operators)
            if inner is not None and not inner.exponents:
                one = inner._replace(exponents=factors)
    if one is not None:
        yield one


def _product(points: Mapping[str, Floats], exponents: Mapping[str, float]) -> Floats:
    """Return the product of powers of inputs, ``[row]``."""
    result = np.ones(len(next(iter(points.values()))))
    for name, exponent in exponents.items():
        result = result * np.abs(points[name]) ** exponent
        if exponent % 2:
            result = result * np.sign(points[name])
    return result


class _Found(NamedTuple):
    """What makes a subproblem.

    Attributes:
        share: Of the variance, by which neighbours differ.
        inputs: What is left, each ``[row]``.
        exponents: Of the factors.
    """

    share: float
    inputs: dict[Feature, Floats]
    exponents: Mapping[str, float]


def _subproblem(
    points: Mapping[str, Floats],
    root: Context,
    inputs: Mapping[Feature, Floats],
    exponents: Mapping[str, float],
) -> Subproblem:
    sample = len(root.targets)
    left = {feature: values[:sample] for feature, values in inputs.items()}
    inverses = {
        make("/", number(1), feature): 1 / values
        for feature, values in left.items()
        if isinstance(feature, Tree) and values.all()
    }
    if not exponents:
        return Subproblem(left, root, inverses)
    factor = _product({name: points[name][:sample] for name in exponents}, exponents)

    def wrap(part: Tree) -> Tree:
        whole = part
        for name, exponent in exponents.items():
            side = power(variable(name), abs(exponent))
            whole = make("*" if exponent > 0 else "/", whole, side)
        return whole

    cost = sum(1.5 if abs(e) == 1 else 2.0 for e in exponents.values())
    inner = root.within(root.targets / factor, cost, wrap, lambda values: values * factor)
    return Subproblem(left, inner, inverses)


def _nonzero(points: Mapping[str, Floats]) -> list[str]:
    """Return the inputs that never change their sign, without those that never change at all."""
    return [
        name
        for name, values in points.items()
        if abs(np.sign(values).sum()) == len(values) and np.ptp(values)
    ]


def _of_one(
    points: Mapping[str, Floats], targets: Floats, operators: Sequence[str]
) -> _Found | None:
    """Return that of the one combination of inputs that tells most; None if none tells enough.

    Sorted by the combination, neighbours' logarithms differ by those of the factors alone.
    """
    rows = slice(0, _ROWS)
    some = {name: values[rows] for name, values in points.items()}
    names = _nonzero(some)
    logs = np.array([np.log(np.abs(some[name])) for name in names]).reshape(
        len(names), len(targets[rows])
    )
    ranked = list[tuple[float, _Combination, dict[str, float]]]()
    wanted = targets[rows]
    divided = [dict[str, float](), *({n: e} for n in names for e in _DIVISORS if len(some) > 1)]
    quotients = np.array([wanted / _product(some, each) for each in divided])
    logged = np.log(np.abs(wanted)) if wanted.all() and names else None
    for combination in _combinations(some, operators):
        if not np.isfinite(combination.values).all():
            continue
        order = np.argsort(combination.values)
        shares = _rough(quotients[:, order])
        best = int(shares.argmin())
        ranked.append(
            (_rank(float(shares[best]), combination, divided[best]), combination, divided[best])
        )
        if logged is None:
            continue
        within = {part.name for _, part in combination.tree.paths()}
        first = next((n for n in names if n in within), None)
        free = [place for place, name in enumerate(names) if name != first]
        share, powers = _rough_beside(logged[order], logs[free][:, order])
        exponents = np.round(2 * powers) / 2
        off = np.abs(powers - exponents).max(initial=0.0)
        if (
            np.isfinite(share)
            and off < _HALF
            and np.abs(exponents).max(initial=0.0) <= _MOST_EXPONENT
        ):
            powers = {names[p]: float(e) for p, e in zip(free, exponents, strict=True) if e}
            ranked.append((_rank(share, combination, powers), combination, powers))
    if not ranked:
        return None
    rank, combination, around = min(ranked, key=lambda each: each[0])
    share = float(np.exp(rank - _rank(1.0, combination, around)))
    if share > _SMOOTH:
        return None
    return _Found(share, {combination.tree: np.asarray(combination.tree.values(points))}, around)


def _rank(share: float, combination: _Combination, around: Mapping[str, float]) -> float:
    return float(np.log(share + 1e-9)) + _UNIT * (combination.factors + len(around))


def _rough(rows: Floats) -> Floats:
    """Return how much neighbours differ in rows: 1 for values in no order, 0 for a smooth curve."""
    variances = rows.var(axis=1)
    squares = np.square(np.diff(rows, axis=1)).mean(axis=1)
    shares = squares / np.where(variances > 0, 2 * variances, 1.0)
    return np.where((variances > 0) & np.isfinite(shares), shares, 1.0)


def _rough_beside(values: Floats, logs: Floats) -> tuple[float, Any]:
    """Return how much neighbours differ beside powers of some inputs, and their exponents."""
    steps, others = np.diff(values), np.diff(logs, axis=1)
    gram = others @ others.T
    gram[np.diag_indices_from(gram)] *= 1 + 1e-9
    found = np.linalg.solve(gram, others @ steps)
    left = steps - found @ others
    rest = values - found @ logs
    return float(left @ left / (2 * len(left) * (rest.var() or np.inf))), found


def _combinations(points: Mapping[str, Floats], operators: Sequence[str]) -> Iterator[_Combination]:
    """Yield products of powers of inputs, and of the sum or difference of two of them."""
    names = list(points)
    bases = [(variable(name), points[name], 1) for name in names]
    yield from _powers(bases, 0)
    for left, right in combinations(range(len(names)), 2):
        rest = [base for place, base in enumerate(bases) if place not in {left, right}]
        for joined in _joined(bases[left], bases[right], operators):
            yield joined
            yield from _powers([(*joined[:2], 2), *rest], 1)


def _joined(
    left: tuple[Tree, Floats, int], right: tuple[Tree, Floats, int], operators: Sequence[str]
) -> Iterator[_Combination]:
    if "-" in operators:
        yield _Combination(make("-", left[0], right[0]), left[1] - right[1], 2)
    if "+" in operators:
        yield _Combination(make("+", left[0], right[0]), left[1] + right[1], 2)
        if "pow" in operators:
            squares = [make(POWER, each[0], number(2)) for each in (left, right)]
            yield _Combination(make("+", *squares), np.square(left[1]) + np.square(right[1]), 3)


def _powers(bases: Sequence[tuple[Tree, Floats, int]], first: int) -> Iterator[_Combination]:
    """Yield products of two or more bases with small exponents; with the first one if asked."""
    most = 2 if 5 ** len(bases) <= _MOST_COMBINATIONS and not first else 1
    if (2 * most + 1) ** len(bases) > _MOST_COMBINATIONS:
        return
    for exponents in choices_of(range(-most, most + 1), repeat=len(bases)):
        used = [e for e in exponents if e]
        if len(used) < 2 or used[0] < 0 or gcd(*used) > 1 or (first and not exponents[0]):
            continue
        values = np.prod(
            [values ** float(e) for (_, values, _), e in zip(bases, exponents, strict=True) if e],
            axis=0,
        )
        above = [power(b[0], e) for b, e in zip(bases, exponents, strict=True) if e > 0]
        below = [power(b[0], -e) for b, e in zip(bases, exponents, strict=True) if e < 0]
        factors = sum(b[2] * abs(e) for b, e in zip(bases, exponents, strict=True))
        yield _Combination(quotient(above, below), values, factors)


def _factors(points: Mapping[str, Floats], targets: Floats) -> dict[str, float]:
    """Return the inputs that are factors, with their exponents.

    The logarithm of the targets is told by monomials and by the logarithms of inputs: of a factor
    nothing matters but its logarithm.
    """
    names = _nonzero(points)
    if not targets.all() or not names:
        return {}
    table = _terms(points, names, _SHARE * len(targets))
    logged = np.log(np.abs(targets))
    roots = _roots_of_weights(np.array(list(table.values())), logged)
    table = {term: roots * row for term, row in table.items()}
    logged = roots * logged
    whole = _left(table, logged)
    level = whole / (len(targets) - len(table))
    missed = dict[str, float]()
    for name in names:
        without = {term: row for term, row in table.items() if name not in _inputs_of(term)}
        chance = (len(table) - len(without)) * level
        missed[name] = (_left(without, logged) - whole) / chance
    most = max(_MATTERS, _LITTLE * max(missed.values()))
    alone = {name for name in names if missed[name] <= most}
    kept = {term: row for term, row in table.items() if not alone & set(_inputs_of(term))}
    columns = np.array(list(kept.values()))
    found = np.linalg.lstsq(columns.T, logged, rcond=None)[0]
    level = float(np.square(logged - found @ columns).sum()) / (len(logged) - len(kept))
    errors = np.sqrt(level * np.diag(np.linalg.pinv(columns @ columns.T, hermitian=True)))
    exponents = dict[str, float]()
    for term, exponent, error in zip(kept, found, errors, strict=True):
        near = round(2 * exponent) / 2
        most = _DEVIATION if near.is_integer() else _DEVIATION / 4
        if term in alone and near and error < most and abs(near - exponent) < _HALF:
            exponents[str(term)] = near
    return exponents if len(exponents) < len(points) else {}


def _inputs_of(term: str | tuple[str, ...]) -> tuple[str, ...]:
    """Return the inputs of a monomial; none of a logarithm."""
    return () if isinstance(term, str) else term


def _terms(
    points: Mapping[str, Floats], names: Sequence[str], most: float
) -> dict[str | tuple[str, ...], Floats]:
    """Return monomials of inputs, and by the names of some their logarithms, each ``[row]``."""
    n_rows = len(next(iter(points.values())))
    columns = {n: (v - v.mean()) / (v.std() or 1.0) for n, v in points.items()}
    degree = 1
    while degree < _DEGREE and comb(len(columns) + degree + 1, len(columns)) <= most:
        degree += 1
    terms: dict[str | tuple[str, ...], Floats] = {}
    for size in range(degree + 1):
        for chosen in combinations_with_replacement(columns, size):
            terms[chosen] = np.prod([np.ones(n_rows), *(columns[n] for n in chosen)], axis=0)
    return terms | {name: np.log(np.abs(points[name])) for name in names}


def _roots_of_weights(columns: Floats, wanted: Floats) -> Floats:
    """Return the roots of weights of rows, small where logarithms near zeros stand out."""
    roots = np.ones(len(wanted))
    for _ in range(_REWEIGHTED):
        found = np.linalg.lstsq((columns * roots).T, wanted * roots, rcond=None)[0]
        errors = np.abs(wanted - found @ columns)
        roots = 1 / np.sqrt(1 + np.square(errors / (2 * np.median(errors) or 1.0)))
    return roots


def _left(table: Mapping[str | tuple[str, ...], Floats], wanted: Floats) -> float:
    """Return the sum of the squares that some terms leave."""
    columns = np.array(list(table.values())).T
    errors = wanted - columns @ np.linalg.lstsq(columns, wanted, rcond=None)[0]
    return float(errors @ errors)
