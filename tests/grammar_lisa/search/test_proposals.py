import numpy as np
import pytest
from grammar_lisa.search.proposals import propose
from grammar_lisa.search.space import Box, Sphere

NONE = np.empty((0, 8))
SPHERE = Sphere(8)


@pytest.fixture
def parents():
    rows = np.random.default_rng(0).standard_normal((6, 8))
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def angles(first, second):
    return np.arccos(np.clip(first @ second.T, -1, 1))


@pytest.mark.parametrize("count", [1, 2, 7, 1000])
@pytest.mark.parametrize("beside", [0, 2])
def test_proposals_are_directions_as_many_as_asked_for(parents, count, beside):
    points = propose(SPHERE, parents, parents[:beside], count, 0.5, 0)
    assert points.shape == (count, 8)
    assert np.allclose(np.linalg.norm(points, axis=1), 1)


@pytest.mark.parametrize("reach", [0.01, 0.3, 1.2])
def test_caps_stay_within_reach_of_a_parent(parents, reach):
    nearest = angles(propose(SPHERE, parents, NONE, 2000, reach, 0)[:1200], parents).min(axis=1)
    assert nearest.max() <= reach + 1e-6
    assert nearest.max() > reach / 2
    alone = angles(propose(SPHERE, parents[:1], NONE, 2000, reach, 0)[:1200], parents[:1])[:, 0]
    assert alone.min() >= reach / 6 - 1e-6
    assert np.median(alone) == pytest.approx(reach * 7 / 12, rel=0.1)


def test_arcs_lie_on_the_great_circle_between_two_parents():
    ends = np.eye(4)[:2]
    arcs = propose(Sphere(4), ends, np.empty((0, 4)), 1000, 0.5, 0)[600:950]
    assert np.allclose(arcs[:, 2:], 0)
    assert (arcs[:, :2] >= -1e-9).all()
    inside = (arcs[:, :2] > 1e-6).all(axis=1)
    assert inside.mean() > 0.3


def test_complements_are_joined_to_parents_and_looked_around():
    parent, complement = np.eye(6)[:1], np.eye(6)[1:2]
    points = propose(Sphere(6), parent, complement, 1000, 0.3, 0)
    across, around = points[600:800], points[800:950]
    assert np.allclose(across[:, 2:], 0)
    assert np.quantile(across[:, 0], [0.1, 0.9]) == pytest.approx([0.16, 0.99], abs=0.06)
    assert angles(around, complement).max() <= 0.3 + 1e-6


def test_the_rest_lies_anywhere(parents):
    rest = propose(SPHERE, parents[:1], NONE, 10_000, 0.1, 0)[9500:]
    assert np.linalg.norm(rest.mean(axis=0)) < 0.15
    assert angles(rest, parents[:1]).max() > 2


def test_better_parents_are_favoured():
    points = propose(Sphere(10), np.eye(10), np.empty((0, 10)), 4000, 0.1, 0)[:2400]
    counts = np.bincount(points.argmax(axis=1), minlength=10)
    odds = 1 / np.arange(1, 11)
    assert np.allclose(counts / 2400, odds / odds.sum(), atol=0.04)


BOX = Box.holding(np.random.default_rng(1).standard_normal((400, 8)))


@pytest.mark.parametrize("space", [SPHERE, BOX], ids=["sphere", "box"])
def test_the_seed_decides(parents, space):
    first, same, other = (propose(space, parents, NONE, 50, 0.5, seed) for seed in (3, 3, 4))
    assert np.array_equal(first, same)
    assert not np.allclose(first, other)


@pytest.mark.parametrize("count", [1, 2, 7, 1000])
@pytest.mark.parametrize("beside", [0, 2])
def test_proposals_in_a_box_stay_in_it(parents, count, beside):
    points = propose(BOX, parents, parents[:beside], count, 1.2, 0)
    assert points.shape == (count, 8)
    assert (points >= BOX.low).all()
    assert (points <= BOX.high).all()


def test_shares_of_a_box_lie_around_a_parent_between_two_and_anywhere():
    parents = np.zeros((2, 8))
    parents[:, 0] = 0.1, -0.1
    points = propose(BOX, parents, NONE, 1000, 0.3, 0)
    around, between, anywhere = points[:600], points[600:950], points[950:]
    distances = np.linalg.norm(around[:, None] - parents, axis=2).min(axis=1)
    assert 0.05 - 1e-9 <= distances.min() <= 0.06
    assert 0.2 < distances.max() <= 0.3 + 1e-9
    assert np.ptp(between[:, 0]) > 0.19
    assert (between[:, 1:] == 0).all()
    assert np.abs(anywhere).max() > 0.6
