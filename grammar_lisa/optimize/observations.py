"""What a search knows: sentences with their scores, and their outputs where it sees them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from grammar_lisa.objectives.composite import SquaredErrors
from grammar_lisa.optimize.config import SearchConfig
from grammar_lisa.optimize.diversity import diverse, residual_correlation
from grammar_lisa.optimize.progress import is_stuck, trust_radius
from grammar_lisa.optimize.sentences import Sentences
from shared.common.arrays import Floats, Integers
from shared.common.errors import LisaError

_LOOKED_AT = 3000
"""The best sentences among which those that err differently are looked for."""
_LIKE_PARENTS, _LIKE_POINTS = 0.3, 0.05
"""Shares of an error below which a difference does not count, see `diverse`."""
_PARTNERS, _LEAST_SHARE = 30, 0.05


@dataclass(frozen=True)
class Composite:
    """Outputs, and how they make the scores.

    Attributes:
        outputs: Of all sentences, ``[n, point]``.
        objective: Makes scores of outputs.
    """

    outputs: Floats
    objective: SquaredErrors

    @property
    def errors(self) -> Floats:
        """What is left of the target at each point, ``[n, point]``."""
        return self.objective.errors(self.outputs)

    def explained(self, row: int) -> Floats:
        """Return how much of the error of one sentence each other could explain, ``[n]``."""
        return residual_correlation(self.outputs, row, self.objective.target)


class Observations:
    """Scored sentences, in the order in which they were told.

    Attributes:
        sentences: All of them, `n`.
        scores: Theirs, smaller is better, ``[n]``; NaN for what could not be scored.
        composite: Their outputs; None where the search sees scores alone.
        n_initial: How many of them the search began from.
        batches: How many sentences each batch told.
    """

    def __init__(
        self, sentences: Sentences, scores: ArrayLike, composite: Composite | None
    ) -> None:
        """Begin with the initial design.

        Raises:
            LisaError: Fewer than two sentences have a score.
        """
        self.sentences, self.scores, self.composite = sentences, _numbers(scores), composite
        self.n_initial, self.batches = len(sentences), list[int]()
        finite = int(np.isfinite(self.scores).sum())
        if finite < 2:
            raise LisaError(f"a search begins from at least 2 scored sentences, not {finite}")

    def add(self, sentences: Sentences, scores: Floats, outputs: Floats | None) -> None:
        """Add a batch of one or more sentences, with outputs where these are seen."""
        self.sentences += sentences
        self.scores = np.concatenate([self.scores, _numbers(scores)])
        if self.composite is not None and outputs is not None:
            seen = np.concatenate([self.composite.outputs, outputs])
            self.composite = Composite(seen, self.composite.objective)

    @property
    def order(self) -> Integers:
        """The rows from the best to the worst; what could not be scored stands last."""
        return np.argsort(self.scores, kind="stable")

    @property
    def best(self) -> tuple[str, float]:
        """The best sentence and its score."""
        row = int(np.nanargmin(self.scores))
        return self.sentences.texts[row], float(self.scores[row])

    def utility(self) -> Floats:
        """Return what the surrogate models: −log(0.1 + (s − best)/(s′ − best)) of scores s.

        s′ is the median. Larger is better. The logarithm tells apart what is good, where a plain
        score would spend the surrogate on how bad the bad ones are; best and median make it free
        of the scores' unit. What could not be scored counts as the worst score.
        """
        scores = np.where(np.isnan(self.scores), np.nanmax(self.scores), self.scores)
        best = scores.min()
        spread = np.median(scores) - best
        values: Floats = -np.log(0.1 + (scores - best) / (spread if spread > 0 else 1.0))
        return values

    def radius(self, config: SearchConfig) -> float:
        """Return the radius of the trust region."""
        return trust_radius(self.scores, self.n_initial, self.batches, config)

    def is_stuck(self, patience: int) -> bool:
        """Tell whether as many batches as patience has brought nothing better."""
        return is_stuck(self.scores, self.n_initial, self.batches, patience)

    def to_fit(self, config: SearchConfig, rng: np.random.Generator) -> Integers:
        """Choose the rows that surrogates are fitted to: good ones, and some of the others."""
        limit, order = config.fit_points, self.order
        if len(order) <= limit:
            return order
        few = round(limit * config.fit_best)
        good = order[:few]
        if self.composite is not None:
            few = min(few, limit - limit // 10)
            good = diverse(order[:_LOOKED_AT], self.composite.errors, _LIKE_POINTS, few)
            shares = self.composite.explained(int(order[0]))
            good = np.union1d(good, np.argsort(-shares, kind="stable")[: limit // 10])
        others = rng.permutation(np.setdiff1d(order, good))
        return np.concatenate([good, others[: limit - len(good)]])

    def parents(self, limit: int, rng: np.random.Generator) -> tuple[Sentences, Sentences]:
        """Return good sentences, best first, at most so many, and what these may lack."""
        order = self.order[:_LOOKED_AT]
        if self.composite is None:
            return self.sentences.rows(order[:limit]), self.sentences.rows(order[:0])
        errors = self.composite.errors
        good = diverse(order, errors, _LIKE_PARENTS, limit)
        best = good[min(int(rng.geometric(0.5)), len(good)) - 1]
        shares = self.composite.explained(int(best))
        lacking = np.argsort(-shares, kind="stable")[:_LOOKED_AT]
        lacking = lacking[shares[lacking] >= _LEAST_SHARE]
        partners = diverse(lacking, errors, _LIKE_PARENTS, _PARTNERS)
        return self.sentences.rows(good), self.sentences.rows(partners)


def _numbers(scores: ArrayLike) -> Floats:
    """Return scores with NaN for what is no finite number."""
    values = np.asarray(scores, dtype=np.float64)
    return np.where(np.isfinite(values), values, np.nan)
