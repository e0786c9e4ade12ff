"""What `grammar-lisa benchmark latent-bo --protocol t-lbo` takes."""

from dataclasses import dataclass
from typing import ClassVar

import tyro

from grammar_lisa.benchmark.latent_bo_settings import LatentBOSettings
from grammar_lisa.cli.options.check import LENGTHS
from grammar_lisa.models.names import LARGEST_DIM
from shared.cli.listed import Names
from shared.cli.option_groups import BenchmarkOptions
from shared.cli.terminal import Ranges


@dataclass(frozen=True, kw_only=True)
class Options(LatentBOSettings, BenchmarkOptions):
    """Compare systems of latent-space optimisation by a published protocol.

    What is done is not done again: the same command goes on where it stopped, and other systems,
    targets or more trials are added to what is there.

    Attributes:
        systems: Each SYSTEM[+option=value]…, with commas between, for example lisa, structure,
            lisa+kernel=terms, lisa+method=vae+vae.kl-weight=0.1, latent+untrained=yes.
        target: What is looked for, once for each; by default Kusner's target.
        drawn: Look for so many targets drawn by the seed instead, half of them sentences of the
            grammar, half lines of the data; none for which nearly all lines score worst.
        trials: Of each system, each with a start of its own.
        budget: The most evaluations of a trial; by default what the protocol says.
        name: The folder in there; by default latent-bo-PROTOCOL, with -outputs for those.
    """

    ranges: ClassVar[Ranges] = BenchmarkOptions.ranges | {
        "drawn": (0, 10_000),
        "trials": (1, 1000),
        "n_initial": (2, 10_000_000),
        "budget": (1, 1_000_000),
        "batch": (1, 10_000),
        "epochs": (1, 1_000_000),
        "dim": (2, LARGEST_DIM),
        "max_rules": LENGTHS,
    }

    systems: Names = ("lisa", "latent", "latent+untrained=yes", "structure")
    target: tyro.conf.UseAppendAction[tuple[str, ...]] = ()
    drawn: int = 0
    trials: int = 5
    budget: int | None = None
