"""The Gaussian process that stands in for what sentences are worth, and for their outputs."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_triangular

from grammar_lisa.search.points import KERNELS, Kernel, Points, Similarities

Floats = NDArray[np.float64]

_RANK = 60
"""Directions in which outputs vary that a posterior keeps."""

_JUDGED = 400
"""The most points that kernels are compared on."""


class Posterior(NamedTuple):
    """What a process expects at some points.

    Attributes:
        mean: `[n, output]`.
        covariance: between the points, of every output in units of its own variance, `[n, n]`;
            or its diagonal, `[n]`.
    """

    mean: Floats
    covariance: Floats


@dataclass(frozen=True)
class Surrogate:
    """An exact Gaussian process with many outputs, all with one kernel between sentences.

    The covariance of output i of sentence s and output j of sentence s′ is k(s, s′)·Σ_ij, with
    Σ = RᵀR estimated from the whitened data (the matrix normal model, whose likelihood is
    greatest there).

    Attributes:
        kernel: k, and the noise.
        points: that it was fitted to, `n`.
        sizes: how uncertain the values at each point are, against the noise's deviation, `[n]`.
        factor: the Cholesky factor of the covariance of the points, noise included, each row and
            column divided by its size, `[n, n]`.
        centre: what outputs are expected to be where nothing is known, `[output]`.
        weights: K⁻¹(Y − centre), `[n, output]`.
        spread: R, `[rank, output]`.
    """

    kernel: Kernel
    points: Points
    sizes: Floats
    factor: Floats
    centre: Floats
    weights: Floats
    spread: Floats

    @classmethod
    def fit(
        cls,
        points: Points,
        values: Floats,
        kernels: Sequence[Kernel] = KERNELS,
        *,
        sizes: Floats | None = None,
        centre: Floats | None = None,
    ) -> "Surrogate":
        """Fit to values `[n, output]`, with the kernel of the greatest evidence on some of them.

        Args:
            points: of the values.
            values: `[n, output]`.
            kernels: to choose from.
            sizes: how uncertain each row of values is, `[n]`; by default all are 1.
            centre: what is expected where nothing is known, `[output]`; by default the mean.
        """
        sizes = np.ones(len(points)) if sizes is None else sizes
        centre = values.mean(axis=0) if centre is None else centre
        some = np.linspace(0, len(points) - 1, min(len(points), _JUDGED)).astype(np.int64)
        judged = (values[some] - centre) / sizes[some, None]
        alike = Similarities(points.rows(some), points.rows(some))
        kernel = max(kernels, key=lambda each: evidence(each, alike, judged, sizes[some]))
        factor = _factor(kernel, Similarities(points, points), sizes)
        return cls._given(kernel, points, sizes, factor, values, centre)

    @classmethod
    def _given(
        cls,
        kernel: Kernel,
        points: Points,
        sizes: Floats,
        factor: Floats,
        values: Floats,
        centre: Floats,
    ) -> "Surrogate":
        scaled = (values - centre) / sizes[:, None]
        white = solve_triangular(factor, scaled, lower=True)
        _, deviations, axes = np.linalg.svd(white / np.sqrt(len(white)), full_matrices=False)
        weights = solve_triangular(factor, white, lower=True, trans=1) / sizes[:, None]
        spread = deviations[:_RANK, None] * axes[:_RANK]
        return cls(kernel, points, sizes, factor, centre, weights, spread)

    def predict(self, points: Points) -> Posterior:
        """Mean and variances at some points."""
        cross = self.kernel(Similarities(points, self.points))
        explained = (self._white(cross) ** 2).sum(axis=0)
        variance = np.maximum(self.kernel.variances(points) - explained, 1e-9)
        return Posterior(cross @ self.weights + self.centre, variance)

    def predict_jointly(self, points: Points) -> Posterior:
        """Mean and covariances at some points."""
        cross = self.kernel(Similarities(points, self.points))
        white = self._white(cross)
        covariance = self.kernel(Similarities(points, points)) - white.T @ white
        return Posterior(cross @ self.weights + self.centre, covariance)

    def _white(self, cross: Floats) -> Floats:
        """Cross-covariances `[m, n]` by the inverse of the factor, `[n, m]`."""
        white: Floats = solve_triangular(self.factor, (cross / self.sizes).T, lower=True)
        return white


def evidence(kernel: Kernel, alike: Similarities, values: Floats, sizes: Floats) -> float:
    """The log likelihood of values `[n, m]`, but for a constant.

    That of the matrix normal model with Σ of the simplest form σ²I, at the best σ²:
    −½·n·m·log σ² − m·log|L|, with σ² the mean square of the whitened values L⁻¹Y.

    Args:
        kernel: the covariance between points.
        alike: the points with themselves.
        values: less their centre, each row divided by its size.
        sizes: of the rows, `[n]`.
    """
    factor = _factor(kernel, alike, sizes)
    white = solve_triangular(factor, values, lower=True)
    square = max(float((white**2).mean()), 1e-300)
    logs = float(np.log(np.diag(factor)).sum())
    found: float = -values.shape[1] * (0.5 * len(values) * math.log(square) + logs)
    return found


def _factor(kernel: Kernel, alike: Similarities, sizes: Floats) -> Floats:
    """The Cholesky factor of the covariance of points with themselves, noise included, scaled."""
    covariance = kernel(alike) / np.outer(sizes, sizes)
    covariance[np.diag_indices_from(covariance)] += kernel.noise
    factor: Floats = np.asarray(np.linalg.cholesky(covariance), dtype=np.float64)
    return factor
