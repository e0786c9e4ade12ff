"""Coefficients that a grammar's numbers can write: the nearest to those of a least-squares fit."""

import itertools
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np

from grammar_lisa.objectives.evaluation import Floats
from grammar_lisa.objectives.expression import NEGATION
from grammar_lisa.objectives.fits import BASES, NUMBER, SUM, Fit
from grammar_lisa.objectives.holes import Hole
from grammar_lisa.objectives.lengths import Lengths
from grammar_lisa.objectives.meanings import Meanings
from grammar_lisa.objectives.pieces import Pieces, grown
from grammar_lisa.objectives.writing import Written, joined, leaf

_MOST: Final = 3000
"""How many numbers are put together."""
_LARGEST_SIZE: Final = 7
_SIZES: Final = (1, 3, _LARGEST_SIZE)
"""The sizes of numbers of each of which the nearest is tried."""
_SAME: Final = 1e-6
"""How near, relatively, a number counts as the one that is wanted."""
_NOTHING, _SAMPLE = leaf(""), leaf("x")


class Coefficient(NamedTuple):
    """One way to multiply by a number, or to add one.

    Attributes:
        value: the number, with its sign.
        operator: between an expression and the number; nothing where there is no number.
        number: as it is written.
        negative: whether what it makes is subtracted.
        cost: what it adds to a length.
    """

    value: float
    operator: str = ""
    number: Written = _NOTHING
    negative: bool = False
    cost: float = 0.0

    def applied(self, written: Written) -> Written:
        """An expression multiplied by the number, but for the sign, or with the number added."""
        if not self.operator:
            return written
        if self.operator == "*":
            return joined("*", self.number, written)
        return joined(
            "-" if self.operator == "+" and self.negative else self.operator, written, self.number
        )


class Choices:
    """Ways to write a coefficient.

    Args:
        ways: the first of them is to write nothing.
        signs: whether there is subtraction, so that the opposite of each is a way, too.
        lengths: of what is written.
    """

    def __init__(self, ways: Sequence[Coefficient], *, signs: bool, lengths: Lengths) -> None:
        opposites = [each._replace(value=-each.value, negative=True) for each in ways]
        every = [*ways, *opposites] if signs else ways
        costs = lengths.of([each.applied(_SAMPLE).text for each in every])
        costs = costs - lengths.of([_SAMPLE.text])
        self._ways = [each._replace(cost=cost) for each, cost in zip(every, costs, strict=True)]
        self._costs = costs
        self._values = np.array([each.value for each in self._ways])
        self._sizes = np.array([each.number.size if each.operator else 0 for each in self._ways])

    def near(self, value: float, unit: float, room: float) -> list[Coefficient]:
        """The shortest that has a value; else the nearest of some sizes, and nothing.

        Args:
            value: to meet.
            unit: of which differences are shares.
            room: how much a way may add to a length.
        """
        distances = np.where(self._costs <= room, np.abs(self._values - value), np.inf)
        same = np.flatnonzero(distances <= _SAME * unit)
        if len(same):
            return [self._ways[same[self._sizes[same].argmin()]]]
        nearest = [np.where(self._sizes <= size, distances, np.inf).argmin() for size in _SIZES]
        return [self._ways[each] for each in dict.fromkeys([*map(int, nearest), 0])]


@dataclass(frozen=True)
class Numbers:
    """What numbers can be written.

    Attributes:
        factors: ways to multiply by one.
        addends: ways to add one.
        negation: whether a sign may stand before an expression.
    """

    factors: Choices
    addends: Choices
    negation: bool

    @classmethod
    def of(cls, made: Pieces, operators: Collection[str], lengths: Lengths) -> "Numbers":
        """What some numbers and operators can write.

        Args:
            made: the numbers; see `numbers_of`.
            operators: that there are.
            lengths: of what is written.
        """
        factors, addends = [Coefficient(1.0)], [Coefficient(0.0)]
        for written, value in zip(made.written, made.values[:, 0].tolist(), strict=True):
            if value not in {0.0, 1.0}:
                factors += [Coefficient(value, "*", written), Coefficient(1 / value, "/", written)]
            if value:
                addends.append(Coefficient(value, "+", written))
        signs, some = "-" in operators, {"", *operators}
        first, second = (
            Choices([way for way in ways if way.operator in some], signs=signs, lengths=lengths)
            for ways in (factors, addends)
        )
        return cls(first, second, NEGATION in operators)


def numbers_of(meanings: Meanings) -> Pieces:
    """The numbers that those of scored sentences make, with a single output each."""
    names = sorted(meanings.numbers, key=lambda name: (len(name), name))
    values = np.array([meanings.numbers[name] for name in names]).reshape(-1, 1)
    leaves = Pieces([leaf(name) for name in names], values)
    return grown(meanings, leaves, _MOST, numbers=_LARGEST_SIZE)


def written_fits(
    fit: Fit, hole: Hole, pieces: Pieces, numbers: Numbers, longest: float
) -> Iterator[Written]:
    """A fit with numbers that can be written, best first, as the whole with its hole filled.

    Args:
        fit: of the hole.
        hole: to fill.
        pieces: of the fit.
        numbers: that can be written.
        longest: the greatest length of a whole.
    """
    parts, columns = _parts(fit, pieces)
    ways = _ways(hole, columns, numbers, longest - fit.length)
    for _, factors, addend in sorted(ways, key=lambda way: way[0]):
        filling = _sum(parts, factors, addend, numbers)
        if filling is not None:
            yield hole.fill(filling)


def _parts(fit: Fit, pieces: Pieces) -> tuple[list[Written], Floats]:
    """What coefficients multiply: expressions, and their outputs ``[part, point]``."""
    rows = (fit.first, fit.second)
    written = [pieces.written[row] for row in rows]
    if fit.kind == NUMBER:
        return [], np.empty((0, pieces.values.shape[1]))
    if fit.kind == SUM:
        return written, pieces.values[list(rows)]
    if fit.kind in BASES:
        outputs = BASES[fit.kind](*pieces.values[list(rows)])
        return [joined(fit.kind, *written)], outputs[None]
    return written[:1], pieces.values[[fit.first]]


def _ways(
    hole: Hole, columns: Floats, numbers: Numbers, room: float
) -> Iterator[tuple[float, tuple[Coefficient, ...], Coefficient]]:
    """The error in the whole, and the coefficients, of what is near a least-squares fit."""
    weights = hole.weights
    design = np.concatenate([columns, np.ones((1, columns.shape[1]))]) * weights
    best = np.linalg.lstsq(design.T, hole.wanted * weights)[0].tolist()
    squares, unit = weights**2, float(np.abs(hole.wanted).max())
    choices = (numbers.factors.near(value, abs(value), room) for value in best[:-1])
    for factors in itertools.product(*choices):
        left = room - sum(each.cost for each in factors)
        rest = hole.wanted - np.array([each.value for each in factors]) @ columns
        mean = float(squares @ rest / squares.sum())
        for addend in numbers.addends.near(mean, unit, left) if left >= 0 else ():
            yield float(squares @ (rest - addend.value) ** 2), factors, addend


def _sum(
    parts: Sequence[Written],
    factors: Sequence[Coefficient],
    addend: Coefficient,
    numbers: Numbers,
) -> Written | None:
    """Parts by their factors and an addend, what is subtracted last; None if all of it would be."""
    terms = [
        (factor.applied(part), factor.negative) for part, factor in zip(parts, factors, strict=True)
    ]
    if addend.operator:
        terms.append((addend.number, addend.negative))
    if not terms:
        return None
    terms.sort(key=lambda term: term[1])
    (whole, negative), *others = terms
    if negative:
        if not numbers.negation:
            return None
        whole = joined(NEGATION, whole)
    for written, less in others:
        whole = joined("-" if less else "+", whole, written)
    return whole
