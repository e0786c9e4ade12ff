import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grammar_lisa.objectives.tables import Table

NUMBERS = st.floats(-50, 50, allow_subnormal=False)


def table_of(function, arguments):
    table = Table()
    arguments = np.asarray(arguments, dtype=float)
    table.add(arguments, function(arguments))
    return table


def test_an_empty_table_knows_nothing():
    assert len(Table()) == 0
    assert np.isnan(Table()(np.array([[0.0, 1.0]]))).all()


@given(st.lists(NUMBERS, min_size=1, max_size=30))
def test_what_was_met_is_known(arguments):
    table = table_of(np.sin, arguments)
    assert np.all(np.diff(table.arguments) > 0)
    np.testing.assert_array_equal(table(table.arguments, between=False), np.sin(table.arguments))
    found = table(np.array(arguments), between=False)
    known = np.isfinite(found)
    np.testing.assert_allclose(found[known], np.sin(arguments)[known], atol=1e-8)


@given(st.lists(NUMBERS, min_size=1, max_size=30))
def test_of_a_cell_the_first_pair_is_kept(arguments):
    table = table_of(np.sin, arguments)
    before = table.arguments.copy()
    assert table.add(before, np.zeros(len(before))) == 0
    np.testing.assert_array_equal(table.values, np.sin(before))


@pytest.mark.parametrize("function", [np.sin, np.exp, np.cos, np.tanh])
def test_smooth_functions_are_told_between_what_was_met(function):
    table = table_of(function, np.random.default_rng(0).uniform(-4, 4, 400))
    asked = np.random.default_rng(1).uniform(-3.9, 3.9, (20, 50))
    found = table(asked)
    assert np.isfinite(found).mean() > 0.95
    error = np.abs(found - function(asked)) / (1 + np.abs(function(asked)))
    assert np.nanmax(error) < 1e-3
    assert np.nanmedian(error) < 1e-7
    assert np.isnan(table(asked, between=False)).all()


def test_nothing_is_told_beyond_what_was_met_or_where_it_is_sparse():
    table = table_of(np.sin, np.linspace(-3, 3, 200))
    assert np.isnan(table(np.array([-3.1, 3.1, 100.0, np.nan, np.inf]))).all()
    sparse = table_of(np.sin, np.linspace(0, 30, 11))
    assert np.isnan(sparse(np.linspace(0.5, 29.5, 40))).mean() > 0.9


def test_a_step_is_not_smoothed_over():
    table = table_of(lambda x: np.where(x > 0, 1.0, 0.0), np.linspace(-1, 1, 21) + 0.05)
    assert np.isnan(table(np.array([-0.03, 0.0, 0.01]))).all()


def test_a_copy_keeps_what_was_known():
    table = table_of(np.sin, [0.0, 1.0])
    kept = table.copy()
    assert table.add(np.array([2.0]), np.array([5.0])) == 1
    assert len(kept) == 2
    assert np.isnan(kept(np.array([2.0]))).all()
    assert table(np.array([2.0])) == 5.0
