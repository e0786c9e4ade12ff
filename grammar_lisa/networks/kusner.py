"""The network of the Grammar VAE, as published."""

from collections.abc import Iterable
from itertools import chain

from torch import Tensor, nn
from torch.nn import functional

from grammar_lisa.decoding import StackMachine
from grammar_lisa.networks.base import SentenceAutoencoder
from shared.errors import LisaError


class Kusner(SentenceAutoencoder):
    """Three convolutions and three recurrent layers; chosen rules are not fed back.

    References:
        Kusner, Paige and Hernández-Lobato, Grammar Variational Autoencoder, 2017,
        arXiv:1703.01925, section 4 and its published code for arithmetic expressions.
    """

    def __init__(self, machine: StackMachine, dim: int, width: int) -> None:
        """Build the layers; `width` numbers a code come from the encoder.

        Raises:
            LisaError: if derivations are shorter than the convolutions need.
        """
        super().__init__(machine, dim)
        left = self.length - 6
        if left < 1:
            raise LisaError(
                f"the kusner network needs derivations of at least 7 rules, not {self.length}; "
                "use --network dense"
            )
        self.convolutions = nn.Sequential(
            *_convolution(self.symbols, 2), *_convolution(2, 3), *_convolution(3, 4)
        )
        self.to_code = nn.Sequential(
            nn.Flatten(), nn.Linear(4 * left, 100), nn.ReLU(), nn.Linear(100, width)
        )
        self.from_code = nn.Sequential(nn.BatchNorm1d(dim), nn.Linear(dim, dim), nn.ReLU())
        self.recurrent = nn.GRU(dim, 100, num_layers=3, batch_first=True)
        self.to_logits = nn.Linear(100, self.symbols)

    def encode(self, x: Tensor) -> Tensor:
        """Codes of derivations `x` `[batch, step]`."""
        one_hot = functional.one_hot(x.long(), self.symbols).to(self.to_logits.weight.dtype)
        z: Tensor = self.to_code(self.convolutions(one_hot.transpose(1, 2)))
        return z

    def decoder_parameters(self) -> Iterable[nn.Parameter]:
        """The weights of the decoder."""
        layers = (self.from_code, self.recurrent, self.to_logits)
        return chain.from_iterable(layer.parameters() for layer in layers)

    def decode(self, u: Tensor) -> Tensor:
        """Logits `[batch, step, rule]` of codes `u` `[batch, dim]`."""
        hidden = self.from_code(u).unsqueeze(1).expand(-1, self.length, -1)
        logits: Tensor = self.to_logits(self.recurrent(hidden)[0])
        return logits


def _convolution(channels: int, filters: int) -> tuple[nn.Module, ...]:
    """A convolution whose kernel is as wide as it has filters, ReLU, batch norm."""
    return nn.Conv1d(channels, filters, filters), nn.ReLU(), nn.BatchNorm1d(filters)
