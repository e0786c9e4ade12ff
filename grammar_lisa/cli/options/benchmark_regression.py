"""What `grammar-lisa benchmark regression --suite feynman` takes."""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal

from grammar_lisa.regression.fit_config import seconds_of
from shared.cli.listed import Names, Numbers
from shared.cli.option_groups import BenchmarkOptions
from shared.cli.terminal import Ranges
from shared.common.errors import LisaError


@dataclass(frozen=True, kw_only=True)
class Options(BenchmarkOptions):
    """Search for known formulas from their rows, beside other systems, and count what is found.

    What is done is not done again: the same command goes on where it stopped, and other systems,
    problems, noises or more trials are added to what is there.

    Attributes:
        suite: Nguyen's 12, Livermore's 22, Feynman's 119 or Strogatz' 14 formulas; mixed, 30 of
            these, drawn; or tables: 24 curves of science and engineering, each with constants and
            its own noise.
        data: The file of Feynman's and Strogatz' formulas, which mixed needs, too: a table,
            separated by tabs, with the columns name, formula and ranges.
        problems: Only these of the suite, by name, with commas between.
        systems: Of ours, with commas between: lisa, what fit does by default; lisa-subexpressions,
            lisa-polynomials, lisa-features, lisa-dictionary, lisa-pairs, lisa-backpropagation,
            lisa-separability, lisa-variation and lisa-sphere are without that source of
            candidates, lisa-subexpressions-pairs without two; lisa+untrained has a sphere that was
            not trained.
        peers: Others beside it: gplearn, pyoperon or both, with a comma between; the extra peers
            installs them.
        time: Of each search: processor time of one core, in seconds, or such as 90s, 2m or 1.5h.
        noise: Shares of the target's root mean square that the noise of its rows has, as in 0,0.01;
            by default none, and for tables that of each curve.
        trials: Of each, with rows of their own.
        seed: Of everything random.
        name: The folder in there; by default regression-SUITE.
    """

    ranges: ClassVar[Ranges] = BenchmarkOptions.ranges | {"trials": (1, 1000)}

    suite: Literal["nguyen", "livermore", "feynman", "strogatz", "mixed", "tables"]
    data: Path | None = None
    problems: Names = ()
    systems: Names = ("lisa",)
    peers: Names = ()
    time: str = "60s"
    noise: Numbers = ()
    trials: int = 3
    seed: int = 0

    @property
    def seconds(self) -> float:
        """Processor time of each search."""
        return seconds_of(self.time)

    @property
    def all_systems(self) -> tuple[str, ...]:
        """Ours and the peers, each once."""
        return tuple(dict.fromkeys((*self.systems, *self.peers)))

    def check(self) -> None:
        """Refuse numbers that make no sense.

        Raises:
            LisaError: Naming the first.
        """
        super().check()
        if not self.seconds > 0:
            raise LisaError(f"--time must be above 0, not {self.time}")
        for share in self.noise:
            if not 0 <= share <= 10:
                raise LisaError(f"--noise must be from 0 to 10, not {share:g}")
        if not self.all_systems:
            raise LisaError("name a system: --systems lisa, or --peers gplearn")
