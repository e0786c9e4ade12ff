"""Where a search looks: caps around good directions, arcs between them, and anywhere."""

import numpy as np
import torch
from numpy.typing import NDArray

from shared.sphere import exp_map, project, slerp, uniform

Floats = NDArray[np.float64]


def propose(parents: Floats, count: int, reach: float, seed: int) -> Floats:
    """Directions to decode, `[count, d]`: half in caps, two fifths on arcs, the rest uniform.

    Args:
        parents: the directions to search around, best first, `[m, d]`; better ones are drawn
            more often.
        count: how many.
        reach: the largest angle of a cap, in radians; angles are drawn between a twentieth of it
            and all of it, evenly in their logarithm.
        seed: of the draws.
    """
    rng = np.random.default_rng(seed)
    caps, arcs = count // 2, 2 * count // 5
    around = _caps(_favoured(parents, caps, rng), reach, rng)
    between = _arcs(_favoured(parents, arcs, rng), _favoured(parents, arcs, rng), rng)
    anywhere = uniform(count - caps - arcs, parents.shape[1], seed).numpy()
    return np.concatenate([around, between, anywhere])


def _favoured(parents: Floats, count: int, rng: np.random.Generator) -> Floats:
    """Parents drawn with odds that fall off as one over the rank."""
    odds = 1 / np.arange(1, len(parents) + 1)
    drawn: Floats = parents[rng.choice(len(parents), size=count, p=odds / odds.sum())]
    return drawn


def _caps(centres: Floats, reach: float, rng: np.random.Generator) -> Floats:
    u = torch.from_numpy(centres)
    noise = torch.from_numpy(rng.standard_normal(centres.shape))
    tangent = project(noise - (noise * u).sum(-1, keepdim=True) * u)
    angle = torch.from_numpy(reach * 20 ** -rng.random((len(centres), 1)))
    moved: Floats = exp_map(u, angle * tangent).numpy()
    return moved


def _arcs(first: Floats, second: Floats, rng: np.random.Generator) -> Floats:
    share = torch.from_numpy(rng.random(len(first)))
    crossed: Floats = slerp(torch.from_numpy(first), torch.from_numpy(second), share).numpy()
    return crossed
