"""What `image-lisa diagnose RUN` takes."""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import tyro

from image_lisa.cli.options.runs import MeasureOptions
from image_lisa.evaluation.protocol import DRAWS, SAMPLES
from shared.cli.terminal import Ranges


@dataclass(frozen=True, kw_only=True)
class Options(MeasureOptions):
    """Show how the codes of a trained run lie: their radius, their directions, and Theorem 1.

    The error of scaled codes goes to radial.png (Figure 1 of the paper), the spectrum of their
    directions to spectrum.png (Table 1), all numbers to diagnosis.json in the run. Test images are
    what is measured on; nothing is fitted.

    Attributes:
        beside: Another run on the same test images, to be shown at its side; once for each.
        samplers: Names with commas between, for Theorem 1; by default all that were fitted.
        draws: Codes that each sampler draws.
    """

    ranges: ClassVar[Ranges] = {"draws": DRAWS}

    beside: tyro.conf.UseAppendAction[tuple[Path, ...]] = ()
    draws: int = SAMPLES
