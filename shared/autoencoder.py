"""What a network must offer so that any method can train it."""

import abc

from torch import Tensor, nn


class Autoencoder(nn.Module, abc.ABC):
    """An encoder, a decoder and the reconstruction loss that belongs to the data.

    A method knows nothing of pixels or grammars: it sees codes, and the loss of this class.

    Attributes:
        dim: the code size d.
    """

    dim: int

    @abc.abstractmethod
    def encode(self, x: Tensor) -> Tensor:
        """Codes `z`, unnormalised, `[batch, width]`, where the method chose the width."""

    @abc.abstractmethod
    def decode(self, u: Tensor) -> Tensor:
        """What the net makes of codes `[batch, dim]`: images, or the logits of derivations."""

    @abc.abstractmethod
    def reconstruction_loss(self, x: Tensor, decoded: Tensor) -> Tensor:
        """The loss of each example, `[batch]`, given its input and what was decoded for it."""
