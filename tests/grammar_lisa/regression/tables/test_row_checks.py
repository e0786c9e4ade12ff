import pytest
from small_tables import columns_of, table_of

from shared.common.errors import LisaError

IGNORE = "--ignore y leaves the column out"
REFUSED = [
    ("x,y\n1,2\n\n3,\n", {}, "t.csv, row 4, column y: the value is missing; 1 missing or infinite "
     "value in all (1 in y); --drop-missing leaves out the row"),
    ("x,y\nNA,2\n3,?\nnan,-\n4,5\n", {}, "row 2, column x: the value is missing; 4 missing or "
     "infinite values in all (2 in x, 2 in y); --drop-missing leaves out the 3 rows"),
    ("x,y\n1,2\n2,-inf\n", {}, "row 3, column y: the value is infinite; 1 missing or infinite"),
    ("x,y\n1,2\n3\n", {}, "row 3, column y: the value is missing"),
    ("x,y\n1,\n2,NA\n,3\n", {"drop_missing": True}, "each of its 3 rows has a missing or infinite"),
    ("x,y\n1,12%\n2,13%\n", {}, "row 2, column y: '12%' is not a number; take % out of the cells "
     f"and into the name of the column, or {IGNORE}"),
    ("x,y\n1,2\n2,3 V\n4,4\n", {}, "row 3, column y: '3 V' is not a number; take V out of"),
    ("x,y\n1,2\n2,four\n4,4\n", {}, "row 3, column y: 'four' is not a number; mend the cell, or "
     f"leave it empty and use --drop-missing, or {IGNORE}"),
    ("x,y\n1,2\n", {"no_header": True}, "row 1, column x1: 'x' is not a number; where the first "
     "row names the columns, leave --no-header away"),
    ("x,y\n1,2\n2,1.2.3\n4,4\n", {}, "--decimal or --thousands says what . means; or mend it, or "
     f"{IGNORE}"),
    ("x,y\n1,2020-01-01\n2,2020-01-02\n", {}, "it looks like a date: write it as a number"),
    ("x,z,y\n1,,2\n2,,3\n", {"features": "z"}, "t.csv: the column z is empty; numbers are needed"),
    ("x,w,y\n1,1,2\n2,-1,3\n", {"weights": "w"}, "row 3, column w: -1 in --weights; a weight must "
     "be 0 or above"),
    ("x,w,y\n1,0,2\n2,0,3\n", {"weights": "w"}, "--weights w: all weights are 0; one must be"),
    ("x,s,y\n1,1,2\n2,0,3\n", {"errors": "s"}, "row 3, column s: 0 in --errors; an error must be"),
    ("x,s,y\n1,1e-200,2\n", {"errors": "s"}, "1/error² is no number for errors from 1e-200 to"),
    ("x,w,y\n1,,2\n2,1,3\n", {"weights": "w"}, "row 2, column w: the value is missing"),
]  # fmt: skip


@pytest.mark.parametrize(("content", "options", "message"), REFUSED)
def test_cells_that_are_no_finite_numbers_are_named(tmp_path, content, options, message):
    with pytest.raises(LisaError) as refusal:
        table_of(tmp_path, content, **options)
    assert message in str(refusal.value)


def test_rows_with_missing_values_are_left_out_when_asked(tmp_path):
    content = "x,z,y\n1,7,2\nNA,8,3\n3,,4\n4,9,inf\n5,9,6\n"
    table = table_of(tmp_path, content, drop_missing=True)
    assert columns_of(table) == {"x": [1, 5], "z": [7, 9], "y": [2, 6]}
    assert "3 of 5 rows with missing or infinite values are left out" in table.notes


def test_missing_values_matter_only_where_they_are_used(tmp_path):
    content = "x,z,y\n1,,2\n3,4,4\n"
    assert columns_of(table_of(tmp_path, content, ignore="z")) == {"x": [1, 3], "y": [2, 4]}


def test_places_are_those_of_the_rows_that_are_left(tmp_path):
    content = "x,s,y\n,,\n1,1,2\nNA,1,3\n2,0,3\n"
    with pytest.raises(LisaError, match="row 5, column s: 0 in --errors"):
        table_of(tmp_path, content, errors="s", drop_missing=True)
