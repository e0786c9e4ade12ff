"""What `image-lisa interpolate RUN a.png b.png` takes."""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import tyro

from image_lisa.cli.options.applied import ApplyOptions
from shared.cli.terminal import Ranges


@dataclass(frozen=True, kw_only=True)
class Options(ApplyOptions):
    """Decode the path between the codes of two pictures.

    It is a great circle where the decoder sees directions only, and a straight line elsewhere.

    Attributes:
        first: The file of the picture where the path begins.
        second: The file of the picture where it ends.
        steps: Images on the path, the reconstructions of the two pictures included.
        out: Where to write: one PNG with all images in a row if the name ends with .png, else a
            folder with a PNG for each; by default interpolation-FIRST-SECOND.png in the run.
    """

    inputs: ClassVar[tuple[str, ...]] = ("first", "second")
    ranges: ClassVar[Ranges] = {"steps": (2, 10_000)}

    first: tyro.conf.Positional[Path]
    second: tyro.conf.Positional[Path]
    steps: int = 10
    out: Path | None = None
