"""Where a search looks: around good places, between them, and anywhere."""

import numpy as np
from numpy.typing import NDArray

from grammar_lisa.search.space import Space

Floats = NDArray[np.float64]

_NEAREST = 1 / 6
"""The least step from a parent against the largest: nearer places decode to the parent."""


def propose(
    space: Space, parents: Floats, complements: Floats, count: int, reach: float, seed: int
) -> Floats:
    """Places to decode, `[count, dim]`.

    Two fifths lie around parents, a fifth between two parents, a fifth between a parent and a
    complement, three twentieths around complements, the rest anywhere. Without complements their
    shares go to the parents.

    Args:
        space: what is searched.
        parents: the places to search around, best first, `[m, dim]`; the odds of each fall off as
            one over its rank.
        complements: places of what the parents may lack, best first, `[k, dim]`.
        count: how many.
        reach: the largest step, on a sphere an angle in radians; steps are drawn evenly between a
            sixth of it and all of it.
        seed: of the draws.
    """
    rng = np.random.default_rng(seed)
    fifth, some = count // 5, len(complements) > 0
    across, beside = (fifth, 3 * count // 20) if some else (0, 0)
    caps, arcs = (2 * fifth, fifth) if some else (3 * fifth, fifth + 3 * count // 20)
    made = [
        _around(space, _favoured(parents, caps, rng), reach, rng),
        _between(space, _favoured(parents, arcs, rng), _favoured(parents, arcs, rng), rng),
    ]
    if some:
        ends = _favoured(parents, across, rng), _favoured(complements, across, rng)
        made += [
            _between(space, *ends, rng),
            _around(space, _favoured(complements, beside, rng), reach, rng),
        ]
    return np.concatenate([*made, space.anywhere(count - sum(map(len, made)), seed)])


def _favoured(parents: Floats, count: int, rng: np.random.Generator) -> Floats:
    """Parents drawn with odds that fall off as one over the rank."""
    odds = 1 / np.arange(1, len(parents) + 1)
    drawn: Floats = parents[rng.choice(len(parents), size=count, p=odds / odds.sum())]
    return drawn


def _around(space: Space, centres: Floats, reach: float, rng: np.random.Generator) -> Floats:
    headings = rng.standard_normal(centres.shape)
    steps = rng.uniform(_NEAREST * reach, reach, (len(centres), 1))
    return space.around(centres, headings, steps)


def _between(space: Space, first: Floats, second: Floats, rng: np.random.Generator) -> Floats:
    return space.between(first, second, rng.random(len(first)))
