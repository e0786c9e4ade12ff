"""Composite objectives: a sentence has outputs, and its score is a known function of these."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from grammar_lisa.expressions.evaluation import evaluate_readable
from shared.common.arrays import Floats

if TYPE_CHECKING:
    from torch import Tensor

LARGEST_OUTPUT: Final = 1e6
"""The largest error that is modelled, in the target's deviations."""
_NOTHING: Final = 1e-12
"""A mean squared error that counts as none."""


@dataclass(frozen=True, eq=False)
class SquaredErrors:
    """A score that falls with the mean squared error of outputs against a target.

    References:
        Astudillo and Frazier, Bayesian Optimization of Composite Functions, 2019,
        arXiv:1906.01537.

    Attributes:
        points: The variables at the points of the outputs, ``[point]`` each.
        target: y there, ``[point]``.
        unit: The deviation of y.
        bound: The largest error that counts at a point; infinite for no bound.
    """

    points: Mapping[str, Floats]
    target: Floats
    unit: float
    bound: float = math.inf

    def outputs(self, sentences: Sequence[str]) -> Floats:
        """Return the values of expressions, ``[sentence, point]``; NaN for what is none."""
        return evaluate_readable(sentences, self.points)

    def errors(self, outputs: Floats) -> Floats:
        """Return errors in deviations of y, ``[n, point]``; the bound where there is no number."""
        with np.errstate(invalid="ignore", over="ignore"):
            errors = (outputs - self.target) / self.unit
        bound = min(self.bound / self.unit, LARGEST_OUTPUT)
        clipped = np.clip(errors, -LARGEST_OUTPUT, LARGEST_OUTPUT)
        return np.where(np.isfinite(outputs), clipped, bound)

    def utility(self, errors: Tensor) -> Tensor:
        """Return −log of the mean square of errors ``[..., point]`` in deviations of y."""
        bound = self.bound / self.unit
        return -(errors.clamp(-bound, bound).square().mean(-1) + _NOTHING).log()
