"""Where a search looks: caps around good directions, arcs between them, and anywhere."""

import numpy as np
import torch
from numpy.typing import NDArray

from shared.sphere import exp_map, project, slerp, uniform

Floats = NDArray[np.float64]

_NEAREST = 1 / 6
"""The least angle of a cap against the largest: nearer directions decode to the parent."""


def propose(parents: Floats, complements: Floats, count: int, reach: float, seed: int) -> Floats:
    """Directions to decode, `[count, dim]`.

    Two fifths lie in caps around parents, a fifth on arcs between two parents, a fifth on arcs
    between a parent and a complement, three twentieths in caps around complements, the rest
    anywhere. Without complements their shares go to the parents' caps and arcs.

    Args:
        parents: the directions to search around, best first, `[m, dim]`; the odds of each fall
            off as one over its rank.
        complements: directions of what the parents may lack, best first, `[k, dim]`.
        count: how many.
        reach: the largest angle of a cap, in radians; angles are drawn evenly between a sixth of
            it and all of it.
        seed: of the draws.
    """
    rng = np.random.default_rng(seed)
    fifth, some = count // 5, len(complements) > 0
    across, beside = (fifth, 3 * count // 20) if some else (0, 0)
    caps, arcs = (2 * fifth, fifth) if some else (3 * fifth, fifth + 3 * count // 20)
    made = [
        _caps(_favoured(parents, caps, rng), reach, rng),
        _arcs(_favoured(parents, arcs, rng), _favoured(parents, arcs, rng), rng),
    ]
    if some:
        ends = _favoured(parents, across, rng), _favoured(complements, across, rng)
        made += [_arcs(*ends, rng), _caps(_favoured(complements, beside, rng), reach, rng)]
    anywhere = count - sum(map(len, made))
    return np.concatenate([*made, uniform(anywhere, parents.shape[1], seed).numpy()])


def _favoured(parents: Floats, count: int, rng: np.random.Generator) -> Floats:
    """Parents drawn with odds that fall off as one over the rank."""
    odds = 1 / np.arange(1, len(parents) + 1)
    drawn: Floats = parents[rng.choice(len(parents), size=count, p=odds / odds.sum())]
    return drawn


def _caps(centres: Floats, reach: float, rng: np.random.Generator) -> Floats:
    u = torch.from_numpy(centres)
    noise = torch.from_numpy(rng.standard_normal(centres.shape))
    tangent = project(noise - (noise * u).sum(-1, keepdim=True) * u)
    angle = torch.from_numpy(rng.uniform(_NEAREST * reach, reach, (len(centres), 1)))
    moved: Floats = exp_map(u, angle * tangent).numpy()
    return moved


def _arcs(first: Floats, second: Floats, rng: np.random.Generator) -> Floats:
    share = torch.from_numpy(rng.random(len(first)))
    crossed: Floats = slerp(torch.from_numpy(first), torch.from_numpy(second), share).numpy()
    return crossed
