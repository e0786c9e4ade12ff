"""What turns images into the features that distances are measured on."""

import abc
from typing import ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from image_lisa.evaluation.pixels import to_eight_bits

ACCELERATED = 16
"""Images at a time on an accelerator for each one on a processor."""


class FeatureExtractor(abc.ABC):
    """A trained network in evaluation mode that gives features of images.

    Attributes:
        distance: What the Fréchet distance on its features is called, everywhere.
        batch: How many images are taken at a time on a processor, so few that what its layers
            compute stays in the cache; `ACCELERATED` times as many elsewhere.
    """

    distance: ClassVar[str]
    batch: ClassVar[int]

    def __init__(self, net: nn.Module, device: torch.device | str = "cpu") -> None:
        self.net = net.eval().requires_grad_(False).to(device)
        self.device = torch.device(device)

    @abc.abstractmethod
    def check(self, images: Tensor) -> None:
        """Refuse images that the network was not made for, with a LisaError."""

    @torch.no_grad()
    def features(self, images: Tensor) -> NDArray[np.float64]:
        """Compute the features of images, rounded to eight bits a pixel as if they were saved.

        Args:
            images: ``[n, channel, height, width]``, uint8 or floating point in [0, 1].

        Returns:
            Features ``[n, f]``, float64.

        Raises:
            LisaError: If they are no such images, or the network was not made for their shape.
        """
        self.check(images)
        size = self.batch if self.device.type == "cpu" else ACCELERATED * self.batch
        parts = (to_eight_bits(part).to(self.device) for part in images.split(size))
        return torch.cat([self.net(part).cpu().double() for part in parts]).numpy()
