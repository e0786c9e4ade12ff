"""Variational autoencoders with a Gaussian posterior and the prior N(0, I)."""

import math
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from shared.methods.autoencoder import Autoencoder
from shared.methods.base import Codes, Method, check_fields
from shared.samplers import Sampler, StandardNormal
from shared.samplers.gaussians import kl_to_standard, sample_gaussian, split_parameters


@dataclass(frozen=True)
class Variational(Method):
    """A method whose encoder gives the mean and log-variance of a Gaussian posterior."""

    own_samplers: ClassVar[tuple[str, ...]] = ("prior",)
    warmed: ClassVar[tuple[str, ...]] = ("kl",)

    def encoder_width(self, dim: int) -> int:
        """Return mean and log-variance for each coordinate."""
        return 2 * dim

    def posterior(self, net: Autoencoder, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return mean and log-variance of q(z|x), each `[batch, dim]`."""
        return split_parameters(net.encode(x))

    def encode(self, net: Autoencoder, x: Tensor) -> Tensor:
        """Return the posterior means, `[batch, dim]`."""
        return self.posterior(net, x)[0]

    def posterior_std(self, net: Autoencoder, x: Tensor) -> Tensor | None:
        """Return the posterior standard deviations, `[batch, dim]`."""
        return (0.5 * self.posterior(net, x)[1]).exp()

    def own_sampler(self, name: str, net: Autoencoder, codes: Codes, seed: int) -> Sampler:
        """Return the prior N(0, I)."""
        if name == "prior" and name in self.own_samplers:
            return StandardNormal().fit(codes.mean)
        return super().own_sampler(name, net, codes, seed)

    def evidence_terms(self, net: Autoencoder, x: Tensor, weight: float) -> dict[str, Tensor]:
        """Return the terms `reconstruction` and `kl`, `weight` times KL(q(z|x) ‖ N(0, I))."""
        mean, log_variance = self.posterior(net, x)
        z = sample_gaussian(mean, log_variance)
        return {
            "reconstruction": self.reconstruction(net, x, z).mean(),
            "kl": weight * kl_to_standard(mean, log_variance).mean(),
        }


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
        """Return the terms `reconstruction` and `kl`, w times the divergence."""
        return self.evidence_terms(net, x, self.kl_weight)


@dataclass(frozen=True)
class BetaVAE(Variational):
    """The β-VAE: R + β·KL(q(z|x) ‖ N(0, I)), where β > 1 asks for less information in the code.

    References:
        Higgins et al., β-VAE: Learning Basic Visual Concepts with a Constrained Variational
        Framework, ICLR 2017.

    Attributes:
        beta: β, the weight of the divergence; 1 gives the VAE.
    """

    name: ClassVar[str] = "beta-vae"
    title: ClassVar[str] = "β-VAE"

    beta: float = 2.0

    def __post_init__(self) -> None:
        check_fields(self, beta=(0, 1e6))

    def loss(self, net: Autoencoder, x: Tensor) -> dict[str, Tensor]:
        """Return the terms `reconstruction` and `kl`, β times the divergence."""
        return self.evidence_terms(net, x, self.beta)


@dataclass(frozen=True)
class ConstantVarianceVAE(Variational):
    """The VAE whose posterior N(μ(x), σ²I) has a fixed σ: R(μ + σε) + w·½‖μ‖², ε ~ N(0, I).

    ½‖μ‖² is KL(N(μ, σ²I) ‖ N(0, I)) without its constant d/2·(σ² − 1 − log σ²), which has no
    gradient; with w = 1 the loss is the negative ELBO up to that constant.

    References:
        Ghosh et al., From Variational to Deterministic Autoencoders, 2019, arXiv:1903.12436,
        section 2.2.

    Attributes:
        sigma: σ, the standard deviation of the posterior in every coordinate.
        kl_weight: w, the weight of the divergence.
    """

    name: ClassVar[str] = "cv-vae"
    title: ClassVar[str] = "CV-VAE"

    sigma: float = 0.7
    kl_weight: float = 1.0

    def __post_init__(self) -> None:
        check_fields(self, sigma=(1e-4, 1e4), kl_weight=(0, 1e6))

    def encoder_width(self, dim: int) -> int:
        """Return the mean alone."""
        return dim

    def posterior(self, net: Autoencoder, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return mean and the fixed log-variance of q(z|x), each `[batch, dim]`."""
        mean = net.encode(x)
        return mean, torch.full_like(mean, 2 * math.log(self.sigma))

    def loss(self, net: Autoencoder, x: Tensor) -> dict[str, Tensor]:
        """Return the terms `reconstruction` and `kl`, w·½‖μ‖²."""
        mean, log_variance = self.posterior(net, x)
        z = sample_gaussian(mean, log_variance)
        return {
            "reconstruction": self.reconstruction(net, x, z).mean(),
            "kl": self.kl_weight * 0.5 * mean.square().sum(1).mean(),
        }
