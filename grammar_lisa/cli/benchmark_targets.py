"""`grammar-lisa benchmark targets --suite expr`."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path

from grammar_lisa.benchmark.targets import (
    SHORT,
    TARGETS_TOOL,
    TargetBenchmark,
    heads_of,
    open_targets,
    target_cells,
    totals_of,
)
from grammar_lisa.cli.options.benchmark_targets import Options
from grammar_lisa.cli.progress import shown_progress
from grammar_lisa.models.names import TOOL
from grammar_lisa.objectives.targets import SETS, Target
from shared.cli.jobs import going_on, on_backend
from shared.cli.terminal import Terminal
from shared.common.errors import LisaError
from shared.common.words import counted, unknown
from shared.jobs.backends import Backend


@on_backend
def run(options: Options, terminal: Terminal, backend: Backend) -> None:
    """Carry the command out."""
    asked = asked_of(options)
    trained = options.chosen(TOOL)
    path = options.out / (options.name or f"targets-{trained.path.resolve().name}")
    benchmark = open_targets(path, trained, options)
    targets = {target.name: target for target in map(benchmark.target, asked)}
    if options.drawn:
        targets |= {target.name: target for target in benchmark.drawn(options.drawn)}
    terminal.note(f"benchmark: {benchmark.path}")
    with going_on(benchmark.path, TARGETS_TOOL):
        _carry_out(benchmark, list(targets.values()), options, backend, terminal)


def asked_of(options: Options) -> list[str]:
    """Return the targets of --suite, then those of --target, each once.

    Raises:
        LisaError: There is no such set.
    """
    for name in options.suite:
        if name.lower() not in SETS:
            raise LisaError(f"--suite: {unknown('set of targets', name, SETS)}")
    sets = options.suite or (() if options.target or options.drawn else ("expr",))
    named = [target for name in sets for target in SETS[name.lower()]]
    return list(dict.fromkeys([*named, *options.target]))


def _carry_out(
    benchmark: TargetBenchmark,
    targets: Sequence[Target],
    options: Options,
    backend: Backend,
    terminal: Terminal,
) -> None:
    """Search for what is missing, and write the tables after each target."""
    total = options.trials * benchmark.settings.search.budget
    records = []
    for place, target in enumerate(targets, start=1):
        label = f"{target.name} ({place} of {len(targets)})"

        def notify(text: str, name: str = target.name) -> None:
            terminal.note(f"{name}: {text}")

        def show_progress(
            files: Sequence[Path], label: str = label
        ) -> AbstractContextManager[None]:
            return shown_progress(terminal, label, files, total)

        records.append(
            benchmark.search(
                target,
                trials=options.trials,
                backend=backend,
                notify=notify,
                show_progress=show_progress,
            )
        )
        kept = benchmark.write()
    title = f"{benchmark.searched.run.path}, searched for {counted(len(kept), 'target')}"
    terminal.table(title, heads_of(SHORT), target_cells(kept, SHORT))
    for line in (*totals_of(kept), *benchmark.notes(kept)):
        terminal.print(line)
    terminal.print(f"kept in {benchmark.path}")
    terminal.result(
        benchmark=str(benchmark.path),
        targets={
            record["target"]: {"formula": record["formula"], "means": record["means"]}
            for record in records
        },
    )
