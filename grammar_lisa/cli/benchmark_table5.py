"""`grammar-lisa benchmark table5 --protocol clean`."""

from collections.abc import Sequence
from typing import Any

from grammar_lisa.benchmark.table5 import TABLE5_TOOL, Table5Benchmark, open_table5, plan_of
from grammar_lisa.benchmark.table5_rows import (
    TITLES,
    by_kind,
    columns_of,
    table5_cells,
    table5_csv,
    table5_markdown,
    table5_notes,
    table5_rows,
)
from grammar_lisa.benchmark.table5_systems import (
    SENTENCE_KINDS,
    TABLE5_SYSTEMS,
    Table5Entry,
    entries_of,
)
from grammar_lisa.cli.options.benchmark_table5 import Options
from grammar_lisa.models.networks import NETWORKS
from grammar_lisa.objectives.objective import Objective
from shared.cli.jobs import going_on, note_ends, on_backend, print_failed
from shared.cli.records import chosen_names
from shared.cli.terminal import Terminal
from shared.common.errors import LisaError
from shared.jobs.backends import Backend
from shared.jobs.jobs import Job, JobProgress

RESULTS, TABLE = "results.json", "table5"


@on_backend
def run(options: Options, terminal: Terminal, backend: Backend) -> None:
    """Carry the command out."""
    systems = chosen_names("system", options.systems, TABLE5_SYSTEMS)
    entries = entries_of(
        systems, chosen_names("network", options.networks, NETWORKS), _kinds(options)
    )
    path = options.out / (options.name or f"table5-{options.protocol}")
    benchmark = open_table5(path, options)
    terminal.note(f"benchmark: {benchmark.path}")
    with going_on(benchmark.path, TABLE5_TOOL):
        _carry_out(benchmark, entries, options, backend, terminal)


def _kinds(options: Options) -> Sequence[str]:
    if options.sentences == "data" and options.data is None:
        raise LisaError("--sentences data are those of a file; name it with --data FILE")
    if options.sentences == "all":
        return SENTENCE_KINDS if options.data is not None else ("grammar",)
    return (options.sentences,)


def _carry_out(
    benchmark: Table5Benchmark,
    entries: Sequence[Table5Entry],
    options: Options,
    backend: Backend,
    terminal: Terminal,
) -> None:
    """Train and search what is missing, and write the table."""
    note_end = note_ends(terminal)
    trained = benchmark.train(entries, backend, note_end)
    benchmark.draw_at_random(trained, options.trials)
    n_initial = options.n_initial or options.how.n_initial
    trials = benchmark.trials(trained, n_initial, options.trials)
    with terminal.progress("trials", len(trials)) as bar:

        def on_end(job: Job[Objective], failure: str, progress: JobProgress) -> None:
            if failure:
                note_end(job, failure, progress)
            bar.update(progress.done)

        benchmark.do_trials(trials, backend, on_end)
    _report(benchmark, options, terminal)


def _report(benchmark: Table5Benchmark, options: Options, terminal: Terminal) -> None:
    clean = benchmark.setting.how.clean
    records = benchmark.records()
    rows, facts, failed = table5_rows(records), benchmark.facts(), benchmark.failed()
    notes = table5_notes(rows, facts, clean=clean)
    title = f"Table 5, {benchmark.setting.protocol} protocol"
    if rows:
        benchmark.folder.write_text(f"{TABLE}.md", table5_markdown(title, rows, notes, clean=clean))
        benchmark.folder.write_text(f"{TABLE}.csv", table5_csv(rows))
    systems = {
        entry.name: plan_of(benchmark.setting, entry).record(benchmark.path)
        for entry in benchmark.present()
    }
    results: dict[str, Any] = {"systems": systems, "facts": facts, "notes": notes}
    results |= {"failed": failed, "table": rows, "trials": records}
    benchmark.write_results(RESULTS, results)
    for kind, group in by_kind(rows).items():
        cells = [table5_cells(row, clean) for row in group]
        terminal.table(f"{title}: {TITLES[kind]}", columns_of(clean), cells)
    for note in notes if rows else ():
        terminal.print(f"- {note}")
    print_failed(failed, terminal)
    terminal.print(f"kept in {benchmark.path}: {TABLE}.md, {TABLE}.csv, {RESULTS}")
    terminal.result(benchmark=str(benchmark.path), facts=facts, table=rows)
