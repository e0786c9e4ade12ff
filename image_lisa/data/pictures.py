"""Images as tensors: bytes and numbers in [0, 1], sizes, grids, PNG files."""

import io
import math
from pathlib import Path

import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional

from shared.common.errors import LisaError
from shared.runs.files import write_atomically

_AT_ONCE = 4096
"""Images that are resized together, so that what lies between stays small."""


def to_bytes(images: Tensor) -> Tensor:
    """Return numbers in [0, 1] as bytes: rounded to the nearest, what lies outside clamped.

    Raises:
        LisaError: A number is NaN.
    """
    if bool(images.isnan().any()):
        raise LisaError("images hold NaN, so there are no pixels to show: the net has diverged")
    return (images.detach().float().clamp(0, 1) * 255).round().to(torch.uint8)


def resized(images: Tensor, size: int) -> Tensor:
    """Resize bytes `[n, channel, height, width]` to `[n, channel, size, size]`.

    The interpolation is bilinear and antialiased.
    """
    if images.shape[-2:] == (size, size):
        return images
    parts = [
        functional.interpolate(
            chunk.float(), (size, size), mode="bilinear", align_corners=False, antialias=True
        )
        for chunk in images.split(_AT_ONCE)
    ]
    return torch.cat([part.round().clamp(0, 255).to(torch.uint8) for part in parts])


def padded(images: Tensor, size: int) -> Tensor:
    """Return square images in the middle of `[n, channel, size, size]`, black around."""
    side = images.shape[-1]
    before = (size - side) // 2
    after = size - side - before
    return functional.pad(images, (before, after, before, after))


def grid(images: Tensor, columns: int | None = None, pad: int = 2, fill: int = 255) -> Tensor:
    """Return images side by side, row after row.

    Args:
        images: Bytes `[n, channel, height, width]`.
        columns: Images in a row; by default about as many as there are rows.
        pad: Pixels around each image.
        fill: Their brightness, 0 to 255.

    Returns:
        One image, bytes `[channel, height, width]`.

    Raises:
        LisaError: There are no images or no columns.
    """
    count = len(images)
    columns = math.ceil(math.sqrt(count)) if columns is None else columns
    if count < 1 or columns < 1:
        raise LisaError(f"{count} images in {columns} columns make no picture")
    columns = min(columns, count)
    rows = math.ceil(count / columns)
    _, channels, height, width = images.shape
    high, wide = height + pad, width + pad
    sheet = images.new_full((channels, rows * high + pad, columns * wide + pad), fill)
    for place, image in enumerate(images):
        top, left = pad + place // columns * high, pad + place % columns * wide
        sheet[:, top : top + height, left : left + width] = image
    return sheet


def save_png(path: Path, image: Tensor) -> None:
    """Write one image, bytes `[channel, height, width]` with 1 or 3 channels, whole or not at all.

    Raises:
        LisaError: It is no such image or cannot be written.
    """
    if image.dtype != torch.uint8 or image.ndim != 3 or image.shape[0] not in (1, 3):
        raise LisaError(
            "a PNG needs bytes [channel, height, width] with 1 or 3 channels, not "
            f"{image.dtype} {tuple(image.shape)}"
        )
    pixels = image.detach().cpu().permute(1, 2, 0).squeeze(2).contiguous().numpy()
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, format="PNG")
    write_atomically(path, buffer.getvalue())
