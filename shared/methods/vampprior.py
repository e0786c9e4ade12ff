"""The variational autoencoder whose prior is a mixture of its own posteriors."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn.functional import hardtanh
from torch.nn.modules.batchnorm import _BatchNorm

from shared.common.errors import LisaError
from shared.methods.autoencoder import Autoencoder
from shared.methods.base import Codes, check_fields
from shared.methods.variational import Variational
from shared.samplers import DiagonalMixture, Sampler
from shared.samplers.gaussians import log_normal, sample_gaussian

_PSEUDO_INPUTS = "pseudo_inputs"


class PseudoInputs(nn.Module):
    """Learned inputs u = hardtanh₀₁(W), `[components, *shape]`, with entries in [0, 1].

    W begins as N(0.5, 0.1²): near the middle, where the gradient of hardtanh is not zero, and
    wide enough that no two inputs are alike.
    """

    def __init__(self, components: int, shape: tuple[int, ...]) -> None:
        super().__init__()
        self.weight = nn.Parameter(0.5 + 0.1 * torch.randn(components, *shape))

    def forward(self) -> Tensor:
        """Return the inputs u."""
        return hardtanh(self.weight, 0.0, 1.0)


@dataclass(frozen=True)
class VampPriorVAE(Variational):
    """The VAE with the prior 1/K Σ_k q(z|u_k) of learned pseudo-inputs u_k.

    The loss is R + E[log q(z|x) − log 1/K Σ_k q(z|u_k)] with one draw z of q(z|x).

    The pseudo-inputs pass through the encoder as a batch of their own, once a step. Batch
    normalisation takes that batch's own statistics, in training and in evaluation alike, and does
    not count it among the running ones: those are of data alone, and the prior that is sampled is
    the one that was trained.

    References:
        Tomczak and Welling, VAE with a VampPrior, 2017, arXiv:1705.07120.

    Attributes:
        components: K, the number of pseudo-inputs, at least 2.
    """

    name: ClassVar[str] = "vae-vampprior"
    title: ClassVar[str] = "VAE-VampPrior"
    own_samplers: ClassVar[tuple[str, ...]] = ("vampprior",)

    components: int = 500

    def __post_init__(self) -> None:
        check_fields(self, components=(2, 1e5))

    def extra_modules(self, net: Autoencoder) -> dict[str, nn.Module]:
        """Return the pseudo-inputs.

        Raises:
            LisaError: The net's examples are discrete.
        """
        if net.input_shape is None:
            raise LisaError(
                f"{self.name}: pseudo-inputs are continuous inputs, "
                "but this network's examples are discrete; choose another method"
            )
        return {_PSEUDO_INPUTS: PseudoInputs(self.components, net.input_shape)}

    def components_of(self, net: Autoencoder) -> tuple[Tensor, Tensor]:
        """Return mean and log-variance of each q(z|u_k), each `[components, dim]`."""
        with _own_batch_statistics(net):
            return self.posterior(net, net.parts[_PSEUDO_INPUTS]())

    def loss(self, net: Autoencoder, x: Tensor) -> dict[str, Tensor]:
        """Return the terms `reconstruction` and `kl`, the latter from the same one draw."""
        mean, log_variance = self.posterior(net, x)
        z = sample_gaussian(mean, log_variance)
        means, log_variances = self.components_of(net)
        components = log_normal(z.unsqueeze(1), means, log_variances)
        log_prior = components.logsumexp(1) - math.log(len(means))
        return {
            "reconstruction": self.reconstruction(net, x, z).mean(),
            "kl": (log_normal(z, mean, log_variance) - log_prior).mean(),
        }

    def own_sampler(self, name: str, net: Autoencoder, codes: Codes, seed: int) -> Sampler:
        """Return the prior: one of the pseudo-inputs, then a draw of its posterior."""
        if name not in self.own_samplers:
            return super().own_sampler(name, net, codes, seed)
        with torch.no_grad():
            means, log_variances = self.components_of(net)
        return DiagonalMixture(means, (0.5 * log_variances.double()).exp())


@contextmanager
def _own_batch_statistics(net: nn.Module) -> Iterator[None]:
    """Let batch normalisation use the statistics of the batch, and keep its running ones."""
    layers = [layer for layer in net.modules() if isinstance(layer, _BatchNorm)]
    before = [(layer.training, layer.track_running_stats) for layer in layers]
    for layer in layers:
        layer.training, layer.track_running_stats = True, False
    try:
        yield
    finally:
        for layer, (training, tracked) in zip(layers, before, strict=True):
            layer.training, layer.track_running_stats = training, tracked
