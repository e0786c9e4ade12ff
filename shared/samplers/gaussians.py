"""Diagonal Gaussians: draws, densities and the divergence from the standard one."""

import math

import torch
from torch import Tensor

LOG_VARIANCES = (-20.0, 20.0)
"""Between which log-variances are held, so that neither they nor their exponentials overflow."""


def split_parameters(parameters: Tensor) -> tuple[Tensor, Tensor]:
    """Split what an encoder gives, `[batch, 2·dim]`, into mean and log-variance, `[batch, dim]`."""
    mean, log_variance = parameters.chunk(2, dim=1)
    return mean, log_variance.clamp(*LOG_VARIANCES)


def sample_gaussian(mean: Tensor, log_variance: Tensor) -> Tensor:
    """Return a draw of N(mean, exp(log_variance)) that gradients pass through.

    See Kingma & Welling 2013.
    """
    return mean + torch.exp(0.5 * log_variance) * torch.randn_like(mean)


def log_normal(z: Tensor, mean: Tensor | float = 0.0, log_variance: Tensor | None = None) -> Tensor:
    """Return log N(z; mean, exp(log_variance)) summed over the last axis.

    The variance is one by default.
    """
    squares = (z - mean) ** 2
    if log_variance is None:
        return -0.5 * (squares + math.log(2 * math.pi)).sum(-1)
    terms = squares * torch.exp(-log_variance) + log_variance + math.log(2 * math.pi)
    return -0.5 * terms.sum(-1)


def kl_to_standard(mean: Tensor, log_variance: Tensor) -> Tensor:
    """Return KL(N(mean, exp(log_variance)) ‖ N(0, I)) in nats, `[batch]`.

    See Kingma & Welling 2013, appendix B.
    """
    return 0.5 * (mean**2 + log_variance.exp() - 1 - log_variance).sum(1)
