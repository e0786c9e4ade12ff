"""Variational autoencoders with a Gaussian posterior and the prior N(0, I)."""

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor

from shared.autoencoder import Autoencoder
from shared.gaussians import draw, kl_to_standard, split_parameters
from shared.methods.base import Codes, Method, check_fields
from shared.samplers import Sampler, StandardNormal


@dataclass(frozen=True)
class Variational(Method):
    """A method whose encoder gives the mean and log-variance of a Gaussian posterior."""

    own_samplers: ClassVar[tuple[str, ...]] = ("prior",)

    def encoder_width(self, dim: int) -> int:
        """Mean and log-variance for each coordinate."""
        return 2 * dim

    def posterior(self, net: Autoencoder, x: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and log-variance of q(z|x), each `[batch, dim]`."""
        return split_parameters(net.encode(x))

    def encode(self, net: Autoencoder, x: Tensor) -> Tensor:
        """The posterior means, `[batch, dim]`."""
        return self.posterior(net, x)[0]

    def spread(self, net: Autoencoder, x: Tensor) -> Tensor | None:
        """The posterior standard deviations, `[batch, dim]`."""
        return (0.5 * self.posterior(net, x)[1]).exp()

    def own_sampler(self, name: str, net: Autoencoder, codes: Codes, seed: int) -> Sampler:
        """The prior N(0, I)."""
        if name == "prior":
            return StandardNormal().fit(codes.mean)
        return super().own_sampler(name, net, codes, seed)


@dataclass(frozen=True)
class VAE(Variational):
    """The variational autoencoder: R + w·KL(q(z|x) ‖ N(0, I)), with w = 1 the negative ELBO.

    References:
        Kingma and Welling, Auto-Encoding Variational Bayes, 2013, arXiv:1312.6114.

    Attributes:
        kl_weight: w, the weight of the divergence.
    """

    name: ClassVar[str] = "vae"
    title: ClassVar[str] = "VAE"

    kl_weight: float = 1.0

    def __post_init__(self) -> None:
        check_fields(self, kl_weight=(0, 1e6))

    def loss(self, net: Autoencoder, x: Tensor) -> dict[str, Tensor]:
        """The terms `reconstruction` and `kl`, w times the divergence."""
        mean, log_variance = self.posterior(net, x)
        z = draw(mean, log_variance)
        return {
            "reconstruction": self.reconstruction(net, x, z).mean(),
            "kl": self.kl_weight * kl_to_standard(mean, log_variance).mean(),
        }
