"""What sentences add to another one, against least squares; and which of them differ."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grammar_lisa.optimize.diversity import diverse, ranks_within, residual_correlation


def explained(f, best, target):
    """Return the share of the best one's residual that f takes away, by least squares."""

    def left(*columns):
        basis = np.stack(columns, axis=1)
        return np.sum((target - basis @ np.linalg.lstsq(basis, target, rcond=None)[0]) ** 2)

    return 1 - left(f, best) / left(best)


@given(st.integers(0, 10_000))
def test_shares_are_those_of_least_squares(seed):
    rng = np.random.default_rng(seed)
    outputs, target = rng.standard_normal((6, 20)), rng.standard_normal(20)
    found = residual_correlation(outputs, 2, target)
    expected = [0 if i == 2 else explained(f, outputs[2], target) for i, f in enumerate(outputs)]
    assert np.allclose(found, expected, atol=1e-9)
    scales = 10.0 ** rng.integers(-3, 3, (6, 1))
    assert np.allclose(residual_correlation(scales * outputs, 2, target), found, atol=1e-9)
    assert np.allclose(residual_correlation(outputs, 2, 1e6 * target), found, atol=1e-9)


def test_a_sentence_that_scores_badly_may_be_what_is_lacking():
    x = np.linspace(-10, 10, 200)
    outputs = np.stack([x, 3 * np.sin(x * x) + 2 * x, np.exp(x / 5), np.zeros(200)])
    found = residual_correlation(outputs, 0, x + np.sin(x * x))
    assert found[1] == pytest.approx(1)
    assert found[2] < 0.05
    assert found[0] == found[3] == 0


def test_nothing_is_left_where_the_best_is_a_multiple_of_the_target():
    x = np.linspace(0, 1, 50)
    found = residual_correlation(np.stack([2 * x, x**2]), 0, x)
    assert ((found >= 0) & (found <= 1)).all()


@pytest.mark.parametrize("best", [0, 1])
def test_what_is_not_finite_explains_nothing(best):
    rng = np.random.default_rng(0)
    outputs, target = rng.standard_normal((5, 20)), rng.standard_normal(20)
    outputs[1, 3], outputs[2, 4], outputs[3] = np.nan, np.inf, 1e300
    found = residual_correlation(outputs, best, target)
    assert found[1] == found[2] == 0
    assert ((found >= 0) & (found <= 1)).all()
    assert found[4] > 0


def test_rows_that_err_alike_are_one():
    errors = np.array([[1.0, 1], [1.1, 1], [2, 2], [0.1, 0], [2.1, 2.1], [-1, 1]])
    order = np.array([3, 0, 1, 5, 2, 4])
    assert diverse(order, errors, 0.2, 10).tolist() == [3, 0, 5, 2]
    assert diverse(order, errors, 0.2, 2).tolist() == [3, 0]
    assert diverse(order, errors, 0.0, 10).tolist() == order.tolist()
    assert diverse(order[:0], errors, 0.2, 10).tolist() == []
    assert diverse(order, errors, 0.2, 0).tolist() == []


@given(st.integers(0, 10_000), st.floats(0.001, 2), st.integers(0, 12))
def test_kept_rows_differ_and_dropped_ones_do_not(seed, share, limit):
    rng = np.random.default_rng(seed)
    errors = rng.standard_normal((12, 3))
    order = rng.permutation(12)
    kept = diverse(order, errors, share, 12).tolist()
    norm = np.linalg.norm
    for place, row in enumerate(order.tolist()):
        before = [k for k in kept if k in order[:place]]
        alike = any(norm(errors[row] - errors[k]) < share * norm(errors[row]) for k in before)
        assert (row in kept) != alike
    assert diverse(order, errors, share, limit).tolist() == kept[:limit]


@given(st.lists(st.integers(-3, 3)))
def test_ranks_within_groups_count_what_came_before(groups):
    expected = [groups[:place].count(group) for place, group in enumerate(groups)]
    assert ranks_within(np.array(groups, dtype=np.int64)).tolist() == expected
