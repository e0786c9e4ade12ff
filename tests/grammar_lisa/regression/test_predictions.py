import numpy as np
import pytest
from small_tables import written

from grammar_lisa.regression import Best, ReadOptions, read_columns
from grammar_lisa.regression.predictions import (
    predict_rows,
    prediction_name,
    table_with,
    write_path,
)
from shared.common.errors import LisaError

BEST = Best("2*Time_s+v", "Drop", {"Time_s": "Time (s)", "v": "v", "unused": "unused"})


def predicted(folder, content, best=BEST, **options):
    columns = read_columns(written(folder, content), ReadOptions(**options))
    values = predict_rows(best, columns)
    text = table_with(columns, values, prediction_name(best, columns))
    return text.decode(columns.text.encoding).splitlines()


@pytest.mark.parametrize(
    ("content", "lines"),
    [
        (
            "# note\nv,name,Time (s)\n1,a,2\n\n3,b,4\n",
            ["# note", "v,name,Time (s),Drop_predicted", "1,a,2,5.0", "", "3,b,4,11.0"],
        ),
        ("v;Time (s)\n1,5;2\n", ["v;Time (s);Drop_predicted", "1,5;2;5,5"]),
        ("v\tTime (s)\n1\t2\n", ["v\tTime (s)\tDrop_predicted", "1\t2\t5.0"]),
        ('v  "Time (s)"\n1  2\n', ['v  "Time (s)"  Drop_predicted', "1  2  5.0"]),
        ("v  Time (s)\n1  2\nNA 1\n", ["v  Time (s)  Drop_predicted", "1  2  5.0", "NA 1  nan"]),
        ("v,Time (s)\n1,2\n,3\n4\n", ["v,Time (s),Drop_predicted", "1,2,5.0", ",3,", "4,,"]),
        ("v,Time (s)\n1,2,\n", ["v,Time (s),,Drop_predicted", "1,2,,5.0"]),
        ("v,Time (s)\n1,5,2\n2,5,3\n", ["v,Time (s),Drop_predicted", "1,5,2,9.0", "2,5,3,11.0"]),
        ("# v,Time (s)\n1,2\n", ["# v,Time (s),Drop_predicted", "1,2,5.0"]),
        (
            "v,Time (s)\nm,s\n1,2\n2,2\n",
            ["v,Time (s),Drop_predicted", "m,s,", "1,2,5.0", "2,2,6.0"],
        ),
        ('v,"Time (s)"\n"1,5","2"\n', ['v,"Time (s)",Drop_predicted', '"1,5","2","5,5"']),
        (
            "v,Time (s)\n1,2 # ok\n2,2\n",
            ["v,Time (s),Drop_predicted", "1,2,5.0 # ok", "2,2,6.0"],
        ),
        ("v,Time_s\n1,2\n", ["v,Time_s,Drop_predicted", "1,2,5.0"]),
        (
            "v,Time (s),Drop_predicted\n1,2,3\n",
            ["v,Time (s),Drop_predicted,Drop_predicted_2", "1,2,3,5.0"],
        ),
    ],
)
def test_a_new_table_stays_as_it_was_but_for_one_column(tmp_path, content, lines):
    assert predicted(tmp_path, content) == lines


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "latin-1"])
def test_the_encoding_stays(tmp_path, encoding):
    content = "v,Time (s),Größe\r\n1,2,3\r\n".encode(encoding)
    assert predicted(tmp_path, content) == ["v,Time (s),Größe,Drop_predicted", "1,2,3,5.0"]


def test_a_table_without_a_header(tmp_path):
    best = Best("x1+x2", "y", {"x1": "x1", "x2": "x2"})
    assert predicted(tmp_path, "1,2,9\n3,4,9\n", best, no_header=True) == ["1,2,9,3.0", "3,4,9,7.0"]


def test_rows_where_the_formula_is_not_defined_stay_empty(tmp_path):
    best = Best("log(v)", "the y", {"v": "v"})
    lines = predicted(tmp_path, "k,v\na,1\nb,-1\n", best)
    assert lines == ["k,v,the y predicted", "a,1,0.0", "b,-1,"]


def test_a_constant_formula_needs_no_columns(tmp_path):
    assert predicted(tmp_path, "k\na\nb\n", Best("2+1", "y", {"v": "v"}))[1:] == ["a,3.0", "b,3.0"]


def test_columns_of_one_name_are_told_apart_as_in_the_fit(tmp_path):
    columns = read_columns(written(tmp_path, "a,a\n1,2\n"))
    best = Best("a-10*a_2", "y", {"a": "a", "a_2": "a"})
    assert predict_rows(best, columns).tolist() == [-19]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("v,t\n1,2\n", "t.csv lacks the column Time (s) that the formula 2*Time_s+v needs; it has"),
        ("a,b\n1,2\n", "t.csv lacks the columns Time (s), v that the formula 2*Time_s+v needs"),
        ("v,Time (s)\n1,2\n2,3 s\n3,4\n", "row 3, column Time (s): '3 s' is not a number"),
    ],
)
def test_tables_that_lack_what_is_needed_are_refused(tmp_path, content, message):
    with pytest.raises(LisaError) as refusal:
        predicted(tmp_path, content)
    assert message in str(refusal.value)


def test_only_text_is_written(tmp_path):
    with pytest.raises(LisaError, match=r"--out p\.parquet: text is written; name a \.csv"):
        write_path(tmp_path.__class__("p.parquet"))
    columns = read_columns(written(tmp_path, "v,Time (s)\n1,2\n"))
    with pytest.raises(LisaError, match="is no table of text"):
        table_with(columns.__class__(columns.path, columns.columns, columns.rows), np.ones(1), "y")
