"""`grammar-lisa benchmark targets --set expr`."""

import os
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import tyro

from grammar_lisa.benchmark.targets import (
    SHORT,
    TARGETS_TOOL,
    Protocol,
    TargetBenchmark,
    cells_of,
    heads_of,
    open_targets,
    totals_of,
)
from grammar_lisa.cli.progress import watching
from grammar_lisa.cli.search_options import DEFAULT_SYSTEM, N_INITIAL, check_search, system_of
from grammar_lisa.models.model import TOOL
from grammar_lisa.objectives.targets import SETS, Target
from grammar_lisa.optimize.config import SearchConfig
from shared.cli.commands import Output, Terminal, check_name, check_ranges, unknown
from shared.common.errors import LisaError
from shared.runs.locks import working_in
from shared.runs.run import newest_run, open_run


@dataclass(frozen=True, kw_only=True)
class Options(Output):
    """Search one run for many targets with the same settings, and write the table.

    What is done is not done again: the same command goes on where it stopped, and other targets
    or more trials are added to what is there. Beside the search stand as many random draws from
    the training sentences, from the grammar and from the space of codes.

    Attributes:
        run: The folder of the run; by default the newest in --runs.
        runs: The folder that runs are kept in.
        targets: A target: a name such as nguyen-7, or an expression; once for each.
        set: A set of targets: kusner, expr, nguyen or livermore; once for each. By default expr.
        drawn: So many targets that are drawn from the grammar of the run by the seed.
        trials: Searches of each target, from different seeds.
        n_initial: Training sentences whose scores a trial begins from.
        system: What searches, and the default of each option of the search, as in bo.
        black_box: Let searches see scores alone, not the outputs of expressions.
        search: What each search consists of.
        jobs: Trials at a time; by default one for each processor.
        seed: Of everything random.
        out: The folder that benchmarks are kept in.
        name: The folder in there; by default targets-RUN.
    """

    run: Path | None = None
    runs: Path = Path("runs")
    targets: Annotated[tuple[str, ...], tyro.conf.UseAppendAction] = ()
    set: Annotated[tuple[str, ...], tyro.conf.UseAppendAction] = ()
    drawn: int = 0
    trials: int = 5
    n_initial: int = 1000
    system: str = DEFAULT_SYSTEM
    black_box: bool = False
    search: SearchConfig = field(default_factory=SearchConfig)
    jobs: int | None = None
    seed: int = 0
    out: Path = Path("benchmarks")
    name: str | None = None

    def protocol(self) -> Protocol:
        """How every target is searched."""
        return Protocol(self.search, self.n_initial, self.black_box, self.seed)

    def asked(self) -> list[str]:
        """The targets of --set, then those of --targets, each once.

        Raises:
            LisaError: if there is no such set.
        """
        for name in self.set:
            if name.lower() not in SETS:
                raise LisaError(f"--set: {unknown('set of targets', name, SETS)}")
        sets = self.set or (() if self.targets or self.drawn else ("expr",))
        named = [target for name in sets for target in SETS[name.lower()]]
        return list(dict.fromkeys([*named, *self.targets]))


def default_options(words: Sequence[str]) -> Options:
    """The defaults of a command line: those of the system that it names."""
    system, config = system_of(words)
    return Options(system=system, search=config)


def run(options: Options, terminal: Terminal) -> None:
    """Carry the command out."""
    _check_options(options)
    asked = options.asked()
    trained = newest_run(options.runs, TOOL) if options.run is None else open_run(options.run, TOOL)
    path = options.out / (options.name or f"targets-{trained.path.resolve().name}")
    benchmark = open_targets(path, trained, options.protocol())
    targets = {target.name: target for target in map(benchmark.target, asked)}
    if options.drawn:
        targets |= {target.name: target for target in benchmark.drawn(options.drawn)}
    terminal.note(f"benchmark: {benchmark.path}")
    try:
        with working_in(benchmark.path):
            _carry_out(benchmark, list(targets.values()), options, terminal)
    except KeyboardInterrupt:
        raise KeyboardInterrupt(f"go on with the same '{TARGETS_TOOL}' command") from None


def _carry_out(
    benchmark: TargetBenchmark, targets: Sequence[Target], options: Options, terminal: Terminal
) -> None:
    """Search for what is missing, and write the tables after each target."""
    jobs = min(options.jobs or os.cpu_count() or 1, options.trials)
    total = options.trials * benchmark.protocol.budget
    records = []
    for place, target in enumerate(targets, start=1):
        label = f"{target.name} ({place} of {len(targets)})"

        def tell(text: str, name: str = target.name) -> None:
            terminal.note(f"{name}: {text}")

        def watch(files: Sequence[Path], label: str = label) -> AbstractContextManager[None]:
            return watching(terminal, label, files, total)

        records.append(
            benchmark.search(target, trials=options.trials, jobs=jobs, tell=tell, watch=watch)
        )
        kept = benchmark.write()
    title = f"{benchmark.searched.run.path}, searched for {len(kept)} targets"
    terminal.table(title, heads_of(SHORT), cells_of(kept, SHORT))
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


def _check_options(options: Options) -> None:
    check_name(options.name)
    check_search(options.search)
    check_ranges(options, drawn=(0, 10_000), trials=(1, 1000), n_initial=N_INITIAL, jobs=(1, 1024))
