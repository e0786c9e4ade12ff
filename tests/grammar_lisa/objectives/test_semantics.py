"""What sentences do: outputs of expressions, vectors of a user's function, and learning from it."""

import json
import math
import sys

import numpy as np
import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st
from small_grammars import ROOT
from tools import Tool

from grammar_lisa.cli import main
from grammar_lisa.grammar import load_grammar
from grammar_lisa.grammar.arrays import to_array
from grammar_lisa.grammar.datasets import DerivationSplit
from grammar_lisa.grammar.sampling import sample_uniform
from grammar_lisa.grammar.text import derivations_to_texts
from grammar_lisa.models.architecture import Architecture
from grammar_lisa.models.load import load_model
from grammar_lisa.models.names import TOOL as GRAMMAR_TOOL
from grammar_lisa.models.run import read_data
from grammar_lisa.objectives.semantics import OUTPUTS, outputs, semantics_of, standardised
from grammar_lisa.training.config import TrainConfig
from grammar_lisa.training.evaluation import readout_r2
from grammar_lisa.training.experiment import SEMANTICS, Plan
from shared.common.errors import LisaError
from shared.methods import LISA, READOUT, VAE
from shared.runs.run import open_run

TOOL = Tool(main)
EXPR = ROOT / "grammars" / "expr.cfg"
TEXTS = ["x", "x*x", "sin(x)", "x+1", "exp(x)", "1/x", "2", "x-3*x"]
LENGTHS = """
import math

calls = []

def vector(text):
    calls.append(text)
    return [len(text), text.count("x"), 7]

def ragged(text):
    return [1.0] * len(text)

def fails(text):
    raise ValueError("no idea")

def gap(text):
    return [1.0, math.nan]

number = 3
one = lambda text: 1.0
words = lambda text: ["a"]
nothing = lambda text: []
"""


@pytest.fixture
def module(tmp_path, monkeypatch):
    """A folder to work in with the user's module `does`."""
    (tmp_path / "does.py").write_text(LENGTHS)
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    sys.modules.pop("does", None)


def test_outputs_of_one_variable_are_values_on_even_points():
    x = np.linspace(-10, 10, 64)
    expected = np.stack([x, x * x, np.sin(x), x + 1, np.exp(x), 1 / x, 0 * x + 2, -2 * x])
    np.testing.assert_allclose(outputs(TEXTS, seed=0), np.arcsinh(expected), rtol=1e-12)


def test_outputs_of_several_variables_are_values_on_points_of_the_seed():
    texts = ["x*y", "x", "y"]
    product, x, y = np.sinh(outputs(texts, seed=3))
    np.testing.assert_allclose(product, x * y, rtol=1e-9)
    assert np.abs([x, y]).max() <= 10
    assert len(set(x)) == len(set(y)) == 64
    assert np.array_equal(outputs(texts, seed=3), outputs(texts, seed=3))
    assert not np.array_equal(outputs(texts, seed=3), outputs(texts, seed=4))


def test_semantics_are_standardised_and_the_same_each_time():
    found = semantics_of(TEXTS, OUTPUTS, seed=0)
    assert found.shape == (8, 64)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found.mean(0), 0, atol=1e-6)
    np.testing.assert_allclose(found.std(0), 1, rtol=1e-5)
    assert np.array_equal(found, semantics_of(TEXTS, OUTPUTS, seed=0))
    assert not semantics_of(["1", "1", "1"], OUTPUTS, seed=0).any()


def test_a_value_that_is_not_finite_is_the_median_of_its_column():
    values = np.array([[1.0, np.nan, 3], [np.inf, np.inf, 3], [2, -np.inf, 3], [9, np.nan, 3]])
    filled = np.array([1.0, 2, 2, 9])
    expected = (filled - filled.mean()) / filled.std()
    found = standardised(values)
    np.testing.assert_allclose(found[:, 0], expected, rtol=1e-6)
    assert not found[:, 1:].any()


def test_values_far_out_are_clipped():
    found = standardised(np.array([[1.0]] * 99 + [[1e300]]))
    assert found.max() == 5
    assert found.min() == pytest.approx(-1 / math.sqrt(99), rel=1e-5)


@example([[8.9e307, 0, 0], [8.9e307, 0, 0]])
@example([[-1.7e308, 1e-320, math.inf], [1.7e308, 0, math.nan]])
@given(st.lists(st.lists(st.floats(), min_size=3, max_size=3), min_size=1, max_size=9))
def test_whatever_the_values_are_semantics_are_finite(rows):
    found = standardised(np.array(rows))
    assert found.shape == (len(rows), 3)
    assert np.abs(found).max() <= 5


def test_a_sentence_that_is_no_expression_is_refused():
    with pytest.raises(LisaError, match=r"(?s)is none; give --semantics .*column 1"):
        semantics_of(["x", "{}"], OUTPUTS, seed=0)


@pytest.mark.usefixtures("module")
def test_a_function_gives_any_vector():
    found = semantics_of(["x", "x+x", "1+1"], "does:vector", seed=0)
    assert found.shape == (3, 3)
    np.testing.assert_allclose(found[:, 0], np.array([-2, 1, 1]) / math.sqrt(2), rtol=1e-6)
    assert not found[:, 2].any()


@pytest.mark.usefixtures("module")
@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("output", "'output' does not have the form package.module:function.*or give 'outputs'"),
        ("nowhere:vector", "--semantics 'nowhere:vector': there is no module nowhere"),
        ("does:vectr", "has no vectr; did you mean vector"),
        ("does:number", "is 3, which cannot be called"),
        ("does:ragged", "returned 3 numbers for 'x[+]1' but 1 for 'x'"),
        ("does:fails", "failed on 'x' with ValueError: no idea"),
        *[
            (f"does:{name}", "returned .* for 'x'; it must return a vector of finite numbers")
            for name in ("gap", "one", "words", "nothing")
        ],
    ],
)
def test_a_function_that_gives_no_such_vector_is_refused(name, words):
    with pytest.raises(LisaError, match=words):
        semantics_of(["x", "x+1"], name, seed=0)


@pytest.mark.parametrize("method", [LISA(), VAE()])
def test_only_a_method_that_learns_from_semantics_has_any(method):
    row = np.zeros((2, 1), dtype=np.int8)
    plan = Plan(TrainConfig(grammar=EXPR), method)
    assert plan.semantics_in(load_grammar(EXPR), DerivationSplit(row, row, row, 0)) == {}
    with pytest.raises(LisaError, match="--alignment-weight above 0 only"):
        Plan(TrainConfig(grammar=EXPR, semantics=OUTPUTS), method)


def test_a_method_that_learns_from_semantics_takes_the_outputs_of_training_and_test():
    grammar = load_grammar(EXPR)
    rows = sample_uniform(grammar, 9, 8, seed=0)
    data = DerivationSplit(
        *(to_array(part, 8, len(grammar.rules)) for part in (rows[:5], rows, rows[5:])), 0
    )
    plan = Plan(TrainConfig(grammar=EXPR), LISA(alignment_weight=1.0))
    found = plan.semantics_in(grammar, data)
    together = semantics_of(derivations_to_texts(grammar, rows), OUTPUTS, seed=5)
    assert np.array_equal(found["train"], together[:5])
    assert np.array_equal(found["test"], together[5:])


def test_an_architecture_records_semantics_where_it_has_some():
    plain = Architecture(network="dense", dim=4, max_rules=8, method=LISA(), seed=0)
    assert "semantics" not in plain.to_json()
    grammar = load_grammar(EXPR)
    assert READOUT not in plain.build(grammar).parts
    told = Architecture(
        network="dense", dim=4, max_rules=8, method=LISA(alignment_weight=5.0), seed=0, semantics=7
    )
    assert Architecture.from_json(told.to_json(), "config.json") == told
    assert told.build(grammar).parts[READOUT].weight.shape == (7, 4)
    before, after = plain.build(grammar).state_dict(), told.build(grammar).state_dict()
    assert all(torch.equal(value, after[name]) for name, value in before.items())


WORDS = [
    *("train", "--grammar", EXPR, "--count", 300, "--held-out", 60, "--max-rules", 8),
    *("--draws", 20, "--batch-size", 50, "--dim", 8, "--network", "dense"),
]


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A run that learnt what sentences do, and the one summary that was printed."""
    runs = tmp_path_factory.mktemp("runs")
    (runs / "lengths.py").write_text(LENGTHS)
    words = ["--runs", runs, "--name", "run", "--epochs", 30, "--learning-rate", 0.01]
    words += ["--alignment-weight", 5, "--semantics", "lengths:vector"]
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(runs)
        return runs / "run", TOOL.succeed(*WORDS, *words).out


def test_a_training_lifts_what_directions_tell_of_held_out_sentences(trained):
    path, said = trained
    run = open_run(path, GRAMMAR_TOOL)
    r2 = json.loads((path / "summary.json").read_text())["alignment"]["r2"]
    model, test = load_model(run), torch.from_numpy(read_data(run).test)
    semantics = run.read_tensors(SEMANTICS)[0]["test"]
    assert readout_r2(model, test, semantics) == pytest.approx(r2)
    assert r2 > 0.3
    assert r2 > readout_r2(model.untrained(), test, semantics) + 0.3
    line = "alignment: held-out R² of what sentences do, read from their directions: 0."
    assert line in " ".join(said.split())
    assert line in " ".join(TOOL.succeed("info", path).out.split())


def test_the_r2_is_one_minus_the_share_of_the_error(trained):
    run = open_run(trained[0], GRAMMAR_TOOL)
    model, test = load_model(run), torch.from_numpy(read_data(run).test)
    wanted = run.read_tensors(SEMANTICS)[0]["test"].double().numpy()
    readout = model.net.parts[READOUT]
    weight, bias = (each.detach().double().numpy() for each in (readout.weight, readout.bias))
    read = model.directions(model.encode_rows(test.numpy())) @ weight.T + bias
    expected = 1 - ((wanted - read) ** 2).sum() / ((wanted - wanted.mean(0)) ** 2).sum()
    assert readout_r2(model, test, torch.from_numpy(wanted)) == pytest.approx(expected, rel=1e-4)
    assert readout_r2(model, test[:1], torch.from_numpy(wanted)[:1]) is None


def test_a_resumed_training_keeps_the_function_and_asks_it_no_more(module):
    words = [*WORDS, "--epochs", 1, "--alignment-weight", 2, "--semantics", "does:vector"]
    TOOL.succeed(*words, "--runs", module, "--name", "run")
    run = module / "run"
    kept = {name: (run / name).read_bytes() for name in ("model.safetensors", SEMANTICS)}
    assert json.loads((run / "config.json").read_text())["options"]["semantics"] == "does:vector"
    (run / "model.safetensors").unlink()
    (run / "summary.json").unlink()
    calls = len(sys.modules["does"].calls)
    TOOL.succeed("train", "--resume", run)
    assert len(sys.modules["does"].calls) == calls
    assert {name: (run / name).read_bytes() for name in kept} == kept
    assert "alignment" in json.loads((run / "summary.json").read_text())


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--grammar", ROOT / "grammars" / "json.cfg", "--alignment-weight", 5], "is none; give"),
        (["--semantics", "outputs"], "--alignment-weight above 0 only"),
        (["--alignment-weight", 5, "--semantics", "nowhere:f"], "no module nowhere"),
    ],
)
def test_semantics_that_sentences_have_not_are_refused_before_anything_is_written(
    tmp_path, words, message
):
    head = ["train", "--grammar", EXPR, "--count", 60, "--held-out", 10, "--runs", tmp_path / "r"]
    result = TOOL.run(*head, *words)
    assert result.status == 2
    assert message in result.said
    assert not (tmp_path / "r").exists()


def test_no_sentences_do_nothing():
    with pytest.raises(LisaError, match="there are no sentences"):
        semantics_of([], OUTPUTS, 0)
