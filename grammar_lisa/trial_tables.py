"""What trials reached: one row a trial, and the means over trials, as JSON values and as cells."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike

from grammar_lisa.objectives.objective import Objective
from grammar_lisa.objectives.protocol import THRESHOLDS, evaluations_to, trial_statistics

COLUMNS: Final = ("valid", "finite", "distinct", "average", "best")
"""The statistics that tables show, as `trial_row` names them."""
REACHED: Final = tuple(f"≤ {bound:g}" for bound in THRESHOLDS)
"""The thresholds, as tables and `trial_row` name them; the last is that of the exact target."""


def trial_row(
    sentences: Sequence[str | None], scores: ArrayLike, objective: Objective
) -> dict[str, Any]:
    """The statistics of one trial, and under `reached` the evaluations until each threshold.

    Args:
        sentences: what was evaluated, in order; None where nothing was decoded.
        scores: theirs.
        objective: what scored them.
    """
    firsts = evaluations_to(scores).values()
    reached = dict(zip(REACHED, firsts, strict=True))
    return asdict(trial_statistics(scores, sentences, objective)) | {"reached": reached}


def means(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Mean and standard deviation over trials, and in how many a threshold was reached.

    Args:
        rows: of trials, as `trial_row` gives them; at least one.
    """
    found: dict[str, Any] = {}
    for name in COLUMNS:
        values = [row[name] for row in rows if row[name] is not None]
        found[name] = float(np.mean(values)) if values else None
        found[f"{name}_deviation"] = float(np.std(values, ddof=1)) if len(values) > 1 else None
    for name in rows[0]["reached"]:
        found[name] = first_reached([row["reached"][name] for row in rows])
    return found


def first_reached(firsts: Sequence[int | None]) -> dict[str, Any]:
    """In how many trials something was reached, and the median evaluation at which it was.

    Args:
        firsts: of each trial the evaluation, counted from 1, or None.
    """
    known = [first for first in firsts if first is not None]
    return {
        "trials": len(known),
        "median_evaluations": float(np.median(known)) if known else None,
    }


def show_cell(column: str, value: float | None) -> str:
    """A statistic for a table."""
    if value is None:
        return "–"
    return f"{value:.0f}" if column == "distinct" else f"{value:.3f}"


def mean_cells(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Cells under `COLUMNS` and `REACHED`: mean ± deviation, and how many trials reached it."""
    found = means(rows)
    cells = [
        f"{show_cell(column, found[column])} ± {show_cell(column, found[f'{column}_deviation'])}"
        for column in COLUMNS
    ]
    return cells + [f"{found[name]['trials']}/{len(rows)}" for name in rows[0]["reached"]]
