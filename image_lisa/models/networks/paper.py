"""The networks that the field's tables use."""

import math

from torch import nn

from image_lisa.models.networks.base import ImageAutoencoder, Shape

WIDTHS = (128, 256, 512, 1024)


class Paper(ImageAutoencoder):
    """Strided convolutions with batch norm and ReLU, as in the RAE paper and the pythae benchmark.

    The encoder halves the image with 4 × 4 convolutions of 128, 256, 512 and 1024 channels, as
    many of them as the image allows, and ends with a linear layer. The decoder begins with 1024
    channels of 8 × 8, doubles with transposed convolutions of 512, 256 (128, 64, …) channels, and
    ends with a convolution to the image. Images of less than 32 pixels begin with an eighth of
    their size (MNIST 4 × 4) and reach the image by the last doubling. About 17 million weights on
    MNIST.

    References:
        Ghosh et al., From Variational to Deterministic Autoencoders, 2019, arXiv:1903.12436.
        Chadebec, Vincent and Allassonnière, Pythae, 2022, arXiv:2206.08309.
    """

    def __init__(self, shape: Shape, dim: int, width: int) -> None:
        """Build the layers; `width` numbers an image come from the encoder."""
        super().__init__(shape, dim)
        self.encoder = _encoder(shape, width)
        self.decoder = _decoder(shape, dim)


def _encoder(shape: Shape, width: int) -> nn.Sequential:
    channels, height, size = shape
    layers: list[nn.Module] = []
    for wider in WIDTHS:
        if min(height, size) < 2:
            break
        layers += [nn.Conv2d(channels, wider, 4, 2, 1), nn.BatchNorm2d(wider), nn.ReLU()]
        channels, height, size = wider, height // 2, size // 2
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(channels * height * size, width))


def _decoder(shape: Shape, dim: int) -> nn.Sequential:
    channels, *sides = shape
    small = min(sides) < 32
    doublings = 3 if small else round(math.log2(min(sides) / 8))
    grids = [[-(-side // 2**k) for side in sides] for k in range(doublings, -1, -1)]
    widths = [max(1024 // 2**k, 32) for k in range(doublings + 1)]
    layers: list[nn.Module] = [
        nn.Linear(dim, widths[0] * grids[0][0] * grids[0][1]),
        nn.Unflatten(1, (widths[0], *grids[0])),
    ]
    for k in range(doublings):
        last = small and k == doublings - 1
        wider = channels if last else widths[k + 1]
        kernel = 3 if small else 4
        layers.append(_doubling(kernel, widths[k], wider, *grids[k : k + 2]))
        if not last:
            layers += [nn.BatchNorm2d(widths[k + 1]), nn.ReLU()]
    if not small:
        layers.append(nn.Conv2d(widths[-1], channels, 3, padding=1))
    return nn.Sequential(*layers)


def _doubling(
    kernel: int, channels: int, wider: int, grid: list[int], larger: list[int]
) -> nn.Module:
    """Return a transposed convolution to twice the size, or one less where that is wanted."""
    if kernel == 4 and all(2 * a == b for a, b in zip(grid, larger, strict=True)):
        return nn.ConvTranspose2d(channels, wider, 4, 2, 1)
    extra = [target - 2 * side + 1 for side, target in zip(grid, larger, strict=True)]
    return nn.ConvTranspose2d(channels, wider, 3, 2, 1, output_padding=(extra[0], extra[1]))
