"""The variational autoencoder whose posterior follows Hamiltonian motion."""

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar

import torch
from torch import Tensor, nn

from shared.methods.autoencoder import Autoencoder
from shared.methods.base import check_fields
from shared.methods.deterministic import differentiable_twice
from shared.methods.variational import Variational
from shared.samplers.gaussians import log_normal, sample_gaussian
from shared.samplers.leapfrog import leapfrog

LARGEST_STEP = 0.5
"""What learned step sizes stay below."""

LARGEST_FORCE = 1e4
"""Where each coordinate of the force is cut, so that no motion overflows.

The leapfrog keeps the volume whatever the force is, hence the bound stays one.
"""


class StepSizes(nn.Module):
    """One learned step size for each coordinate, between 0 and `LARGEST_STEP`."""

    def __init__(self, dim: int, initial: float) -> None:
        super().__init__()
        share = initial / LARGEST_STEP
        self.raw = nn.Parameter(torch.full((dim,), math.log(share / (1 - share))))

    def forward(self) -> Tensor:
        """Return the step sizes `[dim]`."""
        return LARGEST_STEP * torch.sigmoid(self.raw)


@dataclass(frozen=True)
class HVAE(Variational):
    """A VAE whose draws are moved towards p(z|x) by tempered leapfrog steps.

    From z₀ of the posterior and ρ₀ = γ₀/√β₀ with γ₀ of N(0, I), K leapfrog steps on the potential
    −log p(x, z) are taken, after the k-th of which the momentum is multiplied by √(β_(k−1)/β_k)
    with √β_k of `tempering`. A leapfrog step keeps the volume and the scalings change it by
    β₀^(d/2) in all, which is just what N(ρ₀; 0, I/β₀) has above N(γ₀; 0, I). So

        log p(x, z_K) + log N(ρ_K; 0, I) − log q(z₀|x) − log N(γ₀; 0, I)

    has a mean of at most log p(x); the loss is minus that. The paper writes the mean of the last
    term as a constant, d/2 and the logarithm of 2π; the draw itself has the same mean and the
    same gradient, and most of the noise of ρ_K cancels against it.

    The decoder's second derivatives are needed in training: the potential is that of the net's
    own reconstruction loss, p(x|z) = exp(−R).

    References:
        Caterini, Doucet and Sejdinovic, Hamiltonian Variational Auto-Encoder, 2018,
        arXiv:1805.11328, Algorithm 1 and section 3.

    Attributes:
        steps: K, the number of leapfrog steps.
        step_size: ε, of every coordinate at the beginning of training.
        beta_zero: β₀, the inverse temperature of the first momenta; 1 leaves them as they are.
        learned: Whether a step size of each coordinate is trained; --no-learned leaves all as
            they are.
    """

    name: ClassVar[str] = "hvae"
    title: ClassVar[str] = "HVAE"
    warmed: ClassVar[tuple[str, ...]] = ("kl", "momentum")

    steps: int = 3
    step_size: float = 1e-3
    beta_zero: float = 0.3
    learned: bool = True

    def __post_init__(self) -> None:
        check_fields(
            self, steps=(1, 100), step_size=(1e-8, 0.9 * LARGEST_STEP), beta_zero=(1e-3, 1)
        )

    def extra_modules(self, net: Autoencoder) -> dict[str, nn.Module]:
        """Return the step sizes, `step_sizes`, where they are learned."""
        return {"step_sizes": StepSizes(net.dim, self.step_size)} if self.learned else {}

    def loss(self, net: Autoencoder, x: Tensor) -> dict[str, Tensor]:
        """Return the terms of the negative bound.

        They are `reconstruction` from z_K, `kl`, the mean of log q(z₀|x) − log p(z_K), and
        `momentum`, the mean of ½‖ρ_K‖² − ½‖γ₀‖².
        """
        mean, log_variance = self.posterior(net, x)
        start = sample_gaussian(mean, log_variance)
        noise = torch.randn_like(start)
        z, momentum = self.move(net, x, start, noise)
        log_ratio = log_normal(start, mean, log_variance) - log_normal(z)
        return {
            "reconstruction": self.reconstruction(net, x, z).mean(),
            "kl": log_ratio.mean(),
            "momentum": 0.5 * (momentum**2 - noise**2).sum(1).mean(),
        }

    def move(self, net: Autoencoder, x: Tensor, z: Tensor, noise: Tensor) -> tuple[Tensor, Tensor]:
        """Follow the tempered motion.

        Args:
            net: Whose decoder makes the potential.
            x: The input batch.
            z: Z₀, `[batch, dim]`.
            noise: γ₀, `[batch, dim]`, standard normal.

        Returns:
            z_K and ρ_K, each `[batch, dim]`.
        """
        train = torch.is_grad_enabled()

        def force(z: Tensor) -> Tensor:
            return self._force(net, x, z, train)

        step = net.parts["step_sizes"]() if self.learned else self.step_size
        roots = tempering(self.beta_zero, self.steps)
        momentum, pull = noise / roots[0], force(z)
        for before, after in pairwise(roots):
            z, momentum, pull = leapfrog(z, momentum, pull, force, step)
            momentum = (before / after) * momentum
        return z, momentum

    def _force(self, net: Autoencoder, x: Tensor, z: Tensor, train: bool) -> Tensor:
        """Return the gradient of log p(x, z) with respect to z, `[batch, dim]`."""
        with torch.enable_grad(), differentiable_twice(net):
            z = z if z.requires_grad else z.detach().requires_grad_()
            loss = self.reconstruction(net, x, z).sum()
            (slope,) = torch.autograd.grad(loss, z, create_graph=train)
        return (-slope - z).clamp(-LARGEST_FORCE, LARGEST_FORCE)


def tempering(beta_zero: float, steps: int) -> list[float]:
    """Return √β₀ … √β_K of the quadratic schedule (Caterini et al. 2018, section 3.2).

    1/√β_k = (1 − 1/√β₀)·k²/K² + 1/√β₀, which is 1/√β₀ at k = 0 and 1 at k = K.
    """
    first = 1 / math.sqrt(beta_zero)
    return [1 / ((1 - first) * k**2 / steps**2 + first) for k in range(steps + 1)]
