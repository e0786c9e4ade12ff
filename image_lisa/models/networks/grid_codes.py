"""From a grid of features to a code and back, so that few images teach what each place holds."""

import math
from collections.abc import Sequence
from typing import Final

from torch import Tensor, nn
from torch.nn import functional

from image_lisa.models.networks.parts import hidden_layer

PLACE: Final = 4
"""The fewest numbers of a code that a place has, where there is more than one place."""


def places(grid: Sequence[int], dim: int) -> tuple[int, int, int]:
    """Return the channels, height and width of the coarse grid that a code of that size holds."""
    side = max(1, math.isqrt(dim // PLACE))
    height, width = (min(side, length) for length in grid)
    return dim // (height * width), height, width


class GridToCode(nn.Module):
    """Maps features `[batch, channel, *grid]` to `[batch, width]`, codes of `dim` numbers first.

    It is the sum of two maps. A hidden layer sees all features. One linear map for all places
    gives every place of a coarse grid its own numbers among the first `dim`: it has few weights,
    and each place of each image teaches them, so that it holds for images that were not seen.
    """

    def __init__(
        self, channels: int, grid: Sequence[int], hidden: int, dim: int, width: int
    ) -> None:
        super().__init__()
        self.coarse = places(grid, dim)
        self.together = nn.Sequential(
            nn.Flatten(), *hidden_layer(channels * math.prod(grid), hidden, width)
        )
        self.each = nn.Conv2d(channels, self.coarse[0], 1)

    def forward(self, x: Tensor) -> Tensor:
        """Return the numbers of each image."""
        code: Tensor = self.together(x)
        placed = functional.adaptive_avg_pool2d(self.each(x), self.coarse[1:]).flatten(1)
        return code + functional.pad(placed, (0, code.shape[1] - placed.shape[1]))


class CodeToGrid(nn.Module):
    """Maps codes `[batch, dim]` to features `[batch, channel, *grid]`, as `GridToCode` reversed."""

    def __init__(self, channels: int, grid: Sequence[int], hidden: int, dim: int) -> None:
        super().__init__()
        self.grid, self.coarse = tuple(grid), places(grid, dim)
        self.together = nn.Sequential(
            *hidden_layer(dim, hidden, channels * math.prod(grid)),
            nn.Unflatten(1, (channels, *grid)),
        )
        self.each = nn.Conv2d(self.coarse[0], channels, 1)

    def forward(self, code: Tensor) -> Tensor:
        """Return the features."""
        placed = code[:, : math.prod(self.coarse)].unflatten(1, self.coarse)
        spread = functional.interpolate(placed, self.grid, mode="bilinear", align_corners=False)
        features: Tensor = self.together(code) + self.each(spread)
        return features
