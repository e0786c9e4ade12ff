"""The tables of a benchmark of latent-space optimisation, with published figures below."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from grammar_lisa.benchmark.latent_bo import MARKS, LatentBOBenchmark
from grammar_lisa.benchmark.published import published_rows
from grammar_lisa.benchmark.results import BenchmarkResults, ResultTable
from grammar_lisa.optimize.trial_tables import mean_and_error, mean_cell
from shared.common.tables import grouped

HEADS = (
    "target", "system", "trials", "start", "exact by 100", "exact by 250", "exact by 500",
    "exact at", "best at 100", "best at 250", "best at 500", "average", "seconds",
)  # fmt: skip
_PUBLISHED = ("system", "evaluations", "best", "valid", "average", "source")


def latent_bo_results(
    benchmark: LatentBOBenchmark,
) -> BenchmarkResults:
    """Return what the folder holds."""
    records, protocol = benchmark.records(), benchmark.setting.protocol
    rows, published = latent_bo_rows(records), published_rows(protocol)
    notes, failed = _notes(benchmark), benchmark.failed()
    tables = [ResultTable(HEADS, [[_cell(row, head) for head in HEADS] for row in rows])]
    if published:
        theirs = [[_plain(row.get(head)) for head in _PUBLISHED] for row in published]
        tables.append(ResultTable(_PUBLISHED, theirs, "Published on this protocol"))
    record = {"notes": notes, "failed": failed, "table": rows}
    record |= {"published": published, "trials": records}
    title = f"Latent-space optimisation, protocol {protocol}"
    return BenchmarkResults("latent-bo", title, tables, notes, rows, record, failed, HEADS)


def latent_bo_rows(records: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return one row for each target and system: means over trials, with standard errors."""
    groups = grouped(records, lambda each: (each["target"], each["system"]))
    return [
        {"target": target, "system": system} | _row(group)
        for (target, system), group in groups.items()
    ]


def _row(group: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    hits = [record["exact"] for record in group if record["exact"] is not None]
    row: dict[str, Any] = {"trials": len(group), "exact": len(hits)}
    row["exact at"] = float(np.median(hits)) if hits else None
    for mark in MARKS:
        row[f"exact by {mark}"] = sum(hit <= mark for hit in hits)
        values = [record["best"][str(mark)] for record in group]
        row[f"best at {mark}"], row[f"error at {mark}"] = mean_and_error(values)
    averages = [record["average"] for record in group if record["average"] is not None]
    row["average"] = float(np.mean(averages)) if averages else None
    row["start"] = float(np.mean([record["start"] for record in group]))
    row["seconds"] = float(np.median([record["seconds"] for record in group]))
    return row


def _notes(benchmark: LatentBOBenchmark) -> list[str]:
    """Return what a reader must know of the table."""
    protocol = benchmark.setting.how
    seen = "the outputs of expressions" if benchmark.setting.outputs else "scores alone"
    return [
        f"{protocol.description}; score {protocol.score}; searches see {seen}.",
        "start: the best score known at the beginning; best: of all known after so many "
        "evaluations, the start included; mean ± standard error over trials.",
        "exact: trials that met the target (score at most 1e-9) within so many evaluations; exact "
        "at: the median evaluation of these. A trial ends when it meets the target.",
        "average: of the scores of what was evaluated, without the worst score. seconds: of "
        "processor time, the median over trials.",
    ]


def _cell(row: Any, head: str) -> str:
    if head.startswith("best at"):
        return mean_cell("best", row[head], row[head.replace("best", "error")])
    if head.startswith("exact by"):
        return f"{row[head]}/{row['trials']}"
    return _plain(row[head])


def _plain(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.3f}" if math.isfinite(value) else str(value)
    return "–" if value is None else str(value)
