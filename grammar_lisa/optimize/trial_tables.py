"""What trials reached: one row a trial, and the means over trials, as JSON values and as cells."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike

from grammar_lisa.objectives.objective import Objective
from grammar_lisa.objectives.trial_statistics import THRESHOLDS, evaluations_to, trial_statistics

COLUMNS: Final = ("valid", "finite", "distinct", "average", "best")
"""The statistics that tables show, as `trial_row` names them."""
START: Final = "start"
"""The best score of the initial design of a trial, in rows that have it."""
REACHED: Final = tuple(f"≤ {bound:g}" for bound in THRESHOLDS)
"""The thresholds, as tables and `trial_row` name them; the last is that of the exact target."""

Cell = Callable[[str, float | None], str]
"""Writes a number of a column."""


def trial_row(
    sentences: Sequence[str | None], scores: ArrayLike, objective: Objective
) -> dict[str, Any]:
    """Return the statistics of one trial, and under `reached` the evaluations to each threshold.

    Thresholds mean something where a score has outputs behind it; of others, none is reported.

    Args:
        sentences: What was evaluated, in order; None where nothing was decoded.
        scores: Theirs.
        objective: What scored them.
    """
    firsts = evaluations_to(scores).values() if objective.composite() is not None else ()
    reached = dict(zip(REACHED, firsts, strict=False))
    return asdict(trial_statistics(scores, sentences, objective)) | {"reached": reached}


def means(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return mean and standard deviation over trials, and in how many a threshold was reached.

    Args:
        rows: Of trials, as `trial_row` gives them; at least one. They may have a `START`.
    """
    found: dict[str, Any] = {}
    for name in (START, *COLUMNS) if START in rows[0] else COLUMNS:
        values = [row[name] for row in rows if row[name] is not None]
        found[name], found[f"{name}_deviation"] = mean_and_deviation(values)
    for name in rows[0]["reached"]:
        found[name] = first_reached([row["reached"][name] for row in rows])
    return found


def mean_and_deviation(values: Sequence[float]) -> tuple[float | None, float | None]:
    """Return the mean and the standard deviation, n − 1 below; None where values are too few."""
    mean = float(np.mean(values)) if values else None
    return mean, float(np.std(values, ddof=1)) if len(values) > 1 else None


def mean_and_error(values: Sequence[float]) -> tuple[float | None, float | None]:
    """Return the mean and its standard error, the deviation over √n; see `mean_and_deviation`."""
    mean, deviation = mean_and_deviation(values)
    return mean, None if deviation is None else deviation / math.sqrt(len(values))


def first_reached(firsts: Sequence[int | None]) -> dict[str, Any]:
    """Return in how many trials something was reached, and the median evaluation at which it was.

    Args:
        firsts: Of each trial the evaluation, counted from 1, or None.
    """
    known = [first for first in firsts if first is not None]
    return {
        "trials": len(known),
        "median_evaluations": float(np.median(known)) if known else None,
    }


def reached_cell(reached: Mapping[str, Any], trials: int) -> str:
    """Return how many trials reached a score, and in brackets the median of their evaluations.

    Args:
        reached: As `first_reached` gives it.
        trials: How many there were.
    """
    count, median = reached["trials"], reached["median_evaluations"]
    return f"{count}/{trials}" + (f" ({median:g})" if count else "")


def show_cell(column: str, value: float | None) -> str:
    """Return a statistic as a table shows it."""
    if value is None:
        return "–"
    return f"{value:.0f}" if column == "distinct" else f"{value:.3f}"


def mean_cells(
    rows: Sequence[Mapping[str, Any]],
    columns: Sequence[str] = COLUMNS,
    cell: Cell = show_cell,
) -> list[str]:
    """Return cells of mean ± deviation, and for each threshold how many trials reached it.

    Args:
        rows: Of trials.
        columns: What there are cells of.
        cell: Writes one number.
    """
    found = means(rows)
    cells = [
        mean_cell(column, found.get(column), found.get(f"{column}_deviation"), cell)
        for column in columns
    ]
    return cells + [f"{found[name]['trials']}/{len(rows)}" for name in rows[0]["reached"]]


def mean_cell(column: str, mean: float | None, spread: float | None, cell: Cell = show_cell) -> str:
    """Return a mean ± its deviation or its error; alone where one trial has neither."""
    return cell(column, mean) + ("" if spread is None else f" ± {cell(column, spread)}")
