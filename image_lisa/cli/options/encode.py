"""What `image-lisa encode RUN FOLDER` takes."""

from dataclasses import dataclass
from pathlib import Path

from image_lisa.cli.options.applied import FolderOptions


@dataclass(frozen=True, kw_only=True)
class Options(FolderOptions):
    """Turn pictures into codes: a table of their files, their labels and their codes.

    Pictures are brought to the size and the colours that the run was trained on. Labels are the
    names of sub-folders. Files that cannot be read are left out and named.

    Attributes:
        out: The table, a .csv, .npy or .parquet file; by default codes-FOLDER.csv in the run.
        directions: Give what the decoder sees in place of codes: unit vectors where the method of
            the run is spherical.
    """

    out: Path | None = None
    directions: bool = False
