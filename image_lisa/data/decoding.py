"""From image files of any kind to arrays of bytes."""

import io
import math
import os
import warnings
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from image_lisa.data.levels import DeepKind, Levels, Range
from shared.common.errors import LisaError

Value = TypeVar("Value")
Result = TypeVar("Result")

_ENDINGS = (
    *(".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".bmp", ".dib", ".webp", ".gif", ".apng"),
    *(".tif", ".tiff", ".avif", ".jp2", ".j2k", ".ppm", ".pgm", ".pbm", ".pnm", ".tga", ".qoi"),
    *(".heic", ".heif"),
)
"""Endings of image files, of which those count that Pillow reads with the plug-ins it has."""

_PREVIEWS = ("MPO",)
"""Formats whose further frames are previews that a camera adds."""

_NAMED = 10
"""Files that a message names."""


@dataclass(frozen=True)
class Decoded:
    """How the decoding of several images went.

    Attributes:
        good: `[n]`, whether an image could be decoded.
        grey: `[n]`, whether it has no colours.
        reasons: By number of the image, why it could not be decoded.
        several: `[n]`, whether there were several frames, of which the first was taken.
        clipped: `[n]`, whether it has values beyond black and white, which were clipped.
    """

    good: NDArray[np.bool_]
    grey: NDArray[np.bool_]
    reasons: dict[int, str]
    several: NDArray[np.bool_]
    clipped: NDArray[np.bool_]


@dataclass(frozen=True)
class Opened:
    """An image upright and in mode L (grey) or RGB.

    Attributes:
        image: The pixels.
        several: Whether its file holds several frames, of which this is the first.
        clipped: Whether it had values beyond black and white.
    """

    image: Image.Image
    several: bool
    clipped: bool


@cache
def endings() -> tuple[str, ...]:
    """Return the endings, in small letters, of image files that can be read here."""
    known = Image.registered_extensions()
    return tuple(ending for ending in _ENDINGS if known.get(ending) in Image.OPEN)


def read_image(source: Path | bytes, levels: Levels | None = None) -> Image.Image:
    """Return an image upright and in mode L (grey) or RGB; see `open_image`."""
    return open_image(source, levels).image


def open_image(source: Path | bytes, levels: Levels | None = None) -> Opened:
    """Read an image; of several frames the first.

    Images of more than eight bits are scaled by `levels` and rounded to bytes; without `levels`
    65,535 or 1.0 is white. What is transparent shows white behind it.

    Raises:
        Exception: Of many kinds, Pillow's, if the file is damaged or no image.
    """
    levels = levels or Levels()
    with Image.open(io.BytesIO(source) if isinstance(source, bytes) else source) as opened:
        several = getattr(opened, "n_frames", 1) > 1 and opened.format not in _PREVIEWS
        kind = _kind_of(opened)
        image = ImageOps.exif_transpose(opened)
    clipped = False
    if kind == "colour" and levels.colour != Levels.colour:
        opaque = image.convert("RGBA") if image.has_transparency_data else image.convert("RGB")
        scaled, clipped = _scaled(np.asarray(opaque)[..., :3], levels.colour)
        image = Image.fromarray(scaled)
    elif kind in ("whole", "real"):
        scaled, clipped = _scaled(np.asarray(image), getattr(levels, kind))
        image = Image.fromarray(scaled)
    mode = "L" if image.mode in ("1", "L", "LA", "La") else "RGB"
    if image.has_transparency_data:
        behind = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(behind, image.convert("RGBA")).convert("RGB")
    return Opened(image.convert(mode), several, clipped)


def deep_range(path: Path) -> tuple[DeepKind, Range] | None:
    """Return the kind of a deep image with its least and greatest value; None of any other file.

    Only the head of an image that is not deep is read.
    """
    try:
        with Image.open(path) as opened:
            kind = _kind_of(opened)
            if kind is None:
                return None
            values = np.asarray(opened.convert("RGB") if kind == "colour" else opened)
    except MemoryError:
        raise
    except Exception:  # whatever a damaged file makes Pillow raise; decoding says why
        return None
    least, most = float(values.min()), float(values.max())
    return (kind, (least, most)) if math.isfinite(least) and math.isfinite(most) else None


def cropped(image: Image.Image, width: int, height: int) -> Image.Image:
    """Return the middle of an image."""
    left, top = (image.width - width) // 2, (image.height - height) // 2
    return image.crop((left, top, left + width, top + height))


def fitted(image: Image.Image, height: int, width: int) -> Image.Image:
    """Return the largest part in the middle that has these proportions, resized.

    The interpolation is bilinear, antialiased, rounded.
    """
    if image.size == (width, height):
        return image
    scale = min(image.width / width, image.height / height)
    inner = (max(1, round(scale * width)), max(1, round(scale * height)))
    return cropped(image, *inner).resize((width, height), Image.Resampling.BILINEAR)


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
    levels: Levels | None = None,
) -> Decoded:
    """Decode images into an array, in several threads; those that cannot be are left out.

    Args:
        pixels: `[n, 3, height, width]`, written to; grey images have three equal channels.
        sources: n files or their contents.
        prepare: Brings an image to height and width, or raises ValueError to leave it out.
        levels: Of deep images; see `open_image`.
    """
    good, grey, several, clipped = (np.zeros(len(sources), bool) for _ in range(4))
    reasons: dict[int, str] = {}

    def fill(place: int) -> None:
        try:
            opened = open_image(sources[place], levels)
            image = prepare(opened.image)
        except MemoryError:
            raise
        except Exception as error:  # whatever a damaged file makes Pillow raise
            reasons[place] = _reason(error)
            return
        several[place], clipped[place] = opened.several, opened.clipped
        grey[place] = image.mode == "L"
        array = np.asarray(image)
        pixels[place] = array if grey[place] else array.transpose(2, 0, 1)
        good[place] = True

    in_threads(fill, range(len(sources)))
    return Decoded(good, grey, reasons, several, clipped)


def in_threads(function: Callable[[Value], Result], values: Iterable[Value]) -> list[Result]:
    """Apply a function that reads images to each value, in several threads."""
    with warnings.catch_warnings(), ThreadPoolExecutor(min(16, os.cpu_count() or 1)) as pool:
        warnings.simplefilter("ignore")  # Pillow's, on files that it reads or refuses anyway
        return list(pool.map(function, values))


def listing(names: Iterable[str]) -> str:
    """Return some names for a message: the first ten and how many more."""
    named = list(names)
    more = f" and {len(named) - _NAMED:,} more" if len(named) > _NAMED else ""
    return ", ".join(named[:_NAMED]) + more


def _kind_of(opened: Image.Image) -> DeepKind | None:
    """Return which kind of deep image an opened file is; None of eight bits."""
    if opened.mode.startswith("I"):
        return "whole"
    if opened.mode == "F":
        return "real"
    # What a decoder knows of the file's pixels, as in RGB;16B; the modes of images do not say.
    arguments = [str(getattr(tile, "args", "")) for tile in getattr(opened, "tile", ())]
    return "colour" if any(";16" in text for text in arguments) else None


def _scaled(values: NDArray[np.generic], levels: Range) -> tuple[NDArray[np.uint8], bool]:
    """Return bytes of values between black and white, and whether some had to be clipped."""
    black, white = levels
    scaled = (values.astype(np.float64) - black) * (255.0 / (white - black))
    if not np.isfinite(scaled).all():
        raise ValueError("pixels that are not finite")
    rounded = np.rint(scaled)
    clipped = bool((rounded < 0).any() or (rounded > 255).any())
    return rounded.clip(0, 255).astype(np.uint8), clipped


def _reason(error: Exception) -> str:
    """Return in a few words why an image could not be decoded."""
    if isinstance(error, UnidentifiedImageError):
        return "no image that Pillow knows"
    if isinstance(error, Image.DecompressionBombError):
        return "too large"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    text = str(error).splitlines()[0] if str(error) else type(error).__name__
    return text[:80]


def _memory() -> float:
    """Return bytes of memory in this machine, where the system tells."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):
        return math.inf
