"""Expected improvements against draws, and batches that do not repeat themselves."""

import numpy as np
import pytest
from scipy.stats import norm

from grammar_lisa.search.acquisition import SmallErrors, SmallValue, Wish, choose, log_improvement


class Spread:
    """As much of a surrogate as an aim needs."""

    def __init__(self, spread):
        self.spread = np.asarray(spread, dtype=float)


def test_log_improvement_is_the_closed_form_and_goes_on_in_the_tail():
    mean, deviation, best = np.array([0.0, 1, 3]), np.array([1.0, 0.5, 2]), 0.4
    z = (best - mean) / deviation
    expected = np.log((best - mean) * norm.cdf(z) + deviation * norm.pdf(z))
    assert np.allclose(log_improvement(mean, deviation, best), expected)
    far = log_improvement(np.array([50.0, 60]), np.ones(2), 0.0)
    assert np.isfinite(far).all()
    assert far[0] > far[1]


def test_moments_of_the_mean_squared_error_are_those_of_draws():
    rng = np.random.default_rng(0)
    spread, mean, variance = rng.standard_normal((3, 6)), 2 * rng.standard_normal((1, 6)), 0.3
    draws = mean + np.sqrt(variance) * rng.standard_normal((400_000, 3)) @ spread
    squares = (draws**2).mean(axis=1)
    middle, deviation = SmallErrors(Spread(spread), 0.0).loss(mean, np.array([variance]))
    # The moments of a lognormal variable with these parameters are those of the mean square.
    expected = np.exp(middle + deviation**2 / 2)
    assert expected[0] == pytest.approx(squares.mean(), rel=0.01)
    found = expected**2 * np.expm1(deviation**2)
    assert found[0] == pytest.approx(squares.var(), rel=0.03)


def test_a_value_keeps_its_moments_and_boldness_scales_variances():
    aim = SmallValue(Spread([[2.0]]), 0.0, boldness=0.25)
    mean, deviation = aim.loss(np.array([[1.5]]), np.array([4.0]))
    assert (mean[0], deviation[0]) == (1.5, 4.0)
    plain = log_improvement(np.array([1.5]), np.array([2.0]), 0.0)
    assert aim.improvement(np.array([[1.5]]), np.array([4.0])) == pytest.approx(plain)


def test_a_batch_takes_no_row_twice_and_avoids_what_is_alike():
    covariance = np.array([[1.0, 0.999, 0], [0.999, 1.0, 0], [0, 0, 0.5]])
    aim = SmallValue(Spread([[1.0]]), 0.0)
    mean = np.array([[0.5], [0.5], [0.6]])
    rows = choose([Wish(aim, mean, 2)], covariance, 1e-3)
    assert rows.tolist() == [0, 2]
    assert sorted(choose([Wish(aim, mean, 9)], covariance, 1e-3).tolist()) == [0, 1, 2]


def test_wishes_are_served_in_turn_from_what_is_left():
    aim = SmallValue(Spread([[1.0]]), 0.0)
    up, down = np.arange(4.0)[:, None], -np.arange(4.0)[:, None]
    rows = choose([Wish(aim, up, 1), Wish(aim, down, 2)], np.eye(4), 1e-3)
    assert rows.tolist() == [0, 3, 2]
