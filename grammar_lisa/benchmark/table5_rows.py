"""The rows of Table 5 from trials: mean and standard error; as Markdown, as CSV, as cells."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from grammar_lisa.benchmark.results import BenchmarkResults, ResultTable
from grammar_lisa.benchmark.table5 import Table5Benchmark, plan_of
from grammar_lisa.objectives.decontamination import NEAR
from grammar_lisa.optimize.trial_tables import (
    COLUMNS,
    REACHED,
    first_reached,
    mean_and_error,
    mean_cell,
    reached_cell,
)

KEYS: Final = ("sentences", "network", "system", "n_initial", "evaluations")
MEANS: Final = ("decodes", *COLUMNS)
TITLES: Final = {
    "data": "Sentences of the data",
    "grammar": "Sentences drawn uniformly from the grammar",
}
"""What tables call each kind of sentences."""
_HEADS: Final = {
    "network": "network",
    "system": "system",
    "initial": "n_initial",
    "budget": "evaluations",
    "n": "trials",
}
"""What stands at the head of a row, by what tables call it."""
_DECIMALS: Final = {"decodes": 2, "valid": 2, "finite": 2, "distinct": 0, "average": 2, "best": 3}


def table5_results(benchmark: Table5Benchmark) -> BenchmarkResults:
    """Return what the folder holds."""
    setting, records = benchmark.setting, benchmark.records()
    clean = setting.how.clean
    rows, facts, failed = table5_rows(records), benchmark.facts(), benchmark.failed()
    notes = table5_notes(rows, facts, clean=clean) if rows else []
    tables = [
        ResultTable(columns_of(clean), [table5_cells(row, clean) for row in group], TITLES[kind])
        for kind, group in by_kind(rows).items()
    ]
    systems = {
        entry.name: plan_of(setting, entry).record(benchmark.path) for entry in benchmark.present()
    }
    record: dict[str, Any] = {"systems": systems, "facts": facts, "notes": notes}
    record |= {"failed": failed, "table": rows, "trials": records}
    title, numbers = f"Table 5, {setting.protocol} protocol", table5_numbers(rows)
    return BenchmarkResults(
        "table5", title, tables, notes, numbers, record, failed, KEYS, notes_last=True
    )


def table5_rows(records: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return one row for each system and budget.

    Args:
        records: Of trials, as `Table5Benchmark.records` gives them.

    Returns:
        Each with `KEYS`, the number of `trials`, the mean number that was `evaluated`, mean and
        `_error` of each of `MEANS`, and of each of `REACHED` the trials that reached it and the
        median of their evaluations.
    """
    groups: dict[tuple[Any, ...], list[tuple[Mapping[str, Any], Mapping[str, Any]]]] = {}
    for record in records:
        for budget, statistics in record["at"].items():
            key = (*(record[name] for name in KEYS[:-1]), int(budget))
            groups.setdefault(key, []).append((record, statistics))
    return [_row(key, group) for key, group in groups.items()]


def _row(
    key: tuple[Any, ...], group: Sequence[tuple[Mapping[str, Any], Mapping[str, Any]]]
) -> dict[str, Any]:
    row: dict[str, Any] = dict(zip(KEYS, key, strict=True)) | {"trials": len(group)}
    row["evaluated"] = float(np.mean([statistics["evaluations"] for _, statistics in group]))
    for name in MEANS:
        values = [
            value
            for record, statistics in group
            if (value := record.get(name) if name == "decodes" else statistics[name]) is not None
        ]
        row[name], row[f"{name}_error"] = mean_and_error(values)
    for name in REACHED:
        row[name] = first_reached([statistics["reached"][name] for _, statistics in group])
    return row


def columns_of(clean: bool) -> tuple[str, ...]:
    """Return the heads of a table: shorter for the published protocol, which tells less."""
    return (*_HEADS, "evaluated", *_means(clean), *(REACHED if clean else ()))


def table5_cells(row: Mapping[str, Any], clean: bool) -> list[str]:
    """Return the cells of a row below `columns_of`."""
    cells = [str(row[key]) if row[key] not in (None, "") else "–" for key in _HEADS.values()]
    cells.append(f"{row['evaluated']:.0f}")
    for name in _means(clean):
        error = row[f"{name}_error"] if not clean or name in ("average", "best") else None
        cells.append(mean_cell(name, row[name], error, show_statistic))
    return cells + [reached_cell(row[name], row["trials"]) for name in REACHED if clean]


def show_statistic(name: str, value: float | None) -> str:
    """Return a mean or an error, with as many decimals as its column has."""
    return "–" if value is None else f"{value:.{_DECIMALS[name]}f}"


def _means(clean: bool) -> tuple[str, ...]:
    return MEANS if clean else ("decodes", "valid", "average", "best")


def by_kind(rows: Sequence[Mapping[str, Any]]) -> dict[str, list[Mapping[str, Any]]]:
    """Return the rows of each kind of sentences."""
    return {
        kind: found for kind in TITLES if (found := [r for r in rows if r["sentences"] == kind])
    }


def table5_numbers(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return rows with every number in a column of its own."""
    heads = [*KEYS, "trials", "evaluated", *(f"{n}{e}" for n in MEANS for e in ("", "_error"))]
    firsts = [(name, what) for name in REACHED for what in ("trials", "median_evaluations")]
    return [
        {head: row.get(head) for head in heads}
        | {f"{name} {what.replace('_', ' ')}": row[name][what] for name, what in firsts}
        for row in rows
    ]


def table5_notes(
    rows: Sequence[Mapping[str, Any]], facts: Mapping[str, Mapping[str, int]], *, clean: bool
) -> list[str]:
    """Return what a reader must know of the table."""
    notes = [
        "± is the standard error of the mean over trials. Of scores smaller is better; the average "
        "is that of what scored better than the worst score, and counts all it evaluated.",
        "initial: how many scored sentences a trial begins from; budget: evaluations of a trial "
        "at most; n: trials; evaluated: how many a trial did evaluate, in the mean.",
        "decodes: the fraction of points drawn at random, uniformly from the sphere or from the "
        "box of training codes, that decode to a sentence of the grammar. A search evaluates "
        "sentences alone, so that its own valid fraction is 1, or 0 where it found none.",
        "A trial ends before its budget is spent when it finds the target itself, or no new "
        "sentence more.",
    ]
    if clean:
        notes.append(
            f"Sentences that equal the target or score under {NEAR} were kept out of training and "
            "search. Behind the number of trials that reached a score stands the median of their "
            "evaluations; 1e-09 is the exact answer. Rows of fewer evaluations are the first "
            "part of the same trials."
        )
    return (
        notes
        + [_fact(TITLES[kind], fact, clean) for kind, fact in facts.items()]
        + [
            f"{TITLES[row['sentences']]}: {row['evaluations']} of them drawn at random average "
            f"{show_statistic('average', row['average'])}, and the best of these scores "
            f"{show_statistic('best', row['best'])} in the mean."
            for row in rows
            if row["system"] == "random data"
        ]
    )


def _fact(title: str, fact: Mapping[str, int], clean: bool) -> str:
    """Tell whether the answer is in what systems learn and begin from."""
    held = "none equals the target, none"
    if not clean:
        held = f"{fact['equal']} equal the target and {fact['near']} more"
    score = "scores" if clean else "score"
    return f"{title}: of {fact['sentences']:,} to train on, {held} {score} under {NEAR}."
