"""The layers of small images: patches, one strided convolution and one hidden layer each way."""

from typing import Final

from torch import nn

from image_lisa.models.networks.base import Shape
from image_lisa.models.networks.parts import hidden_layer, normalised, padded

SIZES: Final = (32, 64, 256)
"""Channels of the grid of patches and of half the grid, and units of the hidden layers."""


def patch_layers(
    shape: Shape, dim: int, width: int, patch: int, sizes: tuple[int, int, int] = SIZES
) -> tuple[nn.Module, nn.Module]:
    """Return an encoder and a decoder of images cut into patches.

    A convolution halves the grid of patches and a hidden layer leads to the code. The decoder
    mirrors it, its patches overlapping by half. Layers are normalised over each example.

    Args:
        shape: Of an image.
        dim: The code size.
        width: How many numbers an image the encoder gives.
        patch: The side of a patch.
        sizes: See `SIZES`.
    """
    narrow, wide, hidden = sizes
    channels, *sides = shape
    grid = [-(-side // patch) for side in sides]
    half = [(side + 1) // 2 for side in grid]
    inner = wide * half[0] * half[1]
    encoder = nn.Sequential(
        padded(sides, grid, patch),
        nn.Conv2d(channels, narrow, patch, patch) if patch > 1 else _same(channels, narrow),
        *normalised(narrow),
        nn.Conv2d(narrow, wide, 3, 2, 1),
        *normalised(wide),
        nn.Flatten(),
        *hidden_layer(inner, hidden, width),
    )
    decoder = nn.Sequential(
        *hidden_layer(dim, hidden, inner),
        nn.LayerNorm(inner),
        nn.GELU(),
        nn.Unflatten(1, (wide, half[0], half[1])),
        nn.ConvTranspose2d(
            wide, narrow, 3, 2, 1, output_padding=(1 - grid[0] % 2, 1 - grid[1] % 2)
        ),
        *normalised(narrow),
        nn.ConvTranspose2d(narrow, channels, 2 * patch, patch, patch // 2)
        if patch > 1
        else _same(narrow, channels),
    )
    return encoder, decoder


def _same(channels: int, wider: int) -> nn.Module:
    return nn.Conv2d(channels, wider, 3, padding=1)
