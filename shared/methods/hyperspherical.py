"""The variational autoencoder of the sphere."""

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor, nn
from torch.nn import functional

from shared.common.errors import LisaError
from shared.methods.autoencoder import Autoencoder
from shared.methods.base import Codes, Method, check_fields
from shared.samplers import Sampler, Uniform
from shared.sphere.geometry import project
from shared.sphere.von_mises_fisher import kl_to_uniform, sample_von_mises_fisher


@dataclass(frozen=True)
class SVAE(Method):
    """A von Mises-Fisher posterior and the uniform prior: R + w·KL(vMF(μ, κ) ‖ uniform).

    The encoder gives d + 1 numbers: the mean direction before it is projected, and one that makes
    κ = softplus(·) + 1. With w = 1 this is the negative ELBO with respect to the uniform law.

    References:
        Davidson, Falorsi, De Cao, Kipf and Tomczak, Hyperspherical Variational Auto-Encoders,
        2018, arXiv:1804.00891.

    Attributes:
        kl_weight: w, the weight of the divergence.
    """

    name: ClassVar[str] = "s-vae"
    title: ClassVar[str] = "S-VAE"
    spherical: ClassVar[bool] = True
    own_samplers: ClassVar[tuple[str, ...]] = ("prior",)
    warmed: ClassVar[tuple[str, ...]] = ("kl",)

    kl_weight: float = 1.0

    def __post_init__(self) -> None:
        check_fields(self, kl_weight=(0, 1e6))

    def extra_modules(self, net: Autoencoder) -> dict[str, nn.Module]:
        """Return None.

        Raises:
            LisaError: The code size is below 2, where the sphere is two points.
        """
        if net.dim < 2:
            raise LisaError(f"{self.name}: the code size must be at least 2, not {net.dim}")
        return {}

    def encoder_width(self, dim: int) -> int:
        """Return the mean direction, and one number for the concentration."""
        return dim + 1

    def posterior(self, net: Autoencoder, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return mean direction μ before projection, `[batch, dim]`, and κ, `[batch]`, above 1."""
        parameters = net.encode(x)
        return parameters[:, :-1], functional.softplus(parameters[:, -1]) + 1

    def encode(self, net: Autoencoder, x: Tensor) -> Tensor:
        """Return the mean directions before projection, `[batch, dim]`."""
        return self.posterior(net, x)[0]

    def loss(self, net: Autoencoder, x: Tensor) -> dict[str, Tensor]:
        """Return the terms `reconstruction` and `kl`, w times the divergence."""
        z, concentration = self.posterior(net, x)
        u = sample_von_mises_fisher(project(z), concentration)
        return {
            "reconstruction": self.reconstruction(net, x, u).mean(),
            "kl": self.kl_weight * kl_to_uniform(net.dim, concentration).mean(),
        }

    def own_sampler(self, name: str, net: Autoencoder, codes: Codes, seed: int) -> Sampler:
        """Return the prior, uniform on the sphere."""
        if name == "prior":
            return Uniform().fit(codes.mean)
        return super().own_sampler(name, net, codes, seed)
