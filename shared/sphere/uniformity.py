"""How evenly directions cover the sphere: the uniformity loss and its exact uniform value.

Everything rests on the Gaussian kernel of the sphere, k(u, v) = exp(−t‖u − v‖²), and on its mean
over pairs, the kernel energy. `uniformity_loss` is for training; `log_energy`, `uniformity_gap`
and `mmd2_to_uniform` are for evaluation: float64, one process, memory that does not grow with
the number of pairs.
"""

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from scipy.special import gammaln, ive, logsumexp
from torch import Tensor

from shared.common.collective import gather_rows
from shared.common.errors import LisaError
from shared.sphere.geometry import Rows, unit_rows

BLOCK_ENTRIES = 2**22
"""Most kernel entries that are held at once."""


def uniformity_loss(u: Tensor, t: float = 2.0) -> Tensor:
    """Compute the uniformity loss of a batch: log mean of k(u_i, u_j) over pairs i ≠ j.

    LISA, Eq. 13; Wang & Isola 2020. Squared distances are 2 − 2⟨u_i, u_j⟩, the mean is a
    log-sum-exp, and half precision is computed in float32. Batches of more than
    √`BLOCK_ENTRIES` are taken in blocks of rows. The gradient, 4t times the mean of u_j weighted
    by k(u_i, u_j), is in closed form; it cannot be differentiated a second time.

    Where torch.distributed runs with several processes, pairs run over the global batch: every
    process must call this function together and gets the same value. The gradient is scaled such
    that averaging parameter gradients over processes, as data-parallel training does, gives the
    gradient of one process that holds the whole batch. Local batches may differ in size.

    Args:
        u: Directions ``[batch, dim]``; their norms are not checked.
        t: Kernel precision, positive.

    Returns:
        A scalar, from −4t (all mass at distance 2) to 0 (all directions equal).

    Raises:
        LisaError: If ``u`` is not two-dimensional, the global batch has fewer than two rows, or
            ``t`` is not positive and finite.
    """
    if u.ndim != 2:
        raise LisaError(f"directions must have shape [batch, dim], not {list(u.shape)}")
    wide = u if u.dtype == torch.float64 else u.float()
    return _log_mean_kernel(gather_rows(wide), t)


def log_energy(u: Rows, t: float = 2.0) -> float:
    """Measure the uniformity loss of many directions in float64, in this process alone.

    Args:
        u: Directions ``[n, dim]``, n >= 2.
        t: Kernel precision, positive.

    Returns:
        The log of the mean of exp(−t‖u_i − u_j‖²) over pairs i ≠ j (LISA, Eq. 13).

    Raises:
        LisaError: If ``u`` does not hold at least two finite unit vectors or ``t`` is not
            positive and finite.
    """
    with torch.no_grad():
        return float(_log_mean_kernel(unit_rows(u), t))


def uniform_log_energy(dim: int, t: float = 2.0) -> float:
    """Compute the expectation that uniform directions reach: log ₀F₁(; dim/2; t²) − 2t.

    This is log E[k(u, v)] for independent uniform u and v: the kernel averaged over ⟨u, v⟩ gives
    Γ(a) t^(1−a) I_(a−1)(2t) exp(−2t) with a = dim/2 (Mardia & Jupp 2009, the constant of the
    von Mises-Fisher law). It is the least value of `uniformity_loss` in the limit of a large
    batch.

    Args:
        dim: Number of coordinates, at least 1.
        t: Kernel precision, positive.

    Returns:
        The log of the expected kernel, at most 0.

    Raises:
        LisaError: If ``dim`` is below 1 or ``t`` is not positive and finite.
    """
    if dim < 1:
        raise LisaError(f"dim must be at least 1, not {dim}")
    _check_precision(t)
    half = dim / 2
    if t > dim:
        bessel = float(ive(half - 1, 2 * t))
        if bessel > np.finfo(np.float64).tiny:
            return float(gammaln(half) - (half - 1) * math.log(t) + math.log(bessel))
    return _log_hyp0f1(half, t) - 2 * t


def log_c(dim: int, sigma: float) -> float:
    """Compute log C_{d,σ}, the constant of the MMD to the uniform law (LISA, Theorem 2).

    Args:
        dim: Number of coordinates, at least 1.
        sigma: Bandwidth of the kernel exp(−‖u − v‖² / 2σ²) (Eq. 25), positive.

    Returns:
        `uniform_log_energy` at t = 1 / (2σ²).

    Raises:
        LisaError: If ``dim`` is below 1 or ``sigma`` is not positive and finite.
    """
    return uniform_log_energy(dim, _precision(sigma))


def mmd2_to_uniform(u: Rows, sigma: float, unbiased: bool = True) -> float:
    """Estimate the squared maximum mean discrepancy of directions to the uniform law.

    LISA, Eqs. 26 and 27: the mean kernel over pairs of directions minus C_{d,σ}.

    Args:
        u: Directions ``[n, dim]``, n >= 2.
        sigma: Bandwidth of the kernel exp(−‖u − v‖² / 2σ²) (Eq. 25), positive.
        unbiased: Whether to leave out the pairs i = j. With them the estimate is the MMD² of the
            empirical law itself: biased upwards, never negative.

    Returns:
        The estimate; the unbiased one may be slightly negative.

    Raises:
        LisaError: If ``u`` does not hold at least two finite unit vectors or ``sigma`` is not
            positive and finite.
    """
    t = _precision(sigma)
    energy = math.exp(log_energy(u, t))
    if not unbiased:
        energy += (1 - energy) / len(u)
    return energy - math.exp(log_c(u.shape[-1], sigma))


def uniformity_gap(u: Rows, t: float = 2.0) -> float:
    """Measure how far directions are from uniform: `log_energy` minus `uniform_log_energy`.

    Args:
        u: Directions ``[n, dim]``, n >= 2.
        t: Kernel precision, positive.

    Returns:
        The gap in nats: 0 in expectation for uniform directions, growing with concentration.

    Raises:
        LisaError: As `log_energy`.
    """
    return log_energy(u, t) - uniform_log_energy(u.shape[-1], t)


def _log_mean_kernel(u: Tensor, t: float) -> Tensor:
    """Compute the log mean of the kernel over pairs."""
    _check_precision(t)
    n = len(u)
    if n < 2:
        raise LisaError(f"uniformity is defined over pairs: it needs 2 directions or more, not {n}")
    total: Tensor = _LogKernelSum.apply(u, t)
    return total - math.log(n * (n - 1))


class _LogKernelSum(torch.autograd.Function):
    """Sum the kernel over ordered pairs i ≠ j, in logs, one block of rows at a time.

    The gradient is as cheap to have beside the sum as after it, and much smaller than the kernel.
    """

    @staticmethod
    def forward(ctx: Any, u: Tensor, t: float) -> Tensor:
        sums, pulls = [], []
        for logs in _log_kernel(u, t):
            top = logs.max()
            weights = logs.sub_(top).exp_()
            sums.append(top + weights.sum().log())
            if ctx.needs_input_grad[0]:
                pulls.append((top, weights @ u))
        total = torch.logsumexp(torch.stack(sums), 0)
        if pulls:
            pull = torch.cat([part.mul_((top - total).exp()) for top, part in pulls])
            ctx.save_for_backward(pull.mul_(4 * t))
        return total

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None]:
        (pull,) = ctx.saved_tensors
        return pull * grads[0], None


def _log_kernel(u: Tensor, t: float) -> Iterator[Tensor]:
    """Yield the kernel's logs in blocks of rows, with −∞ where a row meets itself.

    Each block overwrites the one before: blocks of their own, allocated anew, may each stay with
    the process, tens of gigabytes for 90,000 directions.
    """
    n = len(u)
    size = min(n, max(1, BLOCK_ENTRIES // n))
    block = u.new_empty(size, n)
    offset = u.new_tensor(-2 * t)
    for begin in range(0, n, size):
        rows = u[begin : begin + size]
        logs = torch.addmm(offset, rows, u.T, alpha=2 * t, out=block[: len(rows)]).clamp_(max=0)
        logs[:, begin : begin + size].fill_diagonal_(-torch.inf)
        yield logs


def _log_hyp0f1(a: float, t: float) -> float:
    """Compute log ₀F₁(; a; t²) from its series, whose terms are all positive."""
    # The terms t^2k / (k! (a)_k) fall by more than four each step from k = 2t on.
    k = np.arange(1, math.ceil(2 * t) + 60)
    terms = 2 * k * math.log(t) - gammaln(k + 1) - (gammaln(a + k) - gammaln(a))
    return float(np.logaddexp(0, logsumexp(terms)))


def _precision(sigma: float) -> float:
    if not 0 < sigma < math.inf:
        raise LisaError(f"the bandwidth sigma must be positive and finite, not {sigma}")
    return 1 / (2 * sigma**2)


def _check_precision(t: float) -> None:
    if not 0 < t < math.inf:
        raise LisaError(f"the kernel precision t must be positive and finite, not {t}")
