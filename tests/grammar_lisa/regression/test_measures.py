import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import r2_score

from grammar_lisa.regression import Table, measure
from grammar_lisa.regression.measures import fine_r2, predict

numbers = st.lists(st.floats(-100, 100), min_size=3, max_size=20)


@given(numbers, st.sampled_from([1e-200, 1e-9, 1.0, 1e9, 1e200]), st.integers(0, 99))
def test_r2_is_that_of_scikit_learn_in_any_unit(target, unit, seed):
    rng = np.random.default_rng(seed)
    y = np.array(target) + rng.normal(size=len(target))
    predicted, weights = y + rng.normal(size=len(y)), rng.uniform(0.1, 2, len(y))
    found = measure(predicted * unit, y * unit, weights)
    assert found.r2 == pytest.approx(r2_score(y, predicted, sample_weight=weights), abs=1e-6)
    assert found.max_error == pytest.approx(np.abs(y - predicted).max() * unit)
    rmse = np.sqrt(np.average((y - predicted) ** 2, weights=weights)) * unit
    assert found.rmse == pytest.approx(rmse)


def test_constant_targets_are_explained_or_not():
    table = Table.from_frame(pd.DataFrame({"x0": [1, 2, 3]}), np.full(3, 7.0))
    assert measure(predict("7+0*x0", table), table.target).r2 == 1
    assert measure(predict("7.1", table), table.target).r2 == 0


def test_rows_without_a_value_are_counted():
    table = Table.from_frame(pd.DataFrame({"x0": [1, 0, -1]}), np.array([1.0, 2, 3]))
    found = measure(predict("log(x0)", table), table.target)
    assert (found.undefined, found.first_undefined) == (2, 1)
    assert np.isnan([found.r2, found.rmse, found.max_error]).all()


def test_digits_of_r2_tell_it_from_one():
    assert fine_r2(0.5) == "0.5"
    assert fine_r2(0.99912345) == "0.999123"
    assert fine_r2(1.0) == "1"
    assert fine_r2(np.nan) == "nan"
