"""Sentences that may be scored next, and what a surrogate expects of them."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

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
        foreseen: of which of them the outputs are known but for rounding, `[n]`.
    """

    sentences: list[str]
    keys: list[int]
    points: Points
    expected: Posterior
    foreseen: NDArray[np.bool_]

    def rows(self, index: NDArray[np.int64]) -> "Candidates":
        """Some of them."""
        return Candidates(
            [self.sentences[row] for row in index],
            [self.keys[row] for row in index],
            self.points.rows(index),
            Posterior(self.expected.mean[index], self.expected.covariance[index]),
            self.foreseen[index],
        )

    def told(self, jointly: Posterior) -> Posterior:
        """What a surrogate expects of them jointly, with what is foreseen in its place."""
        mean, covariance = jointly.mean.copy(), jointly.covariance.copy()
        mean[self.foreseen] = self.expected.mean[self.foreseen]
        covariance[self.foreseen] = 0.0
        covariance[:, self.foreseen] = 0.0
        return Posterior(mean, covariance)

    def __add__(self, other: "Candidates") -> "Candidates":
        """These and others behind them."""
        return Candidates(
            self.sentences + other.sentences,
            self.keys + other.keys,
            self.points + other.points,
            _joined(self.expected, other.expected),
            np.concatenate([self.foreseen, other.foreseen]),
        )


def _joined(first: Posterior, second: Posterior) -> Posterior:
    return Posterior(*(np.concatenate(pair) for pair in zip(first, second, strict=True)))
