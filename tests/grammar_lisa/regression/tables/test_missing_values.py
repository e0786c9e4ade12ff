"""Numbers and words that stand for a missing value."""

import numpy as np
import pandas as pd
import pytest
from small_tables import columns_of, table_of, written

from grammar_lisa.regression import ReadOptions, read_columns
from grammar_lisa.regression.tables.missing_values import MissingValues, find_code
from grammar_lisa.regression.tables.reading import columns_of_frame
from shared.common.errors import LisaError


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ([1, 2, 3, -999], (-999, 1)),
        ([-9999, 0.1, 0.2, -9999, 0.3], (-9999, 2)),
        ([5, 6, 7, 999.9], (999.9, 1)),
        ([5, 6, 7, -99], (-99, 1)),
        ([100, 200, 300, -999, np.nan], (-999, 1)),
        ([1, 2, 3, 1e20], (1e20, 1)),
        ([1, 2, 3, 99], None),
        ([997, 998, 999, 996], None),
        ([1, 2, 3, -1000], None),
        ([1, -999, 1], None),
        ([], None),
    ],
)
def test_a_code_lies_apart_from_all_other_values(values, code):
    found = find_code(np.array(values, dtype=float))
    assert code == (None if found is None else found[:2])


def test_a_code_is_told_with_the_option_that_leaves_it_out(tmp_path):
    content = "x,y\n1,1\n-999,2\n3,3\n-999,4\n5,6\n6,7\n"
    (note,) = table_of(tmp_path, content, target="y").notes
    assert note == (
        "the column x is -999 in 2 rows, far from all other values (1 to 6): if it stands for a "
        "missing value, give --missing=-999"
    )
    table = table_of(tmp_path, content, target="y", missing="-999.0", drop_missing=True)
    assert columns_of(table) == {"x": [1, 3, 5, 6], "y": [1, 3, 6, 7]}
    with pytest.raises(LisaError, match="row 3, column x: the value is missing; 2 missing"):
        table_of(tmp_path, content, target="y", missing="-999")


def test_words_and_numbers_stand_for_missing_values(tmp_path):
    content = 'x;y\nbad;1,5\n"-9.999";2\n3;odd\n'
    options = ReadOptions(missing="bad, odd,-9999", decimal=",", thousands=".")
    x, y = read_columns(written(tmp_path, content), options).columns
    np.testing.assert_array_equal(x.values, [np.nan, np.nan, 3])
    np.testing.assert_array_equal(y.values, [1.5, 2, np.nan])
    assert (x.kind, y.kind, x.odd, y.odd) == ("number", "number", None, None)


def test_columns_of_frames_have_missing_values_too():
    frame = pd.DataFrame({"a": [1, -999], "b": [True, False], "c": ["-999", 2]})
    a, b, c = columns_of_frame(frame, missing=MissingValues.of("-999,1")).columns
    assert np.isnan(a.values).all()
    assert b.values.tolist() == [1, 0]
    np.testing.assert_array_equal(c.values, [np.nan, 2])
