"""The kernel distance between two laws, seen through batches of draws."""

from collections.abc import Sequence

import torch
from torch import Tensor

from shared.common.collective import gather_rows
from shared.common.errors import LisaError

SCALES = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
"""The scales s that the kernel sums over."""


def inverse_multiquadric(
    a: Tensor, b: Tensor, scales: Sequence[float] = SCALES, sigma: float = 1.0
) -> Tensor:
    """Return the kernel Σ_s C_s / (C_s + ‖a − b‖²) with C_s = 2·dim·σ²·s, for every pair.

    2·dim·σ² is the mean squared distance of two draws of N(0, σ²I) (Tolstikhin et al. 2017,
    arXiv:1711.01558, section 4).

    Args:
        a: Codes ``[n, dim]``.
        b: Codes ``[m, dim]``.
        scales: The scales s, positive.
        sigma: The standard deviation σ that the scales are relative to, positive.

    Returns:
        Kernel values ``[n, m]`` between 0 and the number of scales.

    Raises:
        LisaError: If there are no scales, or a scale or ``sigma`` is not positive and finite.
    """
    if not scales or not all(0 < value < torch.inf for value in (*scales, sigma)):
        raise LisaError(
            f"the kernel's scales and sigma must be positive and finite, "
            f"not {list(scales)} and {sigma}"
        )
    squared = torch.cdist(a, b).square()
    widths = [2 * a.shape[1] * sigma**2 * scale for scale in scales]
    return torch.stack([width / (width + squared) for width in widths]).sum(0)


def mmd2(codes: Tensor, draws: Tensor, scales: Sequence[float] = SCALES) -> Tensor:
    """Estimate the squared maximum mean discrepancy between the laws of codes and of draws.

    mean over i ≠ j of k(z_i, z_j) + mean over i ≠ j of k(p_i, p_j) − 2·mean over i, j of
    k(z_i, p_j), with the inverse multiquadric kernel k and σ = 1. Without the pairs i = i the
    estimate is unbiased: zero in expectation where both laws are one, hence sometimes negative
    (Gretton et al. 2012, Lemma 6). Half precision is computed in float32.

    Where torch.distributed runs with several processes, pairs run over the global batch: every
    process must call this function together, with its own codes and as many draws of its own, and
    gets the same value. The draws of all processes together are the global batch's draws; they are
    independent because every process seeds its draws apart. The gradient is scaled such that
    averaging parameter gradients over processes gives the gradient of one process that holds the
    whole batch. Local batches may differ in size.

    Args:
        codes: Codes ``[n, dim]``.
        draws: Draws of the other law, ``[m, dim]``.
        scales: The kernel's scales.

    Returns:
        A scalar.

    Raises:
        LisaError: If the two are not two-dimensional with the same last axis, one of them has
            fewer than two rows globally, or a scale is not positive and finite.
    """
    if codes.ndim != 2 or draws.ndim != 2 or codes.shape[1] != draws.shape[1]:
        raise LisaError(
            f"codes and draws must have shapes [n, dim] and [m, dim], "
            f"not {list(codes.shape)} and {list(draws.shape)}"
        )
    z, prior = (
        gather_rows(rows if rows.dtype == torch.float64 else rows.float())
        for rows in (codes, draws)
    )
    if min(len(z), len(prior)) < 2:
        raise LisaError(
            f"the discrepancy is defined over pairs: it needs 2 codes and 2 draws or more, "
            f"not {len(z)} and {len(prior)}"
        )
    between = inverse_multiquadric(z, prior, scales).mean()
    return _mean_of_pairs(z, scales) + _mean_of_pairs(prior, scales) - 2 * between


def _mean_of_pairs(rows: Tensor, scales: Sequence[float]) -> Tensor:
    """Return the mean kernel over pairs i ≠ j."""
    n = len(rows)
    kernel = inverse_multiquadric(rows, rows, scales)
    return (kernel.sum() - kernel.diagonal().sum()) / (n * (n - 1))
