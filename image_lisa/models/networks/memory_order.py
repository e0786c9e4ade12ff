"""The order in memory in which small convolutions are quick, and where it has to be left."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn


class ChannelsLast(nn.Module):
    """Brings images into the order in memory in which small convolutions are quick."""

    def __init__(self) -> None:
        super().__init__()
        self.active = True

    def forward(self, x: Tensor) -> Tensor:
        """Return the same numbers."""
        return x.contiguous(memory_format=torch.channels_last) if self.active else x


@contextmanager
def plain_order(net: nn.Module) -> Iterator[None]:
    """Leave images in their plain order while `torch.func.jvp` runs through a network.

    Forward derivatives of group normalisation fail in any other (torch 2.13).
    """
    modules = [each for each in net.modules() if isinstance(each, ChannelsLast) and each.active]
    for module in modules:
        module.active = False
    try:
        yield
    finally:
        for module in modules:
            module.active = True
