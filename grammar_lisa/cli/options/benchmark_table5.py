"""What `grammar-lisa benchmark table5 --protocol clean` takes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

import tyro

from grammar_lisa.benchmark.table5_settings import Table5Settings
from grammar_lisa.benchmark.table5_systems import TABLE5_PROTOCOLS
from grammar_lisa.cli.options.check import LENGTHS
from grammar_lisa.cli.options.search import N_INITIAL, check_search
from grammar_lisa.models.names import LARGEST_DIM
from shared.cli.listed import Integers
from shared.cli.method_options import set_methods
from shared.cli.option_groups import BenchmarkOptions
from shared.cli.records import flag_value
from shared.cli.terminal import Ranges
from shared.common.errors import LisaError

if TYPE_CHECKING:
    from shared.methods import Method


@dataclass(frozen=True, kw_only=True)
class Options(Table5Settings, BenchmarkOptions):
    """Train the systems of Table 5, search each of them, and write the table.

    What is done is not done again: the same command goes on where it stopped, and other systems,
    networks, sentences or more trials are added to what is there.

    Attributes:
        sentences: Those of data, the file's; of grammar, drawn uniformly from the grammar; or all.
        systems: Either all, or names of systems with commas between.
        networks: Networks for the systems on derivations, with commas between: dense, kusner.
        trials: Searches of each system, from different seeds.
        n_initial: Scored sentences that trials begin from, with commas between; by default 5000,
            and by the clean protocol 500,5000.
        set: A hyperparameter other than its default, METHOD.HYPERPARAMETER=VALUE, as in
            vae.kl-weight=0.1; once for each.
        name: The folder in there; by default table5-PROTOCOL.
    """

    ranges: ClassVar[Ranges] = BenchmarkOptions.ranges | {
        "trials": (1, 1000),
        "count": (10, 10_000_000),
        "held_out": (1, 10_000_000),
        "max_rules": LENGTHS,
        "dim": (2, LARGEST_DIM),
        "epochs": (1, 1_000_000),
        "kusner_epochs": (1, 1_000_000),
        "characters_epochs": (1, 1_000_000),
    }

    sentences: Literal["all", "data", "grammar"] = "all"
    systems: str = "all"
    networks: str = "dense"
    trials: int = 5
    n_initial: Integers = ()
    set: tyro.conf.UseAppendAction[tuple[str, ...]] = ()

    @property
    def changed_methods(self) -> "dict[str, Method]":
        """What --set says."""
        return set_methods(self.set)

    def check(self) -> None:
        """Refuse numbers that make no sense.

        Raises:
            LisaError: Naming the first.
        """
        super().check()
        check_search(self.search)
        for number in self.n_initial:
            if not N_INITIAL[0] <= number <= N_INITIAL[1]:
                raise LisaError(f"--n-initial must be from 2 to 10,000,000, not {number}")


def default_options(words: Sequence[str]) -> Options | None:
    """Return the options with the budget of the protocol that words name, if they name one."""
    protocol = TABLE5_PROTOCOLS.get(flag_value(words, "protocol") or "")
    if protocol is None:
        return None
    return Options(protocol=protocol.name, search=protocol.search)
