"""What `grammar-lisa decode` takes."""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Final

import tyro

from grammar_lisa.cli.options.restrictions import RestrictionOptions
from shared.cli.option_groups import RunCommandOptions
from shared.cli.terminal import Ranges

TEMPERATURES: Final = (0, 1_000_000)
"""The least and the greatest temperature of decoding."""
BEAMS: Final = (1, 1_000)
"""The least and the greatest width of a beam search."""


@dataclass(frozen=True, kw_only=True)
class Options(RunCommandOptions, RestrictionOptions):
    """Turn codes into sentences, one a line.

    Only the direction of a code counts where the method of the run is spherical. The texts of a
    run on characters may be no sentences; a note says how many.

    Attributes:
        file: The codes: a .npy file of shape [n, dim], or a .csv or .parquet file with columns z0,
            z1, ….
        temperature: 0 decodes the most likely rules, or characters; above 0, they are drawn.
        beams: Above 1, decode the likeliest sentence that a beam search of this width finds.
        seed: Of the draws.
    """

    inputs: ClassVar[tuple[str, ...]] = ("file",)
    ranges: ClassVar[Ranges] = {"temperature": TEMPERATURES, "beams": BEAMS}

    file: tyro.conf.Positional[Path]
    temperature: float = 0.0
    beams: int = 1
    seed: int = 0
