import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import cdist
from sklearn.neighbors import NearestNeighbors

from image_lisa.evaluation import coverage as module
from image_lisa.evaluation.coverage import Coverage, coverage
from shared.common.errors import LisaError


def by_brute_force(real, other, k):
    def radii(rows):
        # The first neighbour that scikit-learn finds without a query is another point.
        return NearestNeighbors(n_neighbors=k).fit(rows).kneighbors()[0][:, -1]

    apart = cdist(real, other)
    in_real = apart <= radii(real)[:, None]
    in_other = apart <= radii(other)[None]
    return Coverage(
        precision=np.mean([in_real[:, j].any() for j in range(len(other))]),
        recall=np.mean([in_other[i].any() for i in range(len(real))]),
        density=in_real.sum() / (k * len(other)),
        coverage=np.mean([in_real[i].any() for i in range(len(real))]),
    )


def values(found):
    return [found.precision, found.recall, found.density, found.coverage]


@given(st.integers(0, 2**31), st.integers(1, 5), st.integers(6, 40), st.integers(6, 40))
@settings(max_examples=60, deadline=None)
def test_it_agrees_with_brute_force(seed, k, n, m):
    random = np.random.default_rng(seed)
    real = random.normal(size=(n, 3))
    other = 0.7 * random.normal(size=(m, 3)) + 0.5
    np.testing.assert_allclose(
        values(coverage(real, other, k)), values(by_brute_force(real, other, k)), rtol=1e-6
    )


@pytest.mark.parametrize("block", [1, 700])
def test_blocks_change_nothing(block, monkeypatch):
    random = np.random.default_rng(3)
    real, other = random.normal(size=(110, 8)), random.normal(size=(90, 8))
    whole = coverage(real, other)
    monkeypatch.setattr(module, "_BLOCK_ENTRIES", block)
    assert coverage(real, other) == whole
    assert values(whole) == pytest.approx(values(by_brute_force(real, other, 5)))


@pytest.mark.parametrize("offset", [0.0, 1e4])
def test_a_set_covers_itself(offset):
    rows = np.random.default_rng(0).normal(size=(200, 16)) + offset
    found = coverage(rows, rows[::-1].copy())
    # Each closed ball holds its centre and its k nearest.
    assert values(found) == pytest.approx([1, 1, 6 / 5, 1])


def test_repeated_points_lie_in_the_balls_of_no_radius_that_they_make():
    rows = np.repeat(np.random.default_rng(0).normal(size=(10, 4)), 7, axis=0)
    assert values(coverage(rows, rows[::7], k=3)) == pytest.approx([1, 1, 7 / 3, 1])


def test_far_sets_share_nothing():
    rows = np.random.default_rng(0).normal(size=(50, 4))
    assert values(coverage(rows, rows + 1000)) == [0, 0, 0, 0]


def test_density_exceeds_one_where_every_real_ball_holds_the_samples():
    # The corners of a simplex are equally far from each other, so each ball reaches to all.
    real = np.eye(20)
    other = 0.05 + 1e-3 * np.random.default_rng(0).normal(size=(9, 20))
    assert values(coverage(real, other)) == [1, 0, 20 / 5, 1]


def test_outliers_enlarge_precision_but_hardly_density():
    random = np.random.default_rng(0)
    real, other = random.normal(size=(400, 2)), random.normal(size=(400, 2)) + 15
    real[:8] = random.normal(size=(8, 2)) * 12
    found = coverage(real, other)
    assert found.precision > 0.9
    assert found.density < 0.7


def test_the_same_law_has_the_density_and_coverage_that_are_expected():
    random = np.random.default_rng(0)
    found = coverage(random.normal(size=(3000, 8)), random.normal(size=(3000, 8)))
    assert found.density == pytest.approx(1, abs=0.05)
    # 1 − (n − 1)…(n − k) / ((2n − 1)…(2n − k)), Naeem et al. 2020, Section 3.2.
    expected = 1 - np.prod([(3000 - j) / (6000 - j) for j in range(1, 6)])
    assert found.coverage == pytest.approx(expected, abs=0.02)


def test_real_and_other_change_places():
    random = np.random.default_rng(1)
    real, other = random.normal(size=(60, 3)), random.normal(size=(80, 3)) + 0.5
    there, back = coverage(real, other), coverage(other, real)
    assert (there.precision, there.recall) == (back.recall, back.precision)


def test_bad_input_is_refused():
    rows = np.ones((6, 2))
    with pytest.raises(LisaError, match="sizes 2 and 1"):
        coverage(rows, rows[:, :1])
    for k, other in ((0, rows), (6, rows), (3, rows[:3])):
        with pytest.raises(LisaError, match=f"and {len(other)} features, not {k}"):
            coverage(rows, other, k)
