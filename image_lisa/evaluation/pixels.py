"""Images as every feature extractor gets them: eight bits a pixel, as they are saved."""

import hashlib

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from image_lisa.data.values import check_values
from shared.common.errors import LisaError


def digest_of(images: Tensor, labels: NDArray[np.integer] | None = None) -> str:
    """Return the SHA-256 of images of bytes, and of their labels."""
    digest = hashlib.sha256(str(tuple(images.shape)).encode())
    digest.update(images.cpu().contiguous().numpy().data)
    if labels is not None:
        digest.update(np.asarray(labels).astype("<i8").tobytes())
    return digest.hexdigest()


def to_eight_bits(images: Tensor) -> Tensor:
    """Round images to eight bits; those that are bytes already are returned as they are.

    Args:
        images: ``[n, channel, height, width]``, uint8 or floating point in [0, 1].

    Returns:
        The images as uint8, on their device.

    Raises:
        LisaError: If the shape or type is another, there are none, or a value lies outside
            [0, 1] or is not a number.
    """
    if images.ndim != 4 or 0 in images.shape:
        raise LisaError(
            f"images must have shape [n, channel, height, width], not {list(images.shape)}"
        )
    check_values(images)
    if images.dtype == torch.uint8:
        return images
    return (255 * images).round().to(torch.uint8)
