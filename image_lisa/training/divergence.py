"""Whether a training came to anything: one that diverged is no model to go on with."""

import math
from collections.abc import Sequence

import torch

from image_lisa.data import Images
from image_lisa.models.model import ImageModel
from shared.common.callbacks import MetricsRow
from shared.common.errors import LisaError

MANY_STEPS = 100
"""After so many steps a network that learns gives back more than one and the same image."""

WORSE = 1.5
"""How many times the error of the mean image is that of a network which has not learnt."""

_AT_ONCE = 100
"""Images whose pixels are numbers at a time."""


def check_finite(rows: Sequence[MetricsRow], best: float | None) -> None:
    """Refuse a training whose last or whose best validation loss is no number.

    Raises:
        LisaError: Naming the epoch.
    """
    last = rows[-1]
    if best is None or not math.isfinite(best) or not math.isfinite(last["valid_loss"]):
        raise LisaError(
            f"the training diverged: its validation loss at epoch {last['epoch']:.0f} is "
            f"{last['valid_loss']:.4g}; try a smaller learning rate"
        )


def check_learnt(model: ImageModel, images: Images, steps: int, ended_early: bool = False) -> None:
    """Refuse a model that gives validation images back much worse than the mean image would.

    A network whose outputs are stuck at black or white, as too large steps leave it, does; one
    whose codes tell nothing gives back the mean image, and is left to the user.

    Args:
        model: With the best weights.
        images: What it was trained on.
        steps: Taken in training; after less than `MANY_STEPS` nothing is expected yet.
        ended_early: Whether the validation loss had ceased to fall, so that something is.

    Raises:
        LisaError: Naming both errors.
    """
    if steps < MANY_STEPS and not ended_early:
        return
    error = float(model.reconstruction_losses(images.valid).mean())
    mean = mean_image_error(images)
    if error > WORSE * mean:
        raise LisaError(
            f"the training diverged: after {steps:,} steps the error of validation images, "
            f"{error:.4g}, is above that of the mean image, {mean:.4g}; try a smaller learning "
            "rate, or more epochs if it is small already"
        )


def mean_image_error(images: Images) -> float:
    """Return ½ Σ (x − m)² of validation images, with m the mean of the training images."""
    mean = torch.zeros(images.shape, dtype=torch.float64)
    for part in images.train.cpu().split(_AT_ONCE):
        mean += part.double().sum(0) / (255 * len(images.train))
    errors = [
        0.5 * (part.double() / 255 - mean).square().flatten(1).sum(1)
        for part in images.valid.cpu().split(_AT_ONCE)
    ]
    return float(torch.cat(errors).mean())
