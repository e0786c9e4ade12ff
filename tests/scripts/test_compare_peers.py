"""The comparison with other programs: what it makes of their programs and outputs."""

import importlib
import math
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from grammar_lisa.expressions.evaluation import evaluate
from grammar_lisa.objectives.targets import regression_for
from grammar_lisa.optimize.trial_tables import REACHED

SCRIPTS = Path(__file__).parents[2] / "scripts"


@pytest.fixture
def peers(monkeypatch):
    monkeypatch.syspath_prepend(str(SCRIPTS))
    return importlib.import_module("compare_peers")


@pytest.fixture
def objective():
    return regression_for("kusner")


@pytest.mark.parametrize(
    ("symbols", "text"),
    [
        ([("x", 0)], "x"),
        ([("add", 2), ("x", 0), ("3", 0)], "(x+3)"),
        ([("div", 2), ("sin", 1), ("x", 0), ("mul", 2), ("2", 0), ("x", 0)], "(sin(x)/(2*x))"),
        ([("exp", 1), ("div", 2), ("1", 0), ("x", 0)], "exp((1/x))"),
    ],
)
def test_symbols_become_text(peers, symbols, text):
    assert peers.to_text(symbols) == text


@pytest.mark.parametrize(
    ("symbols", "message"),
    [
        ([("add", 2), ("x", 0)], "end before the expression does"),
        ([], "end before the expression does"),
        ([("x", 0), ("x", 0)], "left over behind x"),
    ],
)
def test_broken_programs_are_refused(peers, symbols, message):
    with pytest.raises(ValueError, match=message):
        peers.to_text(symbols)


def node(name, arity=0, value=1.0):
    leaf = arity == 0
    names = {"x": 11, "3": 13}
    return SimpleNamespace(
        Name="variable" if leaf else name,
        Arity=arity,
        IsVariable=leaf,
        Value=value,
        HashValue=names.get(name),
    )


def test_nodes_of_operon_become_text(peers):
    nodes = [node("3"), node("x"), node("sin", 1), node("/", 2)]
    assert peers.operon_text(nodes, {11: "x", 13: "3"}) == "(sin(x)/3)"
    with pytest.raises(ValueError, match="coefficient 2"):
        peers.operon_text([node("x", value=2.0)], {11: "x"})


@pytest.mark.parametrize(
    "text", ["x", "1/3+x+sin(x*x)", "exp(exp(x))", "1/(x/x-1)", "x/0*0", "exp(x)", "3"]
)
def test_outputs_score_as_the_expression_does(peers, objective, text):
    values = evaluate([text], objective.data)[0]
    assert peers.Score(objective).of(values) == pytest.approx(objective([text])[0], abs=1e-15)


def test_what_is_no_number_scores_worst(peers, objective):
    values = np.full(len(objective.y), np.nan)
    assert peers.Score(objective).of(values) == objective.worst == math.log(1001)


def test_thresholds_are_counted_in_evaluations(peers, objective):
    score = peers.Score(objective)
    for found in (3.0, 0.3, 2.0, 0.01):
        assert score.count(found) == found
    score.count(0.0, evaluations=996)
    record = score.record(7, "x")
    assert record["evaluations"] == 1000
    assert record["best"] == 0.0
    assert record["score"] == objective(["x"])[0]
    assert list(record["reached"]) == list(REACHED)
    firsts = [place["evaluations"] for place in record["reached"].values()]
    assert firsts == [2, 4, 4, 1000]
    assert all(0 <= place["seconds"] < 60 for place in record["reached"].values())


def test_constants_are_columns(peers):
    columns = peers.columns(regression_for("x + y"))
    assert list(columns) == ["x", "y", "1", "2", "3"]
    assert (columns["3"] == 3).all()
    assert {len(values) for values in columns.values()} == {1000}


def test_summaries_count_seeds(peers, objective):
    trials = []
    for seed, scores in enumerate(([3.0, 0.2], [0.1], [5.0])):
        score = peers.Score(objective)
        for found in scores:
            score.count(found)
        trials.append(score.record(seed, "x"))
    found = peers.summary(trials)
    assert found["best"] == pytest.approx(5.3 / 3)
    assert found["≤ 0.37"]["trials"] == 2
    assert found["≤ 0.37"]["median_evaluations"] == 1.5
    assert found["≤ 1e-09"] == {
        "trials": 0,
        "median_evaluations": None,
        "median_seconds": None,
    }


def test_random_sentences_are_counted_in_order(peers, objective, monkeypatch):
    monkeypatch.setattr(peers, "BUDGET", 300)
    monkeypatch.setattr(peers, "_CHUNK", 70)
    found = peers.search_random(objective, 3)
    assert found["evaluations"] == 300
    assert found["best"] == found["score"] == objective([found["expression"]])[0]
    assert peers.search_random(objective, 3)["expression"] == found["expression"]


@pytest.mark.slow
@pytest.mark.parametrize("system", ["gplearn", "pyoperon"])
def test_a_peer_finds_an_easy_target(peers, monkeypatch, system):
    pytest.importorskip(system, reason=f"{system} is not installed: scripts/peers installs it")
    monkeypatch.setattr(peers, "BUDGET", 20_000)
    found = peers.SYSTEMS[system](regression_for("x*x + sin(x)"), 0)
    assert found["score"] <= 1e-9
    assert found["reached"]["≤ 1e-09"]["evaluations"] <= 20_000
