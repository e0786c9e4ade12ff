"""A probe of codes: which of many draws probably decode to sentences that fulfil conditions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.stats import norm
from sklearn.linear_model import RidgeCV

from grammar_lisa.grammar.text import derivations_to_texts
from grammar_lisa.models.run import read_data
from grammar_lisa.models.sentence_model import SentenceModel
from grammar_lisa.objectives.conditions import Condition
from grammar_lisa.objectives.measuring import Decoded, Measure
from shared.common.arrays import Floats
from shared.common.errors import LisaError
from shared.common.seeds import derive_seed

SENTENCES: Final = 1000
"""The most training sentences that a probe is fitted to."""
_FEWEST: Final = 20
_PENALTIES: Final = np.logspace(-3, 3, 7)


@dataclass(frozen=True)
class PropertyProbe:
    """A linear model of a property on what the decoder sees of codes.

    Attributes:
        condition: On the property.
        regression: The model, ridge regression whose penalty leave-one-out errors chose.
        mean: The mean of the property where it was fitted.
        deviation: The root mean square of its leave-one-out errors, above 0.
    """

    condition: Condition
    regression: RidgeCV
    mean: float
    deviation: float

    @classmethod
    def fitted(cls, condition: Condition, points: Floats, values: Floats) -> PropertyProbe:
        """Fit a probe to the values ``[n]`` of a property at points ``[n, dim]``.

        Raises:
            LisaError: There are too few values.
        """
        known = np.isfinite(values)
        if known.sum() < _FEWEST:
            raise LisaError(
                f"a probe of {condition.name} is fitted to training sentences that have a value of "
                f"it, and only {known.sum()} of {len(values)} do; it needs {_FEWEST}"
            )
        mean = float(values[known].mean())
        regression = RidgeCV(_PENALTIES).fit(points[known], values[known] - mean)
        error = max(-float(regression.best_score_), 0.0) ** 0.5
        return cls(condition, regression, mean, max(error, 1e-9 * (1 + abs(mean))))

    def log_probability(self, points: Floats) -> Floats:
        """Return how likely the condition holds at points, by normal errors, ``[n]``."""
        surplus = self.regression.predict(points) + self.mean - self.condition.bound
        found: Floats = {
            ">": norm.logcdf(surplus / self.deviation),
            "<": norm.logcdf(-surplus / self.deviation),
            "=": norm.logpdf(surplus / self.deviation),
            "!": np.zeros(len(points)),
        }[self.condition.relation[0]]
        return found


@dataclass(frozen=True)
class Probe:
    """Probes of all conditions.

    Attributes:
        model: Whose codes they are of.
        parts: One for each condition.
    """

    model: SentenceModel
    parts: list[PropertyProbe]

    @classmethod
    def fitted(
        cls, model: SentenceModel, measures: list[tuple[Condition, Measure]], seed: int
    ) -> Probe:
        """Fit probes to the codes of sentences that the model was trained on.

        Raises:
            LisaError: The model is of no run, or too few sentences have the property.
        """
        if model.run is None:
            raise LisaError("this model is of no run, so there are no sentences to fit a probe to")
        train = read_data(model.run).train
        order = np.random.default_rng(derive_seed(seed, "probe")).permutation(len(train))
        derivations = train[np.sort(order[:SENTENCES])]
        rows = model.architecture.rows(model.grammar, derivations)
        decoded = Decoded(rows, derivations_to_texts(model.grammar, derivations))
        points = model.directions(model.encode_rows(rows))
        return cls(
            model,
            [
                PropertyProbe.fitted(condition, points, _values(measure, decoded))
                for condition, measure in measures
            ],
        )

    def best(self, codes: Floats, n: int) -> Floats:
        """Return the n codes that are likeliest to fulfil all conditions, the likeliest first."""
        points = self.model.directions(codes)
        likely = np.sum([part.log_probability(points) for part in self.parts], axis=0)
        return codes[np.argsort(-likely, kind="stable")[:n]]


def _values(measure: Measure, decoded: Decoded) -> Floats:
    scores = [each.score for each in measure(decoded)]
    return np.array([np.nan if score is None else score for score in scores])
