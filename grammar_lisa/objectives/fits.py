"""Which pieces, alone or two together, come near what is wanted, but for coefficients."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np

from grammar_lisa.objectives.evaluation import Floats, Integers
from grammar_lisa.objectives.holes import Hole
from grammar_lisa.objectives.pieces import Pieces

NUMBER: Final = "number"
SINGLE: Final = "single"
SUM: Final = "sum"

BASES: Final[Mapping[str, Callable[[Floats, Floats], Floats]]] = {
    "*": np.multiply,
    "/": np.divide,
}
"""How two pieces become one that has a single coefficient."""

_ALIKE: Final = 1e-9
"""A share of a variance that counts as none."""


class Fit(NamedTuple):
    """Pieces that may fill a hole; those that err alike are in order of their length.

    Attributes:
        decibels: the sum of squares that the best coefficients leave over in the whole.
        length: of the whole, but for coefficients; see `Room`.
        hole: the number of the hole.
        kind: c is `NUMBER`, a·f + c `SINGLE`, a·f + b·g + c `SUM`, a·(f·g) + c ``*``, and
            a·(f/g) + c ``/``.
        first: the row of f; 0 where there is none.
        second: the row of g; of f where there is none.
    """

    decibels: int
    length: float
    hole: int
    kind: str
    first: int
    second: int


@dataclass(frozen=True)
class Room:
    """How long a whole may be, and what adds to its length.

    Attributes:
        longest: the greatest length of a whole.
        holes: the length of each whole but for its part, ``[hole]``.
        pieces: what each piece adds, ``[n]``.
        factors: the same in a product or above a line, where sums stand in parentheses.
        divisors: the same below a line, where products do, too.
        joints: what each operator adds.
    """

    longest: float
    holes: Floats
    pieces: Floats
    factors: Floats
    divisors: Floats
    joints: Mapping[str, float]

    def of_pairs(self, kind: str, count: int) -> Floats:
        """What the first pieces add two by two, ``[count, count]``."""
        first = self.pieces if kind == SUM else self.factors
        second = self.divisors if kind == "/" else first
        joint = self.joints["+" if kind == SUM else kind]
        lengths: Floats = np.add.outer(first[:count], second[:count]) + joint
        return lengths


def numbers_alone(holes: Sequence[Hole], room: Room) -> Iterator[Fit]:
    """A number in each hole."""
    for place, hole in enumerate(holes):
        yield Fit(_decibels(hole, 0.0), float(room.holes[place]), place, NUMBER, 0, 0)


def singles(holes: Sequence[Hole], pieces: Pieces, room: Room, limit: int) -> Iterator[Fit]:
    """The pieces that explain most of what each hole wants.

    Args:
        holes: to fill.
        pieces: to fill them with.
        room: for holes and pieces.
        limit: how many to tell for a hole.
    """
    weights = np.stack([hole.weights for hole in holes]) ** 2
    wanted = np.stack([hole.centred for hole in holes])
    totals = np.array([hole.total for hole in holes])
    with np.errstate(all="ignore"):
        scaled = pieces.values / np.abs(pieces.values).max(axis=1, keepdims=True)
        sums, along = scaled @ weights.T, scaled @ (weights * wanted).T
        squares = scaled**2 @ weights.T
        shares = _explained(sums, squares, along, weights.sum(axis=1)) / totals
    for number, hole in enumerate(holes):
        lengths = room.holes[number] + room.pieces
        found = np.where(lengths <= room.longest, shares[:, number], 0.0)
        for row in _largest(found, limit):
            left = _decibels(hole, found[row])
            yield Fit(left, float(lengths[row]), number, SINGLE, int(row), int(row))


def pairs(number: int, hole: Hole, pieces: Pieces, room: Room, limit: int) -> Iterator[Fit]:
    """The sums, products and quotients of two pieces that explain most, `limit` of each.

    Args:
        number: of the hole.
        hole: to fill.
        pieces: to fill it with.
        room: for holes, and pieces of which these may be the first.
        limit: how many to tell of a kind.
    """
    values = pieces.values
    with np.errstate(all="ignore"):
        centred, wanted = _centred(hole, values)
        alike, along = centred @ centred.T, centred @ wanted
        both = along[:, None] ** 2 + along**2 - 2 * np.outer(along, along) * alike
        found = [(SUM, np.triu(both / np.maximum(1 - alike**2, _ALIKE), 1))]
        found.append(("*", np.triu(_shares(hole, values, values))))
        found.append(("/", _shares(hole, values, 1 / values)))
    for kind, shares in found:
        lengths = room.holes[number] + room.of_pairs(kind, len(pieces))
        shares = np.where(
            (lengths <= room.longest) & (shares <= 1 + _ALIKE), np.minimum(shares, 1.0), 0.0
        )
        for place in _largest(shares.ravel(), limit):
            first, second = divmod(int(place), len(values))
            left, length = _decibels(hole, shares[first, second]), float(lengths[first, second])
            yield Fit(left, length, number, kind, first, second)


def _decibels(hole: Hole, share: float) -> int:
    """What is left over of squares of which a share is explained, in tenths of powers of ten."""
    left = max(hole.total * (1 - share), hole.rounding, 1e-300)
    return math.ceil(10 * math.log10(left))


def _centred(hole: Hole, values: Floats) -> tuple[Floats, Floats]:
    """Pieces and what is wanted, weighted, without what a constant explains, at length 1."""
    axis = hole.weights / np.linalg.norm(hole.weights)
    weighted, rest = values * hole.weights, hole.centred * hole.weights
    beside = weighted - np.outer(weighted @ axis, axis)
    lengths = np.linalg.norm(beside, axis=1, keepdims=True)
    some = lengths > _ALIKE * np.linalg.norm(weighted, axis=1, keepdims=True)
    centred = np.where(some, beside / np.where(some, lengths, 1.0), 0.0)
    return centred, rest / max(float(np.linalg.norm(rest)), 1e-300)


def _shares(hole: Hole, first: Floats, second: Floats) -> Floats:
    """The shares that products of rows explain beside a constant, ``[n, m]``; 0 if unknown."""
    first = first / np.abs(first).max(axis=1, keepdims=True)
    sizes = np.abs(second).max(axis=1, keepdims=True)
    second = np.where(np.isfinite(sizes), second / sizes, 0.0)
    weights = hole.weights**2
    sums = (first * weights) @ second.T
    squares = (first**2 * weights) @ (second**2).T
    along = (first * (weights * hole.centred)) @ second.T
    return _explained(sums, squares, along, weights.sum()) / max(hole.total, 1e-300)


def _explained(sums: Floats, squares: Floats, along: Floats, whole: Floats | np.float64) -> Floats:
    """The squares that are explained beside a constant, by weighted sums of what explains."""
    beside = squares - sums**2 / whole
    some = beside > _ALIKE * squares
    explained: Floats = np.where(some, along**2 / np.where(some, beside, 1.0), 0.0)
    return explained


def _largest(shares: Floats, limit: int) -> Integers:
    """The places of the largest entries above 0, largest first."""
    shares = np.nan_to_num(shares, nan=0.0)
    some = np.argpartition(-shares, min(limit, len(shares)) - 1)[:limit]
    order = some[np.lexsort((some, -shares[some]))]
    return order[shares[order] > 0]
