"""What `image-lisa score RUN FOLDER` takes."""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from image_lisa.cli.options.applied import FolderOptions
from shared.cli.terminal import Ranges


@dataclass(frozen=True, kw_only=True)
class Options(FolderOptions):
    """Tell how well a run knows pictures, the outliers first.

    Each picture has its reconstruction error and the log density of its code under a sampler that
    was fitted to the training codes. They are sorted by the larger of two robust z-scores among
    them: of the log error, and of how far the code lies from the likeliest training code.

    Attributes:
        out: The table of all, a .csv, .npy or .parquet file; by default scores-FOLDER.csv in the
            run.
        sampler: The sampler whose density is taken: gaussian, gmm or another that has one.
        top: How many outliers are printed.
    """

    ranges: ClassVar[Ranges] = {"top": (1, 1_000_000)}

    out: Path | None = None
    sampler: str = "gmm"
    top: int = 10
