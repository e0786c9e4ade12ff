"""Lengths and variances of rows of values, which least squares are made with."""

from __future__ import annotations

import numpy as np

from shared.common.arrays import Floats


def lengths(rows: Floats) -> Floats:
    """Return the Euclidean lengths of rows ``[row, point]``, ``[row]``."""
    found: Floats = np.sqrt(np.square(rows).sum(axis=1))
    return found


def scales(rows: Floats) -> Floats:
    """Return what rows may be divided by: their `lengths`, 1 for zeros and NaN."""
    found = lengths(rows)
    found[~(found > 0)] = 1.0
    return found


def variances(rows: Floats, weight_roots: Floats) -> Floats:
    """Return the weighted squares of rows ``[row, point]`` about their weighted means, ``[row]``.

    Args:
        rows: The rows.
        weight_roots: The roots of the points' weights, ``[point]``.
    """
    means = rows @ np.square(weight_roots) / np.square(weight_roots).sum()
    found: Floats = np.square((rows - means[:, None]) * weight_roots).sum(axis=1)
    return found
