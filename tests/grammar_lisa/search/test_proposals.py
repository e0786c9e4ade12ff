import numpy as np
import pytest

from grammar_lisa.search.proposals import propose


@pytest.fixture
def parents():
    rows = np.random.default_rng(0).standard_normal((6, 8))
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def angles(first, second):
    return np.arccos(np.clip(first @ second.T, -1, 1))


@pytest.mark.parametrize("count", [1, 2, 7, 1000])
def test_proposals_are_directions_as_many_as_asked_for(parents, count):
    points = propose(parents, count, 0.5, 0)
    assert points.shape == (count, 8)
    assert np.allclose(np.linalg.norm(points, axis=1), 1)


@pytest.mark.parametrize("reach", [0.01, 0.3, 1.2])
def test_caps_stay_within_reach_of_a_parent(parents, reach):
    nearest = angles(propose(parents, 2000, reach, 0)[:1000], parents).min(axis=1)
    assert nearest.max() <= reach + 1e-6
    assert nearest.max() > reach / 2
    alone = angles(propose(parents[:1], 2000, reach, 0)[:1000], parents[:1])[:, 0]
    assert alone.min() >= reach / 20 - 1e-6
    assert np.median(alone) == pytest.approx(reach / np.sqrt(20), rel=0.1)


def test_arcs_lie_on_the_great_circle_between_two_parents():
    ends = np.eye(4)[:2]
    arcs = propose(ends, 1000, 0.5, 0)[500:900]
    assert np.allclose(arcs[:, 2:], 0)
    assert (arcs[:, :2] >= -1e-9).all()
    inside = (arcs[:, :2] > 1e-6).all(axis=1)
    assert inside.mean() > 0.3


def test_the_rest_lies_anywhere(parents):
    rest = propose(parents[:1], 5000, 0.1, 0)[4500:]
    assert np.linalg.norm(rest.mean(axis=0)) < 0.15
    assert angles(rest, parents[:1]).max() > 2


def test_better_parents_are_favoured():
    points = propose(np.eye(10), 4000, 0.1, 0)[:2000]
    counts = np.bincount(points.argmax(axis=1), minlength=10)
    odds = 1 / np.arange(1, 11)
    assert np.allclose(counts / 2000, odds / odds.sum(), atol=0.04)


def test_the_seed_decides(parents):
    assert np.array_equal(propose(parents, 50, 0.5, 3), propose(parents, 50, 0.5, 3))
    assert not np.allclose(propose(parents, 50, 0.5, 3), propose(parents, 50, 0.5, 4))
