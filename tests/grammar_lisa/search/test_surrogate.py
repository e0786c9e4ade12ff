"""The Gaussian process of many outputs, against one written with scikit-learn."""

import numpy as np
import pytest
from grammar_lisa.search.points import KERNELS, OF_TERMS, Kernel, Points, Similarities
from grammar_lisa.search.space import Box, Sphere
from grammar_lisa.search.structure import parts_of
from grammar_lisa.search.surrogate import Surrogate, evidence
from scipy import sparse
from scipy.stats import multivariate_normal
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import DotProduct, Matern

from grammar_lisa.derivations.arrays import to_array
from grammar_lisa.derivations.sampling import sample_uniform
from grammar_lisa.grammar import parse_grammar
from grammar_lisa.objectives.objective import COLUMNS

EXPR = """
S -> S '+' T | S '*' T | S '/' T | T
T -> '(' S ')' | 'sin(' S ')' | 'exp(' S ')' | 'x' | '1' | '2' | '3'
"""
CHORD = Kernel(1.0, 0.0, 0.0, 0.0, lengthscale=1.5, noise=1e-3)


@pytest.fixture(scope="module")
def points():
    grammar = parse_grammar(EXPR)
    rows = np.random.default_rng(0).standard_normal((90, 4))
    derivations = to_array(sample_uniform(grammar, 90, 12, 0), 12, len(grammar.rules))
    directions = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    terms = sparse.csr_matrix((coefficients(90), USED, np.arange(91) * 3), (90, COLUMNS))
    return Points(directions, parts_of(grammar, derivations), terms, Sphere(4))


def coefficients(count):
    """Three of twelve terms for each sentence, in columns far apart."""
    return np.random.default_rng(1).standard_normal(3 * count)


USED = np.concatenate(
    [np.sort(np.random.default_rng(n).permutation(12)[:3]) for n in range(90)]
) * (COLUMNS // 12)


def dense(points):
    """The coefficients of the twelve terms."""
    return points.terms[:, np.arange(12) * (COLUMNS // 12)].toarray()


def smooth(u):
    return np.stack([u[:, 0] * u[:, 1] + np.sin(2 * u[:, 2]), u[:, 3] ** 2, u[:, 0]], axis=1)


def part(points, first, last):
    return points.rows(np.arange(first, last))


def test_predictions_are_those_of_an_independent_process(points):
    values = smooth(points.places)[:60]
    surrogate = Surrogate.fit(part(points, 0, 60), values, [CHORD])
    kernel = Matern(length_scale=CHORD.lengthscale, nu=2.5)
    other = GaussianProcessRegressor(kernel, alpha=CHORD.noise, optimizer=None)
    other.fit(points.places[:60], values - values.mean(axis=0))
    mean, deviation = other.predict(points.places[60:], return_std=True)
    _, covariance = other.predict(points.places[60:], return_cov=True)
    found, joint = (f(part(points, 60, 90)) for f in (surrogate.predict, surrogate.predict_jointly))
    assert np.allclose(found.mean, mean + values.mean(axis=0), atol=1e-6)
    assert np.allclose(found.covariance, deviation[:, 0] ** 2, atol=1e-6)
    assert np.allclose(joint.covariance, covariance[..., 0], atol=1e-6)
    assert np.allclose(joint.mean, found.mean)


def test_the_chords_of_a_box_are_euclidean_distances(points):
    places = 3 * np.random.default_rng(1).standard_normal((90, 4))
    boxed = Points(places, points.parts, points.terms, Box.holding(places))
    found = Similarities(part(boxed, 0, 50), part(boxed, 50, 90)).chord
    assert np.allclose(found, np.linalg.norm(places[:50, None] - places[50:], axis=2))
    joined = part(boxed, 0, 50) + part(boxed, 50, 90)
    assert np.array_equal(joined.places, places)
    assert (joined.terms != boxed.terms).nnz == 0
    assert joined.space is boxed.space


@pytest.mark.parametrize("sized", [False, True])
def test_the_evidence_is_the_likelihood_at_the_best_scale(points, sized):
    some = part(points, 0, 40)
    alike, values = Similarities(some, some), smooth(some.places)
    sizes = np.random.default_rng(2).uniform(1, 3, 40) if sized else np.ones(40)
    differences = []
    for kernel in (*KERNELS[:6], *OF_TERMS):
        covariance = kernel(alike) + kernel.noise * np.diag(sizes**2)
        centred = values - values.mean(axis=0)
        square = np.mean(np.linalg.solve(np.linalg.cholesky(covariance), centred) ** 2)
        law = multivariate_normal(np.zeros(40), square * covariance)
        found = evidence(kernel, alike, centred / sizes[:, None], sizes)
        differences.append(found - law.logpdf(centred.T).sum())
    assert np.ptp(differences) < 1e-6


def test_the_kernel_of_the_greatest_evidence_is_taken(points):
    directions = Surrogate.fit(points, smooth(points.places))
    assert directions.kernel.chord == 1
    lengths = np.asarray(points.parts.rules.sum(axis=1))
    assert Surrogate.fit(points, lengths).kernel.rules > 0


@pytest.mark.parametrize("kernel", KERNELS)
def test_kernels_have_unit_variance_and_are_positive_definite(points, kernel):
    covariance = kernel(Similarities(points, points))
    assert np.allclose(np.diag(covariance), 1, atol=1e-6)
    assert np.linalg.eigvalsh(covariance).min() > -1e-8


def test_the_spread_of_outputs_is_that_of_the_whitened_values(points):
    values = smooth(points.places)
    surrogate = Surrogate.fit(points, values, [CHORD])
    covariance = CHORD(Similarities(points, points)) + CHORD.noise * np.eye(90)
    centred = values - values.mean(axis=0)
    expected = centred.T @ np.linalg.solve(covariance, centred) / 90
    assert np.allclose(surrogate.spread.T @ surrogate.spread, expected)


@pytest.mark.parametrize("kernel", [CHORD, Kernel(0.0, 0.0, 0.0, 1.5, 1.0, 1e-2), KERNELS[-5]])
def test_variances_are_the_diagonal_of_covariances(points, kernel):
    assert np.allclose(kernel.variances(points), np.diag(kernel(Similarities(points, points))))
    values, sizes = smooth(points.places)[:60], np.random.default_rng(5).uniform(1, 4, 60)
    surrogate = Surrogate.fit(part(points, 0, 60), values, [kernel], sizes=sizes)
    others = part(points, 60, 90)
    alone, together = surrogate.predict(others), surrogate.predict_jointly(others)
    assert np.allclose(alone.mean, together.mean)
    assert np.allclose(alone.covariance, np.diag(together.covariance), atol=1e-8)
    assert np.ptp(alone.covariance) > 0.01


def test_points_may_be_uncertain_each_by_its_own_size_about_a_known_centre(points):
    """Noise·size², and the centre as prior mean, against scikit-learn's process."""
    values, centre = smooth(points.places)[:60], np.array([0.5, -2.0, 3.0])
    sizes = np.random.default_rng(3).uniform(0.5, 20, 60)
    surrogate = Surrogate.fit(part(points, 0, 60), values, [CHORD], sizes=sizes, centre=centre)
    kernel = Matern(length_scale=CHORD.lengthscale, nu=2.5)
    other = GaussianProcessRegressor(kernel, alpha=CHORD.noise * sizes**2, optimizer=None)
    other.fit(points.places[:60], values - centre)
    mean = other.predict(points.places[60:])
    _, covariance = other.predict(points.places[60:], return_cov=True)
    found = surrogate.predict_jointly(part(points, 60, 90))
    assert np.allclose(found.mean, mean + centre, atol=1e-6)
    assert np.allclose(found.covariance, covariance[..., 0], atol=1e-6)
    plain = Surrogate.fit(part(points, 0, 60), values, [CHORD], centre=centre)
    assert not np.allclose(plain.predict(part(points, 60, 90)).mean, found.mean, atol=1e-3)


def test_far_from_everything_the_centre_is_expected(points):
    terms = [Kernel(0.0, 0.0, 0.0, 1.0, 1.0, 1e-4)]
    centre = np.array([1.0, -2.0, 0.5])
    surrogate = Surrogate.fit(points, smooth(points.places), terms, centre=centre)
    nothing = Points(points.places, points.parts, 0 * points.terms, points.space)
    found = surrogate.predict(nothing)
    assert np.allclose(found.mean, centre)
    assert (found.covariance <= 1e-9).all()


def test_the_kernel_of_terms_is_that_of_a_linear_function(points):
    kernel = Kernel(0.0, 0.0, 0.0, 0.7, 1.0, 1e-2)
    values, sizes = smooth(points.places)[:60], np.random.default_rng(4).uniform(1, 5, 60)
    surrogate = Surrogate.fit(
        part(points, 0, 60), values, [kernel], sizes=sizes, centre=np.zeros(3)
    )
    other = GaussianProcessRegressor(
        0.7 * DotProduct(sigma_0=0, sigma_0_bounds="fixed"),
        alpha=kernel.noise * sizes**2,
        optimizer=None,
    )
    other.fit(dense(part(points, 0, 60)), values)
    new = dense(part(points, 60, 90))
    _, covariance = other.predict(new, return_cov=True)
    found = surrogate.predict_jointly(part(points, 60, 90))
    assert np.allclose(found.mean, other.predict(new), atol=1e-6)
    assert np.allclose(found.covariance, covariance[..., 0], atol=1e-6)
    alone = surrogate.predict(part(points, 60, 90))
    assert np.allclose(alone.covariance, np.diag(covariance[..., 0]), atol=1e-6)


def test_sums_of_known_terms_are_told_from_the_terms(points):
    """The outputs of a linear function of terms are learnt, and small errors best of all."""
    slopes = np.random.default_rng(6).standard_normal((12, 5))
    values = dense(points) @ slopes - 2.0
    surrogate = Surrogate.fit(part(points, 0, 60), values[:60], OF_TERMS, centre=np.full(5, -2.0))
    assert surrogate.kernel == OF_TERMS[0]
    found = surrogate.predict(part(points, 60, 90))
    assert np.allclose(found.mean, values[60:], atol=1e-3)
    assert found.covariance.max() < 1e-5
