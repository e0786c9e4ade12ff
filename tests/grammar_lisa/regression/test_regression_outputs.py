import csv
import json

import pytest
from small_tables import table_of

from grammar_lisa.regression import Equation, Equations, read_best, write_outputs
from grammar_lisa.regression.outputs import BEST, OUTPUTS
from shared.common.errors import LisaError

CONTENT = 'Time (s),µ,"y, 1"\n1,2,4\n2,3,7\n3,5,11\n'
FRONT = [
    Equation("mu", 1, 0.5, 0.5, 0.4),
    Equation("2*Time_s+mu", 5, 0.0, 1.0, 1.0, known=True),
]


@pytest.fixture
def table(tmp_path):
    return table_of(tmp_path, CONTENT)


def test_a_search_leaves_its_formulas(tmp_path, table):
    folder = tmp_path / "runs" / "one"
    paths = write_outputs(folder, Equations(FRONT, 3), table)
    assert [path.name for path in paths] == list(OUTPUTS)
    with (folder / "equations.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["formula"] for row in rows] == ["mu", "2*Time_s+mu"]
    assert [row["recommended"] for row in rows] == ["False", "True"]
    record = json.loads((folder / BEST).read_text())
    assert record == {
        "format": 1,
        "formula": "2*Time_s+mu",
        "target": {"name": "y_1", "column": "y, 1"},
        "features": [{"name": "Time_s", "column": "Time (s)"}, {"name": "mu", "column": "µ"}],
        "complexity": 5,
        "loss": 0.0,
        "r2": 1.0,
        "r2_test": 1.0,
        "known": True,
        "reason": "no simpler formula comes within 1.5 times the least loss",
        "rows": 3,
        "weighted": False,
    }
    assert (folder / "formula.tex").read_text() == (
        "\\begin{equation}\n"
        "  \\mathrm{y,\\ 1} = 2.0 \\cdot \\mathrm{Time\\ (s)} + \\mu{}\n"
        "\\end{equation}\n"
    ).replace("2.0", "2")
    space = {}
    exec((folder / "formula.py").read_text(), space)
    assert space["f"](table.features["Time_s"], table.features["mu"]).tolist() == [4, 7, 11]


def test_files_that_are_there_stay_unless_asked(tmp_path, table):
    (tmp_path / BEST).write_text("mine")
    with pytest.raises(LisaError, match=r"best\.json is there already; --overwrite replaces it"):
        write_outputs(tmp_path, Equations(FRONT, 3), table)
    assert (tmp_path / BEST).read_text() == "mine"
    assert not (tmp_path / "equations.csv").exists()
    write_outputs(tmp_path, Equations(FRONT, 3), table, overwrite=True)
    assert read_best(tmp_path).formula == "2*Time_s+mu"
    (tmp_path / "file").touch()
    with pytest.raises(LisaError, match="cannot make the folder"):
        write_outputs(tmp_path / "file", Equations(FRONT, 3), table)


def test_the_best_comes_back_with_its_names(tmp_path, table):
    write_outputs(tmp_path, Equations(FRONT, 3), table)
    best = read_best(tmp_path)
    assert best.target == "y, 1"
    assert dict(best.names) == {"Time_s": "Time (s)", "mu": "µ"}
    assert best.used == ("Time_s", "mu")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "holds no best.json; name a folder that 'grammar-lisa fit' made"),
        ("{", "is not valid JSON"),
        ("[]", "holds no formula of format 1"),
        ('{"format": 2}', "holds no formula of format 1"),
        ('{"format": 1}', "is damaged: it lacks the formula or its columns"),
        ('{"format": 1, "formula": "x", "features": 3, "target": {}}', "is damaged"),
        (
            '{"format": 1, "formula": "__import__(1)", "features": [], '
            '"target": {"name": "y", "column": ""}}',
            "best.json: cannot read this expression",
        ),
    ],
)
def test_folders_without_a_formula_are_refused(tmp_path, content, message):
    if content is not None:
        (tmp_path / BEST).write_text(content)
    with pytest.raises(LisaError) as refusal:
        read_best(tmp_path)
    assert message in str(refusal.value)
