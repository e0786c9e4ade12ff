"""Features of networks whose weights were published, read from a file that is verified first."""

from pathlib import Path
from typing import ClassVar, Self

import torch
from torch import Tensor, nn

from image_lisa.evaluation.extractor import FeatureExtractor
from image_lisa.evaluation.weights import load_tensors, read_tensors_of, verify
from shared.common.errors import LisaError


class PublishedFeatures(FeatureExtractor):
    """The features of a network of which the weights were published.

    Attributes:
        network: Builds it.
        title: What messages call it.
        weights_title: What they call its weights.
        sha256: The checksum of the file of weights.
        advice: Where the file comes from.
        without: How names of tensors begin that are not needed: those of the last layer.
    """

    network: ClassVar[type[nn.Module]]
    title: ClassVar[str]
    weights_title: ClassVar[str]
    sha256: ClassVar[str]
    advice: ClassVar[str]
    without: ClassVar[str]

    @classmethod
    def read(
        cls, path: Path, device: torch.device | str = "cpu", *, sha256: str | None = None
    ) -> Self:
        """Read the weights from their file.

        Args:
            path: Of the file.
            device: Where the network runs.
            sha256: The checksum that the file must have; by default that of the published one.

        Raises:
            LisaError: If there is no such file, it is another one, or its tensors are not those
                of the network.
        """
        verify(path, sha256 or cls.sha256, cls.weights_title, cls.advice)
        net = cls.network()
        load_tensors(net, read_tensors_of(path), path, cls.weights_title, without=cls.without)
        return cls(net, device)

    def check(self, images: Tensor) -> None:
        """Refuse images that are neither grey nor of three colours."""
        if images.ndim != 4 or images.shape[1] not in (1, 3):
            raise LisaError(
                f"{self.title} takes images [n, channel, height, width] of 1 or 3 channels, "
                f"not {list(images.shape)}"
            )
