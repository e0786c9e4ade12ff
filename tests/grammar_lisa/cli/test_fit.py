"""`grammar-lisa fit` on every kind of table that users bring."""

import io
import json
import os
import signal
import sys
from types import SimpleNamespace

import numpy as np
import pytest
from command_line import TOOL, succeed
from small_tables import written
from tools import finish, started, wait_for

from grammar_lisa.regression.search.operator_search import OperatorSearch as Search

X = np.linspace(-2, 3, 30)
FILES = ("equations.csv", "best.json", "formula.tex", "formula.py", "fit.png", "summary.json")


def table_text(y, x=X, header="x,y", sep=",", decimal=".", last=""):
    rows = [f"{float(a)!r}{sep}{float(b)!r}{last}\n" for a, b in zip(x, y, strict=True)]
    body = "".join(rows)
    return header + "\n" + (body if decimal == "." else body.replace(".", decimal))


def fit(folder, content, *words, name="t.csv"):
    """What `fit --json` says of a table."""
    path = written(folder, content, name)
    more = ["--runs", folder / "runs", "--json", *words]
    return succeed("fit", path, *more)


SQUARE = (X + 1) ** 2 + 2
KEPLER = [(0.387, 0.241), (0.723, 0.615), (1.0, 1.0), (1.524, 1.881), (5.203, 11.868)]
KINDS = {
    "spaces and units": (table_text(SQUARE, header="Time (s),Height (m)"), [], "Time_s"),
    "semicolons": (table_text(SQUARE, header="x;y", sep=";"), [], "x"),
    "decimal commas": (table_text(SQUARE, header="x;y", sep=";", decimal=","), [], "x"),
    "tabs": (table_text(SQUARE, header="x\ty", sep="\t"), [], "x"),
    "comments": ("# measured on Monday\n" + table_text(SQUARE), [], "x"),
    "no header": (table_text(SQUARE).partition("\n")[2], ["--no-header"], "x1"),
    "text columns": (
        "kind" + "," + table_text(SQUARE).replace("\n", "\na,")[:-2],
        [],
        "x",
    ),
    "errors": (
        table_text(SQUARE, header="x,y,yerr", last=",0.1"),
        ["--target", "y", "--errors", "yerr"],
        "x",
    ),
}


@pytest.mark.parametrize("kind", KINDS)
def test_tables_of_any_form_are_fitted(tmp_path, kind):
    content, words, variable = KINDS[kind]
    result = fit(tmp_path, content, "--stop-at", "r2=0.9999999", *words)
    best = result.json["recommended"]
    assert best["r2"] > 1 - 1e-6
    assert variable in best["formula"]


@pytest.mark.parametrize("unit", [1e-9, 1e2, 1e8])
def test_the_unit_of_the_target_does_not_matter(tmp_path, unit):
    result = fit(tmp_path, table_text(unit * SQUARE), "--stop-at", "r2=0.9999999")
    assert result.json["recommended"]["r2"] > 1 - 1e-6


@pytest.mark.parametrize(
    ("content", "formula", "note"),
    [
        ("x,y\n1,2\n", "2", "the formula is a constant: one row bears no other"),
        ("x,y\n3,2\n3,4\n", "3", "the formula is a constant, as no input ever changes"),
        ("x,y\n1,7\n2,7\n", "7", "the formula is a constant, as the target never changes"),
    ],
)
def test_where_there_is_only_a_constant_it_is_given(tmp_path, content, formula, note):
    result = fit(tmp_path, content)
    assert result.json["recommended"]["formula"] == formula
    assert note in result.err
    assert result.json["ending"] == "constant"


def test_keplers_law_comes_from_few_planets(tmp_path):
    content = "a,T\n" + "".join(f"{a},{t}\n" for a, t in KEPLER)
    result = fit(tmp_path, content, "--stop-at", "r2=0.999999", "--operators", "* / pow")
    predicted = result.json["recommended"]["formula"]
    assert result.json["recommended"]["r2"] > 0.999999, predicted


def test_what_was_known_is_shown_as_known(tmp_path):
    words = ["--guess", "c*x+c", "--guess", "x**2+2*x+3", "--stop-at", "r2=0.99999"]
    result = fit(tmp_path, table_text(SQUARE), *words)
    assert result.json["recommended"]["known"]
    assert result.json["recommended"]["formula"] == "x*(x+2)+3"


def test_a_run_holds_all_that_is_said(tmp_path):
    path = written(tmp_path, table_text(X**2 + 1))
    words = ["--runs", tmp_path / "runs", "--name", "first", "--test", "0.2"]
    result = succeed("fit", path, *words)
    assert "the target is y, the last column" in result.err
    assert "y from x: 24 rows" in result.err
    assert "the rows are met to rounding" in result.err
    assert "R² test" in result.out
    assert "y = x**2+1" in result.out
    assert "recommended: " in result.out
    run = tmp_path / "runs" / "first"
    assert f"{run}: equations.csv, best.json" in result.out
    assert all((run / name).is_file() for name in FILES)
    summary = json.loads((run / "summary.json").read_text())
    assert (summary["ending"], summary["rows"], summary["test_rows"]) == ("exact", 24, 6)
    told = succeed("info", run)
    assert "searched for" in told.out
    assert "x**2+1" in told.out
    assert succeed("info", run, "--json").json["equations"][-1]["formula"] == "x**2+1"
    before = {each.name: each.read_bytes() for each in run.iterdir()}
    grammar = tmp_path / "wrong.cfg"
    grammar.write_text("S -> 'c*nowhere'\n")
    assert "nowhere" in TOOL.refusal("fit", path, *words, "--overwrite", "--grammar", grammar)
    assert {each.name: each.read_bytes() for each in run.iterdir()} == before
    assert [each.name for each in run.parent.iterdir()] == ["first"]
    assert succeed("fit", path, *words, "--overwrite", "--quiet").err == ""
    assert [each.name for each in run.parent.iterdir()] == ["first"]


def test_predictions_are_made_by_any_formula_of_a_run(tmp_path):
    run = fit(tmp_path, table_text(X**2 + 1)).json["run"]
    new, out = written(tmp_path, "x\n2\n", "new.csv"), tmp_path / "out.csv"
    succeed("predict", run, new, "--out", out)
    assert out.read_text() == "x,y_predicted\n2,5.0\n"
    first = succeed("predict", run, new, "--out", out, "--overwrite", "--index", 0, "--json").json
    assert "x" not in first["formula"]
    last = succeed("predict", run, new, "--out", out, "--overwrite", "--index", -1, "--json").json
    assert "x" in last["formula"]
    refused = TOOL.refusal("predict", run, new, "--out", tmp_path / "no.csv", "--index", 99)
    assert "equations.csv has no formula 99; it has 0 to" in " ".join(refused.split())


def test_a_run_is_gone_on_with(tmp_path):
    y = 3.1 * np.exp(-0.4 * X) * np.cos(2.2 * X + 0.4)
    begun = fit(tmp_path, table_text(y), "--time", "0.5", "--guess", "c*exp(c*x)*cos(2.2*x)").json
    assert begun["ending"] == "time"
    again = succeed("fit", "--resume", begun["run"], "--time", "1", "--json").json
    assert again["recommended"]["r2"] >= begun["recommended"]["r2"] - 1e-9
    summary = json.loads((tmp_path / "runs" / "fit-001" / "summary.json").read_text())
    assert summary["seconds"] > begun["seconds"]


def test_a_run_is_not_gone_on_with_under_another_grammar(tmp_path):
    grammar = written(tmp_path, "S -> 'c' '*' 'x'\n", "lines.cfg")
    words = ["--grammar", grammar, "--time", "5"]
    run = fit(tmp_path, table_text(SQUARE), *words).json["run"]
    succeed("fit", "--resume", run, "--time", "1")
    grammar.write_text("S -> 'c' '*' 'x' '+' 'c'\n")
    refused = TOOL.refusal("fit", "--resume", run)
    assert f"{grammar} has changed since the search began; fit it anew" in " ".join(refused.split())
    grammar.unlink()
    assert f"cannot read {grammar}" in " ".join(TOOL.refusal("fit", "--resume", run).split())


def interrupted(search):
    yield from original(search)
    raise KeyboardInterrupt


original = Search.run


def test_ctrl_c_shows_and_keeps_what_was_found(tmp_path, monkeypatch):
    monkeypatch.setattr(Search, "run", interrupted)
    path, run = written(tmp_path, table_text(X**2 + 1)), tmp_path / "runs" / "fit-001"
    result = TOOL.run("fit", path, "--runs", tmp_path / "runs")
    assert result.status == 130
    assert "y = x**2+1" in result.out
    assert f"go on with 'grammar-lisa fit --resume {run} --time 60s'" in result.err
    assert json.loads((run / "summary.json").read_text())["ending"] == "interrupted"
    again = TOOL.run("fit", "--resume", run, "--json")
    assert again.json["recommended"]["formula"] == "x**2+1"


NOISY = table_text(np.sin(X) + X + np.random.default_rng(0).normal(size=30))


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGKILL])
def test_a_command_that_is_stopped_leaves_its_formulas(tmp_path, sent):
    path, run = written(tmp_path, NOISY), tmp_path / "runs" / "fit-001"
    words = ["-m", "grammar_lisa", "fit", path, "--time", "10m", "--runs", tmp_path / "runs"]
    with started(sys.executable, *words) as process:
        wait_for((run / "best.json").exists, process)
        os.killpg(process.pid, sent)
        result = finish(process)
    assert result.status == (130 if sent == signal.SIGINT else -sent)
    assert "Traceback" not in result.err
    new = written(tmp_path, "x\n2\n", "new.csv")
    succeed("predict", run, new, "--out", tmp_path / "out.csv")
    told = succeed("info", run).out
    assert ("did not end" in told) == (sent == signal.SIGKILL)
    assert succeed("fit", "--resume", run, "--time", "0.1", "--json").json["equations"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "name the table to fit, or a run to go on with: --resume runs/fit-001"),
        (["T", "--resume", "RUN"], "--resume goes on with the table of its run; leave"),
        (
            ["--resume", "RUN", "--loss", "mae", "--max_complexity=3"],
            "--loss, --max-complexity away",
        ),
        (
            ["T", "--grammar", "g.cfg", "--operators", "+"],
            "in place of --operators; leave one away",
        ),
        (["T", "--grammar", "expr", "--without", "sphere pairs"], "sphere alone can be left out"),
        (["PLACE/gone.csv"], "there is no file"),
        (["T", "--time", "soon"], "--time must be seconds, or a time such as 90s, 2m or 1.5h"),
        (["T", "--time", "0"], "the time must be above 0"),
        (["T", "--operators", "+ plus"], "there is no operator 'plus'"),
        (["T", "--without", "trees"], "there is no source of candidates 'trees'"),
        (["T", "--max-complexity", "0"], "--max-complexity must be from 1 to 200, not 0"),
        (["T", "--digits", "0"], "--digits must be from 1 to 17, not 0"),
        (["T", "--loss", "mze"], "there is no loss 'mze'"),
        (["T", "--loss", "log"], "the loss log needs targets above 0"),
        (["T", "--stop-at", "0.99"], "what to stop at must be r2=NUMBER"),
        (["T", "--guess", "2*q"], "the guess '2*q': cannot read this expression"),
        (["T", "--name", "a/b"], "--name must be the name of a folder"),
        (["T", "--name", "taken"], "holds a run already; go on with it with --resume"),
        (["T", "--target", "z"], "t.csv has no column 'z'"),
        (["--resume", "PLACE/none"], "there is no run at"),
        (["--resume", "CHANGED"], "has changed since the search began; fit it anew"),
        (["--resume", "DAMAGED"], "is damaged: it lacks the table, the grammar or the guesses"),
        (["--resume", "SPOILT"], "equations.csv is no table of formulas"),
    ],
)
def test_what_cannot_be_fitted_is_refused(tmp_path, words, message):
    if words[:1] == ["--resume"] or "taken" in words:
        fit(tmp_path, "x,y\n1,2\n", "--name", "taken")
    run = tmp_path / "runs" / "taken"
    path = written(tmp_path, "x,y\n1,-2\n2,3\n" if "SPOILT" not in words else "x,y\n1,2\n")
    if "DAMAGED" in words:
        config = json.loads((run / "config.json").read_text())
        (run / "config.json").write_text(json.dumps({**config, "table": None}))
    if "SPOILT" in words:
        (run / "equations.csv").write_text("formula\nx+1\n")
    places = {"T": path, "RUN": run, "CHANGED": run, "DAMAGED": run, "SPOILT": run}
    words = [str(places.get(w, w)).replace("PLACE", str(tmp_path)) for w in words]
    if "--resume" not in words and words:
        words += ["--runs", str(tmp_path / "runs")]
    assert message in " ".join(TOOL.refusal("fit", *words).split())


def test_a_refused_table_leaves_no_run(tmp_path):
    TOOL.refusal("fit", written(tmp_path, "x,y\n1,a\n"), "--runs", tmp_path / "runs")
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize("rule", ["'c*q' | 'c*x'", "'log(-x*x)'"])
def test_a_refused_grammar_leaves_no_run(tmp_path, rule):
    grammar = written(tmp_path, f"S -> {rule}\n", "g.cfg")
    path, runs = written(tmp_path, table_text(SQUARE)), tmp_path / "runs"
    for _ in range(2):
        TOOL.refusal("fit", path, "--grammar", grammar, "--runs", runs, "--name", "one")
    assert not (runs / "one").exists()


def test_a_run_that_is_told_of_names_its_grammar(tmp_path):
    grammar = written(tmp_path, "S -> 'c' '*' 'x'\n", "lines.cfg")
    run = fit(tmp_path, table_text(X * 2), "--grammar", grammar).json["run"]
    told = succeed("info", run).out
    assert f"grammar: {grammar}" in told
    assert "operators" not in told


def test_standard_input_is_fitted_and_kept(tmp_path, monkeypatch):
    content = table_text(2 * X).encode()
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(content)))
    result = succeed("fit", "-", "--runs", tmp_path / "runs", "--json")
    assert result.json["recommended"]["formula"] == "2*x"
    assert (tmp_path / "runs" / "fit-001" / "table.csv").read_bytes() == content
    assert succeed("fit", "--resume", result.json["run"], "--json").json["equations"]
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(b"x,y\n1,a\n")))
    assert "standard input, row 2, column y: 'a' is not a number" in TOOL.refusal("fit", "-")


def interrupt(*_, **__):
    raise KeyboardInterrupt


@pytest.mark.parametrize("place", ["read_split", "plot_fit", "write_outputs"])
def test_ctrl_c_says_what_is_kept(tmp_path, monkeypatch, place):
    monkeypatch.setattr(f"grammar_lisa.cli.fit.{place}", interrupt)
    path, run = written(tmp_path, table_text(2 * X)), tmp_path / "runs" / "fit-001"
    result = TOOL.run("fit", path, "--runs", tmp_path / "runs")
    assert result.status == 130
    assert result.err.startswith(f"reading {path}")
    kept = place == "plot_fit"
    assert ("nothing was kept" in result.err) != kept
    assert ("what was found is kept; go on with" in result.err) == kept
    assert run.exists() == kept
