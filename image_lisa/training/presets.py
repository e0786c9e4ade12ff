"""How the networks are trained on the data sets unless the user says otherwise."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from shared.common.errors import LisaError
from shared.common.words import unknown
from shared.training.settings import Training

DIMS = {"mnist": 16, "cifar10": 128, "celeba": 64, "digits": 8}
"""Code sizes of the paper, and one for the small digits."""

SMALL_DIM, LARGE_DIM, LARGE = 64, 256, 3 * 28 * 28
"""Code sizes of other data: images of so many numbers and more are large."""

BATCH = 100
"""Images a step where there are many, and they are small."""

LEAST_BATCH = 16
"""The fewest images a step: the uniformity loss compares those of one step with each other."""

STEPS_A_PASS = 6
"""Into how many steps a pass over few images is cut at least."""

PIXELS_A_STEP = BATCH * 128 * 128
"""The most pixels a step: larger images share a batch with fewer others."""

ROWS = 25
"""Into how many stretches, each with a validation behind it, a training of many epochs is cut."""

FEW, LEAST_SIDE, AUGMENT = 5000, 28, 0.125
"""Fewer coloured images than these, of no smaller sides, are mirrored and moved by that share."""


@dataclass(frozen=True)
class Preset:
    """How a network is trained unless the user says otherwise.

    Attributes:
        epochs: Passes over a data set of many images.
        steps: The fewest steps, so that few images are passed over more often.
        learning_rate: Of Adam, at its highest.
        schedule: How it changes.
    """

    epochs: int
    steps: int
    learning_rate: float
    schedule: str


PRESETS = {
    "light": Preset(15, 2000, 2e-3, "cosine"),
    "paper": Preset(100, 2000, 1e-3, "plateau"),
}
"""By network. The paper's: 100 epochs, batch 100, Adam with decay on a plateau."""


MANY = 50_000
"""Images where it is not known how many there are."""


def check_settings(network: str, given: Mapping[str, Any]) -> Training:
    """Refuse settings that make no sense, before it is known how many images there are.

    Returns:
        The settings for `MANY` small images.

    Raises:
        LisaError: There is no such network, or a value makes no sense.
    """
    if network not in PRESETS:
        raise LisaError(unknown("network", network, PRESETS))
    return settled(network, MANY, (1, 1, 1), given)


def settled(
    network: str, images: int, shape: tuple[int, int, int], given: Mapping[str, Any] | None = None
) -> Training:
    """Return how a network is trained on so many images.

    What `given` leaves open is chosen: batches of a hundred images, fewer where a pass would have
    less than `STEPS_A_PASS` steps or a step more than `PIXELS_A_STEP`; the epochs of the preset, or
    as many as make its least steps; 25 validations or a few more; an end after a quarter of the
    epochs, ten at least, without a better one; a divergence that has its full weight after a tenth
    of them. Few coloured images are augmented.

    Args:
        network: A key of `PRESETS`.
        images: In the training part.
        shape: Of one: channels, height, width.
        given: Fields of `Training`; one that is None is chosen.

    Raises:
        LisaError: A value that was given makes no sense.
    """
    preset = PRESETS[network]
    values: dict[str, Any] = {
        "learning_rate": preset.learning_rate,
        "schedule": preset.schedule,
    }
    values |= {name: value for name, value in (given or {}).items() if value is not None}
    values.setdefault(
        "batch_size", chosen_batch(images, shape[1] * shape[2], values.get("devices", 1))
    )
    steps = max(1, images // max(1, values["batch_size"]))
    epochs = values.get("epochs", max(preset.epochs, math.ceil(preset.steps / steps)))
    between = max(1, epochs // ROWS)
    epochs = values.setdefault("epochs", math.ceil(epochs / between) * between)
    values.setdefault("valid_epochs", between)
    values.setdefault("patience", max(10, epochs // 4))
    values.setdefault("kl_warmup", epochs / 10)
    few = images < FEW and shape[0] > 1 and min(shape[1:]) >= LEAST_SIDE
    values.setdefault("augment", AUGMENT if few else 0.0)
    return Training(**values)


def code_size(dataset: str, shape: tuple[int, int, int]) -> int:
    """Return the code size d of a data set whose images have that shape, unless the user says."""
    return DIMS.get(dataset, LARGE_DIM if math.prod(shape) >= LARGE else SMALL_DIM)


def chosen_batch(images: int, pixels: int, devices: int = 1) -> int:
    """Return how many images a step takes, a multiple of the devices; see `settled`."""
    most = min(BATCH, PIXELS_A_STEP // max(1, pixels), images // STEPS_A_PASS)
    least = min(LEAST_BATCH, images)
    return max(most, least, 2 * devices) // devices * devices
