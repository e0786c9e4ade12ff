import gzip

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_tables import PLAIN, ROWS, columns_of, table_of, written

from grammar_lisa.regression import ReadOptions, read_columns, read_table
from grammar_lisa.regression.tables.reading import columns_of_frame
from shared.common import extras
from shared.common.errors import LisaError


def lines(sep=",", head="x,y", comma=False):
    rows = [head] + [sep.join(map(str, row)) for row in ROWS]
    return "\n".join([rows[0], *(r.replace(".", ",") if comma else r for r in rows[1:])]) + "\n"


SAME = {
    "plain": PLAIN,
    "no break at the end": PLAIN.rstrip(),
    "windows": PLAIN.replace("\n", "\r\n"),
    "old mac": PLAIN.replace("\n", "\r"),
    "blank lines": PLAIN.replace("\n", "\n  \n"),
    "byte order mark": PLAIN.encode("utf-8-sig"),
    "utf-16": PLAIN.encode("utf-16"),
    "zipped": gzip.compress(PLAIN.encode()),
    "semicolon": lines(";", "x;y"),
    "semicolon and comma": lines(";", "x;y", comma=True),
    "tab": lines("\t", "x\ty"),
    "tab and comma": lines("\t", "x\ty", comma=True),
    "bar": lines("|", "x|y"),
    "blanks": lines("   ", "x  y"),
    "blanks and comma": lines(" ", "x y", comma=True),
    "aligned": "  x   y\n" + "".join(f"{x:6} {y:9}\n" for x, y in ROWS),
    "comma and blank": lines(", ", "x, y"),
    "quoted": '"x","y"\n' + "".join(f'"{x}","{y}"\n' for x, y in ROWS),
    "quoted commas": 'x,y\n' + "".join(f'"{x}","{y}"\n' for x, y in ROWS).replace(".", ","),
    "comments": "# on monday\n// at ten\n" + PLAIN.replace("1.0,", "% odd\n1.0,"),
    "named by a comment": "# x,y\n" + PLAIN.removeprefix("x,y\n"),
    "units": PLAIN.replace("x,y\n", "x,y\nm,V\n"),
    "separators at the end": PLAIN.replace("\n", ",\n"),
    "separators behind values": PLAIN.replace("\n", ",\n").replace("y,", "y"),
    "rows without values": PLAIN + ",\n,\n",
    "separator named by Excel": "sep=;\n" + lines(";", "x;y"),
    "true minus": PLAIN.replace("x,y\n", "x,y\n").replace("-", "−"),
    "index": "".join(f"{i},{r}\n" for i, r in zip(["", *range(7)], PLAIN.split(), strict=True)),
    "index of R": "x,y\n" + "".join(f"{i},{x},{y}\n" for i, (x, y) in enumerate(ROWS, 1)),
    "index of pandas": "Unnamed: 0,x,y\n"
    + "".join(f"{i},{x},{y}\n" for i, (x, y) in enumerate(ROWS)),
    "empty column": PLAIN.replace("x,y", "x,z,y").replace("5,", "5,NA,").replace("0,", "0,,"),
}  # fmt: skip


@pytest.mark.parametrize("kind", SAME)
def test_a_table_is_read_however_it_is_written(tmp_path, kind):
    values = columns_of(table_of(tmp_path, SAME[kind]))
    assert values == {"x": [x for x, _ in ROWS], "y": [y for _, y in ROWS]}


NOTED = {
    "comments": "3 comment lines left out (--comment)",
    "named by a comment": "the names of the columns are taken from the comment in row 1",
    "units": "row 2 holds no number (m, V): it is read as the units of the columns and left out",
    "rows without values": "2 rows of separators alone left out",
    "index": "the first column has no name and counts the rows; it is left out",
    "index of R": "the first column has no name and counts the rows; it is left out",
    "index of pandas": "the first column has no name and counts the rows; it is left out",
    "empty column": "the column z is empty and left out",
}


@pytest.mark.parametrize("kind", NOTED)
def test_what_was_left_out_is_told(tmp_path, kind):
    assert NOTED[kind] in table_of(tmp_path, SAME[kind]).notes


def test_a_number_in_the_header_is_told(tmp_path):
    (note,) = read_columns(written(tmp_path, "x,2020\n1,2\n3,4\n")).notes
    assert note.startswith("the header has the number '2020' as a name")


LIKE_CASES = {
    "words and units": ("Time (s),Voltage [V]\n-2.4,2.2\n1.8,7.8\n", [-2.4, 1.8], [2.2, 7.8]),
    "thousands": ('x,y\n-2.4,"2,208.49"\n-1.5,"335.36"\n', [-2.4, -1.5], [2208.49, 335.36]),
    "big": ("x,y\n-2.4,4.208490e+08\n1,2.3e8\n", [-2.4, 1], [420849000, 230000000]),
    "small": ("x,y\n-2.4,4.208490e-09\n1,2.3e-9\n", [-2.4, 1], [4.20849e-09, 2.3e-09]),
    "one row": ("x,y\n1,2\n", [1], [2]),
    "constant": ("x,y\n1,1\n1,2\n1,3\n", [1, 1, 1], [1, 2, 3]),
}


@pytest.mark.parametrize("kind", LIKE_CASES)
def test_tables_that_failed_users_are_read(tmp_path, kind):
    content, x, y = LIKE_CASES[kind]
    table = table_of(tmp_path, content)
    ((_, values),) = table.features.items()
    assert (values.tolist(), table.target.tolist()) == (x, y)


OPTIONS = {
    "no header": ("1,2,3\n2,3,4\n", {"no_header": True}, {"x1": [1, 2], "x2": [2, 3], "y": [3, 4]}),
    "decimal": ("x;y\n1,234;2\n", {"decimal": ","}, {"x": [1.234], "y": [2]}),
    "thousands": ("x;y\n1,234;2\n", {"thousands": ","}, {"x": [1234], "y": [2]}),
    "separator": ("x;y\n1;2\n", {"sep": "semicolon"}, {"x": [1], "y": [2]}),
    "skip": ("Machine 7\nx,y\n1,2\n", {"skip": 1}, {"x": [1], "y": [2]}),
    "comment": ("! a\nx,y\n1,2\n", {"comment": "! #"}, {"x": [1], "y": [2]}),
    "no comment": ("#x,y\n1,2\n", {"comment": ""}, {"x": [1], "y": [2]}),
    "encoding": ("µ,y\n1,2\n".encode("cp1252"), {"encoding": "cp1252"}, {"mu": [1], "y": [2]}),
}  # fmt: skip


@pytest.mark.parametrize("kind", OPTIONS)
def test_options_say_how_a_table_is_read(tmp_path, kind):
    content, options, values = OPTIONS[kind]
    assert columns_of(table_of(tmp_path, content, **options)) == values


def test_text_that_is_not_utf8_is_told(tmp_path):
    table = table_of(tmp_path, "Größe,y\n1,2\n".encode("latin-1"))
    assert table.names["Grosse"] == "Größe"
    assert "the text is not UTF-8 and was read as Latin-1; --encoding names another" in table.notes
    assert "in formulas Größe is Grosse" in table.notes


def test_names_of_several_words_between_blanks(tmp_path):
    table = table_of(tmp_path, "Time (s)  Drop (m)\n1  2\n2  3\n")
    assert dict(table.names) == {"Time_s": "Time (s)", "Drop_m": "Drop (m)"}


def test_numbers_are_read_exactly_and_in_stretches(tmp_path):
    rng = np.random.default_rng(0)
    values = np.ldexp(rng.normal(size=(50_100, 2)), rng.integers(-60, 60, (50_100, 2)))
    path = tmp_path / "t.csv"
    pd.DataFrame(values, columns=["x", "y"]).to_csv(path, index=False)
    table = read_table(path)
    assert np.array_equal(np.column_stack([table.features["x"], table.target]), values)
    with path.open("a") as file:
        file.write("1,word\n")
    with pytest.raises(LisaError, match=r"t\.csv, row 50102, column y: 'word' is not a number"):
        read_table(path)


@given(st.lists(st.tuples(*[st.floats(allow_nan=False, allow_infinity=False)] * 2), min_size=1))
def test_what_pandas_writes_comes_back(tmp_path_factory, rows):
    path = tmp_path_factory.mktemp("t") / "t.csv"
    pd.DataFrame(rows, columns=["x", "y"]).to_csv(path, index=False)
    columns = read_columns(path).columns
    assert [tuple(row) for row in np.column_stack([c.values for c in columns])] == rows


WIDE = "A text with the separator in it stands in double quotes; --sep names another separator"
REFUSED = {
    "": "t.csv is empty: a header row and rows of numbers are needed",
    "\n \n": "t.csv is empty",
    "# a\n# b\n": "t.csv holds no rows: all its 2 lines begin with one of # % //; --comment ''",
    "x,y\n": "t.csv has a header row but no rows of numbers",
    "x,y\n,\nNA,\n": "t.csv has a header row but no rows of numbers",
    "1,2\n3,4\n": "t.csv, row 1: a header with the names of the columns is needed, but there are "
    "numbers (1, 2); with --no-header the columns are called x1, y",
    "# x y z\n1 2\n3 4\n": "t.csv, row 2: a header with the names",
    "# on monday, at ten, by hand\n1,2\n3,4\n": "t.csv, row 2: a header with the names",
    "top\nx,y,z\nm,V,s\n1,2,3\n": "row 2 has 3 cells, separated by commas; the header, "
    "row 1, has 1",
    "x,y\n1,2\n\n3,4,5\n": "row 4 has 3 cells, separated by commas; the header, row 1, has 2. "
    + WIDE,
    "x,y\n1,2\n3,4,5,6\n": "row 3 has 4 cells, separated by commas; the header, row 1, has 2",
    "A thing\nx,y\n1,2\n3,4\n": "row 1 has 1 of 2 cells; if the names of the columns "
    "stand in row 2, --skip 1 leaves out what is above",
    "a;b;y\n1;2;3\n1;2;3;4\n1;2;3\n": "row 3 has 4 cells, separated by semicolons; the header",
    "Time (s) Drop (m)\n1 2\n2 3\n": "t.csv, row 1: the header has 4 words between blanks, and the "
    "rows have 2 cells; put names of several words in double quotes",
    "x;y\n1;1,234\n2;2,345\n": "t.csv: it is not certain whether '1,234' has a decimal comma or "
    "groups thousands; give --decimal , or --thousands ,",
    "x;y\n1,5;2\n2.5;3\n": "t.csv holds numbers with a decimal comma ('1,5') and with a decimal "
    "point ('2.5'); make them alike, or say which is right with --decimal , or --decimal .",
    b"PK\x03\x04": "t.csv is a spreadsheet or a damaged zip archive, no text; save the table as",
    '[{"x": 1}]': "t.csv is JSON, no table of rows; save the table as CSV and give that (.csv",
    '{"x": [1]}': "t.csv is JSON",
    "<html><table>": "t.csv is a web page",
    b"\x93NUMPY\x01": "t.csv is an array of NumPy, no text",
    b"a\0b": "t.csv is no text: it holds zero bytes; save the table as CSV, or name its --encoding",
    b"\x1f\x8b no": "cannot read",
}


@pytest.mark.parametrize("content", REFUSED)
def test_what_cannot_be_read_is_refused_with_what_would_help(tmp_path, content):
    with pytest.raises(LisaError) as refusal:
        table_of(tmp_path, content)
    assert REFUSED[content] in str(refusal.value)


def test_files_that_are_none(tmp_path, monkeypatch):
    for name, message in [
        ("none.csv", r"there is no file .*none\.csv"),
        ("none.parquet", r"there is no file .*none\.parquet"),
        (".", "is a folder; name a file"),
    ]:
        with pytest.raises(LisaError, match=message):
            read_columns(tmp_path / name)
    written(tmp_path, "x,y\n1,2\n".encode("latin-1") + b"\xff,1\n")
    with pytest.raises(LisaError, match="is not utf-8 text; --encoding names another"):
        read_columns(tmp_path / "t.csv", ReadOptions(encoding="utf-8"))
    monkeypatch.setattr(extras, "find_spec", lambda name: None)
    with pytest.raises(LisaError, match=r"pyarrow is not installed; .*lisa-toolkit\[parquet\]"):
        read_columns(written(tmp_path, b"PAR1", "t.parquet"))


def test_binary_tables_are_read_by_pandas(tmp_path, monkeypatch):
    frame = pd.DataFrame({"x": [1, 2], "y": [0.5, 1.5]})
    monkeypatch.setattr("importlib.util.find_spec", lambda name: True)
    monkeypatch.setattr(pd, "read_feather", lambda path: frame)
    path = written(tmp_path, b"", "t.feather")
    assert columns_of(read_table(path)) == {"x": [1, 2], "y": [0.5, 1.5]}
    monkeypatch.setattr(pd, "read_feather", lambda path: (_ for _ in ()).throw(ValueError("odd")))
    with pytest.raises(LisaError, match=r"cannot read .*: odd"):
        read_table(path)


def test_a_row_is_named_by_its_line_or_its_number(tmp_path):
    path = written(tmp_path, "# a comment\n" + PLAIN)
    columns = read_columns(path)
    assert columns.place(1) == f"{path}, row 4"
    path.write_text("x,y\n")
    with pytest.raises(LisaError, match=r"t\.csv has become shorter since it was read"):
        columns.place(1)
    assert columns_of_frame(pd.DataFrame({"x": [1.0, 2.0]})).place(1) == "the data, row 2"


@pytest.mark.parametrize("end", ["5,6,,,\n", '5,6\n"7,8\n'])
def test_rows_that_pandas_cannot_read_are_refused_in_one_message(tmp_path, end):
    with pytest.raises(LisaError, match=r"t\.csv") as refused:
        table_of(tmp_path, "x,y\n1,2\n3,4\n" + end)
    assert "\n" not in str(refused.value)


def test_names_in_a_comment_may_stand_between_blanks(tmp_path):
    table = table_of(tmp_path, "# x z y\n1 2 3\n3 4 5\n5 6 8\n")
    assert columns_of(table) == {"x": [1, 3, 5], "z": [2, 4, 6], "y": [3, 5, 8]}
    assert "the names of the columns are taken from the comment in row 1" in table.notes


def test_text_of_windows_is_read_as_such(tmp_path):
    columns = read_columns(written(tmp_path, "x – a,y €\n1,2\n".encode("cp1252")))
    assert [column.name for column in columns.columns] == ["x – a", "y €"]
    assert (
        "the text is not UTF-8 and was read as Windows-1252; --encoding names" in columns.notes[0]
    )
    columns = read_columns(written(tmp_path, b"x\x81,\xb5\n1,2\n"))
    assert columns.columns[1].name == "µ"
    assert "was read as Latin-1" in columns.notes[0]


def test_numbers_of_india_are_read(tmp_path):
    table = table_of(tmp_path, "x;y\n1;1,23,456.78\n2;2,23,456.5\n3;500\n")
    assert table.target.tolist() == [123456.78, 223456.5, 500]


@pytest.mark.parametrize(
    "content",
    [
        "x,y\n1,2 # ok\n2,3\n3,5 // a, b, c\n",
        "x y\n1 2  # ok\n2 3\n3 5\t#no\n",
        'x;y\n1;"2" # "quoted"\n2;3\n3;5 # x;y\n',
    ],
)
def test_comments_behind_rows_are_left_out(tmp_path, content):
    columns = read_columns(written(tmp_path, content))
    assert [column.values.tolist() for column in columns.columns] == [[1, 2, 3], [2, 3, 5]]
    assert columns.notes == ("a comment behind 2 rows left out (--comment)",)


def test_marks_of_comments_in_cells_are_no_comments(tmp_path):
    content = 'k,x,y\nsample 2 # 3,1,2\nred # 4,2,3\n"a 5 # 6",3,5 %\n'
    k, x, y = read_columns(written(tmp_path, content)).columns
    assert (k.odd.cell, k.kind) == ("sample 2 # 3", "text")
    assert x.values.tolist() == [1, 2, 3]
    assert (y.odd.cell, y.unit) == ("5 %", "%")


def test_an_empty_cell_may_have_a_comment_behind_it(tmp_path):
    y = read_columns(written(tmp_path, "x,y\n1,2\n2, # lost\n3,5\n")).columns[1]
    assert np.isnan(y.values).tolist() == [False, True, False]
    assert y.odd is None
