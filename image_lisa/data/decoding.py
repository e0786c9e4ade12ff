"""From image files of any kind to arrays of bytes."""

import io
import math
import os
import warnings
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from shared.common.errors import LisaError

_LONG = 257
"""Sixteen bits to eight: 65,535 = 255 · 257."""

_NAMED = 10
"""Files that a message names."""


@dataclass(frozen=True)
class Decoded:
    """How the decoding of several images went.

    Attributes:
        good: `[n]`, whether an image could be decoded.
        grey: `[n]`, whether it has no colours.
    """

    good: NDArray[np.bool_]
    grey: NDArray[np.bool_]


def read_image(source: Path | bytes) -> Image.Image:
    """Return an image upright and in mode L (grey) or RGB; of several frames the first.

    Sixteen-bit grey is scaled and rounded to bytes. What is transparent shows white behind it.

    Raises:
        Exception: Of many kinds, Pillow's, if the file is damaged or no image.
    """
    with Image.open(io.BytesIO(source) if isinstance(source, bytes) else source) as opened:
        image = ImageOps.exif_transpose(opened)
    if image.mode.startswith("I"):
        return Image.fromarray(_to_bytes(np.asarray(image) / _LONG))
    if image.mode == "F":
        return Image.fromarray(_to_bytes(np.asarray(image) * 255.0))
    mode = "L" if image.mode in ("1", "L", "LA", "La") else "RGB"
    if image.has_transparency_data:
        behind = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(behind, image.convert("RGBA")).convert("RGB")
    return image.convert(mode)


def cropped(image: Image.Image, width: int, height: int) -> Image.Image:
    """Return the middle of an image."""
    left, top = (image.width - width) // 2, (image.height - height) // 2
    return image.crop((left, top, left + width, top + height))


def squared(image: Image.Image, size: int) -> Image.Image:
    """Return the largest square in the middle, resized: bilinear, antialiased, rounded."""
    side = min(image.size)
    square = cropped(image, side, side)
    return square.resize((size, size), Image.Resampling.BILINEAR)


def room_for(count: int, height: int, width: int, what: str) -> NDArray[np.uint8]:
    """Return memory for images, `[count, 3, height, width]`.

    Raises:
        LisaError: The machine has not that much.
    """
    needed = count * 3 * height * width
    # A system may promise more than it has and end the process later.
    if needed > _memory():
        raise LisaError(
            f"{what}: {count:,} images of {height} × {width} need {needed / 2**30:.1f} GiB of "
            "memory, more than this machine has; a smaller --size needs less"
        )
    return np.empty((count, 3, height, width), np.uint8)


def decode_into(
    pixels: NDArray[np.uint8],
    sources: Sequence[Path] | Sequence[bytes],
    prepare: Callable[[Image.Image], Image.Image],
) -> Decoded:
    """Decode images into an array, in several threads; those that cannot be are left out.

    Args:
        pixels: `[n, 3, height, width]`, written to; grey images have three equal channels.
        sources: n files or their contents.
        prepare: Brings an image to height and width, or raises ValueError to leave it out.
    """
    good, grey = np.zeros(len(sources), bool), np.zeros(len(sources), bool)

    def fill(place: int) -> None:
        try:
            image = prepare(read_image(sources[place]))
        except MemoryError:
            raise
        except Exception:  # whatever a damaged file makes Pillow raise
            return
        grey[place] = image.mode == "L"
        array = np.asarray(image)
        pixels[place] = array if grey[place] else array.transpose(2, 0, 1)
        good[place] = True

    with warnings.catch_warnings(), ThreadPoolExecutor(min(16, os.cpu_count() or 1)) as pool:
        warnings.simplefilter("ignore")  # Pillow's, on files that it reads or refuses anyway
        for _ in pool.map(fill, range(len(sources))):
            pass
    return Decoded(good, grey)


def listing(names: Iterable[str]) -> str:
    """Return some names for a message: the first ten and how many more."""
    named = list(names)
    more = f" and {len(named) - _NAMED:,} more" if len(named) > _NAMED else ""
    return ", ".join(named[:_NAMED]) + more


def _memory() -> float:
    """Return bytes of memory in this machine, where the system tells."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):
        return math.inf


def _to_bytes(values: NDArray[np.floating]) -> NDArray[np.uint8]:
    rounded: NDArray[np.floating] = np.rint(values)
    if not (rounded.min() >= 0 and rounded.max() <= 255):
        raise ValueError("pixels outside the range of their kind")
    return rounded.astype(np.uint8)
