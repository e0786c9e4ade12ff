"""What a network must offer so that any method can train it."""

import abc
from collections.abc import Iterable

from torch import Tensor, nn


class Autoencoder(nn.Module, abc.ABC):
    """An encoder, a decoder and the reconstruction loss that belongs to the data.

    A method knows nothing of pixels or grammars: it sees codes, and the loss of this class.

    Attributes:
        dim: The code size d.
        input_shape: The shape of one prepared example whose entries are numbers in [0, 1]; None
            where examples are discrete.
        outputs: Of how many numbers an example's reconstruction loss is ½ Σ (x − x̂)², the negative
            log-likelihood of a unit Gaussian without its constant; None for another likelihood.
        semantics: How many numbers tell what a training example does, for methods that learn from
            them; 0 where none do.
        has_views: Whether `view` gives other views of examples.
        parts: The modules that the method adds, see `shared.methods.equip`.
    """

    dim: int
    input_shape: tuple[int, ...] | None = None
    outputs: int | None = None
    semantics: int = 0
    has_views: bool = False

    def __init__(self) -> None:
        super().__init__()
        self.parts = nn.ModuleDict()

    def prepare(self, x: Tensor) -> Tensor:
        """Turn examples as they are stored, e.g. bytes, into the net's input."""
        return x

    def augmented(self, x: Tensor, share: float) -> Tensor:
        """Return prepared examples varied at random, as their kind allows; here as they are.

        Args:
            x: A batch.
            share: How far, from 0 to 0.5.
        """
        return x

    def view(self, x: Tensor) -> Tensor:
        """Return prepared examples changed at random in what does not tell them apart."""
        raise NotImplementedError(f"{type(self).__name__} has no views of its examples")

    @abc.abstractmethod
    def encode(self, x: Tensor) -> Tensor:
        """Return codes `z`, unnormalised, `[batch, width]`, where the method chose the width."""

    @abc.abstractmethod
    def decode(self, u: Tensor) -> Tensor:
        """Return what the net makes of codes `[batch, dim]`.

        These are images, or the logits of derivations.
        """

    @abc.abstractmethod
    def reconstruction_loss(self, x: Tensor, decoded: Tensor) -> Tensor:
        """Return the loss of each example, `[batch]`, given its input and what was decoded for it.

        It is a negative log-likelihood in nats, so that one weight means the same on all data.
        """

    @abc.abstractmethod
    def decoder_parameters(self) -> Iterable[nn.Parameter]:
        """Return the weights that `decode` uses."""
