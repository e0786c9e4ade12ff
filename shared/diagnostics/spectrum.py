"""The spectrum of directions: how many axes of the sphere they use (LISA, Section 3.3, Table 1)."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import entr

from shared.sphere.geometry import Rows, unit_rows


@dataclass(frozen=True)
class Spectrum:
    """Eigenvalues of the directional second moment M = 1/n Σ u uᵀ, and what they summarise to.

    M has trace one. Under the uniform law every eigenvalue is 1/dim, the condition is 1 and both
    ranks are dim.

    Two definitions of the effective rank are in use and they differ. The paper's ρ is not
    defined in its text; its first MNIST row (d = 16, λ_max 0.17, condition 8.35, ρ 9.47) lies
    below what `effective_rank` can be under those values (9.9) and is possible for the
    `participation_ratio`.

    Attributes:
        eigenvalues: ``[dim]``, in descending order, summing to one.
    """

    eigenvalues: NDArray[np.float64]

    @property
    def dim(self) -> int:
        """The number of coordinates."""
        return len(self.eigenvalues)

    @property
    def lambda_max(self) -> float:
        """The largest eigenvalue, from 1/dim to 1."""
        return float(self.eigenvalues[0])

    @property
    def condition(self) -> float:
        """The largest eigenvalue over the smallest, at least 1; infinite where M is singular."""
        smallest = float(self.eigenvalues[-1])
        rounding = self.dim * float(np.finfo(np.float64).eps) * self.lambda_max
        return self.lambda_max / smallest if smallest > rounding else math.inf

    @property
    def effective_rank(self) -> float:
        """The exponential of the eigenvalues' entropy, exp(−Σ λ log λ), from 1 to dim.

        Roy & Vetterli 2007, "The effective rank: a measure of effective dimensionality".
        """
        return float(np.exp(entr(self.eigenvalues).sum()))

    @property
    def participation_ratio(self) -> float:
        """The inverse of the sum of squared eigenvalues, (Σ λ)² / Σ λ², from 1 to dim."""
        return float(1 / (self.eigenvalues**2).sum())

    def record(self) -> dict[str, float]:
        """Return what the eigenvalues summarise to, by name."""
        names = ("lambda_max", "condition", "effective_rank", "participation_ratio")
        return {name: getattr(self, name) for name in names}


def spectrum(u: Rows) -> Spectrum:
    """Compute the spectrum of the directional second moment M = 1/n Σ u uᵀ, in float64.

    LISA, Section 3.3. M is not centred: directions that all share a mean are concentrated.

    Args:
        u: Directions ``[n, dim]``.

    Returns:
        The spectrum.

    Raises:
        LisaError: If ``u`` does not hold finite unit vectors.
    """
    rows = unit_rows(u).numpy()
    values = np.linalg.eigvalsh(rows.T @ rows / len(rows))[::-1].clip(min=0)
    return Spectrum(values / values.sum())
