import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import least_squares

from grammar_lisa.expressions import Skeleton, evaluate
from grammar_lisa.expressions.expression import UNARY_FUNCTIONS
from grammar_lisa.regression import LOSSES, fit_constants, polish, simplify_constants
from shared.common.errors import LisaError

X = np.linspace(0.1, 5.0, 100)
MSE = LOSSES["mse"]
CURVES = {
    "c*sin(c*x+c)+c*x": 2.5 * np.sin(7.3 * X + 0.4) + 0.7 * X,
    "c/(1+exp(c*x+c))": 3 / (1 + np.exp(-4 * X + 9)),
    "c*x**c": 3 * X**1.7,
    "c*exp(c*x)+c": 2 * np.exp(-0.6 * X) + 1,
    "c*x/(c+x)": 5 * X / (1.5 + X),
    "c*exp(-((x-c)/c)**2)": 4 * np.exp(-(((X - 2) / 0.3) ** 2)),
    "sqrt(c*x+c)": np.sqrt(3 * X + 2),
    "c*log(c*x+c)": 2 * np.log(3 * X + 2),
    "c*exp(-c*x)*cos(c*x+c)": 2 * np.exp(-0.5 * X) * np.cos(5 * X + 1),
    "c*tanh(c*(x-c))+c": 2 * np.tanh(3 * (X - 2)) + 1,
    "c+c*x+c*x**2": 1 + 2 * X - 3 * X**2,
    "c*c*x": 6 * X,
    "(c+c*x)/(c+c*x)": (1 + 2 * X) / (3 + X),
}


def bound_of(text, x=X):
    return Skeleton.read(text, ["x"]).bind({"x": x})


def fitted(text, y, x=X, loss="mse", weights=None, **options):
    generator = np.random.default_rng(0)
    return fit_constants(bound_of(text, x), y, weights, LOSSES[loss], generator, **options)


@pytest.mark.parametrize(("text", "y"), CURVES.items())
def test_exact_curves_are_found(text, y):
    fit = fitted(text, y)
    assert fit.loss < 1e-20
    np.testing.assert_allclose(fit.values, y, rtol=1e-8, atol=1e-9)
    np.testing.assert_array_equal(fit.values, bound_of(text).values(fit.constants))


@pytest.mark.parametrize("x_unit", [1.0, 1e-9, 1e9])
@pytest.mark.parametrize("y_unit", [1.0, 1e-9, 1e9])
def test_units_scale_the_constants(x_unit, y_unit):
    y = CURVES["c/(1+exp(c*x+c))"] * y_unit
    fit = fitted("c/(1+exp(c*x+c))", y, X * x_unit)
    scaled = fit.constants / [y_unit, 1 / x_unit, 1.0]
    np.testing.assert_allclose(scaled, [3, -4, 9], rtol=1e-8)
    peak = fitted("c*exp(-((x-c)/c)**2)", CURVES["c*exp(-((x-c)/c)**2)"] * y_unit, X * x_unit)
    scaled = np.abs(peak.constants / [y_unit, x_unit, x_unit])
    np.testing.assert_allclose(scaled, [4, 2, 0.3], rtol=1e-8)


@pytest.mark.parametrize(
    ("text", "y"),
    [
        ("c/(1+exp(c*x+c))", 3 / (1 + np.exp(-1.5 * X + 4))),
        ("c*exp(c*x)+c", 2 * np.exp(-0.6 * X) + 1),
        ("c/(x-c)+c", 3 / (X + 2) + 1),
        ("c*log(x-c)", 2 * np.log(X + 0.5)),
        ("c+c*x+c*x**2", 1 + X + X**2),
    ],
)
def test_a_range_far_from_zero(text, y):
    assert fitted(text, y, X + 1000.0).loss < 1e-16


@pytest.mark.parametrize("text", ["c/(1+exp(c*x+c))", "c*exp(c*x)+c", "c*x**c+c"])
def test_noisy_minimum_is_that_of_scipy(text):
    y = CURVES.get(text, 3 * X**1.7 + 1)
    y = y + 0.05 * np.random.default_rng(1).normal(size=len(X))
    weights = np.linspace(0.5, 2.0, len(X))
    fit = fitted(text, y, weights=weights)
    bound = bound_of(text)
    by_scipy = least_squares(
        lambda constants: np.sqrt(weights) * (bound.values(constants) - y),
        fit.constants * 1.05,
        jac=lambda constants: (np.sqrt(weights) * bound.values_and_jacobian(constants)[1]).T,
        x_scale="jac",
        xtol=1e-12,
        ftol=1e-14,
    )
    assert fit.loss <= MSE.value(bound.values(by_scipy.x), y, weights) * (1 + 1e-6)
    np.testing.assert_allclose(fit.constants, by_scipy.x, rtol=1e-3)


@pytest.mark.parametrize("loss", LOSSES)
def test_every_loss_finds_an_exact_curve(loss):
    fit = fitted("c/(1+exp(c*x+c))", CURVES["c/(1+exp(c*x+c))"], loss=loss)
    np.testing.assert_allclose(fit.constants, [3, -4, 9], rtol=1e-5)


@pytest.mark.parametrize("loss", LOSSES)
def test_every_loss_has_its_minimum(loss):
    y = CURVES["c*exp(c*x)+c"] * np.exp(0.05 * np.random.default_rng(1).normal(size=len(X)))
    fit = fitted("c*exp(c*x)+c", y, loss=loss, steps=60)
    bound = bound_of("c*exp(c*x)+c")
    around = fit.constants * (1 + 0.01 * np.random.default_rng(2).normal(size=(200, 3)))
    assert fit.loss <= LOSSES[loss].value(bound.values(around), y).min() * (1 + 1e-4)


def test_robust_losses_pass_over_outliers():
    y = 1 + 2 * X
    y[::10] += 50.0
    for loss in ("mae", "huber"):
        fit = fitted("c+c*x", y, loss=loss, steps=100)
        np.testing.assert_allclose(fit.constants, [1, 2], atol=0.3 if loss == "huber" else 1e-3)


def test_the_same_generator_gives_the_same_fit():
    first, second = (fitted("c*sin(c*x+c)+c*x", CURVES["c*sin(c*x+c)+c*x"]) for _ in range(2))
    np.testing.assert_array_equal(first.constants, second.constants)


def test_dependent_terms_do_no_harm():
    fit = fitted("c*x+c*x+c*(x+1)+c+c", 1 + 2 * X)
    assert fit.loss < 1e-24
    assert np.abs(fit.constants).max() < 10


def test_undefined_starts_lose():
    fit = fitted("c*log(x-c)", np.log(X + 1.0))
    assert fit.loss < 1e-20


def test_what_is_undefined_everywhere_has_no_fit():
    fit = fitted("c*log(0-x)+c", X)
    assert fit.loss == np.inf
    assert np.isnan(fit.constants).all()


def test_undefined_points_make_a_formula_undefined():
    assert fitted("c*log(x-1)", X).loss == np.inf


def test_formulas_without_constants_are_only_measured():
    fit = fitted("x**2", 2 * X)
    assert fit.constants.shape == (0,)
    assert fit.loss == pytest.approx(MSE.value(X**2, 2 * X))


def test_constants_alone():
    assert fitted("c", 3 * np.ones(100)).constants == pytest.approx([3])
    assert fitted("c**2+c", 7 * np.ones(100)).loss < 1e-24


def test_one_point():
    assert fitted("c*exp(c*x)", np.array([2.0]), np.array([1.0])).loss < 1e-20


def test_polish_improves_what_is_near():
    y = CURVES["c/(1+exp(c*x+c))"]
    bound = bound_of("c/(1+exp(c*x+c))")
    near = polish(bound, y, None, MSE, [3.0, -3.8, 8.8], steps=8)
    assert near.loss < 1e-20
    unmoved = polish(bound, y, None, MSE, [1.0, -4.0, 9.0], steps=0)
    np.testing.assert_allclose(unmoved.constants, [3, -4, 9])


def test_a_start_beside_a_pole_does_no_harm():
    x = 1.0 * (np.arange(100) > 49)
    bound = bound_of("(c*x+c)/(c*x+c*x**2+c*x**3+c*x**4+c)", x)
    y = np.linspace(-3, 3, 100) ** 2 % 1
    quarter, less = -0.25000000000000017, -0.2499999999999998
    start = [-0.42060606060597727, 0.4206060606059773, quarter, less, less, -0.25, 1.0]
    assert np.isfinite(polish(bound, y, None, MSE, start, steps=8).loss)


def test_a_fit_ends_when_it_is_late():
    y = np.random.default_rng(0).normal(size=100)
    left = iter([False, False, True])
    fit = fitted("c*sin(c*x+c)+c*sin(c*x+c)", y, steps=10**6, late=lambda: next(left))
    assert list(left) == []
    assert np.isfinite(fit.loss)


def test_constants_of_another_number_are_refused():
    with pytest.raises(LisaError, match=r"2 constants are needed, not an array \(3,\)"):
        polish(bound_of("c*x**c"), X, None, MSE, [1, 2, 3])


leaves = st.sampled_from(["c", "c", "c", "x", "y", "2"])
skeletons = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.builds("({}{}{})".format, inner, st.sampled_from(["+", "-", "*", "/", "**"]), inner),
        st.builds("{}({})".format, st.sampled_from(UNARY_FUNCTIONS), inner),
    ),
    max_leaves=10,
)


@settings(deadline=None)
@given(skeletons, st.sampled_from(sorted(LOSSES)), st.integers(0, 99))
def test_any_formula_is_fitted_or_has_no_fit(text, loss, seed):
    generator = np.random.default_rng(seed)
    points = {"x": generator.normal(size=12), "y": generator.uniform(0, 1, 12).round(1)}
    y = generator.uniform(0.5, 2, 12)
    skeleton = Skeleton.read(text, points)
    fit = fit_constants(skeleton.bind(points), y, None, LOSSES[loss], generator, steps=5)
    assert fit.loss >= 0
    assert np.isfinite(fit.constants).all() or fit.loss == np.inf
    if np.isfinite(fit.loss):
        np.testing.assert_allclose(skeleton.values(points, fit.constants), fit.values, rtol=1e-6)
        found = simplify_constants(skeleton, points, fit.constants, y, None, LOSSES[loss])
        written = evaluate([skeleton.with_constants(found.texts)], points)[0]
        assert found.loss == pytest.approx(LOSSES[loss].value(written, y), rel=1e-6, abs=1e-20)
        assert found.loss <= max(2 * fit.loss, 1e-20)
