"""Any folder of images, with a sub-folder a class or without."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from image_lisa.data.base import LEAST, ImageSource, Part, split_images
from image_lisa.data.decoding import (
    Decoded,
    decode_into,
    deep_range,
    in_threads,
    listing,
    read_image,
    room_for,
    squared,
)
from image_lisa.data.folder_files import FolderFile, describe_notes, find_files
from image_lisa.data.levels import Levels
from image_lisa.data.places import Request
from shared.common.errors import LisaError
from shared.common.seeds import derive_seed
from shared.common.words import counted

_LEAST = 10
"""Images that can be parted into training, validation and test."""

_LEAST_TEST, _MOST_TEST = 8, 10_000
"""Test images of a folder without a test part: of few images a fifth, as distances need some."""

_SIZES = 5
"""Sizes that a message names."""


def load(folder: Path, request: Request) -> ImageSource:
    """Return the images below a folder, in the order of their names.

    Sub-folders called train (training), valid (val, validation) and test (testing) are the parts;
    without them a tenth is the test part, of few images up to a fifth, drawn by a seed of its own,
    so that it is the same for every run. Below that, the first sub-folders are the classes. All
    images are grey if each of them is, else in colour; those of more than eight bits are scaled
    alike, see `Levels`. With a size asked for, the largest square in the middle of an image is
    resized to it: bilinear, antialiased. What is left out is named in the notes.

    Raises:
        LisaError: There are no images, too few, or of several sizes with none asked for.
    """
    found = find_files(folder)
    published = list(dict.fromkeys(file.part for file in found.files))
    levels, said = levels_of(folder, [folder / file.name for file in found.files])
    notes = [*found.notes, *said]
    images, files, said = decode_files(folder, found.files, request.size, levels)
    notes += said
    if len(files) < _LEAST:
        raise LisaError(
            f"{folder} holds {counted(len(files), 'readable image')}, at least {_LEAST} are needed "
            f"to train, validate and test{describe_notes(notes)}"
        )
    classes, labels, no_labels = _classes(files)
    if no_labels:
        notes.append(f"{folder}: {no_labels}")
    everything = Part(images, labels)
    places = {part: np.flatnonzero([file.part == part for file in files]) for part in published}
    parts = {part: everything.take(rows) for part, rows in places.items()}
    return _source(parts, classes, notes, levels)


def levels_of(folder: Path, paths: Sequence[Path]) -> tuple[Levels | None, list[str]]:
    """Choose the levels of all deep images of a folder together, and say so.

    Returns:
        None where there are none, and notes.
    """
    ranges = [found for found in in_threads(deep_range, paths) if found is not None]
    if not ranges:
        return None, []
    levels = Levels.fitting(ranges)
    counts = Counter(kind for kind, _ in ranges)
    return levels, [f"{folder}: {levels.describe(kind, n)}" for kind, n in counts.items()]


def decoding_notes(folder: Path, names: Sequence[str], decoded: Decoded) -> list[str]:
    """Say which files could not be read and why, and of which not everything was."""
    notes = []
    if decoded.reasons:
        broken: dict[str, list[str]] = {}
        for place in sorted(decoded.reasons):
            broken.setdefault(decoded.reasons[place], []).append(names[place])
        listed = "; ".join(f"{reason}: {listing(those)}" for reason, those in broken.items())
        notes.append(
            f"left out of {folder}: {len(decoded.reasons):,} of {counted(len(names), 'file')}, no "
            f"readable {'image' if len(decoded.reasons) == 1 else 'images'}: {listed}"
        )
    for rows, said in (
        (decoded.several, "the first of several frames was taken of"),
        (decoded.clipped, "values beyond black and white were clipped in"),
    ):
        if rows.any():
            listed = listing(names[int(place)] for place in np.flatnonzero(rows))
            notes.append(f"{folder}: {said} {counted(int(rows.sum()), 'file')}: {listed}")
    return notes


def decode_files(
    folder: Path, files: list[FolderFile], size: int | None, levels: Levels | None
) -> tuple[torch.Tensor, list[FolderFile], list[str]]:
    """Read images `[n, 1 or 3, height, width]`: with the files that can be read, and notes.

    Args:
        folder: That the names are below.
        files: What to read.
        size: Height and width to bring images to; None leaves them.
        levels: Of deep images.

    Raises:
        LisaError: Images are of several sizes with none asked for, or none can be read.
    """
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
    decoded = decode_into(pixels, paths, prepare, levels)
    if others:
        raise LisaError(_sizes(folder, Counter({shape: int(decoded.good.sum())}) + Counter(others)))
    notes = decoding_notes(folder, [file.name for file in files], decoded)
    if decoded.reasons:
        pixels = pixels[decoded.good]
    if decoded.grey[decoded.good].all():
        pixels = np.ascontiguousarray(pixels[:, :1])
    kept = [file for file, good in zip(files, decoded.good, strict=True) if good]
    return torch.from_numpy(pixels), kept, notes


def _source(
    parts: dict[str, Part], classes: tuple[str, ...], notes: list[str], levels: Levels | None
) -> ImageSource:
    train, test = parts["train"], parts.get("test")
    if test is None:
        few = max(LEAST, min(_LEAST_TEST, len(train) // 5))
        count = max(few, min(_MOST_TEST, len(train) // 10))
        test, train = split_images(train, count, derive_seed(0, "folder", "test"))
    return ImageSource(
        train=train,
        valid=parts.get("valid"),
        test=test,
        classes=classes,
        notes=tuple(notes),
        levels=levels,
    )


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


def _classes(files: Sequence[FolderFile]) -> tuple[tuple[str, ...], torch.Tensor | None, str]:
    """Return names of the classes, the number of each file's, and what to say of them."""
    classes = tuple(sorted({file.label for file in files if file.label is not None}))
    if any(file.label is None for file in files):
        said = "some images lie in sub-folders and some do not, so none has a label"
        return (), None, said if classes else ""
    if len(classes) < 2:
        return (), None, ""
    numbers = {name: number for number, name in enumerate(classes)}
    return classes, torch.tensor([numbers[file.label or ""] for file in files]), ""
