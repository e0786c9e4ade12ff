"""The Gaussian process of many outputs, against one written with scikit-learn."""

import numpy as np
import pytest
from scipy.stats import multivariate_normal
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import Matern

from grammar_lisa.derivations.arrays import to_array
from grammar_lisa.derivations.sampling import sample_uniform
from grammar_lisa.grammar import parse_grammar
from grammar_lisa.search.points import KERNELS, Kernel, Points, similarities
from grammar_lisa.search.space import Box, Sphere
from grammar_lisa.search.structure import parts_of
from grammar_lisa.search.surrogate import Surrogate, evidence

EXPR = """
S -> S '+' T | S '*' T | S '/' T | T
T -> '(' S ')' | 'sin(' S ')' | 'exp(' S ')' | 'x' | '1' | '2' | '3'
"""
CHORD = Kernel(1.0, 0.0, 0.0, lengthscale=1.5, noise=1e-3)


@pytest.fixture(scope="module")
def points():
    grammar = parse_grammar(EXPR)
    rows = np.random.default_rng(0).standard_normal((90, 4))
    derivations = to_array(sample_uniform(grammar, 90, 12, 0), 12, len(grammar.rules))
    directions = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return Points(directions, parts_of(grammar, derivations), Sphere(4))


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
    boxed = Points(places, points.parts, Box.holding(places))
    found = similarities(part(boxed, 0, 50), part(boxed, 50, 90)).chord
    assert np.allclose(found, np.linalg.norm(places[:50, None] - places[50:], axis=2))
    joined = part(boxed, 0, 50) + part(boxed, 50, 90)
    assert np.array_equal(joined.places, places)
    assert joined.space is boxed.space


def test_the_evidence_is_the_likelihood_at_the_best_scale(points):
    some = part(points, 0, 40)
    alike, values = similarities(some, some), smooth(some.places)
    differences = []
    for kernel in KERNELS[:6]:
        covariance = kernel(alike) + kernel.noise * np.eye(40)
        centred = values - values.mean(axis=0)
        square = np.mean(np.linalg.solve(np.linalg.cholesky(covariance), centred) ** 2)
        law = multivariate_normal(np.zeros(40), square * covariance)
        differences.append(evidence(kernel, alike, values) - law.logpdf(centred.T).sum())
    assert np.ptp(differences) < 1e-6


def test_the_kernel_of_the_greatest_evidence_is_taken(points):
    directions = Surrogate.fit(points, smooth(points.places))
    assert directions.kernel.chord == 1
    lengths = np.asarray(points.parts.rules.sum(axis=1))
    assert Surrogate.fit(points, lengths).kernel.rules > 0


@pytest.mark.parametrize("kernel", KERNELS)
def test_kernels_have_unit_variance_and_are_positive_definite(points, kernel):
    covariance = kernel(similarities(points, points))
    assert np.allclose(np.diag(covariance), 1, atol=1e-6)
    assert np.linalg.eigvalsh(covariance).min() > -1e-8


def test_the_spread_of_outputs_is_that_of_the_whitened_values(points):
    values = smooth(points.places)
    surrogate = Surrogate.fit(points, values, [CHORD])
    covariance = CHORD(similarities(points, points)) + CHORD.noise * np.eye(90)
    centred = values - values.mean(axis=0)
    expected = centred.T @ np.linalg.solve(covariance, centred) / 90
    assert np.allclose(surrogate.spread.T @ surrogate.spread, expected)


def test_other_values_of_the_same_points_have_the_same_kernel(points):
    values = smooth(points.places)
    surrogate = Surrogate.fit(points, values)
    again = surrogate.of(values[:, :1])
    assert again.kernel == surrogate.kernel
    assert np.allclose(again.predict(points).mean, surrogate.predict(points).mean[:, :1])
