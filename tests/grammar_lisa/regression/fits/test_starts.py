import numpy as np
import pytest

from grammar_lisa.expressions import Skeleton
from grammar_lisa.regression import LOSSES
from grammar_lisa.regression.fits.starts import draw_starts

X = np.linspace(0.0, 5.0, 100)


def drawn(text, x=X, y=X, count=200, seed=0):
    bound = Skeleton.read(text, ["x"]).bind({"x": x})
    with np.errstate(all="ignore"):
        loss = LOSSES["mse"].bind(y, None)
        return draw_starts(bound, loss, count, np.random.default_rng(seed))


def test_frequencies_turn_between_a_third_of_a_radian_and_one_a_point():
    sizes = np.abs(drawn("c*sin(c*x)"))
    assert sizes.min() >= 0.3 / 5
    assert sizes.max() <= 100 / 5


def test_rates_follow_the_spread_not_the_size():
    sizes = np.abs(drawn("c*exp(c*x)", X + 1000.0))
    assert sizes.min() >= 0.3 / 5
    assert sizes.max() <= 20 / 5


def test_shifts_lie_in_or_near_the_data():
    shifts = drawn("c*exp(-(x-c)**2)", X + 1000.0)
    assert shifts.min() > 980
    assert shifts.max() < 1025
    assert ((shifts > 1000) & (shifts < 1005)).mean() > 0.3


def test_half_of_the_exponents_are_whole():
    exponents = drawn("c*x**c")
    assert 0.3 < (exponents == np.round(exponents)).mean() < 0.7
    assert np.abs(exponents).max() <= 4


@pytest.mark.parametrize("text", ["c*sin(c*x)", "c*exp(c*x)", "c*tanh(c*x)", "1/(1+c*x)"])
def test_factors_scale_against_the_unit(text):
    np.testing.assert_allclose(drawn(text, 1e9 * X) * 1e9, drawn(text))


@pytest.mark.parametrize("text", ["c*exp(-((x-c)/c)**2)", "x/(c+x)"])
def test_shifts_and_widths_scale_with_the_unit(text):
    np.testing.assert_allclose(drawn(text, 1e9 * X) / 1e9, drawn(text))


def test_squares_under_a_root_scale_with_the_target():
    np.testing.assert_allclose(
        np.median(np.abs(drawn("sqrt(c*x+c*x)", y=1e3 * X))),
        1e6 * np.median(np.abs(drawn("sqrt(c*x+c*x)"))),
    )


def test_draws_fill_their_range_evenly():
    logs = np.sort(np.log(np.abs(drawn("c*sin(c*x)", count=50))[:, 0]))
    assert np.diff(logs).max() <= 2 * np.log(100 / 0.3) / 50


def test_signs_differ():
    assert 0.4 < (drawn("c*sin(c*x)") > 0).mean() < 0.6


@pytest.mark.parametrize("text", ["x**c/exp(x*x)", "exp(x*x)/(x+c)", "exp(x*x)*(x+c)**c"])
def test_sizes_beyond_the_range_of_numbers_give_finite_starts(text):
    x = np.linspace(1.0, 26.0, 50)  # the squares of exp(x*x) overflow
    starts = drawn(text, x, np.sin(x), 20)
    assert np.isfinite(starts).all()
