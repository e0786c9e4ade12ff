"""`grammar-lisa benchmark regression --suite feynman`."""

import os

from grammar_lisa.benchmark.regression_rows import HEADS, cells_of, notes_of, problems_of, rows_of
from grammar_lisa.benchmark.regression_suites import chosen_problems, suite
from grammar_lisa.benchmark.regression_systems import regression_system
from grammar_lisa.benchmark.regression_trials import (
    REGRESSION_TOOL,
    RegressionBenchmark,
    RegressionProtocol,
)
from grammar_lisa.benchmark.tables import csv_table, markdown_table
from grammar_lisa.cli.options.benchmark_regression import Options
from shared.cli.terminal import Terminal
from shared.jobs.jobs import Job, JobProgress
from shared.runs.environment import environment
from shared.runs.files import write_json
from shared.runs.folders import open_folder
from shared.runs.locks import working_in

RESULTS, TABLE, CSV = "results.json", "regression.md", "regression.csv"


def run(options: Options, terminal: Terminal) -> None:
    """Carry the command out."""
    for name in options.all_systems:
        regression_system(name)
    problems = suite(options.suite, options.data)
    chosen = chosen_problems(problems, options.problems)
    protocol = RegressionProtocol(options.suite, problems, options.seconds, options.seed)
    path = options.out / (options.name or f"regression-{options.suite}")
    benchmark = RegressionBenchmark(open_folder(path, REGRESSION_TOOL, protocol.record()), protocol)
    terminal.note(f"benchmark: {benchmark.path}")
    own = None if options.suite == "tables" else 0.0
    jobs = options.jobs or os.cpu_count() or 1

    def note(job: Job[RegressionProtocol], failure: str, progress: JobProgress) -> None:
        said = f"failed: {failure}" if failure else f"{progress.seconds:.0f} s"
        left = f", about {progress.left:.0f} s left" if progress.left >= 1 else ""
        terminal.note(f"[{progress.done}/{progress.total}] {job.name}: {said}{left}")

    try:
        with working_in(benchmark.path):
            noises = options.noise or (own,)
            benchmark.do(chosen, options.all_systems, noises, options.seeds, jobs, note)
            _report(benchmark, terminal)
    except KeyboardInterrupt:
        raise KeyboardInterrupt(f"go on with the same '{REGRESSION_TOOL}' command") from None


def _report(benchmark: RegressionBenchmark, terminal: Terminal) -> None:
    """Write and print the tables of all that the folder holds."""
    records, protocol = benchmark.records(), benchmark.protocol
    rows, failed = rows_of(records), benchmark.failed()
    notes = notes_of(protocol.suite, protocol.seconds, records)
    if failed:
        notes.append(f"{len(failed)} trials failed and are counted nowhere; {RESULTS} says why.")
    cells = [cells_of(row) for row in rows]
    heads, by_problem = problems_of(records)
    lines = [f"# Symbolic regression: {protocol.suite}", "", *markdown_table(HEADS, cells), ""]
    lines += [*(f"- {note}" for note in notes), "", "## Solved trials of each problem", ""]
    lines += [*markdown_table(heads, by_problem), ""]
    benchmark.folder.write_text(TABLE, "\n".join(lines))
    columns = tuple(rows[0]) if rows else HEADS
    benchmark.folder.write_text(CSV, csv_table(columns, [tuple(row.values()) for row in rows]))
    results = {
        "environment": environment(),
        "settings": benchmark.folder.config["settings"],
        "notes": notes,
        "failed": failed,
        "table": rows,
        "trials": records,
    }
    write_json(benchmark.path / RESULTS, results)
    terminal.table(f"suite {protocol.suite}", HEADS, cells)
    for note in notes:
        terminal.print(f"- {note}")
    for place, reason in failed.items():
        terminal.note(f"{place} failed: {reason}")
    terminal.print(f"kept in {benchmark.path}: {TABLE}, {CSV}, {RESULTS}")
    terminal.result(benchmark=str(benchmark.path), table=rows, failed=failed)
