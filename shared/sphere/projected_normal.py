"""The density of a projected Gaussian on the sphere (LISA, Lemma 1 and Eq. 17).

If y is N(μ, Σ), its direction u = y/‖y‖ has with respect to the surface measure the density

    p(u) = ∫₀^∞ N(r·u; μ, Σ) r^(d−1) dr.

With Σ = LLᵀ, x = L⁻¹u, w = L⁻¹μ and m = ⟨x, w⟩/‖x‖ this is a Gaussian factor of the part of w
orthogonal to x times one integral that depends on m alone, `log_radial_integral`. Everything is
in float64 and in logs. See Mardia & Jupp 2009, section 9.3.2, and Presnell et al. 1998.
"""

import math
from collections.abc import Sequence

import numpy as np
from scipy.linalg import solve_triangular
from scipy.optimize import brentq
from scipy.special import log_ndtr, logsumexp

from shared.common.arrays import Floats
from shared.common.errors import LisaError
from shared.sphere.geometry import Rows, unit_rows

_HALF_LOG_2PI = 0.5 * math.log(2 * math.pi)
_NEGLIGIBLE = 40.0
"""Quadrature ends where the integrand is exp(−40) of its peak, below float64's rounding."""


def log_density(u: Rows, mean: Floats, covariance: Floats) -> Floats:
    """Compute the log density of the direction of a Gaussian vector (LISA, Eq. 17).

    Args:
        u: Directions ``[n, dim]``.
        mean: Mean ``[dim]`` of the Gaussian.
        covariance: Covariance ``[dim, dim]`` of the Gaussian, positive definite.

    Returns:
        Log densities ``[n]`` with respect to the surface measure of the sphere.

    Raises:
        LisaError: If ``u`` does not hold finite unit vectors, the shapes do not match, or the
            covariance is not positive definite.
    """
    points = unit_rows(u).numpy()
    dim = points.shape[1]
    if mean.shape != (dim,) or covariance.shape != (dim, dim):
        raise LisaError(
            f"directions of dimension {dim} need a mean [{dim}] and a covariance [{dim}, {dim}], "
            f"not {list(mean.shape)} and {list(covariance.shape)}"
        )
    try:
        factor = np.linalg.cholesky(covariance)
    except np.linalg.LinAlgError as error:
        raise LisaError("the covariance is not positive definite") from error
    white = solve_triangular(factor, points.T, lower=True)
    centre = solve_triangular(factor, mean, lower=True)
    length = np.linalg.norm(white, axis=0)
    white = white / length
    along = centre @ white
    across = centre[:, None] - along * white
    density: Floats = (
        log_radial_integral(dim, along)
        - 0.5 * (across**2).sum(0)
        - dim * (_HALF_LOG_2PI + np.log(length))
        - np.log(np.diag(factor)).sum()
    )
    return density


def mixture_log_density(u: Rows, weights: Floats, means: Floats, covariances: Floats) -> Floats:
    """Compute the log density of the direction of a Gaussian mixture's draw.

    Args:
        u: Directions ``[n, dim]``.
        weights: Weights ``[component]``, summing to one.
        means: Means ``[component, dim]``.
        covariances: Covariances ``[component, dim, dim]``, positive definite.

    Returns:
        Log densities ``[n]`` with respect to the surface measure of the sphere.

    Raises:
        LisaError: As `log_density`.
    """
    logs = [log_density(u, *each) for each in zip(means, covariances, strict=True)]
    return mix(logs, weights)


def mix(logs: Sequence[Floats], weights: Floats) -> Floats:
    """Compute the log density of a mixture from those of its components.

    Args:
        logs: Log densities ``[n]`` of each component.
        weights: Weights ``[component]``; they may be zero.

    Returns:
        Log densities ``[n]``.
    """
    with np.errstate(divide="ignore"):
        log_weights = np.log(weights)
    density: Floats = logsumexp(np.stack(logs) + log_weights[:, None], axis=0)
    return density


def log_sphere_area(dim: int) -> float:
    """Compute the log surface area of the unit sphere in ``dim`` coordinates.

    Args:
        dim: Number of coordinates, at least 1; the sphere of one coordinate is two points.

    Returns:
        log(2 π^(dim/2) / Γ(dim/2)); the uniform density is its negative.
    """
    return math.log(2) + dim / 2 * math.log(math.pi) - math.lgamma(dim / 2)


def log_radial_integral(dim: int, m: Floats) -> Floats:
    """Compute the log of J(m) = ∫₀^∞ s^(dim−1) exp(−(s − m)²/2) ds.

    For m >= 0 by the recurrence of its moments, whose terms are then all positive; for m < 0,
    where that recurrence loses every digit, by quadrature.

    Args:
        dim: Number of coordinates, at least 1.
        m: Any shape; the whitened mean's component along the whitened direction.

    Returns:
        Logs of the integral, of the shape of ``m``.
    """
    m = np.asarray(m, dtype=np.float64)
    result = np.empty_like(m)
    ahead = m >= 0
    result[ahead] = _by_recurrence(dim, m[ahead])
    result[~ahead] = _by_quadrature(dim, -m[~ahead])
    return result


def _by_recurrence(dim: int, m: Floats) -> Floats:
    """Sum the logs of J_k/J_(k−1), from J_k = m J_(k−1) + (k−1) J_(k−2) by parts, for m >= 0."""
    log_cdf = log_ndtr(m)
    total: Floats = _HALF_LOG_2PI + log_cdf
    ratio = m + np.exp(-(m**2) / 2 - _HALF_LOG_2PI - log_cdf)
    for k in range(1, dim):
        total = total + np.log(ratio)
        ratio = m + k / ratio
    return total


def _by_quadrature(dim: int, depth: Floats) -> Floats:
    """Integrate over y = log(s/peak) by the trapezoidal rule, for m = −depth < 0.

    With the peak at s² + depth·s = dim and p = s²/dim, the log integrand relative to the peak is
    −dim·(p·(e^2y − 1)/2 + (1 − p)·(e^y − 1) − y), at most −dim·(e^y − 1 − y), whatever the depth.
    That bound ends the range; on an analytic integrand that vanishes at both ends the rule
    converges exponentially in the number of nodes.
    """
    y = _nodes(dim)
    peak = 2 * dim / (depth + np.sqrt(depth**2 + 4 * dim))
    share = (peak**2 / dim)[:, None]
    bend = share * np.expm1(2 * y) / 2 + (1 - share) * np.expm1(y) - y
    shape = np.exp(-dim * bend).sum(-1) * (y[1] - y[0])
    top: Floats = dim * np.log(peak) - (peak + depth) ** 2 / 2 + np.log(shape)
    return top


def _nodes(dim: int) -> Floats:
    drop = _NEGLIGIBLE / dim

    def excess(y: float) -> float:
        return math.expm1(y) - y - drop

    begin = brentq(excess, -drop - 2, 0)
    end = brentq(excess, 0, math.log(drop + 2) + math.sqrt(2 * drop) + 1)
    step = min(0.1, 0.5 / math.sqrt(2 * dim))
    return np.linspace(begin, end, math.ceil((end - begin) / step) + 1)
