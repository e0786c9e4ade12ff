import warnings

import numpy as np
import pytest
import torch

from grammar_lisa.search.surrogate import Directions, Surrogate


def smooth(u):
    return u[:, 0] * u[:, 1] + np.sin(2 * u[:, 2])


@pytest.fixture(scope="module")
def points():
    rows = np.random.default_rng(0).standard_normal((160, 4))
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


@pytest.fixture(scope="module")
def surrogate(points):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return Surrogate.fit(points[:100], smooth(points[:100]))


def test_a_smooth_function_is_learnt(surrogate, points):
    test = points[100:]
    mean, deviation = surrogate.predict(test)
    error = np.mean((mean - smooth(test)) ** 2)
    assert error < 0.1 * np.var(smooth(test))
    assert (deviation > 0).all()
    _, known = surrogate.predict(points[:100])
    assert known.mean() < deviation.mean()


def test_only_directions_count(surrogate, points):
    scales = np.geomspace(1e-3, 1e3, 60)[:, None]
    plain, scaled = surrogate.predict(points[100:]), surrogate.predict(scales * points[100:])
    assert np.allclose(plain, scaled, atol=1e-6)


def test_training_inputs_are_projected_too(surrogate, points):
    scales = np.geomspace(1e-2, 1e2, 100)[:, None]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        other = Surrogate.fit(scales * points[:100], smooth(points[:100]))
    pair = zip(other.predict(points[100:]), surrogate.predict(points[100:]), strict=True)
    assert all(np.allclose(a, b, atol=1e-3) for a, b in pair)


def test_the_transform_projects():
    x = torch.tensor([[3.0, 4.0], [0.0, -2.0]], dtype=torch.float64)
    expected = torch.tensor([[0.6, 0.8], [0.0, -1.0]], dtype=torch.float64)
    assert torch.allclose(Directions().transform(x), expected)


@pytest.mark.parametrize("count", [1, 10, 60])
def test_chosen_rows_are_distinct(surrogate, points, count):
    rows = surrogate.choose(points[100:], count, 0)
    assert len(rows) == len(set(rows.tolist())) == count
    assert 0 <= rows.min() <= rows.max() < 60


def test_no_more_rows_are_chosen_than_there_are(surrogate, points):
    assert sorted(surrogate.choose(points[100:105], 50, 0)) == [0, 1, 2, 3, 4]


def test_choice_is_seeded_and_leaves_other_draws_alone(surrogate, points):
    torch.manual_seed(1)
    expected = torch.rand(3)
    torch.manual_seed(1)
    first = surrogate.choose(points[100:], 8, 5)
    assert torch.equal(torch.rand(3), expected)
    assert np.array_equal(first, surrogate.choose(points[100:], 8, 5))
    assert not np.array_equal(first, surrogate.choose(points[100:], 8, 6))


def test_promising_rows_are_chosen(surrogate, points):
    rows = surrogate.choose(points[100:], 10, 0)
    values = smooth(points[100:])
    assert values[rows].mean() > values.mean() + values.std() / 2


@pytest.mark.parametrize("value", [0.0, 3.0])
def test_equal_values_can_be_fitted(points, value):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        mean, _ = Surrogate.fit(points[:20], np.full(20, value)).predict(points[100:])
    assert np.allclose(mean, value, atol=1e-3)
