"""CelebA: 202,599 faces in colour, 64 × 64 (Liu, Luo, Wang & Tang, 2015, arXiv 1411.7766)."""

import hashlib
import os
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from image_lisa.data.base import ImageSource, Part
from image_lisa.data.cache import kept
from image_lisa.data.decoding import cropped, decode_into, listing, room_for, squared
from image_lisa.data.places import Request, missing
from shared.common.errors import LisaError
from shared.runs.files import read_file

IMAGES = "img_align_celeba"
PARTITION = "list_eval_partition.txt"
BELOW = ("", "celeba", "CelebA")

ALL = 202_599
WIDTH, HEIGHT = 178, 218
CROP = 140
SIZE = 64

_CHUNK = 20_000
"""Images that are decoded, kept and read together, so that little lies beside them in memory."""

_PARTS = {"0": 0, "1": 1, "2": 2}


def load(request: Request) -> ImageSource:
    """Return CelebA from the official layout, in the official parts, without labels.

    The middle 140 × 140 pixels of each aligned image are resized to 64 × 64, or to the size
    asked for: bilinear, antialiased. It may not be passed on, so it is not downloaded.

    Raises:
        LisaError: Files are missing, damaged or not those that the partition lists.
    """
    folder, partition = _locate(request)
    listed = parse_partition(read_file(partition), partition)
    fingerprint = _compare(folder, partition, listed)
    size = SIZE if request.size is None else request.size
    notes: list[str] = []
    if len(listed) != ALL:
        notes.append(f"{partition} lists {len(listed):,} images, the whole CelebA has {ALL:,}")
    images = _images([folder / name for name in listed], size, fingerprint, request, notes)
    parts = np.array(list(listed.values()))
    train, valid, test = (Part(_rows(images, parts == number)) for number in range(3))
    return ImageSource(train=train, valid=valid, test=test, notes=tuple(notes))


def parse_partition(content: bytes, path: Path) -> dict[str, int]:
    """Return the part of each image by its name: 0 train, 1 validation, 2 test.

    Raises:
        LisaError: Naming `path` and the line that is not `000001.jpg 0`, or a part without images.
    """
    listed: dict[str, int] = {}
    for number, line in enumerate(content.decode("utf-8", "replace").splitlines(), start=1):
        words = line.split()
        if not words:
            continue
        if len(words) != 2 or words[1] not in _PARTS or Path(words[0]).name != words[0]:
            raise LisaError(
                f"{path}, line {number}: expected the name of an image and 0, 1 or 2, as in "
                f"'000001.jpg 0', not '{line.strip()[:80]}'"
            )
        if words[0] in listed:
            raise LisaError(f"{path}, line {number}: {words[0]} is listed twice")
        listed[words[0]] = _PARTS[words[1]]
    if set(listed.values()) != set(_PARTS.values()):
        raise LisaError(f"{path} must list images of all parts: 0 train, 1 validation, 2 test")
    return listed


def _locate(request: Request) -> tuple[Path, Path]:
    below = [f"{place}/{inner}".strip("/") for place in BELOW for inner in ("", "Img", "Eval")]
    folder, partition = request.find(below, [IMAGES]), request.find(below, [PARTITION])
    if folder is not None and (folder / IMAGES).is_dir():
        folder = folder / IMAGES
    if folder is None or partition is None or not folder.is_dir():
        why = "It may not be passed on: get both from its authors' page, 'Align&Cropped Images'."
        if (packed := request.find(below, [f"{IMAGES}.zip"])) is not None:
            why = f"{packed} must be unpacked. {why}"
        lacking = [
            name
            for name, path in ((f"{IMAGES}/*.jpg", folder), (PARTITION, partition))
            if path is None or not path.exists()
        ]
        files = " and ".join(lacking) or f"the folder {IMAGES}"
        raise LisaError(missing("CelebA", files, request, below="celeba", why=why))
    return folder, partition


def _compare(folder: Path, partition: Path, listed: dict[str, int]) -> str:
    """Return a fingerprint of the files, once they are known to be those that are listed."""
    try:
        found = {
            entry.name: entry.stat()
            for entry in os.scandir(folder)
            if entry.name.lower().endswith(".jpg") and not entry.name.startswith(".")
        }
    except OSError as error:
        raise LisaError(f"cannot read {folder}: {error.strerror or error}") from error
    lacking = [name for name in listed if name not in found]
    if lacking:
        raise LisaError(
            f"{folder} lacks {len(lacking):,} of the {len(listed):,} images that {partition} "
            f"lists: {listing(lacking)}"
        )
    others = sorted(name for name in found if name not in listed)
    if others:
        raise LisaError(
            f"{partition} does not list {len(others):,} of the {len(found):,} images in {folder}, "
            f"so it is not whole: {listing(others)}"
        )
    digest = hashlib.sha256()
    for name in listed:
        digest.update(f"{name} {found[name].st_size} {found[name].st_mtime_ns}\n".encode())
    return digest.hexdigest()


def _images(
    paths: list[Path], size: int, fingerprint: str, request: Request, notes: list[str]
) -> Tensor:
    """Return all images, `[n, 3, size, size]`, each chunk kept as soon as it is decoded."""
    images = torch.from_numpy(room_for(len(paths), size, size, "CelebA"))
    for start in range(0, len(paths), _CHUNK):
        chunk = paths[start : start + _CHUNK]

        def build(chunk: list[Path] = chunk, start: int = start) -> dict[str, Tensor]:
            request.notify(f"decoding CelebA: {start:,} of {len(paths):,} images")
            return {"images": _decoded(chunk, size)}

        name = f"celeba-{size}-{start // _CHUNK:02}"
        source = f"{fingerprint} {start} {len(chunk)} {CROP} {size}"
        images[start : start + len(chunk)] = kept(name, source, build, notes)["images"]
    return images


def _decoded(paths: list[Path], size: int) -> Tensor:
    pixels = room_for(len(paths), size, size, "CelebA")

    def prepare(image: Image.Image) -> Image.Image:
        if image.size != (WIDTH, HEIGHT):
            raise ValueError("not an aligned and cropped image")
        return squared(cropped(image, CROP, CROP), size)

    decoded = decode_into(pixels, paths, prepare)
    if not decoded.good.all():
        broken = [path.name for path, good in zip(paths, decoded.good, strict=True) if not good]
        raise LisaError(
            f"{paths[0].parent}: {len(broken):,} files are damaged or no images of "
            f"{WIDTH} × {HEIGHT} pixels: {listing(broken)}; unpack the official archive again"
        )
    return torch.from_numpy(pixels)


def _rows(images: Tensor, mask: NDArray[np.bool_]) -> Tensor:
    """Return some images; without a copy where they lie together, as the official parts do."""
    rows = np.flatnonzero(mask)
    first, last = int(rows[0]), int(rows[-1])
    if last - first + 1 == len(rows):
        return images[first : last + 1]
    return images[torch.from_numpy(rows)]
