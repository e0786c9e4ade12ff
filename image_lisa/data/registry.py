"""The data sets by their names."""

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

from image_lisa.data import celeba, cifar10, digits, folder, mnist
from image_lisa.data.base import Images, ImageSource, assemble
from image_lisa.data.choices import DATASET_NAMES, SIZES, DatasetName, check_dataset
from image_lisa.data.places import Request
from shared.common.callbacks import Notify
from shared.common.errors import LisaError

DATASETS: Mapping[DatasetName, Callable[[Request], ImageSource]] = MappingProxyType(
    {
        "mnist": mnist.load,
        "cifar10": cifar10.load,
        "celeba": celeba.load,
        "digits": digits.load,
    }
)
"""Loaders by name; any other name is that of a folder of images."""


def load_images(
    name: str,
    *,
    data_dir: Path | None = None,
    seed: int = 0,
    valid: int | None = None,
    size: int | None = None,
    limit: int | None = None,
    download: bool = True,
    notify: Notify | None = None,
) -> Images:
    """Return a data set in three parts.

    Args:
        name: One of `DATASETS`, or the path of a folder of images.
        data_dir: Where its files are looked for first, then in LISA_DATA_DIR and in the user's
            cache folder; downloads go here.
        seed: Of the validation part and of `limit`; the test part is the same for every seed.
        valid: How many validation images; see `assemble`.
        size: Height and width; by default the images' own, for CelebA 64.
        limit: Of how many images training and validation part are made, drawn by seed.
        download: Whether missing files may be downloaded.
        notify: Hears of what takes a while.

    Raises:
        LisaError: There is no such data set, or its files are missing, damaged or unfit.
    """
    if size is not None and not SIZES[0] <= size <= SIZES[1]:
        raise LisaError(f"--size must be from {SIZES[0]} to {SIZES[1]:,}, not {size}")
    if data_dir is not None and data_dir.exists() and not data_dir.is_dir():
        raise LisaError(f"--data-dir {data_dir} is a file; name a folder")
    request = Request(data_dir, size, download, *([] if notify is None else [notify]))
    if name in DATASET_NAMES:
        source = DATASETS[name](request)
        return assemble(name, source, seed=seed, valid=valid, limit=limit)
    check_dataset(name)
    place = Path(name).expanduser()
    return assemble(str(place), folder.load(place, request), seed=seed, valid=valid, limit=limit)
