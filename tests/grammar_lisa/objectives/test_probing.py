"""A probe on points of which it is known which fulfil the conditions."""

import numpy as np
import pytest

from grammar_lisa.objectives.probing import Probe
from shared.common.errors import LisaError
from shared.models import LatentModel

POINTS = np.random.default_rng(0).standard_normal((600, 4))


class Seen:
    """A model whose decoder sees codes as they are."""

    run = None
    own_run = LatentModel.own_run

    def directions(self, codes):
        return codes


def beyond(points):
    return points[:, 0] > 1


def inside(points):
    """What no linear probe can tell."""
    return np.linalg.norm(points, axis=1) < 1.2


@pytest.mark.parametrize("holds", [beyond, inside])
@pytest.mark.parametrize("scale", [1.0, 50.0])
def test_the_likeliest_come_first_at_any_scale(holds, scale):
    new = np.random.default_rng(1).standard_normal((2000, 4))
    found = Probe.at(Seen(), scale * POINTS, holds(POINTS))
    best = found.best(scale * new, 100) / scale
    assert best.shape == (100, 4)
    assert holds(best).mean() > 4 * holds(new).mean()
    np.testing.assert_array_equal(found.best(scale * new, 5) / scale, best[:5])


def test_points_that_are_all_the_same_are_kept_in_their_order():
    found = Probe.at(Seen(), np.ones((30, 4)), np.ones(30, np.bool_))
    codes = np.ones((7, 4)) * np.arange(7)[:, None]
    assert found.best(codes, 3).shape == (3, 4)


def test_a_model_without_a_run_has_nothing_to_fit_a_probe_to():
    with pytest.raises(LisaError, match="this model is of no run, so there are no sentences"):
        Probe.fitted(Seen(), [], 0)
