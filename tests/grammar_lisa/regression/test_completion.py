import numpy as np
import pandas as pd
import pytest

from grammar_lisa.regression import Table, measure
from grammar_lisa.regression.completion import complete, variables_used
from grammar_lisa.regression.measures import predict
from shared.common.errors import LisaError


@pytest.fixture
def table():
    x = np.linspace(-2, 2, 50)
    return Table.from_frame(pd.DataFrame({"x0": x}), 3.5 * np.exp(-0.5 * x) + 1.25)


def test_open_constants_are_fitted_and_rounded(table):
    completed = complete("c*exp(c*x0)+c", table)
    assert completed.constants == ("3.5", "-0.5", "1.25")
    assert measure(predict(completed.text, table), table.target).r2 == pytest.approx(1)
    assert complete("c*exp(c*x0)+c", table, seed=0) == completed


def test_a_formula_without_them_is_left_alone(table):
    assert complete("x0 + 1", table) == ("x0 + 1", ())


def test_variables_are_those_that_are_no_constant():
    assert list(variables_used("c*x+sin(y)*pi+e")) == ["x", "y"]
    with pytest.raises(LisaError, match="cannot read this expression"):
        variables_used("x+")


def test_what_is_never_finite_is_refused(table):
    with pytest.raises(LisaError, match="no constants were found for which"):
        complete("c+x0/(x0-x0)", table)
    with pytest.raises(LisaError, match="unknown variable q"):
        complete("c*q", table)
