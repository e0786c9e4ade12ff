"""CIFAR-10: 60,000 photographs of ten classes, 32 × 32, in colour (Krizhevsky, 2009)."""

import hashlib
import io
import tarfile
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from image_lisa.data.base import ImageSource, Part
from image_lisa.data.cache import kept
from image_lisa.data.decoding import decode_into, listing, room_for
from image_lisa.data.download import check_md5, fetch
from image_lisa.data.pictures import resized
from image_lisa.data.places import Request, missing
from shared.common.errors import LisaError
from shared.runs.files import read_file

ARCHIVE = "cifar-10-binary.tar.gz"
CHECKSUM = "c32a1d4ab5d03f1284b67883e8d87530"
"""MD5 of the archive, as its authors publish it."""
URLS = (f"https://www.cs.toronto.edu/~kriz/{ARCHIVE}",)

FOLDER = "cifar-10-batches-bin"
TRAIN = tuple(f"data_batch_{number}.bin" for number in range(1, 6))
TEST = "test_batch.bin"
IN_A_FILE = 10_000

JPEG = "cifar10-jpeg.tar.gz"
PYTHON = ("cifar-10-python.tar.gz", "cifar-10-batches-py")

BELOW = ("", "cifar10", "cifar-10", "CIFAR10")

CLASSES = (
    "airplane",
    "automobile",
    "bird",
    "cat",
    "deer",
    "dog",
    "frog",
    "horse",
    "ship",
    "truck",
)

_SIDE = 32
_RECORD = 1 + 3 * _SIDE**2
"""Bytes of an image: its label, then the red, the green and the blue pixels."""


def load(request: Request) -> ImageSource:
    """Return CIFAR-10 from its official binary version, packed or not, or from a copy as JPEGs.

    Raises:
        LisaError: Files are missing, damaged or of the wrong size.
    """
    notes: list[str] = []
    if (folder := request.find(BELOW, [FOLDER])) is not None:
        contents = {name: read_file(folder / name) for name in (*TRAIN, TEST)}
        parts = _binary(contents, folder)
    elif (archive := request.find(BELOW, [ARCHIVE])) is not None:
        parts = read_archive(read_file(archive), archive)
    elif (copy := request.find(BELOW, [JPEG])) is not None:
        parts = _jpeg(copy, request, notes)
    else:
        archive = _fetched(request)
        parts = read_archive(read_file(archive), archive)
    train, test = (_sized(part, request.size) for part in parts)
    return ImageSource(train=train, test=test, classes=CLASSES, notes=tuple(notes))


def parse_batch(content: bytes, path: Path) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Return images `[n, 3, 32, 32]` and labels `[n]` of a file of the binary version.

    Raises:
        LisaError: Naming `path`, if it is not whole records or a label is above 9.
    """
    if not content or len(content) % _RECORD:
        raise LisaError(
            f"{path} has {len(content):,} bytes, which is not a whole number of images of "
            f"{_RECORD:,} bytes each: it is truncated or not of CIFAR-10"
        )
    records = np.frombuffer(content, np.uint8).reshape(-1, _RECORD)
    labels = records[:, 0]
    if labels.max() >= len(CLASSES):
        row = int(np.argmax(labels >= len(CLASSES)))
        raise LisaError(f"{path}: image {row + 1} has the label {labels[row]}, not one of 0 to 9")
    return records[:, 1:].reshape(-1, 3, _SIDE, _SIDE), labels


def verified(content: bytes, path: Path) -> bytes:
    """Return the official archive's content.

    Raises:
        LisaError: Naming the file, the checksum it should have and the one it has.
    """
    check_md5(content, CHECKSUM, f"{path} is damaged or not the official archive: its MD5")
    return content


def read_archive(content: bytes, path: Path) -> tuple[Part, Part]:
    """Return training and test images of the official archive, read in memory.

    Raises:
        LisaError: Naming `path`, if it is not the archive or a file in it is not as it should be.
    """
    members = _members(verified(content, path), path)
    wanted = {f"{FOLDER}/{name}": name for name in (*TRAIN, TEST)}
    found = {wanted[name]: data for name, data in members if name in wanted}
    lacking = [name for name in wanted.values() if name not in found]
    if lacking:
        raise LisaError(f"{path} lacks {', '.join(lacking)}")
    return _binary(found, path / FOLDER)


def _binary(contents: dict[str, bytes], place: Path) -> tuple[Part, Part]:
    batches = {}
    for name, content in contents.items():
        batches[name] = parse_batch(content, place / name)
        if len(batches[name][0]) != IN_A_FILE:
            raise LisaError(
                f"{place / name} holds {len(batches[name][0]):,} images, it should hold "
                f"{IN_A_FILE:,}"
            )
    return _joined([batches[name] for name in TRAIN]), _joined([batches[TEST]])


def _joined(batches: Sequence[tuple[NDArray[np.uint8], NDArray[np.uint8]]]) -> Part:
    images, labels = (np.concatenate(arrays) for arrays in zip(*batches, strict=True))
    return Part(torch.from_numpy(images), torch.from_numpy(labels).long())


def _jpeg(path: Path, request: Request, notes: list[str]) -> tuple[Part, Part]:
    """Return the copy as JPEGs, `train/<class>/0000.jpg` and `test/<class>/0000.jpg`."""
    content = read_file(path)
    notes.append(
        f"{path} is a JPEG copy, not lossless: fit for comparing runs with each other, "
        "not with published figures"
    )

    def build() -> dict[str, Tensor]:
        request.notify(f"decoding {path}; the next time is quick")
        files = dict(sorted(_members(content, path)))
        return _decoded(files, "train", path) | _decoded(files, "test", path)

    source = hashlib.sha256(content).hexdigest()
    found = kept("cifar10-jpeg", source, build, notes)
    train, test = (Part(found[name], found[f"{name}_labels"]) for name in ("train", "test"))
    return train, test


def _decoded(files: dict[str, bytes], part: str, path: Path) -> dict[str, Tensor]:
    numbers = {name: number for number, name in enumerate(CLASSES)}
    labels: dict[str, int] = {}
    for name in files:
        folder, _, rest = name.partition("/")
        label, _, _ = rest.partition("/")
        if folder == part and label in numbers:
            labels[name] = numbers[label]
    if not labels:
        raise LisaError(f"{path} holds no images below {part}/<class>/, e.g. {part}/cat/0000.jpg")
    pixels = room_for(len(labels), _SIDE, _SIDE, str(path))
    decoded = decode_into(pixels, [files[name] for name in labels], _as_it_is)
    if not decoded.good.all():
        broken = [name for name, good in zip(labels, decoded.good, strict=True) if not good]
        raise LisaError(
            f"{path}: {len(broken):,} of {len(labels):,} files of its {part} part are no images of "
            f"32 × 32 pixels: {listing(broken)}"
        )
    return {part: torch.from_numpy(pixels), f"{part}_labels": torch.tensor(list(labels.values()))}


def _as_it_is(image: Image.Image) -> Image.Image:
    if image.size != (_SIDE, _SIDE):
        raise ValueError("of another size")
    return image


def _members(content: bytes, path: Path) -> Iterator[tuple[str, bytes]]:
    """Return names and contents of the plain files in an archive; nothing is written to disk."""
    try:
        with tarfile.open(fileobj=io.BytesIO(content), mode="r:*") as archive:
            for member in archive:
                file = archive.extractfile(member) if member.isreg() else None
                if file is not None:
                    yield member.name.removeprefix("./"), file.read()
    except (tarfile.TarError, OSError, EOFError, zlib.error) as error:
        raise LisaError(f"{path} is a damaged archive: {error}") from error


def _fetched(request: Request) -> Path:
    """Return the archive, downloaded."""
    why = ""
    if (other := request.find(BELOW, PYTHON)) is not None:
        why = (
            f"{other} is the Python version: it holds pickles, which can run code and are not "
            f"read; the binary version ({ARCHIVE}) holds the same images."
        )
    if request.download:
        target = request.target / "cifar10" / ARCHIVE
        request.notify(f"downloading CIFAR-10 (170 MB) to {target.parent}")
        try:
            fetch(URLS, target, verified)
        except LisaError as error:
            why = f"{why} {error}.".strip()
        else:
            return target
    files = f"{ARCHIVE} (or unpacked: {FOLDER}/{TRAIN[0]} … {TEST})"
    raise LisaError(missing("CIFAR-10", files, request, below="cifar10", why=why))


def _sized(part: Part, size: int | None) -> Part:
    return part if size is None else Part(resized(part.images, size), part.labels)
