"""What a search does by its progress: the radius of its trust region, and when it is stuck."""

import itertools
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from grammar_lisa.optimize.config import SearchConfig

_GROWTH, _SHRINKAGE = 1.5, 2.0
_LEAST = 1 / 16
_BETTER = 1e-3


def successes(scores: NDArray[np.float64], n_initial: int, batches: Sequence[int]) -> list[bool]:
    """Tell of each batch whether it improved on the best score by a thousandth or more.

    Args:
        scores: Of all known sentences, in the order in which they were told, ``[n]``.
        n_initial: How many of them the search began from.
        batches: How many sentences each batch told.
    """
    places = np.cumsum([n_initial, *batches])
    best = [float(np.nanmin(scores[:place])) for place in places]
    return [
        after < before - _BETTER * max(abs(before), 1e-9)
        for before, after in itertools.pairwise(best)
    ]


def trust_radius(
    scores: NDArray[np.float64], n_initial: int, batches: Sequence[int], config: SearchConfig
) -> float:
    """Return the radius of the trust region after some batches.

    It begins at half of the largest radius, grows by half with each success, up to the largest
    radius, and halves with each batch that is none; below a sixteenth of the largest it begins
    anew.

    References:
        Eriksson, Pearce, Gardner, Turner and Poloczek, Scalable Global Optimization via Local
        Bayesian Optimization, 2019, arXiv:1910.01739.

    Args:
        scores: See `successes`.
        n_initial: See `successes`.
        batches: See `successes`.
        config: Knows the largest radius.
    """
    radius = config.radius / 2
    for success in successes(scores, n_initial, batches):
        radius = min(config.radius, radius * _GROWTH) if success else radius / _SHRINKAGE
        if radius < _LEAST * config.radius:
            radius = config.radius / 2
    return radius


def is_stuck(
    scores: NDArray[np.float64], n_initial: int, batches: Sequence[int], patience: int
) -> bool:
    """Tell whether the last batches, as many as patience has, were no successes.

    Args:
        scores: See `successes`.
        n_initial: See `successes`.
        batches: See `successes`.
        patience: At least 1; a search of fewer batches is not stuck.
    """
    return len(batches) >= patience and not any(successes(scores, n_initial, batches)[-patience:])
