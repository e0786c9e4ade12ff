"""What a method is: how codes are learnt, apart from network and sampler."""

import abc
import math
from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor, nn

from shared.common.errors import LisaError
from shared.common.seeds import derive_seed
from shared.common.torch_seeds import seeded
from shared.methods.autoencoder import Autoencoder
from shared.samplers import Floats, Sampler
from shared.sphere.geometry import project


@dataclass(frozen=True)
class Codes:
    """The codes of the training data, which samplers are fitted to.

    Attributes:
        mean: ``[n, dim]``, unnormalised; of a variational method the posterior means.
        posterior_std: ``[n, dim]``, of variational methods; None where a code is a point.
    """

    mean: Floats
    posterior_std: Floats | None = None


@dataclass(frozen=True)
class Method(abc.ABC):
    """How codes are learnt.

    The fields of a method are its hyperparameters: the configuration, the command line and what
    a checkpoint records are this one object.

    Attributes:
        name: How command lines call the method.
        title: How tables call it, as the literature does.
        spherical: Whether the decoder sees directions only.
        own_samplers: Names of the samplers that come with the method, see `own_sampler`.
        warmed: Names of the loss terms that make up a divergence from the prior, whose weight a
            training may raise by and by.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    spherical: ClassVar[bool] = False
    own_samplers: ClassVar[tuple[str, ...]] = ()
    warmed: ClassVar[tuple[str, ...]] = ()

    @abc.abstractmethod
    def loss(self, net: Autoencoder, x: Tensor) -> dict[str, Tensor]:
        """Return named scalar terms of one batch; the training loop sums and logs them.

        One of them is `reconstruction`. Terms are means over the batch, in nats.
        """

    @property
    def aligned(self) -> bool:
        """Whether the method learns from semantics, which `aligned_loss` is then given."""
        return False

    def aligned_loss(self, net: Autoencoder, x: Tensor, semantics: Tensor) -> dict[str, Tensor]:
        """Return the terms of `loss`, and what the method adds where semantics are known.

        Args:
            net: The net.
            x: One batch of prepared examples.
            semantics: What each of them does, `[batch, net.semantics]`, standardised.
        """
        return self.loss(net, x)

    def extra_modules(self, net: Autoencoder) -> dict[str, nn.Module]:
        """Return modules of the method's own, by name, for `net.parts`.

        They are trained and saved with the net.

        Raises:
            LisaError: The method cannot serve such a net, saying why.
        """
        return {}

    def to_decoder(self, net: Autoencoder, z: Tensor) -> Tensor:
        """Return what the decoder sees of codes `z` `[batch, dim]`."""
        return project(z) if self.spherical else z

    def reconstruction(self, net: Autoencoder, x: Tensor, z: Tensor) -> Tensor:
        """Return the net's reconstruction loss of each example, `[batch]`, from its code `z`."""
        return net.reconstruction_loss(x, net.decode(self.to_decoder(net, z)))

    def encode(self, net: Autoencoder, x: Tensor) -> Tensor:
        """Return the codes that are sampled, searched and probed, `[batch, dim]`, unnormalised."""
        return net.encode(x)

    def posterior_std(self, net: Autoencoder, x: Tensor) -> Tensor | None:
        """Return the posterior standard deviations of the codes, `[batch, dim]`.

        They are None where codes are points.
        """
        return None

    def encoder_width(self, dim: int) -> int:
        """Return how many numbers the encoder must give for a code of size `dim`."""
        return dim

    def own_sampler(self, name: str, net: Autoencoder, codes: Codes, seed: int) -> Sampler:
        """Return one of `own_samplers`, fitted to the training codes.

        What it draws goes through `to_decoder` like any code.

        Raises:
            LisaError: The name is none of them.
        """
        raise LisaError(f"the method {self.name} has no sampler '{name}' of its own")


def equip(net: Autoencoder, method: Method, seed: int) -> None:
    """Add the method's own modules to a net, their weights drawn from `seed`.

    Raises:
        LisaError: The method cannot serve the net.
    """
    with seeded(derive_seed(seed, "parts")):
        net.parts.update(method.extra_modules(net))


def check_fields(method: Method, **ranges: tuple[float, float]) -> None:
    """Refuse hyperparameters outside their range.

    Args:
        method: The method, whose fields are looked at.
        ranges: For each field the least and the greatest value; NaN is outside every range.

    Raises:
        LisaError: Naming the method, the field, its value and its range.
    """
    for name, (least, most) in ranges.items():
        value = getattr(method, name)
        if not least <= value <= most or not math.isfinite(value):
            flag = name.replace("_", "-")
            upper = f"at most {most:,g}" if math.isfinite(most) else "finite"
            raise LisaError(
                f"{method.name}: {flag} must be at least {least:,g} and {upper}, not {value}"
            )
