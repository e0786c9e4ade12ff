import gzip
import json

import numpy as np
import pytest
from command_line import EXPR, GRAMMARS, killed, run_command, succeed, train
from tools import before_write

from grammar_lisa.grammar import load_grammar
from grammar_lisa.grammar.text import derivations_to_texts
from grammar_lisa.models.names import TOOL
from grammar_lisa.models.run import read_data
from shared.runs.run import open_run

EQUAL = ["1/3+x+sin(x*x)", "x+1/3+sin(x*x)", "sin(x*x)+(1/3+x)", "sin((x)*x)+1/3+x"]
NEAR = ["x+sin(x*x)"]
LEFT = {
    *("config.json", "grammar.cfg", "data.safetensors", "metrics.csv", "curves.png"),
    *("model.safetensors", "codes.safetensors", "samplers.safetensors", "summary.json"),
}


def model_bytes(run):
    return (run / "model.safetensors").read_bytes()


def sentences_of(run):
    data = read_data(open_run(run, TOOL))
    grammar = load_grammar(run / "grammar.cfg")
    return {
        text
        for part in (data.train, data.valid, data.test)
        for text in derivations_to_texts(grammar, part)
    }


@pytest.fixture
def data(tmp_path):
    """A file of sixty sentences, five of which the clean protocol leaves out."""
    lines = succeed("sample", EXPR, "-n", 55, "--distinct", "--max-rules", 8).lines
    path = tmp_path / "sentences.txt"
    path.write_text("\n".join([*EQUAL, *lines, *NEAR, lines[0], ""]))
    return path


@pytest.mark.parametrize(
    ("name", "network"),
    [("expr", "kusner"), ("json", "dense"), ("koza", "dense"), ("sql", "dense")],
)
def test_every_shipped_grammar_trains(tmp_path, drawn, name, network):
    result = succeed(
        *("train", "--grammar", GRAMMARS / f"{name}.cfg", "--runs", tmp_path, "--count", 60),
        *("--held-out", 10, "--draws", 20, "--epochs", 1, "--network", network),
    )
    run = tmp_path / f"{name}-lisa-001"
    assert {path.name for path in run.iterdir()} == LEFT
    assert "held-out reconstruction, 10 sentences" in result.out
    assert "of held-out sentences (of training sentences 0." in " ".join(result.out.split())
    assert "epoch 1/1: loss" in result.err
    summary = json.loads((run / "summary.json").read_text())
    assert all(found["valid"] == 1 for found in summary["samples"].values())
    assert summary["advice"][0].startswith("exact 0.")
    assert sum(each["sentences"] for each in summary["by_length"]) == 10
    assert ("held-out sentences by length" in result.out) == (len(summary["by_length"]) > 1)
    assert (run / "grammar.cfg").read_text() == (GRAMMARS / f"{name}.cfg").read_text()
    arithmetic = name in ("expr", "koza")
    assert ("clean protocol: left out" in result.err) == arithmetic
    assert ("nothing is left out for a target" in result.err) == (not arithmetic)


def test_one_json_object_and_nothing_else(tmp_path):
    words = ["--count", 60, "--held-out", 10, "--draws", 20, "--epochs", 1, "--runs", tmp_path]
    result = succeed("train", "--grammar", EXPR, *words, "--json", "--quiet")
    assert result.err == ""
    assert result.json["run"] == str(tmp_path / "expr-lisa-001")
    assert result.json["summary"] == json.loads(
        (tmp_path / "expr-lisa-001" / "summary.json").read_text()
    )


def test_the_seed_decides_the_weights(tmp_path):
    first, again, other = (train(tmp_path, "--seed", seed) for seed in (3, 3, 4))
    assert [path.name for path in (first, again, other)] == [
        f"expr-lisa-{number:03d}" for number in (1, 2, 3)
    ]
    assert model_bytes(first) == model_bytes(again)
    assert sentences_of(first) != sentences_of(other)
    assert model_bytes(first) != model_bytes(other)


def test_a_configuration_can_be_run_again(tmp_path):
    first = train(tmp_path, "--dim", 7, "--uniformity-weight", 0.5, "--seed", 3)
    again = succeed("train", "--config", first / "config.json", "--json", "--quiet").json["run"]
    assert again == str(tmp_path / "expr-lisa-002")
    assert model_bytes(tmp_path / again) == model_bytes(first)
    words = ("--dim", 5, "--name", "narrow", "--json", "--quiet")
    narrow = succeed("train", f"--config={first / 'config.json'}", *words).json["run"]
    options = json.loads((tmp_path / narrow / "config.json").read_text())["options"]
    assert options == json.loads((first / "config.json").read_text())["options"] | {"dim": 5}


def test_a_run_is_replaced_only_on_request(tmp_path):
    run = train(tmp_path, "--name", "mine")
    before = model_bytes(run)
    words = ["train", "--grammar", EXPR, "--runs", tmp_path, "--name", "mine", "--count", 60]
    words += ["--held-out", 10, "--draws", 20, "--epochs", 1]
    refused = run_command(*words)
    assert refused.status == 2
    assert "--overwrite" in refused.err
    assert model_bytes(run) == before
    (run / "search-001").mkdir()
    succeed(*words, "--overwrite")
    assert model_bytes(run) != before
    assert {path.name for path in run.iterdir()} == LEFT


@pytest.mark.parametrize("bad", [["--data", "nope.txt"], ["--dim", "0"], ["--target", "x+"]])
def test_overwriting_waits_for_good_input(tmp_path, bad):
    run = train(tmp_path, "--name", "mine")
    before = model_bytes(run)
    words = ["--runs", tmp_path, "--name", "mine", "--overwrite"]
    assert run_command("train", "--grammar", EXPR, *words, *bad).status == 2
    assert model_bytes(run) == before


def test_other_files_are_never_replaced(tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.tex").write_text("years of work")
    words = ["--runs", tmp_path, "--name", "mine", "--count", 60, "--overwrite"]
    words += ["--held-out", 10, "--draw", "uniform", "--distinct", "text"]
    result = run_command("train", "--grammar", EXPR, *words)
    assert result.status == 2
    assert "holds other files" in result.err
    assert (tmp_path / "mine" / "thesis.tex").read_text() == "years of work"


def test_the_target_is_kept_out_of_the_data(data, tmp_path):
    words = ["train", "--grammar", EXPR, "--data", data, "--runs", tmp_path, "--epochs", 1]
    words += ["--draws", 20]
    result = succeed(*words)
    said = "left out 4 sentences equal to the target and 1 more scoring under 0.11"
    assert f"clean protocol: {said}" in " ".join(result.err.split())
    run = tmp_path / "expr-lisa-001"
    assert len(sentences_of(run)) == 55
    assert not sentences_of(run) & {*EQUAL, *NEAR}
    assert said in succeed("info", run).out
    assert json.loads((run / "config.json").read_text())["left_out"]["equal"] == 4


def test_the_target_can_be_kept(data, tmp_path):
    words = ["--data", data, "--max-rules", 15, "--decontaminate", "no"]
    run = train(tmp_path, *words)
    assert {*EQUAL, *NEAR} <= sentences_of(run)
    assert len(sentences_of(run)) == 60
    assert "nothing was left out" in succeed("info", run).out


def test_another_target_is_kept_out(data, tmp_path):
    run = train(tmp_path, "--data", data, "--max-rules", 15, "--target", "x + sin(x*x)")
    assert not sentences_of(run) & {*EQUAL, *NEAR}
    run = train(tmp_path, "--data", data, "--max-rules", 15, "--target", "exp(sin(x))")
    assert {*EQUAL, *NEAR} <= sentences_of(run)


def test_the_target_is_kept_out_of_a_grammar_with_more_variables(tmp_path):
    lines = succeed("sample", GRAMMARS / "koza.cfg", "-n", 40, "--distinct").lines
    path = tmp_path / "sentences.txt"
    path.write_text("\n".join([*lines, "1/3+x+sin(x*x)", "x+sin(x*x)+1/3+y-y"]))
    words = ["--data", path, "--runs", tmp_path, "--epochs", 1, "--draws", 20]
    result = succeed("train", "--grammar", GRAMMARS / "koza.cfg", *words)
    assert "left out 2 sentences equal to the target" in " ".join(result.err.split())
    assert len(sentences_of(tmp_path / "koza-lisa-001")) == 40


def test_data_may_be_compressed(data, tmp_path):
    packed = tmp_path / "sentences.txt.gz"
    packed.write_bytes(gzip.compress(data.read_bytes()))
    runs = [train(tmp_path, "--data", path, "--max-rules", 15) for path in (data, packed)]
    assert model_bytes(runs[0]) == model_bytes(runs[1])


def test_data_longer_than_asked_for_name_the_line(data, tmp_path):
    words = ["--data", data, "--max-rules", 8, "--runs", tmp_path / "runs"]
    result = run_command("train", "--grammar", EXPR, *words)
    assert result.status == 2
    assert f"{data}, line 1: this sentence needs 12 rules" in result.err
    assert not (tmp_path / "runs").exists()


def test_the_parts_of_the_data_are_apart(trained):
    data = read_data(open_run(trained, TOOL))
    rows = np.concatenate([data.train, data.valid, data.test])
    assert len(data.train) == 900
    assert len(np.unique(rows, axis=0)) == len(rows)


def test_a_finished_run_is_told_again(trained):
    before = (trained / "summary.json").stat().st_mtime_ns
    result = succeed("train", "--resume", trained)
    assert "is finished already" in " ".join(result.err.split())
    assert "held-out reconstruction" in result.out
    assert (trained / "summary.json").stat().st_mtime_ns == before


LAWFUL = [
    *("train", "--grammar", EXPR, "--count", 100, "--held-out", 10, "--draws", 20, "--epochs", 1),
    *("--max-rules", 8, "--name", "run"),
]
BY_LENGTH = ["--draw", "by-length", "--distinct", "canonical"]


def data_bytes(run):
    return (run / "data.safetensors").read_bytes()


def without_the_law(run):
    """The configuration as a version wrote it that drew uniformly without saying so."""
    path = run / "config.json"
    config = json.loads(path.read_text())
    for name in ("draw", "distinct"):
        del config["options"][name]
    path.write_text(json.dumps(config))
    return path


TEXT = ("--distinct", "text")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--draw", "uniform", *TEXT], "; drawn uniformly; at most 8 rules;"),
        (BY_LENGTH, "; drawn by length, no two equal by algebra; at most 8 rules;"),
        (["--draw", "weighted", *TEXT], "; drawn by the weights of the rules; at most 8 rules;"),
    ],
)
def test_the_law_is_told_and_recorded(tmp_path, words, said):
    result = succeed(*LAWFUL, "--runs", tmp_path, *words)
    assert "100 sentences to train on" in result.said
    assert said in result.said
    options = json.loads((tmp_path / "run" / "config.json").read_text())["options"]
    assert options["draw"] == words[1]
    assert options["distinct"] == ("canonical" if words == BY_LENGTH else "text")


def test_sentences_of_a_file_are_told_to_be_that(data, tmp_path):
    words = ["train", "--grammar", EXPR, "--data", data, "--runs", tmp_path, "--epochs", 1]
    assert f"; from {data}; at most" in succeed(*words, "--draws", 20).said


@pytest.mark.parametrize("words", [BY_LENGTH, ["--draw", "weighted"]])
def test_a_run_stopped_before_its_data_were_kept_draws_them_again(tmp_path, words):
    succeed(*LAWFUL, *words, "--runs", tmp_path / "straight")
    killed([*LAWFUL, *words, "--runs", tmp_path], before_write(2))
    assert not (tmp_path / "run" / "data.safetensors").exists()
    succeed("train", "--resume", tmp_path / "run")
    assert data_bytes(tmp_path / "run") == data_bytes(tmp_path / "straight" / "run")


def test_runs_that_record_no_law_drew_uniformly(tmp_path):
    uniform = ["--draw", "uniform", "--distinct", "text"]
    succeed(*LAWFUL, *uniform, "--runs", tmp_path / "straight")
    straight = tmp_path / "straight" / "run"
    killed([*LAWFUL, *uniform, "--runs", tmp_path], before_write(2))
    without_the_law(tmp_path / "run")
    succeed("train", "--resume", tmp_path / "run")
    assert data_bytes(tmp_path / "run") == data_bytes(straight)
    config = without_the_law(straight)
    succeed("train", "--config", config, "--runs", tmp_path, "--name", "again")
    assert data_bytes(tmp_path / "again") == data_bytes(straight)


@pytest.mark.parametrize(
    ("words", "fragment"),
    [
        (["--draw", "evenly"], "'by-length'"),
        (["--distinct", "algebra"], "'canonical'"),
        (["--distinct"], "--distinct"),
        (["--config", "CONFIG"], "the option draw cannot be 'evenly'"),
    ],
)
def test_an_unknown_law_is_refused(tmp_path, words, fragment):
    config = tmp_path / "config.json"
    config.write_text(json.dumps({"options": {"draw": "evenly"}}))
    words = [config if word == "CONFIG" else word for word in words]
    result = run_command(*LAWFUL, "--runs", tmp_path, *words)
    assert result.status == 2
    assert fragment in result.err
    assert "Traceback" not in result.err
    assert not (tmp_path / "run").exists()
