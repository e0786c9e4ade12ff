"""What is told of a trial: how much of it was valid, how good it was, when it reached a score."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from grammar_lisa.objectives.decontamination import EXACT
from grammar_lisa.objectives.objective import Objective
from shared.common.arrays import Bools

THRESHOLDS: Final = (0.37, 0.105, 0.04, EXACT)
"""Scores at which to report the number of evaluations. On Kusner's target 0.3889 is the best
x + constant, and x + sin(x*x) scores 0.1054, just above the second: it does not count as there."""


@dataclass(frozen=True)
class TrialStatistics:
    """What one search found.

    Attributes:
        evaluations: The number of sentences scored.
        valid: The fraction that can be read at all.
        finite: The fraction that is finite at every point.
        distinct: The number of distinct sentences that can be read, blanks aside.
        average: The mean of the scores strictly below the worst value, repeats counted; None
            where there is none.
        best: The smallest score; None without evaluations.
    """

    evaluations: int
    valid: float
    finite: float
    distinct: int
    average: float | None
    best: float | None


def evaluations_to(scores: npt.ArrayLike) -> dict[float, int | None]:
    """Return for each of `THRESHOLDS` the first evaluation, from 1, that scores at or below it.

    Args:
        scores: The scores in the order of evaluation, ``[evaluation]``.

    Returns:
        None for a threshold that is never reached.
    """
    reached = np.asarray(scores, dtype=np.float64)
    firsts = {threshold: np.flatnonzero(reached <= threshold) for threshold in THRESHOLDS}
    return {
        threshold: int(first[0]) + 1 if len(first) else None for threshold, first in firsts.items()
    }


def trial_statistics(
    scores: npt.ArrayLike, sentences: Sequence[str | None], objective: Objective
) -> TrialStatistics:
    """Return the statistics of one trial.

    Args:
        scores: The scores of the sentences, ``[evaluation]``.
        sentences: What was evaluated, in the same order; None where nothing was decoded.
        objective: What scored them.

    Raises:
        ValueError: There are not as many scores as sentences.
    """
    values = np.asarray(scores, dtype=np.float64)
    if len(values) != len(sentences):
        raise ValueError(f"{len(values)} scores for {len(sentences)} sentences")
    scored = values < objective.worst
    valid, finite = objective.valid(sentences), objective.finite(sentences, values)
    readable = {"".join(s.split()) for s, ok in zip(sentences, valid, strict=True) if ok and s}
    return TrialStatistics(
        evaluations=len(values),
        valid=_fraction(valid),
        finite=_fraction(finite),
        distinct=len(readable),
        average=float(values[scored].mean()) if scored.any() else None,
        best=float(np.nanmin(values)) if np.isfinite(values).any() else None,
    )


def _fraction(mask: Bools) -> float:
    return float(mask.mean()) if len(mask) else 0.0
