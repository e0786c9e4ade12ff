"""What a search does by its progress: the radius of its trust region."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from grammar_lisa.optimize.config import SearchConfig

_GROWTH, _SHRINKAGE = 1.5, 2.0
_LEAST = 1 / 16
_BETTER = 1e-3


def trust_radius(
    scores: NDArray[np.float64], n_initial: int, batches: Sequence[int], config: SearchConfig
) -> float:
    """Return the radius of the trust region after some batches.

    It begins at half of the largest radius, grows by half with each batch that improves on the best
    score by a thousandth or more, up to the largest radius, and halves with each that does not;
    below a sixteenth of the largest it begins anew.

    References:
        Eriksson, Pearce, Gardner, Turner and Poloczek, Scalable Global Optimization via Local
        Bayesian Optimization, 2019, arXiv:1910.01739.

    Args:
        scores: Of all known sentences, in the order in which they were told, ``[n]``.
        n_initial: How many of them the search began from.
        batches: How many sentences each batch told.
        config: Knows the largest radius.
    """
    radius, place = config.radius / 2, n_initial
    for size in batches:
        before, after = np.nanmin(scores[:place]), np.nanmin(scores[: place + size])
        place += size
        if after < before - _BETTER * max(abs(before), 1e-9):
            radius = min(config.radius, radius * _GROWTH)
        else:
            radius /= _SHRINKAGE
        if radius < _LEAST * config.radius:
            radius = config.radius / 2
    return radius
