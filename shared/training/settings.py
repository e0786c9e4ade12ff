"""How long and how a net is trained."""

import math
import os
from dataclasses import asdict, dataclass
from typing import Any, Literal

from shared.common.errors import LisaError

Schedule = Literal["cosine", "constant", "plateau"]
Precision = Literal["32-true", "bf16-mixed", "16-mixed", "64-true"]
Device = Literal["auto", "cpu", "cuda", "mps"]

_LEAST = {
    "epochs": 1,
    "batch_size": 2,
    "devices": 1,
    "valid_epochs": 1,
    "patience": 0,
    "kl_warmup": 0,
}
"""The least that settings may be."""


@dataclass(frozen=True)
class Training:
    """How long and how a net is trained; the same for every method.

    Attributes:
        epochs: Passes over the training data.
        batch_size: Examples a step, over all devices together.
        learning_rate: Of Adam, at its highest.
        schedule: `cosine` warms up over the first fiftieth and falls to zero along a cosine,
            `plateau` multiplies by 0.2 when the validation loss has not fallen for more than three
            epochs.
        seed: Of the order of the data and of all that a method draws.
        precision: What Lightning Fabric calls it: 32-true, bf16-mixed, 16-mixed, 64-true.
        device: One of auto, cpu, cuda and mps.
        devices: How many of them, on all machines together.
        checkpoint_seconds: The longest time between two checkpoints; one comes after a validation
            if a quarter of that time has passed, and one at the end.
        valid_epochs: Epochs from one validation, with its row of metrics, to the next; the last
            epoch has one, too.
        patience: Epochs without a lower validation loss after which the training ends; 0 for never.
        kl_warmup: Epochs over which the weight of a variational method's divergence rises to its
            full size, step by step, from nearly 0; 0 for the full weight from the first step.
        augment: How far examples are varied in training, see `Autoencoder.augmented`; 0 for not at
            all, 0.5 at most.
    """

    epochs: int = 20
    batch_size: int = 500
    learning_rate: float = 1e-3
    schedule: Schedule = "cosine"
    seed: int = 0
    precision: Precision = "32-true"
    device: Device = "auto"
    devices: int = 1
    checkpoint_seconds: float = 30.0
    valid_epochs: int = 1
    patience: int = 0
    kl_warmup: float = 0.0
    augment: float = 0.0

    def identity(self) -> dict[str, Any]:
        """Return the settings that decide which weights a training ends with, by name."""
        free = ("device", "checkpoint_seconds")
        return {name: value for name, value in asdict(self).items() if name not in free}

    def __post_init__(self) -> None:
        for name, least in _LEAST.items():
            if not least <= getattr(self, name) < math.inf:
                raise LisaError(f"{name} must be at least {least}, not {getattr(self, name)}")
        if not 0 <= self.augment <= 0.5:
            raise LisaError(f"augment must be from 0 to 0.5, not {self.augment}")
        if not 0 < self.learning_rate < math.inf:
            raise LisaError(f"the learning rate must be above 0, not {self.learning_rate}")
        if self.batch_size % self.devices:
            raise LisaError(
                f"the batch of {self.batch_size} cannot be shared evenly by {self.devices} devices"
            )
        if self.devices % machines():
            raise LisaError(
                f"{self.devices} devices cannot be shared evenly by {machines()} machines"
            )
        if self.device in ("cuda", "mps"):
            _check_device(self.device, self.devices // machines())


def machines() -> int:
    """Return how many machines torchrun started this command on."""
    return int(os.environ.get("GROUP_WORLD_SIZE", "1"))


def _check_device(device: Device, devices: int) -> None:
    """Refuse devices that are not there; torch, which knows, takes seconds to import."""
    import torch

    if device == "cuda" and not torch.cuda.is_available():
        raise LisaError("there is no CUDA device here; use --device cpu")
    if device == "cuda" and devices > torch.cuda.device_count():
        raise LisaError(f"there are {torch.cuda.device_count()} CUDA devices here, not {devices}")
    if device == "mps" and not torch.backends.mps.is_available():
        raise LisaError("there is no MPS device here; use --device cpu")
