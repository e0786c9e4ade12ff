"""The default network: all rules of a derivation at once, by fully connected layers."""

import math
from collections.abc import Iterable

import torch
from torch import Tensor, nn

from grammar_lisa.models.mask import GrammarMask
from grammar_lisa.models.networks.base import SentenceAutoencoder

READING, WRITING = 128, 256
"""Units of the hidden layers of the encoder and of the decoder."""


class Dense(SentenceAutoencoder):
    """One hidden layer each way; the decoder gives the logits of every step at once.

    The mask does what a recurrent decoder would have to learn: it is the grammar mask, not the
    net, that knows which rules may follow. The first layer adds up one row of weights for each
    (step, rule) of the derivation, which is what a dense layer on one-hot input computes.
    """

    def __init__(self, mask: GrammarMask, dim: int, width: int) -> None:
        """Build the layers; `width` numbers a code come from the encoder."""
        super().__init__(mask, dim)
        self.rows = nn.EmbeddingBag(self.length * self.symbols, READING, mode="sum")
        bound = 1 / math.sqrt(self.length)
        nn.init.uniform_(self.rows.weight, -bound, bound)
        self.register_buffer("offsets", torch.arange(self.length) * self.symbols, persistent=False)
        self.to_code = nn.Sequential(nn.ReLU(), nn.Linear(READING, width))
        self.to_logits = nn.Sequential(
            nn.Linear(dim, WRITING), nn.ReLU(), nn.Linear(WRITING, self.length * self.symbols)
        )

    def encode(self, x: Tensor) -> Tensor:
        """Return codes of derivations `x` `[batch, step]`."""
        z: Tensor = self.to_code(self.rows(x.long() + self.get_buffer("offsets")))
        return z

    def decoder_parameters(self) -> Iterable[nn.Parameter]:
        """Return the weights of the decoder."""
        return self.to_logits.parameters()

    def decode(self, u: Tensor) -> Tensor:
        """Return logits `[batch, step, rule]` of codes `u` `[batch, dim]`."""
        logits: Tensor = self.to_logits(u)
        return logits.view(-1, self.length, self.symbols)
