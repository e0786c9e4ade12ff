"""Joining pieces that are foreseen to expressions that should meet a target."""

import heapq
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np

from grammar_lisa.objectives.coefficients import Numbers, numbers_of, written_fits
from grammar_lisa.objectives.evaluation import Floats, Integers, spread_evenly
from grammar_lisa.objectives.fits import Fit, Room, numbers_alone, pairs, singles
from grammar_lisa.objectives.holes import Hole, holes_of, no_hole
from grammar_lisa.objectives.lengths import Lengths, symbols
from grammar_lisa.objectives.meanings import Meanings
from grammar_lisa.objectives.pieces import (
    Pieces,
    fingerprint,
    foreseen,
    functions_of_pairs,
    grown,
    leaves_of,
    parts_of,
    without_repeats,
)
from grammar_lisa.objectives.writing import PRODUCT, leaf

_PIECES: Final = 1500
"""Pieces of which each two are joined."""
_PARTS: Final = 100
"""Parts of good sentences among them."""
_FEW: Final = 300
"""The same, where a hole is to be filled."""
_FOUND: Final = 200
"""Fits of one kind that are looked at for a hole."""
_MOST_HOLES, _HOLE_POINTS = 40, 4000
"""Holes, and points of all of them together."""
_FITS: Final = 700
"""Fits that are written, with numbers that can be written."""
_WAYS: Final = 2
_LEEWAY: Final = 0.5
"""By how much a length that is estimated may be beyond what is allowed."""
_LEAF: Final = leaf("x")
_DIGITS: Final = 9
"""Decimals of errors by which texts are told apart."""
_PROMISING: Final = 30
"""Functions of two pieces that are looked at for a hole."""
_CELLS: Final = 3_000_000
"""Outputs of functions of two pieces that are worked out, at some of the points."""
_SOME_POINTS: Final = 64


@dataclass(frozen=True)
class Vocabulary:
    """Small expressions that are foreseen, made when they are asked for.

    Attributes:
        meanings: what was known of functions when this was begun.
    """

    meanings: Meanings

    @cached_property
    def numbers(self) -> Pieces:
        """The numbers that can be written."""
        return numbers_of(self.meanings)

    @cached_property
    def small(self) -> Pieces:
        """The smallest expressions."""
        return without_repeats(self._grown)

    @cached_property
    def some(self) -> Integers:
        """Points at which `functions` are known."""
        return spread_evenly(self._grown.values.shape[1], _SOME_POINTS)

    @cached_property
    def functions(self) -> Pieces:
        """Functions of two small expressions, at `some` of the points."""
        few = Pieces(self._grown.written, self._grown.values[:, self.some])
        return functions_of_pairs(self.meanings, few, _CELLS // len(self.some))

    @cached_property
    def _grown(self) -> Pieces:
        return grown(self.meanings, leaves_of(self.meanings), _PIECES)


@dataclass(frozen=True)
class Wanted:
    """What is to be met.

    Attributes:
        values: to be met, ``[point]``.
        unit: what an error of 1 is.
        bound: the largest error that counts at a point, in units.
    """

    values: Floats
    unit: float
    bound: float

    def errors(self, values: Floats) -> Floats:
        """The errors of values ``[n, point]``, in units."""
        return (values - self.values) / self.unit

    def clipped(self, values: Floats) -> Floats:
        """The same, none larger than counts."""
        return np.clip(self.errors(values), -self.bound, self.bound)

    def at(self, points: Integers) -> "Wanted":
        """The same at some of the points."""
        return Wanted(self.values[points], self.unit, self.bound)


@dataclass(frozen=True)
class Joiner:
    """Joins pieces — small expressions, and parts of good ones — to such as would meet a target.

    Alone or two together, with the numbers next to the coefficients of a least-squares fit, in
    place of a whole expression or of a part of a good one.

    Attributes:
        meanings: what is foreseen, at the points of the target.
        vocabulary: small expressions there.
        target: to be met.
        lengths: how long the derivations of texts are.
    """

    meanings: Meanings
    vocabulary: Vocabulary
    target: Wanted
    lengths: Lengths

    def joins(self, best: Sequence[str], longest: int) -> tuple[list[str], Floats]:
        """Texts that are foreseen, the nearest to the target first, and their mean squared errors.

        Args:
            best: scored sentences, best first, whose parts are worth using.
            longest: how long a derivation may be.
        """
        most = min(_MOST_HOLES, _HOLE_POINTS // len(self.target.values))
        holes = [no_hole(self.target.values), *itertools.islice(self._holes(best), most)]
        pieces = self._pieces(best, holes, longest)
        return self._different(list(dict.fromkeys(self._written(pieces, holes, longest))))

    def _different(self, texts: Sequence[str]) -> tuple[list[str], Floats]:
        """Texts that are foreseen, the nearest to the target first, each that differs once."""
        errors = self.target.clipped(self.meanings.foresee(texts))
        squares = (errors**2).mean(axis=1)
        lengths = np.array([len(text) for text in texts], dtype=np.int64)
        order = np.lexsort((lengths, _rounded(squares)))
        order = order[np.isfinite(squares[order])]
        different: dict[bytes, int] = {}
        for row in order.tolist():
            different.setdefault(fingerprint(np.round(errors[row], _DIGITS)), row)
        kept = list(different.values())
        return [texts[row] for row in kept], squares[kept]

    def _holes(self, best: Sequence[str]) -> Iterator[Hole]:
        for sentence in best:
            yield from holes_of(sentence, self.target.values, self.meanings)

    def _room(self, pieces: Pieces, holes: Sequence[Hole], longest: int) -> Room:
        lengths = self.lengths
        added = lengths.added(pieces.symbols)
        empty = [hole.fill(_LEAF).text for hole in holes]
        return Room(
            longest + _LEEWAY,
            lengths.of(empty) - lengths.added(symbols([_LEAF.text])),
            added,
            added + lengths.parentheses * (pieces.bindings < PRODUCT),
            added + lengths.parentheses * (pieces.bindings <= PRODUCT),
            lengths.joints,
        )

    def _pieces(self, best: Sequence[str], holes: Sequence[Hole], longest: int) -> Pieces:
        """Parts of the best sentences, then small expressions, then functions of two of these."""
        parts = parts_of(self.meanings, best)
        parts = parts.rows(np.arange(min(len(parts), _PARTS)))
        functions = self._functions(holes, longest)
        return without_repeats(parts + self.vocabulary.small + functions)

    def _functions(self, holes: Sequence[Hole], longest: int) -> Pieces:
        """The functions of two small expressions that explain most of what a hole wants."""
        made, points = self.vocabulary.functions, self.vocabulary.some
        there = [hole.at(points) for hole in holes]
        room = self._room(made, holes, longest)
        wanted = [fit.first for fit in singles(there, made, room, _PROMISING)]
        return foreseen(self.meanings, [made.written[row] for row in dict.fromkeys(wanted)])

    def _written(self, pieces: Pieces, holes: Sequence[Hole], longest: int) -> Iterator[str]:
        room = self._room(pieces, holes, longest)
        known = self.vocabulary
        numbers = Numbers.of(known.numbers, known.meanings.operators, self.lengths)
        for fit in heapq.nsmallest(_FITS, self._fits(pieces, holes, room)):
            ways = written_fits(fit, holes[fit.hole], pieces, numbers, room.longest)
            texts = [written.text for written in itertools.islice(ways, _WAYS)]
            short = self.lengths.of(texts) <= room.longest
            yield from itertools.compress(texts, short)

    def _fits(self, pieces: Pieces, holes: Sequence[Hole], room: Room) -> Iterator[Fit]:
        many = pieces.rows(np.arange(min(len(pieces), _PIECES)))
        few = pieces.rows(np.arange(min(len(pieces), _FEW)))
        yield from numbers_alone(holes, room)
        yield from singles(holes, pieces, room, _FOUND)
        for number, hole in enumerate(holes):
            yield from pairs(number, hole, few if number else many, room, _FOUND)


def _rounded(squares: Floats) -> Floats:
    """Squares to a tenth, so that the shorter of two texts that err alike comes first."""
    rounded: Floats = np.round(10 * np.log10(squares + 1e-20))
    return rounded
