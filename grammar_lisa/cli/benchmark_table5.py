"""`grammar-lisa benchmark table5 --protocol clean`."""

from collections.abc import Sequence
from datetime import timedelta
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
from shared.cli.records import chosen_names
from shared.cli.terminal import Terminal
from shared.common.errors import LisaError
from shared.jobs.jobs import Job, JobProgress, OnEnd
from shared.runs.environment import environment
from shared.runs.files import write_json
from shared.runs.locks import working_in

RESULTS, TABLE = "results.json", "table5"


def run(options: Options, terminal: Terminal) -> None:
    """Carry the command out."""
    systems = chosen_names("system", options.systems, TABLE5_SYSTEMS)
    entries = entries_of(
        systems, chosen_names("network", options.networks, NETWORKS), _kinds(options)
    )
    path = options.out / (options.name or f"table5-{options.protocol}")
    comparison = open_table5(path, options)
    terminal.note(f"benchmark: {comparison.path}")
    try:
        with working_in(comparison.path):
            _carry_out(comparison, entries, options, terminal)
    except KeyboardInterrupt:
        raise KeyboardInterrupt(f"go on with the same '{TABLE5_TOOL}' command") from None


def _kinds(options: Options) -> Sequence[str]:
    if options.sentences == "data" and options.data is None:
        raise LisaError("--sentences data are those of a file; name it with --data FILE")
    if options.sentences == "all":
        return SENTENCE_KINDS if options.data is not None else ("grammar",)
    return (options.sentences,)


def _carry_out(
    comparison: Table5Benchmark,
    entries: Sequence[Table5Entry],
    options: Options,
    terminal: Terminal,
) -> None:
    """Train and search what is missing, and write the table."""
    jobs = options.workers
    trained = comparison.train(entries, jobs, _note_ends(terminal, "trained"))
    comparison.draw_at_random(trained, options.trials)
    n_initial = options.n_initial or options.how.n_initial
    trials = comparison.trials(trained, n_initial, options.trials)
    with terminal.progress("trials", len(trials)) as bar:
        note_failure = _note_ends(terminal, "", only_failures=True)

        def on_end(job: Job[Objective], failure: str, progress: JobProgress) -> None:
            note_failure(job, failure, progress)
            bar.update(progress.done)

        comparison.do_trials(trials, jobs, on_end)
    _report(comparison, options, terminal)


def _note_ends(terminal: Terminal, verb: str, *, only_failures: bool = False) -> OnEnd[Objective]:
    """Return what says a line for each job that ended."""

    def on_end(job: Job[Objective], failure: str, progress: JobProgress) -> None:
        if only_failures and not failure:
            return
        said = f"failed: {failure}" if failure else f"{verb} in {progress.seconds:.0f} s"
        left = f"; about {timedelta(seconds=round(progress.left))} left" if progress.left else ""
        terminal.note(f"[{progress.done}/{progress.total}] {job.name}: {said}{left}")

    return on_end


def _report(comparison: Table5Benchmark, options: Options, terminal: Terminal) -> None:
    clean = comparison.setting.how.clean
    records = comparison.records()
    rows, facts, failed = table5_rows(records), comparison.facts(), comparison.failed()
    notes = table5_notes(rows, facts, clean=clean)
    title = f"Table 5, {comparison.setting.protocol} protocol"
    if rows:
        comparison.folder.write_text(
            f"{TABLE}.md", table5_markdown(title, rows, notes, clean=clean)
        )
        comparison.folder.write_text(f"{TABLE}.csv", table5_csv(rows))
    results: dict[str, Any] = {
        "environment": environment(),
        "settings": comparison.folder.config["settings"],
        "systems": {
            entry.name: plan_of(comparison.setting, entry).record(comparison.path)
            for entry in comparison.present()
        },
        "facts": facts,
        "notes": notes,
        "failed": failed,
        "table": rows,
        "trials": records,
    }
    write_json(comparison.path / RESULTS, results)
    for kind, group in by_kind(rows).items():
        cells = [table5_cells(row, clean) for row in group]
        terminal.table(f"{title}: {TITLES[kind]}", columns_of(clean), cells)
    for note in notes if rows else ():
        terminal.print(f"- {note}")
    if failed:
        heads = ("what", "why")
        terminal.table("failed; the same command tries them again", heads, list(failed.items()))
    terminal.print(f"kept in {comparison.path}: {TABLE}.md, {TABLE}.csv, {RESULTS}")
    terminal.result(benchmark=str(comparison.path), failed=failed, facts=facts, table=rows)
