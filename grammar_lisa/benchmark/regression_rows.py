"""The tables of a benchmark of symbolic regression."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import numpy as np

from grammar_lisa.benchmark.regression_systems import SETTINGS
from grammar_lisa.benchmark.regression_trials import RegressionBenchmark
from grammar_lisa.benchmark.results import RESULTS, BenchmarkResults, ResultTable
from shared.common.durations import duration
from shared.common.tables import grouped
from shared.common.words import counted

Record = Mapping[str, Any]
HEADS: Final = (
    *("noise", "system", "trials", "solved", "problems", "accurate", "complexity"),
    *("to solution", "seconds", "cpu seconds"),
)
"""The heads of the table below which `cells_of` writes."""


def regression_results(
    benchmark: RegressionBenchmark,
) -> BenchmarkResults:
    """Return what the folder holds."""
    records, settings = benchmark.records(), benchmark.settings
    rows, failed = rows_of(records), benchmark.failed()
    notes = notes_of(settings.suite, settings.seconds, records)
    if failed:
        notes.append(
            f"{counted(len(failed), 'trial')} failed, counted nowhere; {RESULTS} says why."
        )
    heads, by_problem = problems_of(records)
    tables = [
        ResultTable(HEADS, [cells_of(row) for row in rows]),
        ResultTable(heads, by_problem, "Solved trials of each problem", printed=False),
    ]
    record = {"notes": notes, "failed": failed, "table": rows, "trials": records}
    title = f"Symbolic regression: {settings.suite}"
    return BenchmarkResults("regression", title, tables, notes, rows, record, failed, HEADS)


def rows_of(records: Sequence[Record]) -> list[dict[str, Any]]:
    """Return one row for each noise and system.

    Args:
        records: Of trials, as they are kept.

    Returns:
        Each with the number of `trials`, the shares of them that `solved` and that are
        `accurate`, the number of `problems` and of those that most of their trials solved,
        `problems solved`, medians of `complexity`, of `seconds` and `cpu seconds` of all, and of
        the seconds `to solution` of those that solved.
    """
    groups = grouped(records, lambda each: (each["noise"], each["system"]))
    return [
        {"noise": noise, "system": system} | _row(group)
        for (noise, system), group in sorted(groups.items(), key=lambda item: _order(*item[0]))
    ]


def _row(group: Sequence[Record]) -> dict[str, Any]:
    problems = grouped(group, lambda each: each["problem"])
    solved = [each for each in group if each["solved"]]
    return {
        "trials": len(group),
        "solved": len(solved) / len(group),
        "problems": len(problems),
        "problems solved": sum(
            2 * sum(each["solved"] for each in trials) > len(trials) for trials in problems.values()
        ),
        "accurate": float(np.mean([each["accurate"] for each in group])),
        "complexity": _median(each["complexity"] for each in group),
        "to solution": _median(each["seconds_found"] for each in solved),
        "seconds": _median(each["seconds"] for each in group),
        "cpu seconds": _median(each["cpu_seconds"] for each in group),
    }


def cells_of(row: Record) -> list[str]:
    """Return the cells of a row below `HEADS`."""
    return [
        str(row["noise"]),
        row["system"],
        str(row["trials"]),
        f"{100 * row['solved']:.1f} %",
        f"{row['problems solved']}/{row['problems']}",
        f"{100 * row['accurate']:.1f} %",
        f"{row['complexity']:g}",
        *(_seconds(row[name]) for name in ("to solution", "seconds", "cpu seconds")),
    ]


def problems_of(records: Sequence[Record]) -> tuple[list[str], list[list[str]]]:
    """Return the heads and the cells of a table of problems: solved trials of each system."""
    named = dict.fromkeys(each["system"] for each in records)
    systems = sorted(named, key=lambda name: not name.startswith("lisa"))
    cells = []
    for (problem, noise), group in grouped(
        records, lambda each: (each["problem"], each["noise"])
    ).items():
        trials = grouped(group, lambda each: each["system"])
        cells.append([problem, str(noise), *(_solved_cell(trials.get(s, ())) for s in systems)])
    return ["problem", "noise", *systems], cells


def notes_of(suite: str, seconds: float, records: Sequence[Record]) -> list[str]:
    """Return what a reader must know of the tables."""
    systems = dict.fromkeys(each["system"] for each in records)
    return [
        f"Suite {suite}; every system has the same rows, operators and {duration(seconds)} of "
        "processor time, of one core. cpu seconds: what it took of them, with what it does at its "
        "end; seconds: by the clock on the wall.",
        "solved: the share of trials whose formula is the truth up to a constant added or "
        "multiplied, its constants near and its form exact; the rule stands in "
        "grammar_lisa/benchmark/regression_solution.py. problems: those that most of their trials "
        "solved.",
        "accurate: R² above 0.999 on test rows without noise. complexity: operations, variables "
        "and numbers of the formula as it is written, the median.",
        "to solution: cpu seconds, the median of the trials that solved; pyoperon does not say "
        "when, and uses its time up.",
        *(f"{name}: {SETTINGS[name]}." for name in systems if name in SETTINGS),
        *(
            f"{name}: without the source of candidates {name.removeprefix('lisa-')}."
            for name in systems
            if name.startswith("lisa-")
        ),
    ]


def _order(noise: object, system: str) -> tuple[float, bool]:
    """Where a row stands: by noise, a problem's own first, and our systems before the others."""
    share = float(noise) if isinstance(noise, int | float) else -1.0
    return share, not system.startswith("lisa")


def _median(values: Iterable[float]) -> float | None:
    known = list(values)
    return float(np.median(known)) if known else None


def _seconds(value: float | None) -> str:
    return "–" if value is None else f"{value:.1f}"


def _solved_cell(trials: Sequence[Record]) -> str:
    return f"{sum(each['solved'] for each in trials)}/{len(trials)}" if trials else "–"
