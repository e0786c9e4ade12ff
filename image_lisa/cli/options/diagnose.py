"""What `image-lisa diagnose RUN` takes."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar

import tyro

from image_lisa.evaluation.protocol import DRAWS, SAMPLES
from shared.cli.terminal import Output, Ranges
from shared.training.settings import Device


@dataclass(frozen=True, kw_only=True)
class Options(Output):
    """Show how the codes of a trained run lie: their radius, their directions, and Theorem 1.

    The error of scaled codes goes to radial.png (Figure 1 of the paper), the spectrum of their
    directions to spectrum.png (Table 1), all numbers to diagnosis.json in the run. Test images are
    what is measured on; nothing is fitted.

    Attributes:
        run: The folder of the run; by default the newest finished one in --runs.
        runs: The folder that runs are kept in.
        beside: Other runs on the same test images, to be shown side by side.
        samplers: Names with commas between, for Theorem 1; by default all that were fitted.
        draws: Codes that each sampler draws.
        data_dir: Where the data set lies, if not where it lay in training.
        device: Where to compute.
        seed: Of the draws.
    """

    ranges: ClassVar[Ranges] = {"draws": DRAWS}

    run: Annotated[Path | None, tyro.conf.Positional] = None
    runs: Path = Path("runs")
    beside: Annotated[tuple[Path, ...], tyro.conf.UseAppendAction] = ()
    samplers: str | None = None
    draws: int = SAMPLES
    data_dir: Path | None = None
    device: Device = "auto"
    seed: int = 0
