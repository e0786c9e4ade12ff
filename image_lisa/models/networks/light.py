"""A network that trains small images in minutes on two processor cores, and large ones too."""

import math
from typing import Final

from torch import Tensor, nn
from torch.nn import functional

from image_lisa.models.networks.base import ImageAutoencoder, Shape
from image_lisa.models.networks.grid_codes import CodeToGrid, GridToCode
from image_lisa.models.networks.memory_order import ChannelsLast
from image_lisa.models.networks.parts import normalised, padded
from image_lisa.models.networks.patches import patch_layers

GRID: Final = 7
"""The least side of the grid that an image is brought to."""

DECODED_DOUBLINGS: Final = 4
"""How often the grid is doubled by layers with weights; what is missing to the image is resized."""

NARROW: Final = 64
"""Channels of the encoder's grid, and of the decoder's where images are not large."""

SMALL_PATCH: Final = 32
"""The most numbers of a patch with which patches do better than a residual network."""

THINNEST: Final = 8
"""The fewest channels of a layer of the decoder."""


class Light(ImageAutoencoder):
    """Residual blocks on a small grid, and resize-convolutions from there to the image.

    The encoder brings the image to a grid of 7 to 13 on a side: by patches, of a large image also
    by two strided convolutions. A residual block follows; then a hidden layer, which sees the whole
    image, and one linear map for all places make the code (`GridToCode`). The decoder goes back to
    the grid and doubles it with bilinear resizing, half as many channels each time and
    a residual block behind; no layer writes patches, so none are seen. Every resolution adds to the
    image, as in Karras et al. (2020), so that coarse colours are learnt in the first steps. Images
    of 224 pixels and more are decoded at half their size or less and resized.

    Small images, whose patches have 32 numbers at most (MNIST, of 28 × 28 in grey), pass
    `patch_layers` instead, which has less error on them at equal processor time. On CIFAR-10 the
    two are alike, on larger images the grid is better, and patches are seen;
    `scripts/compare_image_networks.py` measures it.

    Layers are normalised over each example, so that nothing depends on the batch: training in
    several processes is training in one.

    References:
        Odena, Dumoulin and Olah, Deconvolution and Checkerboard Artifacts, 2016.
        Karras et al., Analyzing and Improving the Image Quality of StyleGAN, 2020,
        arXiv:1912.04958.
    """

    def __init__(self, shape: Shape, dim: int, width: int) -> None:
        """Build the layers; `width` numbers an image come from the encoder."""
        super().__init__(shape, dim)
        times = doublings(min(shape[1:]))
        if shape[0] * 4**times <= SMALL_PATCH:
            self.encoder, self.decoder = patch_layers(shape, dim, width, 2**times)
        else:
            self.encoder, self.decoder = grid_layers(shape, dim, width, times)


def grid_layers(shape: Shape, dim: int, width: int, times: int) -> tuple[nn.Module, nn.Module]:
    """Return an encoder and a decoder of images that are a grid doubled so many times."""
    channels, *sides = shape
    grid = [-(-side // 2**times) for side in sides]
    wide = NARROW if times < DECODED_DOUBLINGS else 2 * NARROW
    hidden = 512 if math.prod(grid) <= 64 else 256
    encoder = nn.Sequential(
        padded(sides, grid, 2**times),
        ChannelsLast(),
        *_to_grid(channels, times),
        Residual(NARROW),
        GridToCode(NARROW, grid, hidden, dim, width),
    )
    decoder = nn.Sequential(
        CodeToGrid(wide, grid, hidden, dim),
        ChannelsLast(),
        Residual(wide),
        ToImage(wide, channels, times),
    )
    return encoder, decoder


def doublings(side: int) -> int:
    """Return how often a grid of seven or more on a side doubles to an image of that side."""
    return max(0, (side // GRID).bit_length() - 1)


class Residual(nn.Module):
    """Adds to `[batch, channel, height, width]` what a separable convolution makes of it."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.inner = nn.Sequential(
            nn.Conv2d(channels, channels, 3, padding=1, groups=channels),
            nn.GroupNorm(1, channels),
            nn.Conv2d(channels, 2 * channels, 1),
            nn.GELU(),
            nn.Conv2d(2 * channels, channels, 1),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Return the sum."""
        added: Tensor = self.inner(x)
        return x + added


class Doubling(nn.Module):
    """Resizes to twice the size, with other channels, and a residual block behind if wanted."""

    def __init__(self, channels: int, fewer: int, block: bool) -> None:
        super().__init__()
        self.before = nn.Sequential(*normalised(channels), nn.Conv2d(channels, fewer, 1))
        self.behind = Residual(fewer) if block else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        """Return `[batch, fewer, 2 · height, 2 · width]`."""
        x = _resized(self.before(x), 2)
        added: Tensor = self.behind(x)
        return added


class ToImage(nn.Module):
    """Doubles a grid until it is an image, to which every resolution adds its part."""

    def __init__(self, wide: int, channels: int, times: int) -> None:
        super().__init__()
        decoded = min(times, DECODED_DOUBLINGS)
        self.rest = 2 ** (times - decoded)
        sizes = [wide, *(max(THINNEST, wide // 2**k) for k in range(1, decoded + 1))]
        self.doublings = nn.ModuleList(
            Doubling(sizes[k], sizes[k + 1], block=k + 1 < decoded) for k in range(decoded)
        )
        self.parts = nn.ModuleList(nn.Conv2d(size, channels, 1) for size in sizes[:-1])
        self.parts.append(nn.Conv2d(sizes[-1], channels, 3, padding=1))

    def forward(self, x: Tensor) -> Tensor:
        """Return logits of the image, or of one a little larger."""
        image: Tensor = self.parts[0](x)
        for doubling, part in zip(self.doublings, self.parts[1:], strict=True):
            x = doubling(x)
            image = _resized(image, 2) + part(x)
        return image if self.rest == 1 else _resized(image, self.rest)


def _to_grid(channels: int, times: int) -> list[nn.Module]:
    """Return layers from the image to the grid, of large images with two strided convolutions."""
    strided = 2 if times >= 3 else 0
    patch, size = 2 ** (times - strided), NARROW // 2**strided
    layers: list[nn.Module] = [nn.Conv2d(channels, size, patch, patch)]
    for _ in range(strided):
        layers += [*normalised(size), nn.Conv2d(size, 2 * size, 3, 2, 1)]
        size *= 2
    return [*layers, *normalised(size)]


def _resized(x: Tensor, times: int) -> Tensor:
    resized: Tensor = functional.interpolate(
        x, scale_factor=times, mode="bilinear", align_corners=False
    )
    return resized
