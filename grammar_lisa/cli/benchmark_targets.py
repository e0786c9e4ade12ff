"""`grammar-lisa benchmark targets --set expr`."""

import dataclasses
import os
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
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
from grammar_lisa.cli.bo import LARGEST_BUDGET
from grammar_lisa.cli.progress import watching
from grammar_lisa.model import TOOL
from grammar_lisa.objectives.targets import SETS, Target
from grammar_lisa.search.search import Settings
from shared.cli import Output, Terminal, check_name, check_ranges, unknown
from shared.errors import LisaError
from shared.locks import working_in
from shared.runs import newest_run, open_run


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
        rounds: Batches that a trial evaluates.
        batch: Evaluations a batch.
        begin_from: Training sentences whose scores a trial knows to begin with.
        pool: Codes that a round decodes.
        steps: In how many steps they are decoded, each from the best of those before.
        candidates: Candidates that are weighed against each other.
        fit_points: Scored sentences that the surrogate is fitted to.
        parents: Best sentences that proposals start from.
        reach: The largest step from a proposal to its parent.
        foresee: Learn from scored expressions what others come to.
        joins: Expressions that are made of foreseen parts a round; 0 for none.
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
    rounds: int = Settings.rounds
    batch: int = Settings.batch
    begin_from: int = 1000
    pool: int = Settings.pool
    steps: int = Settings.steps
    candidates: int = Settings.candidates
    fit_points: int = Settings.fit_points
    parents: int = Settings.parents
    reach: float = Settings.reach
    foresee: bool = Settings.foresee
    joins: int = Settings.joins
    jobs: int | None = None
    seed: int = 0
    out: Path = Path("benchmarks")
    name: str | None = None

    def protocol(self) -> Protocol:
        """How every target is searched."""
        names = [field.name for field in dataclasses.fields(Settings)]
        settings = Settings(**{name: getattr(self, name) for name in names})
        return Protocol(settings, self.begin_from, self.seed)

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
    title = f"{benchmark.searchable.run.path}, searched for {len(kept)} targets"
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
    check_ranges(
        options,
        drawn=(0, 10_000),
        trials=(1, 1000),
        rounds=(1, 10_000),
        batch=(1, 10_000),
        begin_from=(2, 10_000_000),
        pool=(1, 1_000_000),
        candidates=(1, 20_000),
        fit_points=(2, 10_000),
        parents=(1, 1_000_000),
        joins=(0, 10_000),
        jobs=(1, 1024),
    )
    if options.rounds * options.batch > LARGEST_BUDGET:
        raise LisaError(
            f"--rounds {options.rounds} of --batch {options.batch} are more than "
            f"{LARGEST_BUDGET:,} evaluations a trial; ask for fewer"
        )
