"""What the surrogate on a sphere learns of a formula, and how much a turn of the sphere is."""

from __future__ import annotations

from typing import Final

import numpy as np

BATCH: Final = 20
"""Sentences of a turn."""
PRICE: Final = 0.05
"""What a node or a rule costs, in decimal orders of magnitude of the loss."""
NEEDED: Final = 20.0
"""The fewest seconds that must be left for a search to begin with a sphere."""
_LEAST: Final = 1e-30


def score_of(loss: float, size: int) -> float:
    """Return the loss in decimal orders of magnitude, and a price of the length; NaN for none."""
    return float(np.log10(max(loss, _LEAST))) + PRICE * size if np.isfinite(loss) else float("nan")
