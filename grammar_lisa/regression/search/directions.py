"""The directions of vectors that were met before; proportional vectors have one direction."""

from __future__ import annotations

from typing import Final

import numpy as np

from grammar_lisa.regression.search.rows import lengths
from shared.common.arrays import Floats

_DIGITS: Final = 9
"""Vectors whose directions agree to so many digits are proportional."""


class Directions:
    """Remembers vectors but for their lengths and signs.

    Args:
        n_points: The length of the vectors.
    """

    def __init__(self, n_points: int) -> None:
        self._probe = np.random.default_rng(0).normal(size=(n_points, 2))
        self._seen: set[bytes] = set()

    def new(self, rows: Floats) -> list[int]:
        """Return which rows are proportional to none before them, and remember these.

        Args:
            rows: Finite vectors other than zero, ``[row, point]``.
        """
        along = (rows / lengths(rows)[:, None]) @ self._probe
        keys = np.round(np.where(along[:, :1] < 0, -along, along), _DIGITS) + 0.0
        found = list[int]()
        for row, key in enumerate(key.tobytes() for key in keys):
            if key not in self._seen:
                self._seen.add(key)
                found.append(row)
        return found
