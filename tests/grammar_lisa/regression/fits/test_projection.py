import numpy as np
import pytest

from grammar_lisa.expressions import Skeleton
from grammar_lisa.regression import LOSSES
from grammar_lisa.regression.fits.projection import Projection

X = np.linspace(0.2, 3.0, 40)
Y = np.sin(2 * X) + 0.3 * X**2
WEIGHTS = np.linspace(0.5, 2.0, 40)


def problem_of(text, weights=None, loss="mse", y=Y):
    bound = Skeleton.read(text, ["x"]).bind({"x": X})
    return Projection(bound, LOSSES[loss].bind(y, weights))


@pytest.mark.parametrize("weights", [None, WEIGHTS])
def test_linear_constants_are_those_of_least_squares(weights):
    place = problem_of("c+c*x-c*x**2", weights).at(np.empty((1, 0)))
    roots = np.ones_like(X) if weights is None else np.sqrt(weights)
    basis = np.stack([np.ones_like(X), X, -(X**2)], 1)
    expected = np.linalg.lstsq(basis * roots[:, None], Y * roots, rcond=None)[0]
    np.testing.assert_allclose(place.linear[0], expected, rtol=1e-6)
    np.testing.assert_allclose(place.prediction[0], basis @ expected, rtol=1e-6)


@pytest.mark.parametrize("weights", [None, WEIGHTS])
@pytest.mark.parametrize(
    "text", ["c*sin(c*x+c)+c*x", "c/(1+exp(c*x+c))", "c*x**c+x", "sin(c*x)+c", "exp(c*x)/c"]
)
def test_descent_is_the_slope_of_the_projected_loss(text, weights):
    problem = problem_of(text, weights)
    nonlinear = np.array([[0.7, 1.3, 0.4][: problem.n_nonlinear]])
    place = problem.at(nonlinear)
    for k in range(problem.n_nonlinear):
        step = np.zeros_like(nonlinear)
        step[0, k] = 1e-6
        rise = problem.at(nonlinear + step).loss[0] - problem.at(nonlinear - step).loss[0]
        total = len(X) if weights is None else 1.0
        slope = -2 * place.descent[0, k] / (total * problem.loss.scale**2)
        assert rise / 2e-6 == pytest.approx(slope, rel=1e-4)


def test_curvature_is_that_of_the_residuals_outside_the_basis():
    place = problem_of("c*exp(c*x)+c").at(np.array([[-0.5]]))
    basis = np.stack([np.exp(-0.5 * X), np.ones_like(X)], 1)
    slope = place.linear[0, 0] * X * np.exp(-0.5 * X)
    outside = slope - basis @ np.linalg.lstsq(basis, slope, rcond=None)[0]
    assert place.curvature[0, 0, 0] == pytest.approx(outside @ outside, rel=1e-6)


def test_dependent_columns_share_their_part():
    place = problem_of("c*x+c*x+c*x", y=6 * X).at(np.empty((1, 0)))
    np.testing.assert_allclose(place.linear[0], [2, 2, 2], rtol=1e-2)
    assert place.loss[0] < 1e-20


def test_columns_out_of_range_are_scaled():
    place = problem_of("c*exp(c*x-600)+c").at(np.array([[0.5]]))
    assert np.isfinite(place.loss[0])
    assert place.linear[0, 0] > 1e200


def test_bad_starts_are_infinitely_bad_alone():
    problem = problem_of("c*log(x-c)+c")
    with np.errstate(invalid="ignore"):
        losses = problem.at(np.array([[-1.0], [1.0]])).loss
    np.testing.assert_array_equal(np.isinf(losses), [0, 1])


def test_places_move_one_by_one():
    problem = problem_of("c*exp(c*x)")
    here, there = problem.at(np.array([[0.1], [0.2]])), problem.at(np.array([[0.3], [0.4]]))
    moved = here.moved(there, np.array([True, False]))
    np.testing.assert_array_equal(moved.nonlinear, [[0.3], [0.2]])
    np.testing.assert_array_equal(moved.of([0]).loss, there.loss[:1])
