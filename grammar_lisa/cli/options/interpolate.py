"""What `grammar-lisa interpolate` takes."""

from dataclasses import dataclass
from typing import ClassVar

import tyro

from grammar_lisa.cli.options.encode import REFINE_WORKS
from grammar_lisa.cli.options.restrictions import RestrictionOptions
from grammar_lisa.models.names import REFINE_WORK
from shared.cli.option_groups import RunCommandOptions
from shared.cli.terminal import Ranges


@dataclass(frozen=True, kw_only=True)
class Options(RunCommandOptions, RestrictionOptions):
    """Print the sentences along the way between two sentences.

    The way is a great circle where the method of the run is spherical, else a straight line.

    Attributes:
        first: The sentence to begin at.
        second: The sentence to end at.
        steps: Points on the path, both ends included.
        distinct: Leave out a sentence that equals the one before it.
        refine_work: The most work of moving codes until both sentences come back from the decoder,
            in billions of floating-point operations; the default takes some seconds of one core.
    """

    ranges: ClassVar[Ranges] = {"steps": (2, 100_000), "refine_work": REFINE_WORKS}

    first: tyro.conf.Positional[str]
    second: tyro.conf.Positional[str]
    steps: int = 11
    distinct: bool = False
    refine_work: float = REFINE_WORK
