"""Sentences that may be scored next, and what a surrogate expects of them."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from grammar_lisa.search.points import Points
from grammar_lisa.search.surrogate import Posterior


class New(NamedTuple):
    """Sentences that are not known.

    Attributes:
        sentences: `n` of them.
        keys: of their forms.
        points: where they stand.
    """

    sentences: list[str]
    keys: list[int]
    points: Points


@dataclass(frozen=True)
class Candidates:
    """New sentences and what the surrogate expects of them.

    Attributes:
        sentences: `n` of them.
        keys: of their forms.
        points: where they stand.
        expected: of their outputs or scores.
    """

    sentences: list[str]
    keys: list[int]
    points: Points
    expected: Posterior

    def __add__(self, other: "Candidates") -> "Candidates":
        """These and others behind them."""
        return Candidates(
            self.sentences + other.sentences,
            self.keys + other.keys,
            self.points + other.points,
            _joined(self.expected, other.expected),
        )


def _joined(first: Posterior, second: Posterior) -> Posterior:
    return Posterior(*(np.concatenate(pair) for pair in zip(first, second, strict=True)))
