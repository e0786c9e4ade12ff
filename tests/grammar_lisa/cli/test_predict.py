import pytest
from command_line import TOOL, succeed
from small_tables import PLAIN, table_of, written

from grammar_lisa.regression import Equation, Equations, write_outputs


@pytest.fixture
def fitted(tmp_path):
    """A folder as a search leaves it."""
    folder = tmp_path / "runs" / "fit"
    table = table_of(tmp_path, PLAIN)
    write_outputs(folder, Equations([Equation("5*x**2+0.5", 7, 0.0, 1.0)], 7), table)
    return folder


def test_predictions_stand_behind_the_columns_of_the_new_table(tmp_path, fitted):
    new, out = written(tmp_path, "k,x\na,2\nb,\n", "new.csv"), tmp_path / "predicted.csv"
    result = succeed("predict", fitted, new, "--out", out, "--json")
    assert out.read_text() == "k,x,y_predicted\na,2,20.5\nb,,\n"
    assert result.json["column"] == "y_predicted"
    assert (result.json["rows"], result.json["predicted"]) == (2, 1)
    assert "1 row has no prediction" in result.err
    told = succeed("predict", fitted, new, "--out", tmp_path / "again.csv").out
    assert told.startswith("1 predictions in ")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["FIT", "NEW", "--out", "NEW"], "new.csv is there already; --overwrite replaces it"),
        (["FIT", "PLACE/gone.csv", "--out", "PLACE/o.csv"], "there is no file"),
        (["PLACE", "NEW", "--out", "PLACE/o.csv"], "holds no best.json; name a folder that"),
        (["FIT", "NEW", "--out", "PLACE/o.xlsx"], "o.xlsx: text is written; name a .csv"),
        (["FIT", "OTHER", "--out", "PLACE/o.csv"], "other.csv lacks the column x that the formula"),
        (["FIT", "NEW", "--out", "PLACE/new.csv/o.csv"], "cannot make the folder"),
        (["FIT", "NEW"], "--out"),
    ],
)
def test_what_cannot_be_predicted_is_refused(tmp_path, fitted, words, message):
    places = {
        "FIT": fitted,
        "NEW": written(tmp_path, "x\n1\n", "new.csv"),
        "OTHER": written(tmp_path, "t\n1\n", "other.csv"),
    }
    words = [str(places.get(w, w)).replace("PLACE", str(tmp_path)) for w in words]
    assert message in " ".join(TOOL.refusal("predict", *words).split())
    assert not (tmp_path / "o.csv").exists()


def test_a_file_is_replaced_when_asked(tmp_path, fitted):
    new, out = written(tmp_path, "x\n1\n", "new.csv"), written(tmp_path, "old", "out.csv")
    succeed("predict", fitted, new, "--out", out, "--overwrite")
    assert out.read_text() == "x,y_predicted\n1,5.5\n"
