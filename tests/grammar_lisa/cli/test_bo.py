import csv
import json
import math
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from command_line import GRAMMARS, TINY_SEARCH, run_command, succeed, train

from grammar_lisa.derivations.text import derivations_to_texts
from grammar_lisa.grammar import load_grammar
from grammar_lisa.model import TOOL, read_data
from grammar_lisa.objectives.targets import regression_for
from grammar_lisa.search.search import Search
from shared.runs import open_run

ROWS = ["search", "random data", "random grammar", "random sphere"]
PNG = b"\x89PNG\r\n\x1a\n"


def evaluations(search):
    """What each trial put on record."""
    return [
        [json.loads(line) for line in path.read_text().splitlines()[1:]]
        for path in sorted(search.glob("trial-*.jsonl"))
    ]


def training_sentences(run):
    grammar = load_grammar(run / "grammar.cfg")
    return set(derivations_to_texts(grammar, read_data(open_run(run, TOOL)).train))


def bo(run, *words):
    """Search in this process, and give the folder and the JSON object."""
    result = succeed("bo", "--run", run, "--trials", 1, *TINY_SEARCH, "--jobs", 1, "--json", *words)
    return Path(result.json["search"]), result


def test_parts_that_are_foreseen_are_joined_unless_that_is_turned_off(run):
    words = ("--target", "x*sin(x)", "--begin-from", 10_000)
    search, result = bo(run, *words, "--joins", 40)
    assert result.json["best"][0]["score"] < 1e-9
    assert len(evaluations(search)[0]) == 1
    search, _ = bo(run, *words, "--no-foresee")
    settings = json.loads((search / "trial-01.jsonl").read_text().splitlines()[0])["settings"]
    assert (settings["foresee"], settings["joins"]) == (False, 0)


def test_the_tables_show_all_four_rows(searched):
    out = succeed("bo", "--resume", searched[0], "--jobs", 1, "--quiet").out
    assert "trials of the search" in out
    table = out[out.index("mean ± deviation") :]
    assert all(f" {row} " in table for row in ROWS)
    assert "best expressions" in out
    assert "LaTeX of the best: " in out


def test_the_files_are_left(searched):
    search, result = searched
    names = {path.name for path in search.iterdir()}
    assert names == {
        *("config.json", "summary.json", "hall_of_fame.csv", "convergence.png", "best.png"),
        *("trial-01.jsonl", "trial-02.jsonl"),
    }
    assert (search / "convergence.png").read_bytes().startswith(PNG)
    assert (search / "best.png").read_bytes().startswith(PNG)
    summary = json.loads((search / "summary.json").read_text())
    assert result.json == {"search": str(search), **summary}


def test_the_summary_tells_what_was_evaluated(searched):
    search, result = searched
    trials = evaluations(search)
    objective = regression_for("kusner")
    assert list(result.json["trials"]) == list(result.json["means"]) == ROWS
    for row, found in zip(result.json["trials"]["search"], trials, strict=True):
        scores = [e["score"] for e in found]
        assert np.allclose(scores, objective([e["sentence"] for e in found]))
        assert row["evaluations"] == len(found) == 10
        assert row["distinct"] == 10
        assert row["valid"] == 1
        assert row["best"] == min(scores)
        assert [e["round"] for e in found] == [1] * 5 + [2] * 5
    for name in ROWS:
        assert all(row["evaluations"] == 10 for row in result.json["trials"][name])
        bests = [row["best"] for row in result.json["trials"][name]]
        assert result.json["means"][name]["best"] == pytest.approx(np.mean(bests))


def test_the_hall_of_fame_is_sorted_and_distinct(searched):
    search, result = searched
    with (search / "hall_of_fame.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    found = {e["sentence"]: e["score"] for trial in evaluations(search) for e in trial}
    scores = [float(row["score"]) for row in rows]
    worst = math.log(1001)
    assert scores == sorted({score for score in found.values() if score < worst})
    for row in rows:
        score = float(row["score"])
        assert found[row["sentence"]] == score
        assert len(row["sentence"]) == min(len(s) for s, other in found.items() if other == score)
    assert [int(row["rank"]) for row in rows] == list(range(1, len(rows) + 1))
    assert len(result.json["best"]) == 3
    assert [entry["sentence"] for entry in result.json["best"]] == [
        row["sentence"] for row in rows[:3]
    ]


def test_nothing_is_evaluated_twice(searched):
    for found in evaluations(searched[0]):
        sentences = [e["sentence"] for e in found]
        assert len(set(sentences)) == len(sentences)


def test_nothing_known_is_evaluated(run):
    search, _ = bo(run, "--begin-from", 10_000, "--pool", 6000)
    found = {e["sentence"] for e in evaluations(search)[0]}
    assert len(found) == 10
    assert not found & training_sentences(run)


def test_seeds_repeat_a_search_and_trials_differ(run, searched):
    search, _ = bo(run, "--trials", 2)
    assert evaluations(search) == evaluations(searched[0])
    assert evaluations(search)[0] != evaluations(search)[1]
    other, _ = bo(run, "--trials", 2, "--seed", 1)
    assert (search.name, other.name) == ("search-001", "search-002")
    assert evaluations(other) != evaluations(search)


@pytest.mark.slow
def test_side_by_side_gives_the_same(run, searched):
    search, _ = bo(run, "--trials", 2, "--jobs", 2)
    assert evaluations(search) == evaluations(searched[0])


def test_quiet_is_silent_on_standard_error(run):
    assert bo(run, "--quiet")[1].err == ""


def test_a_search_is_replaced_only_on_request(search):
    before = evaluations(search)
    words = ["bo", "--run", search.parent, "--name", search.name, "--trials", 1, *TINY_SEARCH]
    refused = run_command(*words, "--jobs", 1, "--seed", 9)
    assert refused.status == 2
    assert "--overwrite" in refused.err
    assert evaluations(search) == before
    succeed(*words, "--jobs", 1, "--seed", 9, "--overwrite")
    assert len(evaluations(search)) == 1
    assert evaluations(search) != before


def test_what_equals_the_target_is_withheld(run):
    known = training_sentences(run)
    equal = regression_for("x + 1")(sorted(known)) <= 1e-9
    assert equal.any()
    search, result = bo(run, "--target", "x + 1")
    withheld = result.json["withheld"]
    assert withheld["equal"] == equal.sum()
    said = f"left out {withheld['equal']} sentences that equal the target and {withheld['near']}"
    assert said in result.err
    assert "the network was trained on these" in result.err
    header = json.loads((search / "trial-01.jsonl").read_text().splitlines()[0])
    assert header["begins_from"] == 60


def test_withheld_sentences_are_no_start_of_a_trial(run):
    kept = len(training_sentences(run))
    _, result = bo(run, "--target", "x + 1", "--begin-from", 10_000, "--pool", 6000)
    left_out = sum(result.json["withheld"].values())
    search = Path(result.json["search"])
    header = json.loads((search / "trial-01.jsonl").read_text().splitlines()[0])
    assert header["begins_from"] == kept - left_out
    search, result = bo(
        run, "--target", "x + 1", "--begin-from", 10_000, "--pool", 6000, "--withhold", "no"
    )
    header = json.loads((search / "trial-01.jsonl").read_text().splitlines()[0])
    assert header["begins_from"] == kept
    assert result.json["withheld"] == {"equal": 0, "near": 0}
    assert "nothing was withheld" in result.err


def test_a_named_target(run):
    search, result = bo(run, "--target", "nguyen-8")
    assert result.json["target"] == "nguyen-8"
    assert json.loads((search / "config.json").read_text())["options"]["target"] == "nguyen-8"


def test_a_table_of_data(run, tmp_path):
    x = np.linspace(-2, 2, 30)
    path = tmp_path / "data.csv"
    rows = "\n".join(f"{float(a)},{float(3 * a)},{float(np.sin(a))}" for a in x)
    path.write_text(f"x,y,other\n{rows}\n")
    search, result = bo(run, "--csv", path, "--y", "y")
    found = evaluations(search)[0]
    values = {"x": x, "y": 3 * x}
    for e in found:
        predicted = eval(e["sentence"], {"sin": np.sin, "exp": np.exp}, values) + 0 * x
        error = np.minimum((predicted - 3 * x) ** 2, 1000)
        assert e["score"] == pytest.approx(np.log1p(error.mean()))
    assert result.json["target"] == str(path)
    last = evaluations(bo(run, "--csv", path)[0])[0]
    assert [e["score"] for e in last] != [e["score"] for e in found]


def test_data_of_two_variables(tmp_path):
    run = train(tmp_path, "--grammar", GRAMMARS / "koza.cfg", "--max-rules", 12)
    rng = np.random.default_rng(0)
    rows = "\n".join(f"{x},{y},{x * y}" for x, y in rng.uniform(1, 2, (20, 2)))
    (tmp_path / "data.csv").write_text(f"x,y,z\n{rows}\n")
    search, result = bo(run, "--csv", tmp_path / "data.csv")
    assert len(evaluations(search)[0]) == 10
    assert (search / "best.png").read_bytes().startswith(PNG)
    (tmp_path / "x.csv").write_text("x,z\n1,2\n2,3\n3,4\n")
    result = bo(run, "--csv", tmp_path / "x.csv")[1]
    assert "of the training sentences cannot be scored" in result.err


def test_other_languages_cannot_be_searched(tmp_path):
    run = train(tmp_path, "--grammar", GRAMMARS / "json.cfg", "--max-rules", 20)
    refused = run_command("bo", "--run", run)
    assert refused.status == 2
    assert "can be scored: they are no expressions in x, such as this one: {" in refused.err
    assert not list(run.glob("search-*"))


def test_a_language_that_runs_out_ends_gracefully(tmp_path):
    run = train(tmp_path, "--max-rules", 4, "--count", 40, "--epochs", 30, "--batch-size", 10)
    _, result = bo(run, "--rounds", 40, "--begin-from", 20)
    assert 0 < result.json["trials"]["search"][0]["evaluations"] <= 44
    assert result.json["trials"]["random grammar"][0]["evaluations"] == 64
    assert result.json["trials"]["random sphere"][0]["evaluations"] <= 64


def test_constant_scores_do_not_stop_a_search(run, tmp_path):
    path = tmp_path / "far.csv"
    path.write_text("x,y\n1,1e9\n2,1e9\n3,1e9\n")
    search, _ = bo(run, "--csv", path)
    assert len(evaluations(search)[0]) == 10


@pytest.fixture
def characters(tmp_path):
    """A run of a network on characters, a part of whose texts are sentences."""
    words = ("--network", "characters", "--method", "ae", "--dim", 8, "--learning-rate", 0.01)
    return train(tmp_path, *words, "--max-rules", 8, "--epochs", 40)


def check_box(run):
    """Search a run, in one go and stopped after a round, and give the result."""
    search, result = bo(run, "--begin-from", 10_000, "--pool", 6000)
    found = evaluations(search)
    assert list(result.json["trials"]) == [*ROWS[:3], "random box"]
    assert 0 < len(found[0]) <= 10
    assert not {e["sentence"] for e in found[0]} & training_sentences(run)
    assert result.json["trials"]["search"][0]["valid"] == 1
    (search / "summary.json").unlink()
    record = search / "trial-01.jsonl"
    lines = record.read_bytes().splitlines(keepends=True)
    record.write_bytes(b"".join(lines[: len(lines) // 2]) + b"{")
    again = succeed("bo", "--resume", search, "--jobs", 1, "--json").json
    assert evaluations(search) == found
    assert again == result.json
    return result


@pytest.mark.parametrize("method", ["vae", "rae-l2", "vq-vae"])
def test_methods_that_are_not_spherical_are_searched_in_the_box_of_their_codes(tmp_path, method):
    run = train(tmp_path, "--method", method, "--max-rules", 6, "--epochs", 4)
    assert check_box(run).json["trials"]["random box"][0]["valid"] == 1
    (run / "codes.safetensors").unlink()
    refused = run_command("bo", "--run", run)
    assert refused.status == 2
    assert f"there is no file {run / 'codes.safetensors'}" in refused.err


def test_a_run_on_characters_is_searched_for_sentences(characters):
    drawn = check_box(characters).json["trials"]["random box"][0]
    assert drawn["valid"] < 1
    assert drawn["distinct"] == drawn["valid"] * drawn["evaluations"]


def test_a_spherical_run_on_characters_that_says_nothing_new_ends_with_a_message(tmp_path):
    run = train(tmp_path, "--network", "characters", "--max-rules", 6)
    refused = run_command("bo", "--run", run, "--trials", 1, *TINY_SEARCH, "--jobs", 1)
    assert refused.status == 2
    assert (
        f"the search found no new sentence to score: the texts that {run} decodes to are no "
        f"sentences of {GRAMMARS / 'expr.cfg'}, or among the 60 that it began from; train for "
        "more --epochs, or decode more with --pool"
    ) in refused.err


LONG = ["--trials", 2, "--jobs", 2, "--rounds", 8, *TINY_SEARCH[2:]]


def test_ctrl_c_keeps_what_was_evaluated(run, searched, monkeypatch):
    ask = Search.ask
    with monkeypatch.context() as patch:
        patch.setattr(Search, "ask", lambda self: stop() if self.round else ask(self))
        result = run_command("bo", "--run", run, "--trials", 2, "--jobs", 1, *TINY_SEARCH)
    search = run / "search-001"
    assert result.status == 130
    assert "what was evaluated is kept" in result.err
    assert f"go on with 'grammar-lisa bo --resume {search}'" in result.err
    assert [len(found) for found in evaluations(search)] == [5]
    succeed("bo", "--resume", search, "--jobs", 1)
    assert evaluations(search) == evaluations(searched[0])


def stop():
    raise KeyboardInterrupt


@pytest.mark.parametrize(
    "how",
    [
        *(pytest.param(name, marks=pytest.mark.slow) for name in ("SIGINT", "SIGKILL")),
        "the parent alone",
    ],
)
def test_a_search_side_by_side_survives(trained, tmp_path, how):
    runs = [tmp_path / "cut", tmp_path / "whole"]
    for path in runs:
        shutil.copytree(trained, path)
    words = [sys.executable, "-m", "grammar_lisa", "bo", "--run", runs[0], *LONG]
    process = subprocess.Popen(
        [str(word) for word in words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[3],
        env={**os.environ, "OMP_NUM_THREADS": "1", "COLUMNS": "300"},
        start_new_session=True,
    )
    search = runs[0] / "search-001"
    deadline = time.monotonic() + 120
    while sum(len(found) for found in evaluations_so_far(search)) < 10:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.01)
    if how == "the parent alone":
        process.kill()
    else:
        os.killpg(process.pid, signal.Signals[how])
    _, err = process.communicate(timeout=100)
    if how == "SIGINT":
        assert process.returncode == 130
        assert f"go on with 'grammar-lisa bo --resume {search}'" in err
        assert "Traceback" not in err
    assert not (search / "summary.json").exists()
    succeed("bo", "--resume", search, "--jobs", 1)
    whole = succeed("bo", "--run", runs[1], *LONG, "--jobs", 1, "--json").json["search"]
    assert evaluations(search) == evaluations(Path(whole))


def evaluations_so_far(search):
    return [path.read_text().splitlines()[1:] for path in search.glob("trial-*.jsonl")]
