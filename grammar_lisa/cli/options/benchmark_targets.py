"""What `grammar-lisa benchmark targets --suite expr` takes."""

from dataclasses import dataclass
from functools import partial
from typing import ClassVar

import tyro

from grammar_lisa.cli.options.search import N_INITIAL, SystemOptions, with_system
from grammar_lisa.optimize.config import TrialSettings
from shared.cli.listed import Names
from shared.cli.option_groups import BenchmarkOptions, RunArgument
from shared.cli.terminal import Ranges


@dataclass(frozen=True, kw_only=True)
class Options(RunArgument, SystemOptions, TrialSettings, BenchmarkOptions):
    """Search one run for many targets with the same settings, and write the table.

    What is done is not done again: the same command goes on where it stopped, and other targets
    or more trials are added to what is there. Beside the search stand as many random draws from
    the training sentences, from the grammar and from the space of codes.

    Attributes:
        target: A target: a name such as nguyen-7, or an expression; once for each.
        suite: Sets of targets, with commas between: kusner, expr, nguyen, livermore; by default
            expr.
        drawn: So many targets that are drawn from the grammar of the run by the seed.
        trials: Searches of each target, from different seeds.
        system: What searches, and the default of each option of the search, as in bo.
        name: The folder in there; by default targets-RUN.
    """

    ranges: ClassVar[Ranges] = BenchmarkOptions.ranges | {
        "drawn": (0, 10_000),
        "trials": (1, 1000),
        "n_initial": N_INITIAL,
    }

    target: tyro.conf.UseAppendAction[tuple[str, ...]] = ()
    suite: Names = ()
    drawn: int = 0
    trials: int = 5

    def check(self) -> None:
        """Refuse numbers that make no sense.

        Raises:
            LisaError: Naming the first.
        """
        super().check()
        self.check_system()


default_options = partial(with_system, Options)
