import numpy as np
import pandas as pd
import pytest

from grammar_lisa.regression.tables.cells import Marks
from grammar_lisa.regression.tables.columns import ColumnBuilder, Odd


def column_of(*parts, marks=None, name="k"):
    builder = ColumnBuilder(name, marks)
    for part in parts:
        builder.add(pd.Series(part))
    return builder.column()


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        ([1, 2.5], "number"),
        (["1", "2,5", None], "number"),
        ([True, False], "boolean"),
        (["true", "False", None], "boolean"),
        ([True, 3, 2.5], "number"),
        (["red", "blue", "3"], "text"),
        (["1", "2", "red"], "number"),
        (["2020-01-01", "2020-01-02"], "date"),
        (["1 m", "2 m"], "unit"),
        (["1a", "2b", "3c", "4d"], "text"),
        (["", "NA", None], "empty"),
        ([np.nan, np.nan], "empty"),
        ([10**30, 2], "number"),
    ],
)
def test_a_column_is_what_most_of_its_cells_are(cells, kind):
    assert column_of(cells, marks=Marks(",")).kind == kind


def test_cells_that_are_no_numbers_are_remembered_across_stretches():
    column = column_of([1.0, np.nan], ["4", "five", "?"], [6, 7], ["eight"])
    np.testing.assert_array_equal(column.values, [1, np.nan, 4, np.nan, np.nan, 6, 7, np.nan])
    assert column.odd == Odd(3, "five")
    assert column.odd_rows.tolist() == [3, 7]
    assert np.flatnonzero(column.missing).tolist() == [1, 4]
    kept = column.at(np.array([0, 1, 1, 1, 0, 1, 1, 1], dtype=bool))
    assert kept.odd == Odd(2, "five")
    assert kept.odd_rows.tolist() == [2, 5]
    without = column.at(np.array([1, 1, 1, 0, 1, 1, 1, 0], dtype=bool))
    assert without.odd is None
    assert np.flatnonzero(without.missing).tolist() == [1, 3]


@pytest.mark.parametrize(
    ("values", "counts", "numbers"),
    [
        ([0, 1, 2], True, True),
        ([1, 2, 3], True, True),
        ([2, 3, 4], False, True),
        ([5, 3, 9], False, True),
        ([1, 1, 2], False, False),
        ([0.5, 1.5], False, False),
        ([-1, 0], False, False),
        ([1, np.nan, 3], False, False),
        ([np.inf, 1], False, True),
    ],
)
def test_columns_that_count_or_number_rows(values, counts, numbers):
    column = column_of(values)
    assert (column.counts_rows, column.numbers_rows) == (counts, numbers)


def test_the_usual_unit_is_named():
    assert column_of(["1 m", "2 m", "3 cm"]).unit == "m"
    assert column_of(["1", "2"]).unit is None
    assert column_of([1], name="Unnamed: 0").nameless
    assert column_of([1], name="").nameless
