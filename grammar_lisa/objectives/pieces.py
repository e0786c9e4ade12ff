"""Small expressions whose outputs are known, of which larger ones are put together."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final, NamedTuple

import numpy as np

from grammar_lisa.objectives.evaluation import Bools, Floats, Integers
from grammar_lisa.objectives.expression import POWER, Pool
from grammar_lisa.objectives.lengths import symbols
from grammar_lisa.objectives.meanings import Meanings
from grammar_lisa.objectives.writing import Written, joined, leaf, written_nodes

_LARGEST: Final = 1e9
"""Outputs beyond this are of no use beside those of others."""
_LARGEST_SIZE: Final = 9
_TOGETHER: Final = 5000
"""Combinations that are worked out at once."""
_NUMBERS: Final = 3
_TRIED: Final = 3
"""How many combinations are tried for each piece that there is room for."""
_COMMUTE: Final = ("+", "*")
_BINARY: Final = ("*", "/", POWER, "+", "-")
"""Sums last: of what comes to the same, products need fewer parentheses."""


@dataclass(frozen=True)
class Pieces:
    """Some expressions with their outputs.

    Attributes:
        written: the expressions, ``[n]``.
        values: finite, ``[n, point]``.
    """

    written: Sequence[Written]
    values: Floats

    def __len__(self) -> int:
        return len(self.written)

    def __add__(self, other: "Pieces") -> "Pieces":
        """These and others behind them."""
        values = np.concatenate([self.values, other.values])
        return Pieces([*self.written, *other.written], values)

    def rows(self, index: Integers) -> "Pieces":
        """Some of them."""
        return Pieces([self.written[row] for row in index], self.values[index])

    @cached_property
    def sizes(self) -> Integers:
        """What they write, ``[n]``; see `Written`."""
        return np.array([written.size for written in self.written], dtype=np.int64)

    @cached_property
    def bindings(self) -> Integers:
        """How tightly they bind, ``[n]``."""
        return np.array([written.binding for written in self.written], dtype=np.int64)

    @cached_property
    def symbols(self) -> Floats:
        """How many symbols of each kind they have, ``[n, kind]``; see `Lengths`."""
        return symbols([written.text for written in self.written])

    @cached_property
    def plain(self) -> Bools:
        """Which are the same at every point, ``[n]``."""
        found: Bools = (self.values == self.values[:, :1]).all(axis=1)
        return found


def leaves_of(meanings: Meanings) -> Pieces:
    """The variables, and the numbers that scored sentences mention."""
    values = dict(meanings.points)
    length = len(next(iter(values.values())))
    values |= {name: np.full(length, value) for name, value in meanings.numbers.items()}
    return Pieces([leaf(name) for name in values], np.stack(list(values.values())))


def parts_of(meanings: Meanings, sentences: Sequence[str]) -> Pieces:
    """The parts of sentences, those of the first before those of the next, where known."""
    pool = Pool(meanings.points)
    for sentence in sentences:
        pool.find(sentence)
    return foreseen(meanings, written_nodes(pool))


def foreseen(meanings: Meanings, written: Sequence[Written]) -> Pieces:
    """Expressions with what they come to, where that is known."""
    values = meanings.foresee([each.text for each in written])
    good = np.flatnonzero(_usable(values))
    return Pieces([written[int(row)] for row in good], values[good])


def without_repeats(pieces: Pieces) -> Pieces:
    """Pieces that are not the same at all points; of those that are multiples the shortest."""
    sizes = np.abs(pieces.values).max(axis=1)
    shortest: dict[bytes, int] = {}
    for row in np.flatnonzero(~pieces.plain).tolist():
        sign = 1.0 if pieces.values[row, 0] >= 0 else -1.0
        key = fingerprint(pieces.values[row] / (sign * sizes[row]))
        other = shortest.setdefault(key, row)
        if pieces.sizes[row] < pieces.sizes[other]:
            shortest[key] = row
    return pieces.rows(np.array(list(shortest.values()), dtype=np.int64))


def grown(meanings: Meanings, leaves: Pieces, limit: int, *, numbers: int = _NUMBERS) -> Pieces:
    """Leaves and what operators and functions make of them, smallest first, to a limit.

    Of expressions that come to the same only the first is kept. Where not all of one size find
    room, those that are tried are drawn, the same each time.

    Args:
        meanings: what is known of operators and functions.
        leaves: to begin with.
        limit: how many pieces to make in all.
        numbers: the size to which numbers alone are put together.
    """
    found, seen = leaves, set(map(fingerprint, leaves.values))
    for size in range(2, _LARGEST_SIZE + 1):
        room = limit - len(found)
        if room <= 0:
            break
        blocks = _blocks(found, size, sorted(meanings.tables), _operators(meanings), numbers)
        found = found + _made(meanings, found, blocks, room, seen)
    return found


def functions_of_pairs(meanings: Meanings, pieces: Pieces, limit: int) -> Pieces:
    """Functions of two of the pieces joined by an operator, smallest first, to a limit."""
    functions, operators = sorted(meanings.tables), _operators(meanings)
    found = pieces.rows(np.empty(0, dtype=np.int64))
    seen: set[bytes] = set()
    room = limit // max(len(functions), 1)
    for size in range(3, 2 * _LARGEST_SIZE):
        if room <= 0 or not functions:
            break
        inner = _made(meanings, pieces, _blocks(pieces, size, (), operators, 0), room, seen)
        room -= len(inner)
        every = np.arange(len(inner))
        outer = [_Block(function, (every,)) for function in functions]
        found = found + _made(meanings, inner, outer, limit, set())
    return found


def _operators(meanings: Meanings) -> list[str]:
    return [each for each in _BINARY if each in meanings.operators]


class _Block(NamedTuple):
    """Combinations of one operator with operands: rows of pieces, ``[n]`` each."""

    operator: str
    operands: tuple[Integers, ...]


def _made(
    meanings: Meanings, pieces: Pieces, blocks: Iterable[_Block], room: int, seen: set[bytes]
) -> Pieces:
    """What combinations of pieces come to, at most `room`, none of which has been seen."""
    blocks = list(blocks)
    share = _TRIED * room / max(sum(len(block.operands[0]) for block in blocks), 1)
    rng = np.random.default_rng(0)
    written: list[Written] = []
    values: list[Floats] = []
    for operator, operands in _drawn(blocks, share, rng):
        outputs = meanings.applied(operator, *(pieces.values[each] for each in operands))
        for row in np.flatnonzero(_usable(outputs)):
            key = fingerprint(outputs[row])
            if key not in seen:
                seen.add(key)
                parts = (pieces.written[each[row]] for each in operands)
                written.append(joined(operator, *parts))
                values.append(outputs[row])
    kept = np.sort(rng.permutation(len(written))[:room])
    shape = (len(kept), pieces.values.shape[1])
    rows = np.array([values[row] for row in kept], dtype=np.float64).reshape(shape)
    return Pieces([written[row] for row in kept], rows)


def _drawn(blocks: Sequence[_Block], share: float, rng: np.random.Generator) -> Iterator[_Block]:
    """A share of the combinations, in blocks of bounded size."""
    for operator, operands in blocks:
        count = len(operands[0])
        kept = np.arange(count) if share >= 1 else np.flatnonzero(rng.random(count) < share)
        for start in range(0, len(kept), _TOGETHER):
            some = kept[start : start + _TOGETHER]
            yield _Block(operator, tuple(each[some] for each in operands))


def _blocks(
    pieces: Pieces, size: int, functions: Sequence[str], operators: Sequence[str], numbers: int
) -> Iterator[_Block]:
    """All ways to make something of a size; of numbers alone only up to a size."""
    free = (size <= numbers) | ~pieces.plain
    inner = np.flatnonzero((pieces.sizes == size - 1) & free)
    for function in functions:
        yield _Block(function, (inner,))
    for first in range(1, size - 1):
        sides = (np.flatnonzero(pieces.sizes == each) for each in (first, size - 1 - first))
        left, right = (grid.ravel() for grid in np.meshgrid(*sides, indexing="ij"))
        for operator in operators:
            some = free[left] | free[right]
            if operator in _COMMUTE:
                some &= left <= right
            yield _Block(operator, (left[some], right[some]))


def _usable(values: Floats) -> Bools:
    with np.errstate(invalid="ignore"):
        usable: Bools = np.abs(values).max(axis=1) <= _LARGEST
    return usable


def fingerprint(values: Floats) -> bytes:
    """Equal for outputs that differ by rounding alone, most often."""
    return (values.astype(np.float32) + np.float32(0)).tobytes()
