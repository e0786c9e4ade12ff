"""Sentences drawn through their derivations: those that are not canonical are rejected."""

import random
from collections.abc import Iterator

from grammar_lisa.grammar import Counts
from grammar_lisa.grammar.canonical import CanonicalDerivations
from grammar_lisa.grammar.laws import Law
from shared.common.callbacks import Notify
from shared.common.words import counted

LEAST_ACCEPTED = 0.1
"""The least share of draws by rejection that is worth the others' parsing."""

TRIED = 100
"""Draws that show that share."""


class Rejection:
    """Which lengths of derivations are drawn by rejection, so that sentences are drawn.

    A draw is rejected if it is not the canonical derivation of its sentence. Where fewer than
    `LEAST_ACCEPTED` of some draws are canonical, none is rejected.
    """

    def __init__(self, counts: Counts, law: Law, seed: int, notify: Notify) -> None:
        """Try some draws: of the law, or by length of each length until there are too few."""
        self._counts = counts
        self._canonical = CanonicalDerivations(counts.grammar)
        self._longest = counts.max_rules
        if self._canonical.all_are:
            return
        rng = random.Random(f"acceptance {seed}")  # noqa: S311
        most = counts.max_rules
        tried = [n for n in range(most + 1) if counts.exactly(n)] if law == "by-length" else [most]
        self._longest = 0
        for length in tried:
            first = counts.at_most(length - 1) if law == "by-length" else 0
            if not self._worth(first, counts.at_most(length), rng):
                break
            self._longest = length
        if self._longest < tried[-1]:
            over = (
                f"sentences up to {counted(self._longest, 'rule')}"
                if self._longest
                else "derivations"
            )
            notify(
                f"{counts.grammar.source} is ambiguous: the draws are {law} over {over}"
                + (", beyond that over derivations" if self._longest else "")
                + f" (under {LEAST_ACCEPTED:.0%} of them are the canonical ones of their sentences)"
            )

    def accepted(self, draws: Iterator[tuple[int, ...]], length: int) -> Iterator[tuple[int, ...]]:
        """Return the draws that are accepted, of derivations of at most a length."""
        if self._canonical.all_are or length > self._longest:
            return draws
        return filter(self._canonical.holds, draws)

    def _worth(self, first: int, last: int, rng: random.Random) -> bool:
        """Tell whether enough of the derivations of some ranks are canonical."""
        drawn = (self._counts.unrank(rng.randrange(first, last)) for _ in range(TRIED))
        return sum(map(self._canonical.holds, drawn)) >= LEAST_ACCEPTED * TRIED
