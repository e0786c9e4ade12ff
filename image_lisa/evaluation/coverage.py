"""Precision, recall, density and coverage: fidelity and diversity of one set of features."""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from shared.common.errors import LisaError
from shared.sphere.geometry import Rows, finite_rows

NEIGHBOURS = 5
"""k, the neighbour whose distance is the radius of a ball (Naeem et al. 2020)."""

_BLOCK_ENTRIES = 2**22

_ROUNDING = 1e-12
"""What rounding may do to a squared distance, relative to the largest squared norm."""


@dataclass(frozen=True)
class Coverage:
    """How two sets of features cover each other by balls that reach to the k-th neighbour.

    Attributes:
        precision: The fraction of the other features that lie in a ball of a real one.
        recall: The fraction of the real features that lie in a ball of another one.
        density: 1/k times the mean number of real balls that another feature lies in; 1 in
            expectation for the same law, and it may be larger.
        coverage: The fraction of the real balls that hold another feature.
    """

    precision: float
    recall: float
    density: float
    coverage: float


def squared_radii(features: Rows, k: int = NEIGHBOURS) -> Tensor:
    """Compute the squared distance of each feature from its k-th neighbour, itself not counted.

    For `coverage`, where many sets are compared with one.

    Args:
        features: ``[n, f]``, n > k.
        k: Which neighbour, at least 1.

    Returns:
        Squared distances ``[n]``.

    Raises:
        LisaError: If features are not finite, or there are k or fewer, or k is below 1.
    """
    rows = finite_rows(features, "features")
    if not 1 <= k < len(rows):
        raise LisaError(f"k must be at least 1 and below the {len(rows)} features, not {k}")
    return _squared_radii(rows - rows.mean(0), k)


def coverage(
    real: Rows, other: Rows, k: int = NEIGHBOURS, *, radii: Tensor | None = None
) -> Coverage:
    """Measure precision, recall, density and coverage of features.

    Precision and recall: Kynkäänniemi et al. 2019, arXiv:1904.06991. Density and coverage: Naeem
    et al. 2020, arXiv:2002.09797. Balls are closed, as in both papers; a distance that equals the
    radius to within rounding lies inside. A feature is not its own neighbour. Distances are
    Euclidean, in float64, in blocks: memory does not grow with the number of pairs.

    Args:
        real: Features ``[n, f]``, n > k.
        other: Features ``[m, f]``, m > k.
        k: Which neighbour, at least 1.
        radii: The `squared_radii` of `real` for this k, where they are known.

    Returns:
        The four numbers.

    Raises:
        LisaError: If either is not finite or has k rows or fewer, their sizes differ, or k is
            below 1.
    """
    x, y = finite_rows(real, "features"), finite_rows(other, "features")
    if x.shape[1] != y.shape[1]:
        raise LisaError(f"features of sizes {x.shape[1]} and {y.shape[1]} do not compare")
    if not 1 <= k < min(len(x), len(y)):
        raise LisaError(
            f"k must be at least 1 and below the {len(x)} and {len(y)} features, not {k}"
        )
    centre = x.mean(0)
    x, y = x - centre, y - centre
    rounding = _ROUNDING * float(max(x.square().sum(1).max(), y.square().sum(1).max()))
    real_reach = (_squared_radii(x, k) if radii is None else radii) + rounding
    other_reach = _squared_radii(y, k) + rounding

    holders = torch.zeros(len(y), dtype=torch.int64)
    recalled, covered = [], []
    for begin, block in _squared_distances(x, y):
        inside = block <= real_reach[begin : begin + len(block), None]
        holders += inside.sum(0)
        covered.append(inside.any(1))
        recalled.append((block <= other_reach).any(1))
    return Coverage(
        precision=_fraction(holders > 0),
        recall=_fraction(torch.cat(recalled)),
        density=float(holders.double().mean()) / k,
        coverage=_fraction(torch.cat(covered)),
    )


def _squared_radii(x: Tensor, k: int) -> Tensor:
    """Return what `squared_radii` computes, of rows around zero."""
    radii = []
    for begin, block in _squared_distances(x, x):
        block[:, begin : begin + len(block)].fill_diagonal_(torch.inf)
        radii.append(block.topk(k, largest=False, sorted=False).values.amax(1))
    return torch.cat(radii)


def _squared_distances(x: Tensor, y: Tensor) -> Iterator[tuple[int, Tensor]]:
    """Return blocks of rows of the squared distances, each with the number of its first row."""
    size = max(1, _BLOCK_ENTRIES // len(y))
    norms = y.square().sum(1)
    for begin in range(0, len(x), size):
        rows = x[begin : begin + size]
        block = torch.addmm(norms, rows, y.T, alpha=-2)
        yield begin, block.add_(rows.square().sum(1, keepdim=True)).clamp_(min=0)


def _fraction(mask: Tensor) -> float:
    return float(mask.double().mean())
