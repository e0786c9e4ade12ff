"""Which sentences differ in what they do, and which explain what another leaves over."""

import numpy as np

from shared.common.arrays import Floats, Integers

_ROUNDING = 1e-12
"""Of a square, in a distance between two rows."""


def residual_correlation(outputs: Floats, best: int, target: Floats) -> Floats:
    """Return the share of one sentence's residual that each sentence would explain beside it.

    With f* the outputs of that sentence, r the part of the target y that no multiple of f*
    explains, and g the part of f that no multiple of f* explains, this is ⟨g, r⟩²/(|g|²·|r|²): one
    less it is the least ‖y − a·f − b·f*‖² over a and b, as a share of |r|². A sentence may score
    badly and still be what the best one lacks.

    Args:
        outputs: Of sentences, ``[n, point]``; what is not finite anywhere explains nothing.
        best: The row of that sentence.
        target: y, ``[point]``.

    Returns:
        Shares in [0, 1], ``[n]``.
    """
    finite = np.isfinite(outputs).all(axis=1, keepdims=True)
    shapes = np.where(finite, outputs, 0.0)
    largest = np.abs(shapes).max(axis=1, keepdims=True)
    shapes = shapes / np.where(largest > 0, largest, 1.0)
    axis = shapes[best] / max(float(np.linalg.norm(shapes[best])), 1e-300)
    rest = target - axis * float(axis @ target)
    beside = shapes - np.outer(shapes @ axis, axis)
    sizes, whole = (beside**2).sum(axis=1), (shapes**2).sum(axis=1)
    some = sizes > 1e-9 * whole
    explained = (beside @ rest) ** 2 / np.where(some, sizes, 1.0)
    shares: Floats = np.where(some, explained, 0.0) / max(float(rest @ rest), 1e-300)
    return np.clip(shares, 0.0, 1.0)


def diverse(order: Integers, errors: Floats, share: float, limit: int) -> Integers:
    """Return the first rows in an order of which none errs like one before it.

    Two err alike where their errors differ by less than `share` of the later one's own, in root
    mean square: so near the target small differences count, and far from it only large ones.

    Args:
        order: Rows, best first.
        errors: ``[n, point]``.
        share: At least 0.
        limit: The most rows to return.
    """
    kept: list[int] = []
    ordered = errors[order]
    squares = (ordered**2).sum(axis=1)
    free = np.ones(len(order), dtype=bool)
    for place in range(len(order)):
        if len(kept) >= limit:
            break
        if not free[place]:
            continue
        kept.append(place)
        apart = squares + squares[place] - 2 * (ordered @ ordered[place])
        free &= apart >= share**2 * squares - _ROUNDING * squares[place]
    return order[np.array(kept, dtype=np.int64)]


def ranks_within(groups: Integers) -> Integers:
    """Return how many of the same group come before each, ``[n]``."""
    order = np.argsort(groups, kind="stable")
    sizes = np.unique(groups, return_counts=True)[1]
    ranks = np.empty(len(groups), dtype=np.int64)
    ranks[order] = np.arange(len(groups)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    return ranks
