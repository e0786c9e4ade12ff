"""What the values of images may be."""

import torch
from torch import Tensor

from shared.common.errors import LisaError


def check_values(images: Tensor) -> None:
    """Refuse images that are neither bytes nor numbers in [0, 1].

    Raises:
        LisaError: Naming their type, or the least and the greatest value.
    """
    if images.dtype == torch.uint8:
        return
    if not images.is_floating_point():
        raise LisaError(f"images must be uint8 or floating point, not {images.dtype}")
    least, most = float(images.min()), float(images.max())
    if not (least >= 0 and most <= 1):
        raise LisaError(f"images must lie in [0, 1], not from {least:g} to {most:g}")
