"""The pairs of subexpressions that meet a vector best."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

import numpy as np

from shared.common.arrays import Floats

_DISTINCT: Final = 1e-6
_TOLD_APART: Final = 1e-4
"""What is left of a vector beside its partner, by share of squares, in a pair."""


class SubexpressionPair(NamedTuple):
    """Two subexpressions, by number, and what they leave.

    Attributes:
        left: The sum of squares that they leave of a vector.
        first: One subexpression.
        second: The other.
    """

    left: float
    first: int
    second: int


class SubexpressionPairs:
    """Pairs of vectors of length 1, some of them zeros, that meet others best.

    Args:
        units: The vectors, ``[entry, point]``.
    """

    def __init__(self, units: Floats) -> None:
        self._units = units.astype(np.float32)
        self._gram = self._units @ self._units.T
        free = 1.0 - np.square(self._gram)
        self._free = np.maximum(free, _DISTINCT)
        self._upper = np.triu(np.ones_like(free, dtype=bool), 1) & (free >= _TOLD_APART)

    def best(self, row: Floats, each: int) -> Iterator[SubexpressionPair]:
        """Yield so many pairs that meet a vector ``[point]`` best."""
        along = (self._units @ row).astype(np.float32)
        gains = np.square(along)[:, None] + np.square(along)[None, :]
        gains -= 2.0 * along[:, None] * along[None, :] * self._gram
        gains /= self._free
        gains[~self._upper] = 0.0
        partners = gains.argmax(axis=1)
        best = gains[np.arange(len(gains)), partners]
        for first in np.argsort(-best)[:each].tolist():
            yield SubexpressionPair(float((row @ row) - best[first]), first, int(partners[first]))
