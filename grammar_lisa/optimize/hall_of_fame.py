"""The best sentences that searches know: found by them, or of the initial design."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from grammar_lisa.expressions.evaluation import evaluate
from grammar_lisa.objectives.objective import Objective
from grammar_lisa.objectives.regression import Regression
from grammar_lisa.optimize.history import Evaluation
from grammar_lisa.optimize.trials import Trial

INITIAL_DESIGN: Final = "initial design"


@dataclass(frozen=True)
class HallOfFameEntry:
    """One of the best sentences.

    Attributes:
        score: Its score.
        sentence: Its text.
        trial: That found it, counted from 1; None for one of the initial design.
        evaluation: That found it, counted from 1; None where it was known.
    """

    score: float
    sentence: str
    trial: int | None = None
    evaluation: int | None = None

    @property
    def where(self) -> str:
        """Where it comes from, in words."""
        return (
            INITIAL_DESIGN
            if self.trial is None
            else f"trial {self.trial}, evaluation {self.evaluation}"
        )


def best_entries(
    trials: Sequence[Trial],
    found: Sequence[Sequence[Evaluation]],
    objective: Objective,
    most: int,
) -> list[HallOfFameEntry]:
    """Return the best sentences of all trials, those that they began from among them.

    Where scores are those of a composite objective, sentences with equal scores are one function
    most often: one of the initial design stands for them, else the shortest. What has no
    score, or the worst, which may not even be readable, is left out.

    Args:
        trials: With what each knew at its start.
        found: The evaluations of each.
        objective: Scored all.
        most: The most entries.
    """
    entries = [
        HallOfFameEntry(score, sentence)
        for trial in trials
        for sentence, score in zip(trial.sentences, trial.scores.tolist(), strict=True)
    ]
    entries += [
        HallOfFameEntry(evaluation.value, evaluation.sentence, trial.number, count)
        for trial, evaluations in zip(trials, found, strict=True)
        for count, evaluation in enumerate(evaluations, start=1)
    ]
    by_value = objective.composite() is not None
    first: dict[object, HallOfFameEntry] = {}
    for entry in sorted(filter(lambda entry: entry.score < objective.worst, entries), key=_order):
        first.setdefault(f"{entry.score:.12g}" if by_value else entry.sentence, entry)
    return list(first.values())[:most]


def r_squared(objective: Objective, sentence: str) -> float | None:
    """Return 1 − SS_res/SS_tot of an expression over the data.

    Returns:
        None where there are no data, they are constant, or the expression is not finite on them.
    """
    if not isinstance(objective, Regression):
        return None
    with np.errstate(all="ignore"):
        residual = np.square(evaluate([sentence], objective.data)[0] - objective.y).sum()
        total = np.square(objective.y - objective.y.mean()).sum()
    return float(1 - residual / total) if total > 0 and np.isfinite(residual) else None


def _order(entry: HallOfFameEntry) -> tuple[float, bool, int, str, int, int]:
    """Rank the best first; of equal scores the initial design, then the shortest and earliest."""
    found = entry.trial is not None
    rounded = float(f"{entry.score:.12g}")
    count, trial = entry.evaluation or 0, entry.trial or 0
    return rounded, found, len(entry.sentence), entry.sentence, count, trial
