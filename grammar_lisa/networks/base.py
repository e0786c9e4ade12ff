"""What every network on derivations shares: the mask, and the loss that respects it."""

import abc

import torch
from torch import Tensor

from grammar_lisa.decoding import StackMachine
from shared.autoencoder import Autoencoder


class SentenceAutoencoder(Autoencoder, abc.ABC):
    """An autoencoder of derivations `[batch, step]` that decodes complete sentences only.

    Attributes:
        machine: the mask and the stack machine of the grammar.
        dim: the code size.
    """

    def __init__(self, machine: StackMachine, dim: int) -> None:
        super().__init__()
        self.machine = machine
        self.dim = dim
        self.length = machine.max_rules
        self.symbols = machine.pad + 1

    def reconstruction_loss(self, x: Tensor, decoded: Tensor) -> Tensor:
        """−log p(derivation) under the masked logits, in nats a sentence, `[batch]`."""
        return -self.machine.log_likelihood(decoded, x, self.machine.contexts(x))

    @torch.no_grad()
    def derivations(
        self, u: Tensor, *, temperature: float = 0.0, generator: torch.Generator | None = None
    ) -> Tensor:
        """The derivations `[batch, step]` that codes `u` `[batch, dim]` decode to."""
        return self.machine.decode(self.decode(u), temperature=temperature, generator=generator)
