"""A probe of codes: which of many draws probably decode to sentences that fulfil conditions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from sklearn.kernel_ridge import KernelRidge

from grammar_lisa.grammar.text import derivations_to_texts
from grammar_lisa.models.run import read_data
from grammar_lisa.models.sentence_model import SentenceModel
from grammar_lisa.objectives.conditions import Condition
from grammar_lisa.objectives.measuring import DecodedTexts, Measure
from shared.common.arrays import Bools, Floats
from shared.common.errors import LisaError
from shared.common.seeds import derive_seed

SENTENCES: Final = 1000
"""The most training sentences that a probe is fitted to."""
_INVERSE_WIDTH, _PENALTY = 2.0, 0.1
"""Of the Gaussian kernel, where points have a mean squared distance of 1 from their mean."""


@dataclass(frozen=True)
class Probe:
    """Kernel ridge regression of whether conditions hold, on what the decoder sees of codes.

    Attributes:
        model: Whose codes they are.
        regression: The regression.
    """

    model: SentenceModel
    regression: KernelRidge

    @classmethod
    def at(cls, model: SentenceModel, points: Floats, fulfil: Bools) -> Probe:
        """Fit a probe to points ``[n, dim]`` of which some fulfil the conditions, ``[n]``."""
        spread = float(np.square(points - points.mean(axis=0)).sum(axis=1).mean())
        kernel = {"kernel": "rbf", "gamma": _INVERSE_WIDTH / (spread or 1.0)}
        labels = fulfil.astype(np.float64) - fulfil.mean()
        return cls(model, KernelRidge(alpha=_PENALTY, **kernel).fit(points, labels))

    @classmethod
    def fitted(
        cls, model: SentenceModel, measures: list[tuple[Condition, Measure]], seed: int
    ) -> Probe:
        """Fit a probe to the codes of sentences that the model was trained on.

        Raises:
            LisaError: The model is of no run, or no sentence fulfils the conditions.
        """
        train = read_data(model.own_run("there are no sentences to fit a probe to")).train
        order = np.random.default_rng(derive_seed(seed, "probe")).permutation(len(train))
        derivations = train[np.sort(order[:SENTENCES])]
        rows = model.architecture.rows(model.grammar, derivations)
        decoded = DecodedTexts(rows, derivations_to_texts(model.grammar, derivations))
        fulfil = np.ones(len(rows), np.bool_)
        for condition, measure in measures:
            fulfil &= [condition.holds(each.score) for each in measure(decoded)]
        if not fulfil.any():
            said = " and ".join(str(condition) for condition, _ in measures)
            raise LisaError(
                f"none of {len(rows):,} training sentences has {said}, so a probe cannot learn "
                "what has; draw without it"
            )
        return cls.at(model, model.directions(model.encode_rows(rows)), fulfil)

    def best(self, codes: Floats, n: int) -> Floats:
        """Return the n codes that are likeliest to fulfil the conditions, the likeliest first."""
        likely = self.regression.predict(self.model.directions(codes))
        return codes[np.argsort(-likely, kind="stable")[:n]]
