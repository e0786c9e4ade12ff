"""Variational autoencoders whose Gaussian posterior is bent by a normalising flow."""

import abc
from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor, nn

from shared.methods.autoencoder import Autoencoder
from shared.methods.base import check_fields
from shared.methods.flows import AutoregressiveFlow, Chain, PlanarFlow
from shared.methods.variational import Variational
from shared.samplers.gaussians import log_normal, sample_gaussian


@dataclass(frozen=True)
class FlowVAE(Variational):
    """R(z_K) + log q₀(z₀|x) − Σ log |det| − log p(z_K), with z_K the flow of z₀ of the encoder.

    The flow has weights of its own, the same for every x. A code is what the flow makes of the
    posterior mean: it lies in the space that the prior N(0, I) describes and the decoder takes.
    """

    @abc.abstractmethod
    def flow(self, dim: int) -> nn.Module:
        """Return a flow of codes of size `dim`, its weights drawn."""

    def extra_modules(self, net: Autoencoder) -> dict[str, nn.Module]:
        """Return the flow, `flow`."""
        return {"flow": self.flow(net.dim)}

    def encode(self, net: Autoencoder, x: Tensor) -> Tensor:
        """Return what the flow makes of the posterior means, `[batch, dim]`."""
        z: Tensor = net.parts["flow"](self.posterior(net, x)[0])[0]
        return z

    def posterior_std(self, net: Autoencoder, x: Tensor) -> Tensor | None:
        """Return None: a flowed posterior has no standard deviations in closed form."""
        return None

    def loss(self, net: Autoencoder, x: Tensor) -> dict[str, Tensor]:
        """Return the terms `reconstruction` and `kl`, one draw's log q(z_K|x) − log p(z_K)."""
        mean, log_variance = self.posterior(net, x)
        start = sample_gaussian(mean, log_variance)
        z, log_determinant = net.parts["flow"](start)
        log_posterior = log_normal(start, mean, log_variance) - log_determinant
        return {
            "reconstruction": self.reconstruction(net, x, z).mean(),
            "kl": (log_posterior - log_normal(z)).mean(),
        }


@dataclass(frozen=True)
class PlanarVAE(FlowVAE):
    """A VAE with planar flows: see `FlowVAE` and `shared.methods.flows.PlanarFlow`.

    References:
        Rezende and Mohamed, Variational Inference with Normalizing Flows, 2015, arXiv:1505.05770.

    Attributes:
        flows: How many planar flows follow one another.
    """

    name: ClassVar[str] = "vae-linnf"
    title: ClassVar[str] = "VAE-LinNF"

    flows: int = 5

    def __post_init__(self) -> None:
        check_fields(self, flows=(1, 100))

    def flow(self, dim: int) -> nn.Module:
        """Return planar flows, each near the identity at first."""
        return Chain([PlanarFlow(dim) for _ in range(self.flows)])


@dataclass(frozen=True)
class IAFVAE(FlowVAE):
    """A VAE with inverse autoregressive flows: see `FlowVAE` and `AutoregressiveFlow`.

    References:
        Kingma et al., Improving Variational Inference with Inverse Autoregressive Flow, 2016,
        arXiv:1606.04934.

    Attributes:
        blocks: How many flows follow one another, the order of coordinates reversed in between.
        hidden: Units of each hidden layer of a flow's masked network.
        layers: Hidden layers of a flow's masked network.
    """

    name: ClassVar[str] = "vae-iaf"
    title: ClassVar[str] = "VAE-IAF"

    blocks: int = 2
    hidden: int = 32
    layers: int = 2

    def __post_init__(self) -> None:
        check_fields(self, blocks=(1, 20), hidden=(1, 4096), layers=(1, 10))

    def flow(self, dim: int) -> nn.Module:
        """Return autoregressive flows in orders that alternate.

        Raises:
            LisaError: The code size is below 2.
        """
        return Chain(
            [
                AutoregressiveFlow(dim, self.hidden, self.layers, reverse=block % 2 == 1)
                for block in range(self.blocks)
            ]
        )
