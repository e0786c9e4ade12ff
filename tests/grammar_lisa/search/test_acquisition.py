"""Expected improvements against draws, and batches that do not repeat themselves."""

import numpy as np
import pytest
from grammar_lisa.search.acquisition import SmallErrors, SmallValue, Wish, choose, log_improvement
from grammar_lisa.search.points import Kernel
from grammar_lisa.search.surrogate import Posterior
from scipy.stats import norm


class Spread:
    """As much of a surrogate as an aim needs."""

    def __init__(self, spread, noise=1e-3):
        self.spread = np.asarray(spread, dtype=float)
        self.kernel = Kernel(1.0, 0.0, 0.0, 0.0, 1.0, noise)


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


def test_an_error_beyond_the_bound_counts_as_the_bound():
    surrogate = Spread(0.1 * np.eye(3))
    bounded, unbounded = SmallErrors(surrogate, 0.0, bound=2.0), SmallErrors(surrogate, 0.0)
    mean, variance = np.array([[50.0, -1e6, 1], [2, -2, 1], [0.5, 1, -1.5]]), np.full(3, 0.5)
    found, expected = bounded.loss(mean, variance), unbounded.loss(mean, variance)
    for moment, plain in zip(found, expected, strict=True):
        assert moment[0] == moment[1] == plain[1]
        assert moment[2] == plain[2]
    assert expected[0][0] > found[0][0] + 10
    sure = bounded.loss(mean, np.zeros(3))
    assert sure[0] == pytest.approx(np.log([3, 3, 3.5 / 3]))
    assert sure[1] == pytest.approx(0)


def test_a_batch_takes_no_row_twice_and_avoids_what_is_alike():
    covariance = np.array([[1.0, 0.999, 0], [0.999, 1.0, 0], [0, 0, 0.5]])
    aim = SmallValue(Spread([[1.0]]), 0.0)
    expected = Posterior(np.array([[0.5], [0.5], [0.6]]), covariance)
    assert choose([Wish(aim, expected, 2)]).tolist() == [0, 2]
    assert sorted(choose([Wish(aim, expected, 9)]).tolist()) == [0, 1, 2]
    assert np.array_equal(covariance[0], [1.0, 0.999, 0])


def test_wishes_are_served_in_turn_from_what_is_left():
    surrogate = Spread([[1.0]])
    sure, bold = (SmallValue(surrogate, 0.5, boldness) for boldness in (1e-4, 9.0))
    means, variances = np.array([[0.1], [0.2], [0.9], [1.0]]), np.array([0.01, 0.01, 4, 5.0])
    expected = Posterior(means, np.diag(variances))
    assert choose([Wish(sure, expected, 1), Wish(bold, expected, 2)]).tolist() == [0, 3, 2]
    assert choose([Wish(bold, expected, 1), Wish(sure, expected, 2)]).tolist() == [3, 0, 1]
    assert choose([Wish(sure, expected, 0), Wish(bold, expected, 1)]).tolist() == [3]


def improvement(mean, variance, spread, best):
    """The expected improvement of one output in closed form."""
    deviation = np.sqrt(variance) * spread
    z = (best - mean) / deviation
    return (best - mean) * norm.cdf(z) + deviation * norm.pdf(z)


@pytest.mark.parametrize("seed", range(10))
def test_each_choice_is_the_best_given_that_those_before_are_known(seed):
    """By brute force, for two aims of two surrogates that expect different things."""
    rng = np.random.default_rng(seed)
    best, chosen, wishes = -0.5, [], []
    for boldness, noise, spread, number in ((0.01, 0.05, 0.7, 3), (1.0, 0.2, 1.5, 4)):
        root, means = rng.standard_normal((12, 12)), rng.standard_normal((12, 1))
        covariance = root @ root.T / 12
        aim = SmallValue(Spread([[spread]], noise), best, boldness)
        wishes.append(Wish(aim, Posterior(means, covariance), number))
        for _ in range(number):
            known = covariance[np.ix_(chosen, chosen)] + noise * np.eye(len(chosen))
            cross = covariance[:, chosen]
            left = covariance - cross @ np.linalg.solve(known, cross.T)
            promise = improvement(means[:, 0], boldness * np.diag(left), spread, best)
            promise[chosen] = -1
            chosen.append(int(promise.argmax()))
    assert choose(wishes).tolist() == chosen


def test_errors_that_are_known_to_be_none_promise_most():
    aim = SmallErrors(Spread(0.1 * np.eye(4)), 0.0)
    mean = np.stack([np.zeros(4), np.full(4, 1e-9), np.full(4, 0.5), np.full(4, 2.0)])
    promise = aim.improvement(mean, np.zeros(4))
    assert np.isfinite(promise).all()
    assert np.argsort(-promise).tolist() == [0, 1, 2, 3]
