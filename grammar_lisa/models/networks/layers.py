"""The layers that Kusner et al. give to rules and to characters alike."""

import abc
from collections.abc import Iterable
from itertools import chain

from torch import Tensor, nn
from torch.nn import functional

from grammar_lisa.models.networks.base import SequenceAutoencoder
from shared.common.errors import LisaError


class KusnerLayers(SequenceAutoencoder, abc.ABC):
    """Three convolutions and three recurrent layers; chosen symbols are not fed back.

    References:
        Kusner, Paige and Hernández-Lobato, Grammar Variational Autoencoder, 2017,
        arXiv:1703.01925, section 4 and its published code for arithmetic expressions.
    """

    def add_layers(self, width: int, name: str, rows: str, steps: str) -> None:
        """Build the layers for the `length`, `symbols` and `dim` that are set.

        Args:
            width: How many numbers a code the encoder gives.
            name: Of the network, for messages.
            rows: What its rows are, for messages.
            steps: What they are made of.

        Raises:
            LisaError: Rows are shorter than the convolutions need.
        """
        left = self.length - 6
        if left < 1:
            raise LisaError(
                f"the {name} network needs {rows} of at least 7 {steps}, not {self.length}; "
                "use --network dense"
            )
        self.convolutions = nn.Sequential(
            *_convolution(self.symbols, 2), *_convolution(2, 3), *_convolution(3, 4)
        )
        self.to_code = nn.Sequential(
            nn.Flatten(), nn.Linear(4 * left, 100), nn.ReLU(), nn.Linear(100, width)
        )
        self.from_code = nn.Sequential(
            nn.BatchNorm1d(self.dim), nn.Linear(self.dim, self.dim), nn.ReLU()
        )
        self.recurrent = nn.GRU(self.dim, 100, num_layers=3, batch_first=True)
        self.to_logits = nn.Linear(100, self.symbols)

    def encode(self, x: Tensor) -> Tensor:
        """Return codes of rows `x` `[batch, step]`."""
        one_hot = functional.one_hot(x.long(), self.symbols).to(self.to_logits.weight.dtype)
        z: Tensor = self.to_code(self.convolutions(one_hot.transpose(1, 2)))
        return z

    def decoder_parameters(self) -> Iterable[nn.Parameter]:
        """Return the weights of the decoder."""
        layers = (self.from_code, self.recurrent, self.to_logits)
        return chain.from_iterable(layer.parameters() for layer in layers)

    def decode(self, u: Tensor) -> Tensor:
        """Return logits `[batch, step, symbol]` of codes `u` `[batch, dim]`."""
        hidden = self.from_code(u).unsqueeze(1).expand(-1, self.length, -1)
        logits: Tensor = self.to_logits(self.recurrent(hidden)[0])
        return logits


def _convolution(channels: int, filters: int) -> tuple[nn.Module, ...]:
    """Return a convolution whose kernel is as wide as it has filters, ReLU, batch norm."""
    return nn.Conv1d(channels, filters, filters), nn.ReLU(), nn.BatchNorm1d(filters)
