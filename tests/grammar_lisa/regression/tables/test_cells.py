import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grammar_lisa.regression.tables.cells import (
    MISSING,
    Marks,
    MixedMarksError,
    UnsureMarksError,
    find_marks,
    is_missing,
    kind_of,
    looks_like_number,
    number_of,
    unit_of,
)

POINT, COMMA = Marks(), Marks(",")
finite = st.floats(allow_nan=False, allow_infinity=False)


@given(finite)
def test_every_number_of_python_is_read_as_it_is(value):
    assert number_of(repr(value), POINT) == value
    assert number_of(repr(value).replace(".", ","), COMMA) == value
    assert looks_like_number(repr(value))
    assert looks_like_number(repr(value).replace(".", ","))


@given(st.integers(-(10**15), 10**15), st.sampled_from(",.' \u00a0\u202f"))
def test_thousands_are_read_under_every_mark(value, mark):
    cell = f"{value:,}".replace(",", mark)
    decimal = "," if mark == "." else "."
    assert number_of(cell, Marks(decimal, mark)) == value
    assert number_of(cell + decimal + "5", Marks(decimal, mark)) == math.copysign(
        abs(value) + 0.5, -1 if cell[0] == "-" else 1
    )


@given(st.lists(finite.map(abs), min_size=1), st.booleans())
def test_marks_of_plain_numbers_are_never_wrong(values, comma):
    cells = [f"{value:.4f}" for value in values]
    if comma:
        cells = [cell.replace(".", ",") for cell in cells]
    marks = find_marks(cells, None, None)
    assert marks.decimal == ("," if comma else ".")
    assert all(number_of(c, marks) == float(c.replace(",", ".")) for c in cells)


@pytest.mark.parametrize(
    ("cells", "marks"),
    [
        (["1.5", "2"], Marks(".")),
        (["1,5", "2"], Marks(",")),
        (["0,123"], Marks(",")),
        (["1.234", "0.5"], Marks(".")),
        (["1.234"], Marks(".")),
        (["2,208.49", "335.36"], Marks(".", ",")),
        (["-2.48", "1,234"], Marks(".", ",")),
        (["2.208,49"], Marks(",", ".")),
        (["2,48", "1.234"], Marks(",", ".")),
        (["1,234,567"], Marks(".", ",")),
        (["1.234.567"], Marks(",", ".")),
        (["1 234,5"], Marks(",", " ")),
        (["1'234.5"], Marks(".", "'")),
        (["word", "", "12"], Marks(".")),
        (["1e5", "-3E-2", "+.5"], Marks(".")),
        (["1,23,456.78"], Marks(".", ",")),
        (["12,34,567"], Marks(".", ",")),
        (["1.23.456,78"], Marks(",", ".")),
        (["$1,000.00", "3"], Marks(".", ",")),
        (["1,5 %", "v1.2.3"], Marks(",")),
        (["1.5 %", "2,5"], Marks(",")),
        (["1,5 %", "2.5 %", "3"], Marks(".")),
    ],
)
def test_marks_are_found_where_they_are_certain(cells, marks):
    assert find_marks(cells, None, None) == marks


def test_marks_that_are_not_certain_are_refused_unless_named():
    with pytest.raises(UnsureMarksError) as unsure:
        find_marks(["12", "1,234", "5,678"], None, None)
    assert unsure.value.cell == "1,234"
    assert find_marks(["1,234"], ",", None) == Marks(",")
    assert find_marks(["1,234"], ".", None) == Marks(".", ",")
    assert find_marks(["1,234"], None, ",") == Marks(".", ",")
    assert find_marks(["1.234"], None, ".") == Marks(",", ".")
    with pytest.raises(MixedMarksError) as mixed:
        find_marks(["1,5", "2.5"], None, None)
    assert mixed.value.cells == ("1,5", "2.5")


@pytest.mark.parametrize(
    ("cell", "kind", "unit"),
    [
        ("1.5", "number", None),
        ("−5", "number", None),
        ("1.0D+05", "number", None),
        ("-inf", "number", None),
        ("TRUE", "boolean", None),
        ("2024-07-09", "date", None),
        ("9.7.24", "date", None),
        ("9/7/2024 12:00", "date", None),
        ("12:30:15", "date", None),
        ("12%", "unit", "%"),
        ("3.5 V", "unit", "V"),
        ("$3", "unit", "$"),
        ("$1,000.00", "unit", "$"),
        ("EUR 5.5", "unit", "EUR"),
        ("1,5 %", "unit", "%"),
        ("1,23,456.78 kg", "unit", "kg"),
        ("AB12", "text", None),
        ("<0.1", "unit", "<"),
        ("red", "text", None),
        ("A1", "text", None),
        ("1+2j", "text", None),
        ("0x1A", "text", None),
        ("1_000", "text", None),
    ],
)
def test_what_a_cell_says(cell, kind, unit):
    assert kind_of(cell, POINT) == kind
    assert unit_of(cell, POINT) == unit or kind == "date"


@pytest.mark.parametrize("cell", MISSING)
def test_what_has_no_value(cell):
    assert is_missing(cell)
    assert is_missing(f" {cell} ")


@pytest.mark.parametrize(
    "cell", ["1,2", "1.2.3", "1,234,56", "", "-", "e5", "1e", "1 2", "1,2345", "٣"]
)
def test_what_is_no_number(cell):
    assert number_of(cell, Marks(".", ",")) is None
