"""Which images can be asked for, which is checked before anything is imported that takes long."""

import difflib
from pathlib import Path
from typing import Final, Literal, get_args

from shared.common.errors import LisaError

SIZES: Final = (4, 1024)
"""The least and the greatest size of an image."""

DatasetName = Literal["mnist", "cifar10", "celeba", "digits"]
"""Data sets that are known by a name; any other name is that of a folder of images."""

DATASET_NAMES: Final[tuple[DatasetName, ...]] = get_args(DatasetName)


def check_dataset(name: str) -> None:
    """Refuse what is neither the name of a data set nor a folder.

    Raises:
        LisaError: Naming what would be valid.
    """
    place = Path(name).expanduser()
    if name in DATASET_NAMES or (name and place.is_dir()):
        return
    names = ", ".join(DATASET_NAMES)
    if name and place.is_file():
        raise LisaError(f"{name} is a file; --dataset takes a folder of images or one of {names}")
    near = difflib.get_close_matches(name, DATASET_NAMES, n=1)
    hint = f"did you mean '{near[0]}'? " if near else ""
    raise LisaError(
        f"there is no dataset and no folder '{name}'; {hint}valid: {names}, "
        "or the path of a folder of images"
    )
