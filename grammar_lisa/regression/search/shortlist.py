"""The candidates that deserve a fit: of each complexity the few with the least rough loss."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

from grammar_lisa.regression.search.tree import Tree

LEAST: Final = 1e-20
"""Smaller losses are not told apart before fits."""
_EACH: Final = 6
_STARTS: Final = 3
"""Starts of the same formula that are fitted."""


class Candidate(NamedTuple):
    """A formula before its constants are fitted.

    Attributes:
        loss: Its loss on a sample of the points.
        cost: What it costs, roughly its complexity.
        tree: Builds it, with constants to start from.
        source: What proposed it.
    """

    loss: float
    cost: float
    tree: Callable[[], Tree]
    source: str


class Shortlist:
    """Candidates, a few for each cost.

    Args:
        each: How many of each cost are kept.
    """

    def __init__(self, each: int = _EACH) -> None:
        self._each = each
        self._kept: dict[int, list[Candidate]] = {}
        self._fitted: dict[str, int] = {}

    def wants(self, candidate: Candidate) -> bool:
        """Tell whether a candidate is among the best of its cost, and none is as good."""
        kept = self._kept.get(round(candidate.cost), [])
        if len(kept) == self._each and candidate.loss >= kept[-1].loss:
            return False
        return all(abs(candidate.loss - other.loss) > 1e-9 * other.loss for other in kept)

    def add(self, candidate: Candidate) -> None:
        """Keep a candidate if it is among the best of its cost."""
        if not self.wants(candidate):
            return
        kept = self._kept.setdefault(round(candidate.cost), [])
        kept.append(candidate)
        kept.sort(key=lambda each: each.loss)
        del kept[self._each :]

    def take(self) -> Iterator[tuple[Tree, str]]:
        """Yield what was not fitted before, the simplest first, and forget it."""
        kept, self._kept = self._kept, {}
        for cost in sorted(kept):
            for candidate in kept[cost]:
                tree = candidate.tree()
                text = tree.text
                times = self._fitted.get(text, 0)
                if times < (_STARTS if tree.constants() else 1):
                    self._fitted[text] = times + 1
                    yield tree, candidate.source
