"""What every network of sentences shares, and every network on derivations."""

import abc

import torch
from torch import Tensor

from grammar_lisa.models.choosing import GivenSteps, beam_search
from grammar_lisa.models.mask import GrammarMask
from shared.methods.autoencoder import Autoencoder


class SequenceAutoencoder(Autoencoder, abc.ABC):
    """An autoencoder of rows of symbols `[batch, step]`: rules of a grammar, or characters.

    Attributes:
        length: Steps of a row, its padding included.
        symbols: How many there are; the last of them is the padding.
    """

    length: int
    symbols: int

    @property
    def pad(self) -> int:
        """The number of the padding symbol."""
        return self.symbols - 1

    @abc.abstractmethod
    def read(
        self,
        decoded: Tensor,
        *,
        temperature: float = 0.0,
        generator: torch.Generator | None = None,
        beams: int = 1,
    ) -> Tensor:
        """Return the rows `[batch, step]` that what `decode` gave stands for.

        Args:
            decoded: What `decode` gave: logits `[batch, step, symbol]`, or what the network makes
                them of step by step.
            temperature: 0 takes the most likely symbols; above 0, they are drawn.
            generator: Of the draws.
            beams: Above 1, the likeliest row that a beam search of so many finds is taken,
                whatever the temperature.
        """

    @torch.no_grad()
    def reconstructs(self, x: Tensor, decoded: Tensor) -> Tensor:
        """Tell which rows `x` `[batch, step]` are what `read` reads at temperature 0, `[batch]`.

        A network that reads step by step can tell this in one pass, given the row.
        """
        return (self.read(decoded) == x).all(1)


class SentenceAutoencoder(SequenceAutoencoder, abc.ABC):
    """An autoencoder of derivations `[batch, step]` that decodes complete sentences only.

    Attributes:
        mask: The mask of the grammar.
        dim: The code size.
    """

    def __init__(self, mask: GrammarMask, dim: int) -> None:
        super().__init__()
        self.mask = mask
        self.dim = dim
        self.length = mask.max_rules
        self.symbols = mask.pad + 1

    def reconstruction_loss(self, x: Tensor, decoded: Tensor) -> Tensor:
        """Return −log p(derivation) under the masked logits, in nats a sentence, `[batch]`."""
        return -self.mask.log_likelihood(decoded, x, self.mask.states(x))

    def read(
        self,
        decoded: Tensor,
        *,
        temperature: float = 0.0,
        generator: torch.Generator | None = None,
        beams: int = 1,
    ) -> Tensor:
        """Return the complete derivations `[batch, step]` that logits stand for."""
        if beams > 1:
            return beam_search(GivenSteps(self.mask, decoded), beams)
        return self.mask.decode(decoded, temperature=temperature, generator=generator)

    @torch.no_grad()
    def reconstructs(self, x: Tensor, decoded: Tensor) -> Tensor:
        """Tell which derivations `[batch, step]` logits stand for, in one pass, `[batch]`."""
        return self.mask.chosen(decoded, x).all(1)

    @torch.no_grad()
    def derivations(self, u: Tensor) -> Tensor:
        """Return the derivations `[batch, step]` that codes `u` `[batch, dim]` decode to."""
        return self.read(self.decode(u))
