"""What a search asks of an objective: one score a sentence, smaller is better."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple, Protocol, runtime_checkable

import numpy as np
from scipy import sparse

from grammar_lisa.objectives.evaluation import Bools, Floats, Integers


class Objective(Protocol):
    """Scores sentences; smaller is better."""

    @property
    def worst(self) -> float:
        """The score of a sentence that cannot be scored; no score is larger."""
        ...

    def __call__(self, sentences: Sequence[str | None], /) -> Floats:
        """The scores, ``[sentence]``, all finite and at most `worst`."""
        ...


@runtime_checkable
class Checked(Protocol):
    """An objective that also knows which sentences it understands."""

    def valid(self, sentences: Sequence[str | None], /) -> Bools:
        """Which sentences can be read at all, ``[sentence]``."""
        ...

    def finite(self, sentences: Sequence[str | None], /) -> Bools:
        """Which sentences are finite at every point, ``[sentence]``."""
        ...


class Outputs(NamedTuple):
    """What sentences come to at some points, as a search models it.

    Attributes:
        errors: how far outputs are from the target, in a unit that makes a usual target's
            deviation 1, finite, ``[sentence, point]``: zero where they meet it, and linear in the
            outputs, so that a sum of sentences errs by the sum of what they add. A sentence whose
            errors are small scores well.
        shapes: outputs divided by their largest size, so that any number is told whole; zeros
            for a sentence with a point at which there is no number, ``[sentence, point]``.
    """

    errors: Floats
    shapes: Floats


class Forms(NamedTuple):
    """What is known of sentences by algebra alone, before any of them is scored.

    Attributes:
        keys: equal for sentences that come to the same, ``[sentence]``.
        terms: coefficients of the terms that a sentence is the sum of, each term in its own of
            `COLUMNS` columns, ``[sentence, column]``; two terms share one by chance only.
    """

    keys: Integers
    terms: sparse.csr_matrix

    @classmethod
    def of_texts(cls, sentences: Sequence[str]) -> Forms:
        """Of sentences of which nothing is known: each comes to the same as its own text only."""
        keys = [text_key(sentence) for sentence in sentences]
        return cls(np.array(keys, dtype=np.int64), sparse.csr_matrix((len(keys), COLUMNS)))

    def rows(self, index: Integers) -> Forms:
        """Those of some of the sentences."""
        return Forms(self.keys[index], self.terms[index])


def text_key(sentence: str | None) -> int:
    """The key of a sentence of which nothing is known, the same in every process."""
    return hash(tuple((sentence or "").encode()))


class Foresight(Protocol):
    """Learns from scored sentences what others would come to."""

    def learn(self, sentences: Sequence[str], lengths: Sequence[int], /) -> None:
        """Take what scored sentences come to, and how long their derivations are."""
        ...

    def errors(self, sentences: Sequence[str], /) -> Floats:
        """Errors to expect, as `Outputs` has them, ``[sentence, point]``; NaN rows if unknown."""
        ...

    def joins(self, best: Sequence[str], longest: int, count: int, /) -> list[str]:
        """Texts, sentences or not, that should score well, best first, made of known parts.

        Args:
            best: Scored sentences, best first.
            longest: How long a derivation may be.
            count: How many at most.
        """
        ...

    def hopes(self, best: Sequence[str], longest: int, count: int, /) -> list[str]:
        """As `joins`, of what is unknown at some points, but better than any so far at others."""
        ...


COLUMNS: Final = 1 << 26
"""Places that what sentences consist of is hashed to; two things share one by chance only."""


@runtime_checkable
class Composite(Protocol):
    """An objective whose score is a known function of a sentence's outputs."""

    @property
    def bound(self) -> float:
        """The largest error that counts at a point, in the unit of `Outputs.errors`."""
        ...

    def outputs(self, sentences: Sequence[str | None], /) -> Outputs:
        """The outputs of sentences that were scored."""
        ...

    def forms(self, sentences: Sequence[str | None], /) -> Forms:
        """The forms of any sentences, which costs no evaluation."""
        ...

    def foresight(self) -> Foresight:
        """What nothing has been learnt by yet."""
        ...

    def target(self) -> Floats:
        """The outputs to meet at the same points, in the unit of `Outputs.errors`, ``[point]``."""
        ...


@dataclass(frozen=True)
class PerSentence:
    """An objective made of a function that scores one sentence; see `from_callable`."""

    function: Callable[[str], float]
    worst: float
    failures: tuple[type[Exception], ...] = (ArithmeticError, ValueError)

    def __call__(self, sentences: Sequence[str | None], /) -> Floats:
        """The scores, ``[sentence]``."""
        return np.array([self._score(sentence) for sentence in sentences], dtype=np.float64)

    def _score(self, sentence: str | None) -> float:
        if sentence is None:
            return self.worst
        try:
            score = float(self.function(sentence))
        except self.failures:
            return self.worst
        return min(score, self.worst) if math.isfinite(score) else self.worst


def from_callable(
    function: Callable[[str], float],
    worst: float,
    failures: tuple[type[Exception], ...] = (ArithmeticError, ValueError),
) -> PerSentence:
    """An objective from any Python function of one sentence.

    A sentence scores `worst` where it is None, where the function raises one of `failures`
    (`LisaError` is a `ValueError`), and where it returns a value that is not finite or is larger
    than `worst`. Every other exception is a fault in the function and passes through.

    Args:
        function: From a sentence to its score; smaller is better.
        worst: The largest score.
        failures: The exceptions that mean "this sentence cannot be scored".
    """
    return PerSentence(function, worst, failures)
