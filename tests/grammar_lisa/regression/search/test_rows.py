"""Lengths and variances of rows."""

import numpy as np

from grammar_lisa.regression.search.rows import lengths, scales, variances

ROWS = np.random.default_rng(0).normal(size=(4, 7))


def test_lengths_are_euclidean():
    np.testing.assert_allclose(lengths(ROWS), np.linalg.norm(ROWS, axis=1), rtol=1e-12)


def test_rows_of_zeros_and_nan_are_divided_by_one():
    rows = np.array([[3.0, 4.0], [0.0, 0.0], [np.nan, 1.0]])
    assert scales(rows).tolist() == [5.0, 1.0, 1.0]


def test_variances_are_those_of_repeated_points():
    counts = np.array([1, 2, 1, 3, 1, 1, 4])
    repeated = np.repeat(ROWS, counts, axis=1)
    expected = repeated.var(axis=1) * counts.sum()
    np.testing.assert_allclose(variances(ROWS, np.sqrt(counts)), expected, rtol=1e-12)
