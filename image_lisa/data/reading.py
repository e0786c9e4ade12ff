"""Images from files, as a trained model or a measurement takes them."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from image_lisa.data.decoding import decode_into, fitted, room_for
from image_lisa.data.folder import decode_files, decoding_notes, levels_of
from image_lisa.data.folder_files import FolderFile, describe_notes, find_files
from image_lisa.data.levels import Levels
from shared.common.errors import LisaError

Source = Path | str
"""A folder of images, or the file of one."""


@dataclass(frozen=True, eq=False)
class FileImages:
    """Images that were read from files.

    Attributes:
        images: `[n, channel, height, width]`, bytes.
        names: Their files, below the folder.
        labels: Their classes, the names of sub-folders; None where one lies in no sub-folder.
        notes: What was left out or changed.
    """

    images: Tensor
    names: tuple[str, ...]
    labels: tuple[str | None, ...]
    notes: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.images)

    @property
    def labelled(self) -> bool:
        """Whether any image has a class."""
        return any(label is not None for label in self.labels)


def read_as(
    source: Source | Sequence[Source], shape: tuple[int, int, int], levels: Levels | None = None
) -> FileImages:
    """Read images and bring them to a shape.

    Of an image of another size the largest part in the middle that has the proportions is resized:
    bilinear, antialiased. Colours become grey or grey ones colours as the shape says.

    Args:
        source: A folder, the file of an image, or several files.
        shape: Channels, height and width to bring images to.
        levels: Of deep images; None chooses them by the images that are read.

    Raises:
        LisaError: There is no such file or folder, or no readable image.
    """
    folder, files, notes = _files(source)
    if levels is None:
        levels, said = levels_of(folder, [folder / file.name for file in files])
        notes += said
    channels, height, width = shape
    others = [0, 0]

    def prepare(image: Image.Image) -> Image.Image:
        others[0] += image.size != (width, height)
        others[1] += channels == 1 and image.mode != "L"
        image = fitted(image, height, width)
        return image.convert("L") if channels == 1 else image

    pixels = room_for(len(files), height, width, str(folder))
    decoded = decode_into(pixels, [folder / file.name for file in files], prepare, levels)
    notes += decoding_notes(folder, [file.name for file in files], decoded)
    if not decoded.good.any():
        raise LisaError(f"{folder} holds no readable image{describe_notes(notes)}")
    for count, what in zip(others, (f"brought to {height} × {width}", "made grey"), strict=True):
        if count:
            notes.append(f"{count:,} of {len(files):,} images were {what}, as the model takes them")
    return _made(pixels[decoded.good][:, :channels], files, decoded.good.tolist(), notes)


def read_folder(folder: Path, size: int | None = None) -> FileImages:
    """Read all images of a folder, grey if each of them is, else in colour.

    Args:
        folder: Where they lie; parts and classes are not told apart.
        size: Height and width to bring them to; None for their own.

    Raises:
        LisaError: There is no such folder, no image in it, or there are several sizes with none
            asked for.
    """
    folder, files, notes = _files(folder)
    levels, said = levels_of(folder, [folder / file.name for file in files])
    images, kept, decoding = decode_files(folder, files, size, levels)
    names = tuple(file.name for file in kept)
    labels = tuple(file.label for file in kept)
    return FileImages(images, names, labels, (*notes, *said, *decoding))


def _files(source: Source | Sequence[Source]) -> tuple[Path, list[FolderFile], list[str]]:
    """Return the folder that files are below, the files, and notes."""
    if not isinstance(source, str | Path):
        paths = [Path(each).expanduser() for each in source]
        if not paths:
            raise LisaError("there are no images: the list of files is empty")
        return Path(), [FolderFile("train", None, str(_file(path))) for path in paths], []
    place = Path(source).expanduser()
    if place.is_dir():
        found = find_files(place, parts=False)
        return place, found.files, list(found.notes)
    return _file(place).parent, [FolderFile("train", None, place.name)], []


def _file(path: Path) -> Path:
    if path.is_dir():
        raise LisaError(f"{path} is a folder; name the files of images in it")
    if not path.exists():
        raise LisaError(f"there is no file or folder {path}")
    return path


def _made(
    pixels: "np.typing.NDArray[np.uint8]",
    files: Sequence[FolderFile],
    good: Sequence[bool],
    notes: Sequence[str],
) -> FileImages:
    kept = [file for file, is_good in zip(files, good, strict=True) if is_good]
    return FileImages(
        torch.from_numpy(np.ascontiguousarray(pixels)),
        tuple(file.name for file in kept),
        tuple(file.label for file in kept),
        tuple(notes),
    )
