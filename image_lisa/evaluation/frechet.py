"""The Fréchet distance between two sets of features."""

import numpy as np

from shared.common.arrays import Floats
from shared.common.errors import LisaError
from shared.sphere.geometry import Rows, finite_rows


def frechet_distance(real: Rows, other: Rows) -> float:
    """Compute the Fréchet distance between Gaussians fitted to two sets of features.

    Means and unbiased covariances, in float64; see `gaussian_distance`. On Inception features it
    is the FID (Heusel et al. 2017, arXiv:1706.08500), on any other it must not be called so.

    Args:
        real: Features ``[n, f]``, n ≥ 2.
        other: Features ``[m, f]``, m ≥ 2.

    Returns:
        The squared distance, at least 0.

    Raises:
        LisaError: If either is not finite, has fewer than two rows, or their sizes differ.
    """
    return gaussian_distance(*_moments(real), *_moments(other))


def gaussian_distance(
    mean: Floats, covariance: Floats, other_mean: Floats, other_covariance: Floats
) -> float:
    """Compute the Fréchet distance ‖μ₁ − μ₂‖² + Tr(Σ₁ + Σ₂ − 2√(Σ₁Σ₂)) of two Gaussians.

    Dowson & Landau 1982. Σ₁Σ₂ has the eigenvalues of Σ₁^½Σ₂Σ₁^½, whose roots are the singular
    values of Σ₁^½Σ₂^½; these keep the digits that roots of small eigenvalues lose. The roots of
    the covariances come from their symmetric eigendecompositions, without what is rounding.

    Args:
        mean: ``[f]``.
        covariance: ``[f, f]``, symmetric and positive semidefinite.
        other_mean: ``[f]``.
        other_covariance: ``[f, f]``, likewise.

    Returns:
        The squared distance, at least 0.

    Raises:
        LisaError: If the sizes do not fit together, or a covariance has a negative eigenvalue
            that is not rounding.
    """
    size = len(mean)
    shapes = [np.shape(each) for each in (mean, covariance, other_mean, other_covariance)]
    if shapes != [(size,), (size, size), (size,), (size, size)]:
        raise LisaError(f"means and covariances do not fit together: their shapes are {shapes}")
    factors = _factor(covariance).T @ _factor(other_covariance)
    overlap = np.linalg.svd(factors, compute_uv=False).sum()
    shift = np.square(mean - other_mean).sum()
    spread = np.trace(covariance) + np.trace(other_covariance)
    return max(0.0, float(shift + spread - 2 * overlap))


def _moments(features: Rows) -> tuple[Floats, Floats]:
    rows = finite_rows(features, "features").numpy()
    if len(rows) < 2:
        raise LisaError(f"a covariance needs 2 features or more, not {len(rows)}")
    return rows.mean(0), np.atleast_2d(np.cov(rows, rowvar=False))


def _factor(covariance: Floats) -> Floats:
    """Return F with F Fᵀ the covariance: its eigenvectors times the roots of their eigenvalues."""
    values, vectors = np.linalg.eigh(covariance)
    rounding = len(values) * np.finfo(np.float64).eps * max(float(values[-1]), 0.0)
    if values[0] < -1e3 * rounding:
        raise LisaError(f"a covariance has the negative eigenvalue {values[0]:g}")
    factor: Floats = vectors * np.sqrt(np.where(values > rounding, values, 0))
    return factor
