"""`grammar-lisa benchmark regression --suite feynman`."""

from grammar_lisa.benchmark.regression_rows import HEADS, cells_of, notes_of, problems_of, rows_of
from grammar_lisa.benchmark.regression_suites import chosen_problems, suite
from grammar_lisa.benchmark.regression_systems import regression_system
from grammar_lisa.benchmark.regression_trials import (
    REGRESSION_TOOL,
    RegressionBenchmark,
    RegressionSettings,
)
from grammar_lisa.cli.options.benchmark_regression import Options
from shared.cli.jobs import going_on, note_ends, on_backend
from shared.cli.terminal import Terminal
from shared.common.tables import csv_table, markdown_table
from shared.jobs.backends import Backend
from shared.runs.folders import open_folder

RESULTS, TABLE, CSV = "results.json", "regression.md", "regression.csv"


@on_backend
def run(options: Options, terminal: Terminal, backend: Backend) -> None:
    """Carry the command out."""
    for name in options.all_systems:
        regression_system(name)
    problems = suite(options.suite, options.data)
    chosen = chosen_problems(problems, options.problems)
    settings = RegressionSettings(options.suite, problems, options.seconds, options.seed)
    path = options.out / (options.name or f"regression-{options.suite}")
    benchmark = RegressionBenchmark(open_folder(path, REGRESSION_TOOL, settings.record()), settings)
    terminal.note(f"benchmark: {benchmark.path}")
    own = None if options.suite == "tables" else 0.0
    systems, noises = options.all_systems, options.noise or (own,)
    with going_on(benchmark.path, REGRESSION_TOOL):
        benchmark.do(chosen, systems, noises, options.trials, backend, note_ends(terminal))
        _report(benchmark, terminal)


def _report(benchmark: RegressionBenchmark, terminal: Terminal) -> None:
    """Write and print the tables of all that the folder holds."""
    records, settings = benchmark.records(), benchmark.settings
    rows, failed = rows_of(records), benchmark.failed()
    notes = notes_of(settings.suite, settings.seconds, records)
    if failed:
        notes.append(f"{len(failed)} trials failed and are counted nowhere; {RESULTS} says why.")
    cells = [cells_of(row) for row in rows]
    heads, by_problem = problems_of(records)
    lines = [f"# Symbolic regression: {settings.suite}", "", *markdown_table(HEADS, cells), ""]
    lines += [*(f"- {note}" for note in notes), "", "## Solved trials of each problem", ""]
    lines += [*markdown_table(heads, by_problem), ""]
    benchmark.folder.write_text(TABLE, "\n".join(lines))
    columns = tuple(rows[0]) if rows else HEADS
    benchmark.folder.write_text(CSV, csv_table(columns, [tuple(row.values()) for row in rows]))
    results = {
        "notes": notes,
        "failed": failed,
        "table": rows,
        "trials": records,
    }
    benchmark.write_results(RESULTS, results)
    terminal.table(f"suite {settings.suite}", HEADS, cells)
    for note in notes:
        terminal.print(f"- {note}")
    for place, reason in failed.items():
        terminal.note(f"{place} failed: {reason}")
    terminal.print(f"kept in {benchmark.path}: {TABLE}, {CSV}, {RESULTS}")
    terminal.result(benchmark=str(benchmark.path), table=rows, failed=failed)
