"""What a search asks of an objective: a score for each sentence, smaller is better."""

from __future__ import annotations

import abc
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from grammar_lisa.expressions.language import Language, PlainText
from grammar_lisa.objectives.composite import SquaredErrors
from shared.common.arrays import Bools, Floats


@dataclass(frozen=True)
class Evaluated:
    """What an objective said of one sentence.

    Attributes:
        sentence: The sentence.
        score: A finite number, smaller is better; None where there is none.
        failure: Why there is no score, in one line; empty where there is one.
    """

    sentence: str
    score: float | None
    failure: str = ""


class Objective(abc.ABC):
    """Scores sentences, smaller is better. An objective never proposes any."""

    @abc.abstractmethod
    def evaluate(self, sentences: Sequence[str], /) -> list[Evaluated]:
        """Score sentences; what cannot be scored says why."""

    def __call__(self, sentences: Sequence[str | None], /) -> Floats:
        """Return the scores, ``[sentence]``; NaN where there is none."""
        present = [sentence for sentence in sentences if sentence is not None]
        found = iter(self.evaluate(present))
        scores = (None if sentence is None else next(found).score for sentence in sentences)
        return np.array([math.nan if score is None else score for score in scores])

    @property
    def worst(self) -> float:
        """The score at and above which a sentence counts as useless; no mean includes it."""
        return math.inf

    @property
    def language(self) -> Language:
        """What sentences mean, beyond being text."""
        return PlainText()

    def composite(self) -> SquaredErrors | None:
        """Return how a sentence's outputs make its score, where the objective tells outputs."""
        return None

    def valid(self, sentences: Sequence[str | None], /) -> Bools:
        """Tell which sentences can be read at all, ``[sentence]``."""
        return np.array([bool(s and s.strip()) for s in sentences], dtype=np.bool_)

    def finite(self, sentences: Sequence[str | None], scores: Floats, /) -> Bools:
        """Tell which sentences are finite everywhere, given their scores, ``[sentence]``."""
        return self.valid(sentences) & np.isfinite(scores) & (scores < self.worst)
