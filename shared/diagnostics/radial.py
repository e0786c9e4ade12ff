"""How much a decoder minds the radius of its codes (LISA, Section 2.2, Figure 1)."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from shared.common.errors import LisaError
from shared.sphere.geometry import Rows, finite_rows, project

CodeLoss = Callable[[Tensor, Tensor], Tensor]
"""The loss of each example, `[batch]`, from inputs x and the codes z they are decoded from; of a
method and its net this is ``partial(method.reconstruction, net)``."""

ALPHAS: tuple[float, ...] = tuple(round(10 ** (k / 10), 12) for k in range(-10, 11))
"""The default factors: ten a decade from 0.1 to 10, with exactly 1 in the middle."""

_CHUNK = 1024


@dataclass(frozen=True)
class RadialCurve:
    """The mean reconstruction loss of codes α·z, as a function of α (LISA, Figure 1).

    Attributes:
        alphas: The factors ``[n]``, ascending, 1 among them.
        losses: The mean loss at each factor ``[n]``, in nats per example.
    """

    alphas: NDArray[np.float64]
    losses: NDArray[np.float64]

    @property
    def own(self) -> float:
        """The loss of the codes as they are, at α = 1."""
        return float(self.losses[self.alphas == 1][0])

    def sensitivity(self, low: float = 0.5, high: float = 2.0) -> float:
        """Compute the worst relative increase of the loss over α in [low, high].

        Zero for a decoder that sees directions only; never negative, as α = 1 is among them.
        Infinite where the codes' own loss is zero and another is not.

        Raises:
            LisaError: If [low, high] does not hold 1.
        """
        if not low <= 1 <= high:
            raise LisaError(f"the range of alphas must hold 1, not [{low}, {high}]")
        inside = (self.alphas >= low) & (self.alphas <= high)
        rise = float(self.losses[inside].max()) - self.own
        if rise <= 0:
            return 0.0
        return rise / self.own if self.own > 0 else math.inf


@torch.no_grad()
def radial_sensitivity(
    reconstruction: CodeLoss, x: Tensor, z: Tensor, alphas: Sequence[float] = ALPHAS
) -> RadialCurve:
    """Measure the reconstruction loss of scaled codes (LISA, Figure 1).

    Args:
        reconstruction: The loss of each example from inputs and codes; its net must be in
            evaluation mode.
        x: Inputs ``[n, ...]``.
        z: Their codes ``[n, dim]``, unnormalised.
        alphas: Positive factors; 1 is added where it is missing.

    Returns:
        The curve, with ascending factors.

    Raises:
        LisaError: If ``x`` and ``z`` do not belong together, there are none, or a factor is not
            positive and finite.
    """
    _check_pairs(x, z)
    for alpha in alphas:
        if not 0 < alpha < math.inf:
            raise LisaError(f"an alpha must be positive and finite, not {alpha}")
    grid = sorted({1.0, *map(float, alphas)})
    losses = [_mean_loss(reconstruction, x, alpha * z) for alpha in grid]
    return RadialCurve(np.array(grid), np.array(losses))


def mean_radius(z: Rows) -> float:
    """Compute the mean norm of codes ``[n, dim]``, for `projection_loss`: of training codes.

    Raises:
        LisaError: If ``z`` is not ``[n, dim]`` with finite rows.
    """
    return float(torch.linalg.vector_norm(finite_rows(z), dim=-1).mean())


@torch.no_grad()
def projection_loss(reconstruction: CodeLoss, x: Tensor, z: Tensor, radius: float) -> float:
    """Measure the mean loss of codes that all got one radius: what projecting them costs.

    It equals the codes' own loss for a decoder that sees directions only. For any other it tells
    how much of what the decoder needs lay in the radius.

    Args:
        reconstruction: As in `radial_sensitivity`.
        x: Inputs ``[n, ...]``.
        z: Their codes ``[n, dim]``.
        radius: The radius that all get, e.g. the `mean_radius` of the training codes.

    Returns:
        The mean loss in nats per example.

    Raises:
        LisaError: If ``x`` and ``z`` do not belong together, there are none, or the radius is not
            positive and finite.
    """
    _check_pairs(x, z)
    if not 0 < radius < math.inf:
        raise LisaError(f"the radius must be positive and finite, not {radius}")
    return _mean_loss(reconstruction, x, radius * project(z))


def _mean_loss(reconstruction: CodeLoss, x: Tensor, z: Tensor) -> float:
    parts = zip(x.split(_CHUNK), z.split(_CHUNK), strict=True)
    return sum(float(reconstruction(*part).double().sum()) for part in parts) / len(x)


def _check_pairs(x: Tensor, z: Tensor) -> None:
    if z.ndim != 2 or len(x) != len(z) or not len(z):
        raise LisaError(
            f"inputs and codes must be [n, ...] and [n, dim] with one n >= 1, "
            f"not {list(x.shape)} and {list(z.shape)}"
        )
