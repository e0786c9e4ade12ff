"""What `grammar-lisa generate` takes."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

import tyro

from grammar_lisa.cli.options.decode import TEMPERATURES
from grammar_lisa.cli.options.restrictions import RestrictionOptions
from shared.cli.option_groups import RunOptions
from shared.cli.terminal import Ranges


@dataclass(frozen=True, kw_only=True)
class Options(RunOptions, RestrictionOptions):
    """Draw sentences from a sampler of a trained run, one a line.

    Attributes:
        sampler: What codes are drawn from: gaussian, gmm, dirichlet, uniform where the method of
            the run is spherical, or one of its own, such as prior.
        count: How many.
        temperature: 0 decodes the most likely rules, or characters; above 0, they are drawn.
        distinct: Let no sentence come twice.
        seed: Of the draws.
    """

    ranges: ClassVar[Ranges] = {"count": (1, 1_000_000), "temperature": TEMPERATURES}

    sampler: str = "gmm"
    count: Annotated[int, tyro.conf.arg(aliases=["-n"])] = 20
    temperature: float = 0.0
    distinct: bool = False
    seed: int = 0
