"""Any folder of images, with a sub-folder a class or without."""

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from image_lisa.data.base import LEAST, ImageSource, Part, split_images
from image_lisa.data.decoding import decode_into, listing, read_image, room_for, squared
from image_lisa.data.places import Request
from shared.common.errors import LisaError
from shared.common.seeds import derive_seed

EXTENSIONS = (".png", ".jpg", ".jpeg", ".bmp", ".webp", ".gif", ".tif", ".tiff")

_PARTS = {"train": "train", "valid": "valid", "val": "valid", "validation": "valid", "test": "test"}
"""Names of sub-folders that part the images."""

_LEAST = 10
"""Images that can be parted into training, validation and test."""

_MOST_TEST = 10_000

_SIZES = 5
"""Sizes that a message names."""


@dataclass(frozen=True)
class _File:
    """An image file: the part it belongs to, its class, its path below the folder."""

    part: str
    label: str | None
    name: str


def load(folder: Path, request: Request) -> ImageSource:
    """Return the images below a folder, in the order of their names.

    Sub-folders train, valid (or val, validation) and test are the parts; without them a tenth is
    the test part, drawn by a seed of its own, so that it is the same for every run. Below that,
    the first sub-folders are the classes. All images are grey if each of them is, else in colour.
    With a size asked for, the largest square in the middle of an image is resized to it: bilinear,
    antialiased. Files that cannot be decoded are left out and named in the notes.

    Raises:
        LisaError: There are no images, too few, or of several sizes with none asked for.
    """
    files, outside = _files(folder)
    if not files:
        raise LisaError(
            f"{folder} holds no images: no file below it ends with {', '.join(EXTENSIONS)}"
        )
    published = list(dict.fromkeys(file.part for file in files))
    images, files, notes = _decoded(folder, files, request.size)
    if len(files) < _LEAST:
        raise LisaError(
            f"{folder} holds {len(files)} readable images, at least {_LEAST} are needed to train, "
            f"validate and test{_told(notes)}"
        )
    classes, labels, said = _classes(files)
    if said:
        notes.append(f"{folder}: {said}")
    if outside:
        notes.append(f"{outside:,} images outside train, valid and test of {folder} are left out")
    everything = Part(images, labels)
    places = {part: np.flatnonzero([file.part == part for file in files]) for part in published}
    parts = {part: everything.take(rows) for part, rows in places.items()}
    return _source(folder, parts, classes, notes)


def _source(
    folder: Path, parts: dict[str, Part], classes: tuple[str, ...], notes: list[str]
) -> ImageSource:
    train, test = parts["train"], parts.get("test")
    if test is None:
        count = max(LEAST, min(_MOST_TEST, len(train) // 10))
        test, train = split_images(train, count, derive_seed(0, "folder", "test"))
    return ImageSource(
        train=train, valid=parts.get("valid"), test=test, classes=classes, notes=tuple(notes)
    )


def _files(folder: Path) -> tuple[list[_File], int]:
    """Return every image file, sorted by its path, and how many more lie outside the parts."""
    names = sorted(_walk(folder), key=lambda name: name.split("/"))
    if not any(_part_of(name) == "train" for name in names):
        if any(_part_of(name) == "test" for name in names):
            raise LisaError(f"{folder} has a sub-folder 'test' but none called 'train' with images")
        return [_File("train", _class_of(name), name) for name in names], 0
    spelt = {name.split("/")[0] for name in names if _part_of(name) == "valid"}
    if len(spelt) > 1:
        raise LisaError(f"{folder} has several validation parts: {', '.join(sorted(spelt))}")
    files = [
        _File(part, _class_of(name.partition("/")[2]), name)
        for name in names
        if (part := _part_of(name)) is not None
    ]
    return files, len(names) - len(files)


def _class_of(name: str) -> str | None:
    first, slash, _ = name.partition("/")
    return first if slash else None


def _walk(folder: Path) -> Iterator[str]:
    """Return paths of the images below a folder.

    Linked folders are entered once, hidden ones never.
    """
    seen = {os.path.realpath(folder)}
    for base, folders, files in os.walk(folder, followlinks=True):
        fresh = []
        for name in sorted(folders):
            place = os.path.realpath(Path(base) / name)
            if _shown(name) and place not in seen:
                seen.add(place)
                fresh.append(name)
        folders[:] = fresh
        for name in files:
            if _shown(name) and name.lower().endswith(EXTENSIONS):
                yield (Path(base) / name).relative_to(folder).as_posix()


def _shown(name: str) -> bool:
    return not name.startswith(".") and name != "__MACOSX"


def _part_of(name: str) -> str | None:
    first, slash, _ = name.partition("/")
    return _PARTS.get(first.lower()) if slash else None


def _decoded(
    folder: Path, files: list[_File], size: int | None
) -> tuple[torch.Tensor, list[_File], list[str]]:
    """Read images `[n, 1 or 3, height, width]`: with the files that can be read, and notes."""
    paths = [folder / file.name for file in files]
    shape = (size, size) if size is not None else _first_size(folder, paths)
    others: list[tuple[int, int]] = []

    def prepare(image: Image.Image) -> Image.Image:
        if size is not None:
            return squared(image, size)
        if image.size != shape:
            others.append(image.size)
            raise ValueError("of another size")
        return image

    width, height = shape
    pixels = room_for(len(paths), height, width, str(folder))
    decoded = decode_into(pixels, paths, prepare)
    if others:
        raise LisaError(_sizes(folder, Counter({shape: int(decoded.good.sum())}) + Counter(others)))
    broken = [file.name for file, good in zip(files, decoded.good, strict=True) if not good]
    notes = []
    if broken:
        notes.append(
            f"{len(broken):,} of {len(files):,} files in {folder} are no readable images and were "
            f"left out: {listing(broken)}"
        )
        pixels = pixels[decoded.good]
    if decoded.grey[decoded.good].all():
        pixels = np.ascontiguousarray(pixels[:, :1])
    kept = [file for file, good in zip(files, decoded.good, strict=True) if good]
    return torch.from_numpy(pixels), kept, notes


def _first_size(folder: Path, paths: Sequence[Path]) -> tuple[int, int]:
    """Return width and height of the first image that can be read."""
    for path in paths:
        try:
            return read_image(path).size
        except Exception:  # noqa: S112 (whatever a damaged file makes Pillow raise)
            continue
    raise LisaError(
        f"{folder} holds no readable image: none of its {len(paths):,} files can be decoded: "
        f"{listing(str(path.relative_to(folder)) for path in paths)}"
    )


def _sizes(folder: Path, sizes: Counter[tuple[int, int]]) -> str:
    named = ", ".join(
        f"{width} × {height} ({count:,})" for (width, height), count in sizes.most_common(_SIZES)
    )
    more = f" and {len(sizes) - _SIZES:,} more" if len(sizes) > _SIZES else ""
    return (
        f"{folder} holds images of {len(sizes):,} sizes: {named}{more}; give --size N to bring "
        "all to N × N"
    )


def _classes(files: Sequence[_File]) -> tuple[tuple[str, ...], torch.Tensor | None, str]:
    """Return names of the classes, the number of each file's, and what to say of them."""
    classes = tuple(sorted({file.label for file in files if file.label is not None}))
    if any(file.label is None for file in files):
        said = "some images lie in sub-folders and some do not, so none has a label"
        return (), None, said if classes else ""
    if len(classes) < 2:
        return (), None, ""
    numbers = {name: number for number, name in enumerate(classes)}
    return classes, torch.tensor([numbers[file.label or ""] for file in files]), ""


def _told(notes: Sequence[str]) -> str:
    return "".join(f" ({note})" for note in notes)
