import pytest
from small_tables import PLAIN, columns_of, table_of

from shared.common.errors import LisaError

FIVE = "a,b,kind,w,s\n1,2,red,1,0.5\n2,3,blue,0,0.25\n3,5,red,2,1\n"


def test_the_last_column_is_the_target_and_said(tmp_path):
    table = table_of(tmp_path, PLAIN)
    assert table.target_name == "y"
    assert table.notes == ("the target is y, the last column; --target names another",)
    assert table.summary == "y from x: 7 rows"
    assert table_of(tmp_path, PLAIN, target="x").notes == ()


def test_columns_are_chosen_by_options(tmp_path):
    table = table_of(tmp_path, FIVE, target="b", ignore="s,w")
    assert columns_of(table) == {"a": [1, 2, 3], "b": [2, 3, 5]}
    assert table.notes == ("the column kind holds text ('red' in row 2); it is left out",)
    table = table_of(tmp_path, FIVE, target="b", features="s, a")
    assert table.variables == ("s", "a")
    table = table_of(tmp_path, FIVE, target="b", weights="w", ignore="kind")
    assert table.variables == ("a", "s")
    assert table.weights.tolist() == [1, 0, 2]
    assert table.summary == "b from a, s: 3 rows, weighted"
    table = table_of(tmp_path, FIVE, target="b", errors="s", features="a")
    assert table.weights.tolist() == [4, 16, 1]
    assert "rows are weighted by 1/error² from s" in table.notes


def test_columns_are_named_as_in_the_file_or_as_in_formulas(tmp_path):
    content = 'Time (s),"a, b",Drop [m]\n1,2,3\n2,3,5\n'
    for target, feature in [("Drop [m]", "Time (s)"), ("Drop_m", "Time_s")]:
        table = table_of(tmp_path, content, target=target, features=feature)
        assert table.target_name == "Drop_m"
        assert table.variables == ("Time_s",)
    assert table_of(tmp_path, content, features="a, b").variables == ("a_b",)
    assert table_of(tmp_path, content, features='"a, b",Time (s)').variables == ("a_b", "Time_s")


def test_a_last_column_of_errors_is_pointed_out(tmp_path):
    content = "x,y,y err\n1,2,0.1\n2,4,0.1\n"
    (told, *_) = table_of(tmp_path, content).notes
    assert told == (
        "the target is y err, the last column; --target names another; if it holds errors, weigh "
        'the rows: --errors "y err"'
    )
    (told,) = table_of(tmp_path, content, target="y").notes[:1]
    assert told == (
        "the column y err counts as an input; if it holds errors of the target, weigh the rows: "
        '--errors "y err"'
    )
    table = table_of(tmp_path, content, errors="y err")
    assert table.target_name == "y"
    assert table.variables == ("x",)


def test_odd_columns_are_left_out_or_told(tmp_path):
    content = "on,flag,k,,y\n2020-01-01,true,7,0,1\n2020-01-02,false,7,1,3\n"
    table = table_of(tmp_path, content)
    assert columns_of(table) == {"flag": [1, 0], "k": [7, 7], "y": [1, 3]}
    assert table.notes[1:] == (
        "the column on holds dates ('2020-01-01' in row 2); it is left out",
        "column 4 has no name and counts the rows; it is left out",
        "flag holds true and false: they count as 1 and 0",
        "there are 2 rows: any line through them fits, whatever is true",
        "the column k is 7 in every row",
    )
    assert table_of(tmp_path, content, features="x4").variables == ("x4",)


def test_an_index_of_chosen_rows_is_left_out_too(tmp_path):
    table = table_of(tmp_path, ",x,y\n17,1,2\n3,2,4\n45,3,5\n")
    assert table.variables == ("x",)
    assert "the first column has no name and numbers the rows; it is left out" in table.notes
    table = table_of(tmp_path, ",x,y\n17,1,2\n17,2,4\n4.5,3,5\n")
    assert table.variables == ("x1", "x")


def test_names_are_told_once(tmp_path):
    table = table_of(tmp_path, "Time (s),x,x,,y\n1,2,3,7,5\n2,3,4,9,7\n3,5,5,8,8\n")
    assert dict(table.names) == {"Time_s": "Time (s)", "x": "x", "x_2": "x", "x4": "", "y": "y"}
    assert table.notes[-1] == (
        "in formulas Time (s) is Time_s, x (column 3) is x_2, the one without a name (column 4) "
        "is x4"
    )
    shown = {"Time_s": "Time (s)", "x": "x", "x_2": "x_2", "x4": "x4", "y": "y"}
    assert table.shown_names() == shown


def test_one_row_and_constants_are_told(tmp_path):
    assert table_of(tmp_path, "x,y\n1,2\n").notes[-1] == (
        "there is a single row: any formula through it fits"
    )
    assert table_of(tmp_path, "x,y\n1,1\n1,2\n").notes[-1] == "the column x is 1 in every row"


REFUSED = [
    (PLAIN, {"target": "z"}, "--target: t.csv has no column 'z'; it has x, y"),
    ("speed,y\n1,2\n", {"target": "sped"}, "has no column 'sped'; did you mean speed? it has"),
    (PLAIN, {"features": "x,q"}, "--features: t.csv has no column 'q'"),
    (PLAIN, {"ignore": "q"}, "--ignore: t.csv has no column 'q'"),
    (PLAIN, {"weights": "q"}, "--weights: t.csv has no column 'q'"),
    (PLAIN, {"errors": "q"}, "--errors: t.csv has no column 'q'"),
    (PLAIN, {"target": "y", "ignore": "y"}, "the column y is the --target and in --ignore"),
    (FIVE, {"target": "w", "weights": "w"}, "the column w is the --target and in --weights or"),
    (PLAIN, {"features": "y"}, "the column y is in --features and is also the target"),
    (PLAIN, {"features": ""}, "--features names no column"),
    (PLAIN, {"ignore": "x,y"}, "t.csv has no column left for the target"),
    (PLAIN, {"ignore": "x"}, "t.csv has no column left to explain the target with"),
    ("y\n1\n2\n", {}, "t.csv has the single column 'y': at least one input and the target are"),
    ("k,y\na,1\nb,2\n", {}, "has no column of numbers but the target to explain it with"),
    ("k l,k l,y\n1,2,3\n", {"features": "k l"}, "--features k l: t.csv has 2 columns of that"),
    ("x,y\n1,red\n2,blue\n", {}, "row 2, column y: 'red' is not a number; the column holds text"),
    (FIVE, {"target": "b", "features": "kind"}, "row 2, column kind: 'red' is not a number"),
]


@pytest.mark.parametrize(("content", "options", "message"), REFUSED)
def test_choices_that_cannot_be_are_refused(tmp_path, content, options, message):
    with pytest.raises(LisaError) as refusal:
        table_of(tmp_path, content, **options)
    assert message in str(refusal.value).replace(f"{tmp_path}/", "")


def test_yes_and_no_are_truth_where_nothing_else_is_said(tmp_path):
    table = table_of(tmp_path, "a,b,y\nyes,yes,1\nNo,maybe,2\nyes,no,4\n", target="y")
    assert columns_of(table) == {"a": [1, 0, 1], "y": [1, 2, 4]}
    assert table.notes == (
        "the column b holds text ('yes' in row 2); it is left out",
        "a holds yes and no: they count as 1 and 0",
    )
    with pytest.raises(LisaError, match="row 3, column x: 'no' is not a number"):
        table_of(tmp_path, "x,y\n1,1\nno,2\n3,4\n")


def test_a_target_of_two_columns_is_refused(tmp_path):
    content = "x,y,y\n1,2,4\n3,4,3\n5,5,5\n"
    with pytest.raises(
        LisaError, match=r"2 columns of that name; .*--target y_2, the first by --ig"
    ):
        table_of(tmp_path, content, target="y")
    assert columns_of(table_of(tmp_path, content, target="y_2"))["y_2"] == [4, 3, 5]
    assert columns_of(table_of(tmp_path, content, target="y", ignore="y_2"))["y"] == [2, 4, 5]


def test_whole_numbers_that_floats_cannot_tell_apart_are_told(tmp_path):
    rows = "".join(f"{2**63 + row},{row}\n" for row in range(4))
    table = table_of(tmp_path, "n,y\n" + rows, target="y")
    assert table.notes == (
        "the column n holds whole numbers of which floats keep the first 53 bits alone and are "
        "then all alike: take what all share, such as 9223372036854775808, off them in the file",
    )
    rows = "".join(f"{2**60 + 100 * row + 1},{row}\n" for row in range(4))
    (note,) = table_of(tmp_path, "n,y\n" + rows, target="y").notes
    assert "alone: take what all share" in note


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("a,b\nred,2024-01-01\nblue,2024-01-02\n", "a holds text, b holds dates; an input and a"),
        ("d,y\n2024-01-01,1\n2024-01-02,2\n", "to explain it with: d holds dates; write what"),
        ("'x','y'\n'1','2'\n'2','4'\n", "take the quotation marks away"),
        ("x,y\n1,2\n'2',3\n4,5\n", "take the quotation marks ' away"),
        ('x,y\n1,"$1,000.00"\n2,"$500.00"\n', "take [$] out of the cells"),
        ("x;y\n1;1,5 %\n2;2,5 %\n", "'1,5 %' is not a number; take % out of the cells"),
    ],
)
def test_tables_without_numbers_are_refused_by_what_they_hold(tmp_path, content, message):
    with pytest.raises(LisaError, match=message):
        table_of(tmp_path, content)
