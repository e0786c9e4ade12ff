"""The default network: all rules of a derivation at once, by fully connected layers."""

import math

import torch
from torch import Tensor, nn

from grammar_lisa.decoding import StackMachine
from grammar_lisa.networks.base import SentenceAutoencoder


class Dense(SentenceAutoencoder):
    """Two hidden layers each way; the decoder gives the logits of every step at once.

    The mask does what a recurrent decoder would have to learn: it is the stack machine, not the
    net, that knows which rules may follow. The first layer adds up one row of weights for each
    (step, rule) of the derivation, which is what a dense layer on one-hot input computes.
    """

    def __init__(self, machine: StackMachine, dim: int, width: int, hidden: int = 512) -> None:
        """Build the layers; `width` numbers a code come from the encoder."""
        super().__init__(machine, dim)
        self.rows = nn.EmbeddingBag(self.length * self.symbols, hidden, mode="sum")
        bound = 1 / math.sqrt(self.length)
        nn.init.uniform_(self.rows.weight, -bound, bound)
        self.register_buffer("offsets", torch.arange(self.length) * self.symbols, persistent=False)
        self.encoder = nn.Sequential(
            nn.ReLU(), nn.Linear(hidden, hidden), nn.ReLU(), nn.Linear(hidden, width)
        )
        self.decoder = nn.Sequential(
            nn.Linear(dim, hidden),
            nn.ReLU(),
            nn.Linear(hidden, hidden),
            nn.ReLU(),
            nn.Linear(hidden, self.length * self.symbols),
        )

    def encode(self, x: Tensor) -> Tensor:
        """Codes of derivations `x` `[batch, step]`."""
        z: Tensor = self.encoder(self.rows(x.long() + self.get_buffer("offsets")))
        return z

    def decode(self, u: Tensor) -> Tensor:
        """Logits `[batch, step, rule]` of codes `u` `[batch, dim]`."""
        logits: Tensor = self.decoder(u)
        return logits.view(-1, self.length, self.symbols)
