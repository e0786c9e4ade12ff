"""MNIST: 70,000 handwritten digits, 28 × 28, grey (LeCun, Cortes & Burges, 1998)."""

import gzip
import math
import zlib
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from image_lisa.data.base import ImageSource, Part
from image_lisa.data.download import check_md5, fetch
from image_lisa.data.pictures import padded, resized
from image_lisa.data.places import Request, missing
from shared.common.errors import LisaError
from shared.runs.files import read_file

CHECKSUMS: Mapping[str, str] = MappingProxyType(
    {
        "train-images-idx3-ubyte": "6bbc9ace898e44ae57da46a324031adb",
        "train-labels-idx1-ubyte": "a25bea736e30d166cdddb491f175f624",
        "t10k-images-idx3-ubyte": "2646ac647ad5339dbf082846283269ea",
        "t10k-labels-idx1-ubyte": "27ae3e4e09519cfbb04c329615203637",
    }
)
"""MD5 of the files' content, unpacked: gzip packs the same content in many ways."""

MIRRORS = (
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
)

BELOW = ("", "mnist", "MNIST/raw", "mnist/MNIST/raw")
"""Sub-folders the files are looked for in; torchvision makes the last two."""

_BYTES = 8
"""The code of unsigned bytes in the magic number of an IDX file."""

_PADDED = 32
"""Up to this size images are padded, beyond it and below their own they are resized."""


def load(request: Request) -> ImageSource:
    """Return MNIST from its four official files, gzipped or not, which are downloaded if need be.

    A size above 28 and up to 32 is reached by black pixels around, any other by resizing.

    Raises:
        LisaError: Files are missing, damaged or not MNIST's.
    """
    paths = _locate(request)
    found = {name: parse_idx(verified(read_file(path), path), path) for name, path in paths.items()}
    names = iter(CHECKSUMS)
    train, test = (_part(found[next(names)], found[next(names)], request.size) for _ in range(2))
    return ImageSource(train=train, test=test, classes=tuple("0123456789"))


def unpacked(content: bytes, path: Path) -> bytes:
    """Return the content of a file, unpacked if it is gzipped.

    Raises:
        LisaError: Naming `path`, if it is damaged.
    """
    if content[:2] != b"\x1f\x8b":
        return content
    try:
        return gzip.decompress(content)
    except (OSError, EOFError, zlib.error) as error:
        raise LisaError(f"{path} is a damaged gzip file: {error}") from error


def verified(content: bytes, path: Path) -> bytes:
    """Return the unpacked content of a file of MNIST, if it is the official one.

    Raises:
        LisaError: Naming the file, the checksum it should have and the one it has.
    """
    content = unpacked(content, path)
    what = f"{path} is not the file of MNIST: the MD5 of its unpacked content"
    check_md5(content, CHECKSUMS[_plain_name(path)], what)
    return content


def parse_idx(content: bytes, path: Path) -> NDArray[np.uint8]:
    """Return the array of bytes in an IDX file: a magic number, the dimensions, then the bytes.

    Raises:
        LisaError: Naming `path` and what is wrong.
    """
    if len(content) < 4 or content[:2] != b"\0\0" or content[3] == 0:
        begin = content[:4].hex(" ") or "nothing"
        raise LisaError(f"{path} is no IDX file: it begins with {begin}, not with 00 00 08")
    if content[2] != _BYTES:
        raise LisaError(f"{path} is an IDX file of type {content[2]:#04x}, not of bytes (0x08)")
    head = 4 + 4 * content[3]
    if len(content) < head:
        raise LisaError(f"{path} ends within the {content[3]} dimensions of its IDX header")
    shape = tuple(int(side) for side in np.frombuffer(content[4:head], ">u4"))
    expected = head + math.prod(shape)
    if len(content) != expected:
        kind = "truncated" if len(content) < expected else "too long"
        raise LisaError(
            f"{path} is {kind}: {' × '.join(map(str, shape))} bytes and a header of {head} make "
            f"{expected:,}, but it has {len(content):,}"
        )
    return np.frombuffer(content, np.uint8, offset=head).reshape(shape)


def _locate(request: Request) -> dict[str, Path]:
    paths = {name: request.find(BELOW, _spellings(name)) for name in CHECKSUMS}
    lacking = [name for name, path in paths.items() if path is None]
    why = ""
    if lacking and request.download:
        request.notify(f"downloading MNIST to {request.target / 'mnist'}")
        try:
            for name in lacking:
                paths[name] = _fetched(name, request.target / "mnist")
        except LisaError as error:
            why = f"{error}."
    lacking = [name for name, path in paths.items() if path is None]
    if lacking:
        files = f"{', '.join(lacking)} (each with .gz or without)"
        raise LisaError(missing("MNIST", files, request, below="mnist", why=why))
    return {name: path for name, path in paths.items() if path is not None}


def _fetched(name: str, folder: Path) -> Path:
    target = folder / f"{name}.gz"
    fetch([f"{mirror}{target.name}" for mirror in MIRRORS], target, verified)
    return target


def _spellings(name: str) -> list[str]:
    dotted = name.replace("-idx", ".idx")
    return [f"{stem}{suffix}" for stem in (name, dotted) for suffix in ("", ".gz")]


def _plain_name(path: Path) -> str:
    return path.name.removesuffix(".gz").replace(".idx", "-idx")


def _part(images: NDArray[np.uint8], labels: NDArray[np.uint8], size: int | None) -> Part:
    return Part(_sized(torch.tensor(images)[:, None], size), torch.tensor(labels).long())


def _sized(images: Tensor, size: int | None) -> Tensor:
    if size is None:
        return images
    pads = images.shape[-1] < size <= _PADDED
    return padded(images, size) if pads else resized(images, size)
