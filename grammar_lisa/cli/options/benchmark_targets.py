"""What `grammar-lisa benchmark targets --set expr` takes."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import tyro

from grammar_lisa.cli.options.search import DEFAULT_SYSTEM, N_INITIAL, check_search, system_of
from grammar_lisa.optimize.config import SearchConfig
from shared.cli.records import check_name, check_ranges
from shared.cli.terminal import Output


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

    def check(self) -> None:
        """Refuse numbers that make no sense.

        Raises:
            LisaError: Naming the first.
        """
        check_name(self.name)
        check_search(self.search)
        check_ranges(self, drawn=(0, 10_000), trials=(1, 1000), n_initial=N_INITIAL, jobs=(1, 1024))


def default_options(words: Sequence[str]) -> Options:
    """The defaults of a command line: those of the system that it names."""
    system, config = system_of(words)
    return Options(system=system, search=config)
