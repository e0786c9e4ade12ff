"""`grammar-lisa benchmark latent-bo --protocol t-lbo`."""

from grammar_lisa.benchmark.latent_bo import LATENT_BO_TOOL, LatentBOBenchmark
from grammar_lisa.benchmark.latent_bo_rows import latent_bo_results
from grammar_lisa.cli.benchmark_results import report_results
from grammar_lisa.cli.entrants import entrant_of
from grammar_lisa.cli.options.benchmark_latent_bo import Options
from grammar_lisa.objectives.kusner import KUSNER_TARGET
from shared.cli.jobs import going_on, note_ends, on_backend
from shared.cli.terminal import Terminal
from shared.common.errors import LisaError
from shared.jobs.backends import Backend
from shared.runs.folders import open_folder


@on_backend
def run(options: Options, terminal: Terminal, backend: Backend) -> None:
    """Carry the command out."""
    budget = options.budget or options.how.budget
    entrants = [entrant_of(text, budget, options.batch) for text in options.systems]
    if options.data is None and options.protocol not in ("clean", "none"):
        raise LisaError(
            f"the protocol {options.protocol} begins from lines of a file; name it with --data FILE"
        )
    name = f"latent-bo-{options.protocol}" + ("-outputs" if options.outputs else "")
    path = options.out / (options.name or name)
    benchmark = LatentBOBenchmark(open_folder(path, LATENT_BO_TOOL, options.record()), options)
    terminal.note(f"benchmark: {benchmark.path}")
    for each in entrants:
        terminal.note(f"{each.name}: {each.config.describe()}")
    named = options.target or (KUSNER_TARGET,)
    targets = benchmark.drawn(options.drawn) if options.drawn else named
    with going_on(benchmark.path, LATENT_BO_TOOL):
        for target in targets:
            on_end = note_ends(terminal, f"{target}: ")
            benchmark.do(target, entrants, options.trials, backend, on_end)
        report_results(latent_bo_results(benchmark), benchmark, terminal)
