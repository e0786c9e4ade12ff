"""Where the files of data sets lie, and what to say when they do not."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from shared.common.callbacks import Notify, silent
from shared.runs.cache import user_cache

VARIABLE = "LISA_DATA_DIR"
"""The environment variable that names a folder of data sets."""


@dataclass(frozen=True)
class Request:
    """What is asked of a loader.

    Attributes:
        data_dir: Where to look first and to download to; None for the user's cache folder.
        size: Height and width to bring the images to; None for their own.
        download: Whether files that are missing may be downloaded.
        notify: Hears of what takes a while.
    """

    data_dir: Path | None = None
    size: int | None = None
    download: bool = True
    notify: Notify = silent

    @property
    def folders(self) -> tuple[Path, ...]:
        """Where to look, first to last: the folder asked for, LISA_DATA_DIR, the user's cache."""
        named = os.environ.get(VARIABLE)
        found = [self.data_dir, Path(named) if named else None, user_cache()]
        return tuple(dict.fromkeys(folder for folder in found if folder is not None))

    @property
    def target(self) -> Path:
        """Where downloads go."""
        return user_cache() if self.data_dir is None else self.data_dir

    def find(self, below: Sequence[str], names: Sequence[str]) -> Path | None:
        """Return the first file or folder of one of these names in one of these sub-folders."""
        return next((path for path in self._candidates(below, names) if path.exists()), None)

    def _candidates(self, below: Sequence[str], names: Sequence[str]) -> Iterator[Path]:
        for folder in self.folders:
            for place in below:
                for name in names:
                    yield folder / place / name


def missing(title: str, files: str, request: Request, *, below: str = "", why: str = "") -> str:
    """Return the message for a data set that is nowhere.

    Args:
        title: The data set's name.
        files: What is missing, and of what form it may be.
        request: Whose folders were searched.
        below: The sub-folder they belong into.
        why: What else there is to say, a sentence each.
    """
    looked = ", ".join(str(folder) for folder in request.folders)
    place = request.folders[0] / below
    return (
        f"{title} is not here: {files} not found.{' ' if why else ''}{why} Put what is missing "
        f"into {place}, or name the folder it lies in with --data-dir or {VARIABLE}. "
        f"Looked in: {looked}"
    )
