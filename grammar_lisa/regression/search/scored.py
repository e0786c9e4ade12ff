"""The formulas that a search has fitted: the few best of each complexity."""

from __future__ import annotations

from bisect import insort
from collections.abc import Iterator
from typing import Final, NamedTuple

from grammar_lisa.regression.search.tree import Tree

_EACH: Final = 12


class ScoredFormula(NamedTuple):
    """A formula with fitted constants, and how good it is.

    Attributes:
        loss: Without unit.
        text: With `c` for each constant.
        tree: The formula.
    """

    loss: float
    text: str
    tree: Tree


class ScoredFormulas:
    """The best formulas of each complexity, as many as a surrogate can learn from.

    Args:
        most: The greatest complexity.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._kept: dict[int, list[ScoredFormula]] = {}

    def add(self, tree: Tree, loss: float) -> None:
        """Keep a formula if it is among the best of its complexity; of equal ones the best."""
        size = tree.size
        kept = self._kept.setdefault(size, [])
        if size > self._most or (len(kept) == _EACH and loss >= kept[-1].loss):
            return
        text = tree.text
        for place, other in enumerate(kept):
            if other.text == text:
                if other.loss <= loss:
                    return
                del kept[place]
                break
        insort(kept, ScoredFormula(loss, text, tree), key=lambda each: each.loss)
        del kept[_EACH:]

    def __iter__(self) -> Iterator[ScoredFormula]:
        """Yield what is kept, the simplest and best first."""
        for size in sorted(self._kept):
            yield from self._kept[size]
