"""The options of a search that commands share: a system by its name, and every part of it."""

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from grammar_lisa.optimize.config import SearchConfig, system_named, title_of
from shared.cli.records import check_ranges, flag_value
from shared.common.errors import LisaError

DEFAULT_SYSTEM = "lisa"
LARGEST_BUDGET = 1_000_000
"""The most evaluations of a trial."""
N_INITIAL = (2, 10_000_000)
"""How many scored sentences a trial may begin from."""


@dataclass(frozen=True, kw_only=True)
class SystemOptions:
    """Which system searches.

    Attributes:
        system: What searches, and the default of each option of the search: lisa, latent,
            lsbo, turbo, weighted-retraining, lol-bo, evolution, structure, random-space or
            random-grammar.
        search: What the search consists of.
    """

    system: str = DEFAULT_SYSTEM
    search: SearchConfig = field(default_factory=SearchConfig)

    @property
    def title(self) -> str:
        """The system, and what was changed of it."""
        return title_of(self.system, self.search)

    def check_system(self) -> None:
        """Refuse a system that there is not, and numbers that would take too much.

        Raises:
            LisaError: Naming the option.
        """
        system_named(self.system)
        check_search(self.search)


T = TypeVar("T", bound=SystemOptions)


def with_system(kind: type[T], words: Sequence[str]) -> T:
    """Return the options whose defaults are those of the system that command-line words name.

    Raises:
        LisaError: There is no such system.
    """
    given = flag_value(words, "system")
    name = DEFAULT_SYSTEM if given is None else given
    return kind(system=name, search=system_named(name))


def check_search(config: SearchConfig) -> None:
    """Refuse numbers that would take all memory and time there is.

    Raises:
        LisaError: Naming the option.
    """
    check_ranges(
        config,
        rounds=(1, 10_000),
        batch=(1, 10_000),
        pool=(1, 1_000_000),
        candidates=(1, 20_000),
        fit_points=(2, 10_000),
        parents=(1, 1_000_000),
    )
    if config.budget > LARGEST_BUDGET:
        raise LisaError(
            f"--rounds {config.rounds} of --batch {config.batch} are more than "
            f"{LARGEST_BUDGET:,} evaluations a trial; ask for fewer"
        )


def recorded(options: object, unrecorded: Sequence[str] = ()) -> dict[str, Any]:
    """Return the values of options as JSON has them, but for some."""
    return {
        name: str(value) if isinstance(value, Path) else value
        for name, value in _flat(options)
        if name not in unrecorded
    }


def _flat(options: Any) -> Iterator[tuple[str, Any]]:
    """Yield the names and values of a dataclass and of those in it."""
    for each in dataclasses.fields(options):
        value = getattr(options, each.name)
        if dataclasses.is_dataclass(value):
            yield from _flat(value)
        else:
            yield each.name, value
