"""Layers that networks on images have in common."""

from collections.abc import Sequence

from torch import nn


def padded(sides: Sequence[int], grid: Sequence[int], patch: int) -> nn.Module:
    """Return what pads images of those sides to a grid of patches, at the right and below."""
    below, right = (patch * count - side for side, count in zip(sides, grid, strict=True))
    return nn.ZeroPad2d((0, right, 0, below))


def normalised(channels: int) -> tuple[nn.Module, nn.Module]:
    """Return a normalisation over each example, and what comes behind it."""
    return nn.GroupNorm(1, channels), nn.GELU()


def hidden_layer(inputs: int, hidden: int, outputs: int) -> tuple[nn.Module, ...]:
    """Return a layer of hidden units, normalised over each example, between two linear maps."""
    return (
        nn.Linear(inputs, hidden),
        nn.LayerNorm(hidden),
        nn.GELU(),
        nn.Linear(hidden, outputs),
    )
