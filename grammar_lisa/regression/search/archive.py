"""The best formulas by complexity and loss."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from grammar_lisa.expressions.expression import OPEN, POWER
from grammar_lisa.regression.search.tree import Tree

_GAIN: Final = 1e-3
"""By what share a longer formula's loss must be smaller."""
_ODD: Final = 1e-2
"""By what share that of an open exponent must be smaller than that of as long a formula."""


class ArchiveEntry(NamedTuple):
    """A formula with fitted constants.

    Attributes:
        tree: The formula.
        loss: Its loss, without unit.
        source: What proposed it.
    """

    tree: Tree
    loss: float
    source: str

    @property
    def complexity(self) -> int:
        """The number of operators and operands."""
        return self.tree.size


def _weighed(tree: Tree, loss: float) -> float:
    """Return a loss that powers of no simple exponent make greater, among formulas of a length."""
    odd = sum(
        part.operator == POWER and part.operands[1].operator == OPEN for _, part in tree.paths()
    )
    return loss * (1 + _ODD * odd)


class Archive:
    """Formulas of which none is both longer and no better than another.

    Args:
        exact: Losses below are at the level of rounding, and equal.
        most: The greatest complexity.
    """

    def __init__(self, exact: float, most: int) -> None:
        self._exact = exact
        self._most = most
        self._entries: dict[int, ArchiveEntry] = {}

    def __iter__(self) -> Iterator[ArchiveEntry]:
        return iter([self._entries[size] for size in sorted(self._entries)])

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def best(self) -> ArchiveEntry | None:
        """The formula with the least loss."""
        return self._entries[max(self._entries)] if self._entries else None

    def level(self, complexity: int) -> float:
        """Return the least loss of formulas of at most a complexity."""
        levels = [entry.loss for size, entry in self._entries.items() if size <= complexity]
        return min(levels, default=float("inf"))

    def joined(self, entries: Iterable[ArchiveEntry]) -> Archive:
        """Return an archive of these formulas and others."""
        archive = Archive(self._exact, self._most)
        for entry in (*self, *entries):
            archive.add(entry)
        return archive

    def add(self, entry: ArchiveEntry) -> bool:
        """Keep a formula that is better than all that are no longer; tell whether it is."""
        size, loss = entry.complexity, max(entry.loss, self._exact)
        if size > self._most or not loss < (1 - _GAIN) * self.level(size - 1):
            return False
        standing = self._entries.get(size)
        if standing and not _weighed(entry.tree, loss) < (1 - _GAIN) * _weighed(
            standing.tree, standing.loss
        ):
            return False
        self._entries[size] = entry._replace(loss=loss)
        for other in [s for s, e in self._entries.items() if s > size and e.loss >= loss]:
            del self._entries[other]
        return True
