"""What every network on images shares: bytes in, numbers in [0, 1] out, and their loss."""

import abc
import math
from collections.abc import Iterable

import torch
from torch import Tensor, nn
from torch.nn import functional

from shared.common.errors import LisaError
from shared.methods.autoencoder import Autoencoder

Shape = tuple[int, int, int]
"""Channels, height and width of an image."""

MOVED, TURNED, RESIZED = 1 / 8, math.pi / 12, 0.1
"""How far a view may differ: share of height and width, radians, logarithm of the size."""


class ImageAutoencoder(Autoencoder, abc.ABC):
    """An autoencoder of images `[batch, channel, height, width]` with entries in [0, 1].

    Subclasses give `encoder`, which maps images to `[batch, width]`, and `decoder`, which maps
    codes to numbers before the last sigmoid, at least as high and wide as the image.

    Attributes:
        dim: The code size.
        shape: Of an image.
        encoder: Images to what the method reads codes from.
        decoder: Codes to logits.
    """

    has_views = True
    encoder: nn.Module
    decoder: nn.Module

    def __init__(self, shape: Shape, dim: int) -> None:
        super().__init__()
        if min(shape) < 1 or min(shape[1:]) < 4:
            raise LisaError(
                f"images must have a channel and at least 4 × 4 pixels, not {_sizes(shape)}"
            )
        self.shape, self.dim = shape, dim
        self.input_shape = shape
        self.outputs = shape[0] * shape[1] * shape[2]

    def prepare(self, x: Tensor) -> Tensor:
        """Turn images in bytes into numbers in [0, 1], of the weights' type.

        Numbers stay as they are.
        """
        return x.to(next(self.parameters()).dtype) / 255 if x.dtype == torch.uint8 else x

    def augmented(self, x: Tensor, share: float) -> Tensor:
        """Return images mirrored left to right half of the time, and moved by up to a share.

        What comes in at a border is the image mirrored there. Each image has draws of its own.

        Args:
            x: Images `[batch, channel, height, width]`.
            share: Of height and width, from 0 to 0.5.
        """
        height, width = x.shape[-2:]
        down, across = int(share * height), int(share * width)
        mirrored = torch.rand(len(x), device=x.device) < 0.5
        x = torch.where(mirrored[:, None, None, None], x.flip(-1), x)
        padded = functional.pad(x, (across, across, down, down), mode="reflect")
        tops = torch.randint(2 * down + 1, (len(x),)).tolist()
        lefts = torch.randint(2 * across + 1, (len(x),)).tolist()
        return torch.stack(
            [
                image[:, top : top + height, left : left + width]
                for image, top, left in zip(padded, tops, lefts, strict=True)
            ]
        )

    def view(self, x: Tensor) -> Tensor:
        """Return images moved by up to an eighth, turned by up to 15° and resized by up to a tenth.

        Coloured ones are mirrored half of the time. What comes in at a border is the image mirrored
        there. Each image has draws of its own.
        """
        angle, size, across, down = (
            most * (2 * torch.rand(len(x), dtype=x.dtype) - 1)
            for most in (TURNED, RESIZED, 2 * MOVED, 2 * MOVED)
        )
        mirrored = torch.where(torch.rand(len(x)) < (0.5 if x.shape[1] > 1 else 0.0), -1.0, 1.0)
        cos, sin = torch.cos(angle) * torch.exp(size), torch.sin(angle) * torch.exp(size)
        rows = (cos * mirrored, -sin, across, sin * mirrored, cos, down)
        maps = torch.stack(rows, 1).reshape(-1, 2, 3).to(x)
        places = functional.affine_grid(maps, list(x.shape), align_corners=False)
        return functional.grid_sample(x, places, padding_mode="reflection", align_corners=False)

    def encode(self, x: Tensor) -> Tensor:
        """Return codes of images; see `Autoencoder.encode`."""
        z: Tensor = self.encoder(x)
        return z

    def decode(self, u: Tensor) -> Tensor:
        """Return images in [0, 1] of codes `[batch, dim]`."""
        logits: Tensor = self.decoder(u)
        return torch.sigmoid(logits[..., : self.shape[1], : self.shape[2]])

    def reconstruction_loss(self, x: Tensor, decoded: Tensor) -> Tensor:
        """Return ½ Σ (x − x̂)² over all pixels and channels, `[batch]`."""
        return 0.5 * (x - decoded).square().flatten(1).sum(1)

    def decoder_parameters(self) -> Iterable[nn.Parameter]:
        """Return the weights of the decoder."""
        return self.decoder.parameters()


def _sizes(shape: Shape) -> str:
    return " × ".join(str(size) for size in shape)
