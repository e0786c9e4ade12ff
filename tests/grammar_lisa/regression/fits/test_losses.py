import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grammar_lisa.regression import LOSSES
from shared.common.errors import LisaError

GENERATOR = np.random.default_rng(0)
Y = GENERATOR.uniform(0.5, 3.0, 40)
PREDICTION = Y * GENERATOR.uniform(0.5, 1.5, 40)
WEIGHTS = GENERATOR.integers(1, 4, 40).astype(float)


@pytest.mark.parametrize("name", LOSSES)
@given(exponent=st.integers(-9, 9))
def test_no_loss_has_a_unit(name, exponent):
    loss, unit = LOSSES[name], 10.0**exponent
    assert loss.value(PREDICTION * unit, Y * unit) == pytest.approx(loss.value(PREDICTION, Y))


@pytest.mark.parametrize("name", LOSSES)
def test_a_weight_of_two_is_a_row_twice(name):
    rows = np.repeat(np.arange(len(Y)), WEIGHTS.astype(int))
    weighted = LOSSES[name].value(PREDICTION, Y, WEIGHTS)
    assert weighted == pytest.approx(LOSSES[name].value(PREDICTION[rows], Y[rows]))


@pytest.mark.parametrize("name", LOSSES)
def test_exact_predictions_have_no_loss_and_rows_are_told_apart(name):
    values = LOSSES[name].value(np.stack([Y, PREDICTION, np.full_like(Y, np.nan)]), Y)
    assert values[0] == 0
    assert values[1] == pytest.approx(LOSSES[name].value(PREDICTION, Y))
    assert np.isnan(values[2])


@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize("weights", [None, WEIGHTS])
def test_the_quadratic_has_the_slope_of_the_loss(name, weights):
    bound = LOSSES[name].bind(Y, weights)
    response, factors = bound.quadratic(PREDICTION)
    slope = 2 * np.broadcast_to(factors, Y.shape) * (PREDICTION - response)
    steps = np.eye(len(Y)) * 1e-6
    numerical = (bound.value(PREDICTION + steps) - bound.value(PREDICTION - steps)) / 2e-6
    ratios = numerical / slope  # one factor for all
    np.testing.assert_allclose(ratios, ratios[0], rtol=1e-4)
    assert ratios[0] > 0


def test_mse_is_one_minus_r2():
    residual = ((PREDICTION - Y) ** 2).sum() / ((Y - Y.mean()) ** 2).sum()
    assert LOSSES["mse"].value(PREDICTION, Y) == pytest.approx(residual)


def test_huber_lies_between_squares_and_absolute_errors():
    errors = np.where(np.arange(40) % 2, 1e-4, 1e4) * Y.std()
    near, far = Y + errors * (errors < 1), Y + errors
    assert LOSSES["huber"].value(near, Y) == pytest.approx(LOSSES["mse"].value(near, Y))
    absolute = 0.2 * LOSSES["mae"].value(far, Y)
    assert LOSSES["huber"].value(far, Y) == pytest.approx(absolute, rel=1e-3)


def test_relative_errors_of_targets_near_zero_are_bounded():
    assert LOSSES["relative"].value(np.array([1e-3, 1.0]), np.array([0.0, 1.0])) <= 4.0
    assert LOSSES["relative"].value(np.zeros(2), np.zeros(2)) == 0


def test_log_counts_factors_and_bounds_what_is_below_zero():
    y = np.array([1.0, 100.0, 1e4])
    loss = LOSSES["log"]
    assert loss.value(2 * y, y) == pytest.approx(loss.value(y / 2, y))
    assert np.isfinite(loss.value(-y, y))


@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize("value", [3.0, 0.1, 1e-300])
def test_constant_targets_have_a_scale(name, value):
    y = np.full(5, value)
    assert LOSSES[name].value(y, y) == 0
    assert 0 < LOSSES[name].value(2 * y, y) < np.inf


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: LOSSES["log"].value(Y, Y - 1.0), r"needs targets above 0; the target of row \d+"),
        (lambda: LOSSES["mse"].value(Y, Y, Y[1:]), r"weights have shape \(39,\), targets \(40,\)"),
        (lambda: LOSSES["mse"].value(Y, Y, -Y), "weights must be finite numbers of at least 0"),
        (lambda: LOSSES["mse"].value(Y, Y, 0 * Y), "not all of them 0"),
        (lambda: LOSSES["mse"].value(Y, Y, Y * np.nan), "weights must be finite"),
    ],
)
def test_refusals(call, message):
    with pytest.raises(LisaError, match=message):
        call()


@pytest.mark.parametrize("name", ["mae", "huber"])
def test_outliers_of_robust_losses_are_told_from_noise(name):
    generator = np.random.default_rng(0)
    y = generator.normal(size=200)
    y[::20] += 50
    bound = LOSSES[name].bind(y)
    zero = np.zeros(200)
    assert bound.deviation(zero) == pytest.approx(1, rel=0.2)
    assert set(np.flatnonzero(bound.outlying(zero))) == set(range(0, 200, 20))
    clean = bound.of_points(zero)[np.arange(200) % 20 > 0].sum() / 200
    assert bound.noise(zero) == pytest.approx(clean)
    assert bound.noise(zero) < bound.capped(zero, 1.0) < 0.4 * bound.value(zero)


def test_squared_losses_have_no_outliers():
    y = np.array([0.0, 0.1, -0.1, 100.0])
    bound = LOSSES["mse"].bind(y)
    assert not bound.outlying(np.zeros(4)).any()
    assert bound.noise(np.zeros(4)) == bound.value(np.zeros(4))


def test_rows_that_decide_are_counted():
    y = np.zeros(100)
    bound = LOSSES["mse"].bind(np.arange(100.0))
    assert bound.effective_rows(np.arange(100.0)) == 100
    normal = np.arange(100.0) + np.random.default_rng(1).normal(size=100)
    assert 60 < bound.effective_rows(normal) <= 100
    few = np.arange(100.0) + np.where(np.arange(100) < 2, 10.0, 1e-3) + y
    assert bound.effective_rows(few) == pytest.approx(6, rel=0.01)
