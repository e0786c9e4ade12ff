"""What sentences add to the best one, against least squares; and which of them differ."""

import numpy as np
import pytest
from grammar_lisa.search.complement import complement, distinct
from hypothesis import given
from hypothesis import strategies as st


def least_share(f, best, target):
    """What is left of the target beside the best, with f to help, by least squares."""

    def left(*columns):
        basis = np.stack(columns, axis=1)
        return np.sum((target - basis @ np.linalg.lstsq(basis, target, rcond=None)[0]) ** 2)

    return 1 - left(f, best) / left(best)


@given(st.integers(0, 10_000))
def test_shares_are_those_of_least_squares(seed):
    rng = np.random.default_rng(seed)
    shapes, target = rng.standard_normal((6, 20)), rng.standard_normal(20)
    found = complement(shapes, 2, target)
    expected = [0 if i == 2 else least_share(f, shapes[2], target) for i, f in enumerate(shapes)]
    assert np.allclose(found, expected, atol=1e-9)
    scales = 10.0 ** rng.integers(-3, 3, (6, 1))
    assert np.allclose(complement(scales * shapes, 2, target), found, atol=1e-9)


def test_a_sentence_that_scores_badly_may_be_what_is_lacking():
    x = np.linspace(-10, 10, 200)
    shapes = np.stack([x, 3 * np.sin(x * x) + 2 * x, np.exp(x / 5), np.zeros(200)])
    found = complement(shapes, 0, x + np.sin(x * x))
    assert found[1] == pytest.approx(1)
    assert found[2] < 0.05
    assert found[0] == found[3] == 0


def test_nothing_is_left_where_the_best_is_a_multiple_of_the_target():
    x = np.linspace(0, 1, 50)
    found = complement(np.stack([2 * x, x**2]), 0, x)
    assert np.isfinite(found).all()
    assert ((found >= 0) & (found <= 1)).all()


def test_rows_that_err_alike_are_one():
    errors = np.array([[1.0, 1], [1.1, 1], [2, 2], [0.1, 0], [2.1, 2.1], [-1, 1]])
    order = np.array([3, 0, 1, 5, 2, 4])
    assert distinct(order, errors, 0.2, 10).tolist() == [3, 0, 5, 2]
    assert distinct(order, errors, 0.2, 2).tolist() == [3, 0]
    assert distinct(order, errors, 0.0, 10).tolist() == order.tolist()


@given(st.integers(0, 10_000), st.floats(0, 2))
def test_kept_rows_differ_and_dropped_ones_do_not(seed, share):
    rng = np.random.default_rng(seed)
    errors = rng.standard_normal((12, 3))
    order = rng.permutation(12)
    kept = distinct(order, errors, share, 12).tolist()
    norm = np.linalg.norm
    for place, row in enumerate(order.tolist()):
        before = [k for k in kept if k in order[:place]]
        alike = any(norm(errors[row] - errors[k]) < share * norm(errors[row]) for k in before)
        assert (row in kept) != alike
