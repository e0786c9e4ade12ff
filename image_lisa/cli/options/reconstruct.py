"""What `image-lisa reconstruct RUN FOLDER` takes."""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from image_lisa.cli.options.applied import FolderOptions
from shared.cli.terminal import Ranges


@dataclass(frozen=True, kw_only=True)
class Options(FolderOptions):
    """Encode pictures and decode them again.

    Attributes:
        out: Where to write: one PNG that shows pictures above what they come back as if the name
            ends with .png, else a folder with a PNG for each; by default
            reconstructions-FOLDER.png in the run.
        show: How many pictures the one PNG shows; one of each label first.
    """

    ranges: ClassVar[Ranges] = {"show": (1, 10_000)}

    out: Path | None = None
    show: int = 20
