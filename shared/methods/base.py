"""What a method is: how codes are learnt, apart from network and sampler."""

import abc
from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor

from shared.autoencoder import Autoencoder


@dataclass(frozen=True)
class Method(abc.ABC):
    """How codes are learnt.

    The fields of a method are its hyperparameters: the configuration, the command line and what
    a checkpoint records are this one object.

    Attributes:
        name: how command lines and tables call the method.
        spherical: whether the decoder sees directions only.
    """

    name: ClassVar[str]
    spherical: ClassVar[bool]

    @abc.abstractmethod
    def loss(self, net: Autoencoder, x: Tensor) -> dict[str, Tensor]:
        """Named scalar terms of one batch; the training loop sums and logs them."""

    @abc.abstractmethod
    def interface(self, z: Tensor) -> Tensor:
        """What the decoder sees of codes `z` `[batch, dim]`."""

    def encode(self, net: Autoencoder, x: Tensor) -> Tensor:
        """The codes that are sampled, searched and probed, `[batch, dim]`, unnormalised."""
        return net.encode(x)

    def encoder_width(self, dim: int) -> int:
        """How many numbers the encoder must give for a code of size `dim`."""
        return dim
