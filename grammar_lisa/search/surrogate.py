"""The Gaussian process that stands in for what sentences are worth, and for their outputs."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_solve, solve_triangular

from grammar_lisa.search.points import KERNELS, Kernel, Points, Similarities, similarities

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
        factor: the Cholesky factor of the covariance of the points, noise included, `[n, n]`.
        centre: the mean of each output, `[output]`.
        weights: K⁻¹(Y − centre), `[n, output]`.
        spread: R, `[rank, output]`.
    """

    kernel: Kernel
    points: Points
    factor: Floats
    centre: Floats
    weights: Floats
    spread: Floats

    @classmethod
    def fit(
        cls, points: Points, values: Floats, kernels: Sequence[Kernel] = KERNELS
    ) -> "Surrogate":
        """Fit to values `[n, output]`, with the kernel of the greatest evidence on some of them.

        Args:
            points: of the values.
            values: `[n, output]`.
            kernels: to choose from.
        """
        some = np.linspace(0, len(points) - 1, min(len(points), _JUDGED)).astype(np.int64)
        judged, alike = values[some], similarities(points.rows(some), points.rows(some))
        kernel = max(kernels, key=lambda each: evidence(each, alike, judged))
        factor = _factor(kernel, similarities(points, points))
        return cls._given(kernel, points, factor, values)

    @classmethod
    def _given(cls, kernel: Kernel, points: Points, factor: Floats, values: Floats) -> "Surrogate":
        centre = values.mean(axis=0)
        white = solve_triangular(factor, values - centre, lower=True)
        _, sizes, axes = np.linalg.svd(white / np.sqrt(len(white)), full_matrices=False)
        return cls(
            kernel,
            points,
            factor,
            centre,
            cho_solve((factor, True), values - centre),
            sizes[:_RANK, None] * axes[:_RANK],
        )

    def of(self, values: Floats) -> "Surrogate":
        """The process of other values `[n, output]` of the same points, with the same kernel."""
        return self._given(self.kernel, self.points, self.factor, values)

    def predict(self, points: Points) -> Posterior:
        """Mean and variances at some points."""
        cross = self.kernel(similarities(points, self.points))
        explained = (solve_triangular(self.factor, cross.T, lower=True) ** 2).sum(axis=0)
        variance = np.maximum(self._prior - explained, 1e-9)
        return Posterior(cross @ self.weights + self.centre, variance)

    def predict_jointly(self, points: Points) -> Posterior:
        """Mean and covariances at some points."""
        cross = self.kernel(similarities(points, self.points))
        white = solve_triangular(self.factor, cross.T, lower=True)
        covariance = self.kernel(similarities(points, points)) - white.T @ white
        return Posterior(cross @ self.weights + self.centre, covariance)

    @property
    def _prior(self) -> float:
        return self.kernel.chord + self.kernel.subtrees + self.kernel.rules


def evidence(kernel: Kernel, alike: Similarities, values: Floats) -> float:
    """The log likelihood of values `[n, m]`, but for a constant.

    That of the matrix normal model with Σ of the simplest form σ²I, at the best σ²:
    −½·n·m·log σ² − m·log|L|, with σ² the mean square of the whitened values L⁻¹(Y − centre).
    """
    factor = _factor(kernel, alike)
    white = solve_triangular(factor, values - values.mean(axis=0), lower=True)
    square = max(float((white**2).mean()), 1e-300)
    logs = float(np.log(np.diag(factor)).sum())
    found: float = -values.shape[1] * (0.5 * len(values) * math.log(square) + logs)
    return found


def _factor(kernel: Kernel, alike: Similarities) -> Floats:
    """The Cholesky factor of the covariance of points with themselves, noise included."""
    covariance = kernel(alike)
    covariance[np.diag_indices_from(covariance)] += kernel.noise
    factor: Floats = np.asarray(np.linalg.cholesky(covariance), dtype=np.float64)
    return factor
