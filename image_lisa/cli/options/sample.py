"""What `image-lisa sample RUN` takes."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar

import tyro

from shared.cli.option_groups import RunArgument
from shared.cli.terminal import Ranges
from shared.training.settings import Device


@dataclass(frozen=True, kw_only=True)
class Options(RunArgument):
    """Draw images from a sampler of a trained run.

    Attributes:
        sampler: The sampler that codes are drawn from: prior, gaussian, gmm, dirichlet, uniform or
            another that the run's method has; by default gmm.
        label: A class of the training images, by its name, to whose codes alone the sampler
            (gaussian, gmm or dirichlet) is fitted.
        count: How many images.
        columns: Images in a row of the grid; by default as many as there are rows.
        out: Where to write: one PNG with all images in a grid if the name ends with .png, else a
            folder with a PNG for each; by default samples-SAMPLER-SEED.png in the run.
        overwrite: Replace what is there; in a folder, the numbered PNGs.
        device: Where to decode.
        seed: Of the draws.
    """

    ranges: ClassVar[Ranges] = {"count": (1, 1_000_000), "columns": (1, 1_000_000)}

    sampler: str = "gmm"
    label: Annotated[str | None, tyro.conf.arg(name="class")] = None
    count: Annotated[int, tyro.conf.arg(aliases=["-n"])] = 64
    columns: int | None = None
    out: Path | None = None
    overwrite: bool = False
    device: Device = "auto"
    seed: int = 0
