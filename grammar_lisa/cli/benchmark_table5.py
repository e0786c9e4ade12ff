"""`grammar-lisa benchmark table5 --protocol clean`."""

from collections.abc import Sequence

from grammar_lisa.benchmark.table5 import TABLE5_TOOL, Table5Benchmark, open_table5
from grammar_lisa.benchmark.table5_rows import table5_results
from grammar_lisa.benchmark.table5_systems import (
    SENTENCE_KINDS,
    TABLE5_SYSTEMS,
    Table5Entry,
    entries_of,
)
from grammar_lisa.cli.benchmark_results import report_results
from grammar_lisa.cli.options.benchmark_table5 import Options
from grammar_lisa.models.networks import NETWORKS
from grammar_lisa.objectives.objective import Objective
from shared.cli.jobs import going_on, note_ends, on_backend
from shared.cli.records import chosen_names
from shared.cli.terminal import Terminal
from shared.common.errors import LisaError
from shared.jobs.backends import Backend
from shared.jobs.jobs import Job, JobProgress


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
    report_results(table5_results(benchmark), benchmark, terminal, facts=benchmark.facts())
