"""Searches whose sentences are scored by the user's own code."""

import json
import sys
from pathlib import Path

import pytest
from command_line import GRAMMARS, TINY_SEARCH, killed, run_command, succeed, train
from test_bo import evaluations, hall_of_fame, training_sentences
from tools import die

from grammar_lisa.models.names import TOOL
from grammar_lisa.optimize.hall_of_fame import INITIAL_DESIGN
from grammar_lisa.optimize.history import History
from grammar_lisa.optimize.optimizer import Optimizer
from shared.runs.run import open_run

SEARCH = [word for word in TINY_SEARCH if word not in ("--n-initial", "60")]
MODULE = """
from pathlib import Path

def lengths(sentence):
    with Path("calls").open("a") as file:
        file.write(sentence + "\\n")
    return abs(len(sentence) - 4)

def moody(sentence):
    if "sin" in sentence:
        raise ValueError("no sines")
    return float("nan") if "exp" in sentence else len(sentence)

def hopeless(sentence):
    raise RuntimeError("never")
"""


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A working directory with a module of functions."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "scoring_functions.py").write_text(MODULE)
    yield tmp_path
    sys.modules.pop("scoring_functions", None)


def bo(run, *words):
    result = succeed("bo", "--run", run, *SEARCH, "--jobs", 1, "--json", *words)
    return Path(result.json["search"]), result


def initial(search):
    return [json.loads(line) for line in (search / "initial.jsonl").read_text().splitlines()[1:]]


def calls(here):
    return (here / "calls").read_text().splitlines()


def test_a_function_scores_sentences(run, here):
    search, result = bo(run, "--objective", "scoring_functions:lengths", "--n-initial", 8)
    first, (found,) = initial(search), evaluations(search)
    assert len(first) == 8
    assert {e["round"] for e in first} == {0}
    assert {e["sentence"] for e in first} <= training_sentences(run)
    assert [e["round"] for e in found] == [1] * 5 + [2] * 5
    assert calls(here) == [e["sentence"] for e in first + found]
    assert all(e["score"] == abs(len(e["sentence"]) - 4) for e in first + found)
    assert result.json["sees"] == "scores alone"
    assert result.json["target"] == "scoring_functions:lengths"
    assert result.json["scored_to_begin_with"] == 8
    assert list(result.json["trials"]) == ["search"]
    (row,) = result.json["trials"]["search"]
    assert row["start"] == min(e["score"] for e in first)
    assert row["best"] == min(e["score"] for e in found)
    assert row["reached"] == {}
    assert "scored to begin with: 8 sentences" in result.err
    assert "1 trial from 8 known sentences" in result.err
    names = {path.name for path in search.iterdir()}
    assert names == {
        *("config.json", "summary.json", "hall_of_fame.csv", "convergence.png"),
        *("initial.jsonl", "trial-01.jsonl"),
    }


def test_what_is_reported_of_it(run, here):
    search, _ = bo(run, "--objective", "scoring_functions:lengths", "--n-initial", 8)
    rows = hall_of_fame(search)
    every = {e["sentence"]: e["score"] for e in initial(search) + evaluations(search)[0]}
    assert {row["sentence"]: float(row["score"]) for row in rows} == every
    assert [float(row["score"]) for row in rows] == sorted(every.values())
    for row in rows:
        assert (row["trial"] == INITIAL_DESIGN) == (
            row["sentence"] in {e["sentence"] for e in initial(search)}
        )
        assert (row["r2"], row["simplified"], row["latex"]) == ("", "", "")
    out = succeed("bo", "--resume", search, "--jobs", 1, "--quiet").out
    assert "which saw scores alone; scored to begin with: 8 sentences" in out
    assert "best sentences" in out
    assert "LaTeX" not in out
    assert "could not be scored" not in out
    assert calls(here) == list(every)


def test_failures_are_kept_and_reported(run, here):
    search, result = bo(run, "--objective", "scoring_functions:moody", "--n-initial", 30)
    every = initial(search) + evaluations(search)[0]
    failed = [e for e in every if e["score"] is None]
    assert {e["failure"] for e in failed} == {
        "ValueError: no sines",
        "returned nan, which is no finite number",
    }
    said = result.json["failures"]
    assert said.startswith(f"{len(failed)} of {len(every)} sentences could not be scored: ")
    assert "ValueError: no sines (as '" in said
    out = succeed("bo", "--resume", search, "--jobs", 1).out
    assert said in out
    assert result.json["best"][0]["score"] == min(e["score"] for e in every if e["score"])


def test_fifty_sentences_and_one_trial_are_the_default(run, here):
    search, result = bo(run, "--objective", "scoring_functions:lengths", "--rounds", 1)
    assert len(initial(search)) == result.json["scored_to_begin_with"] == 50
    assert len(evaluations(search)) == 1
    recorded = json.loads((search / "config.json").read_text())["options"]
    assert (recorded["trials"], recorded["n_initial"]) == (1, 50)


def test_all_trials_begin_from_the_same_sentences(run, here):
    words = ("--objective", "scoring_functions:lengths", "--n-initial", 6, "--trials", 2)
    search, result = bo(run, *words)
    first, second = evaluations(search)
    assert first != second
    assert len(calls(here)) == 6 + 20
    starts = {row["start"] for row in result.json["trials"]["search"]}
    assert starts == {min(e["score"] for e in initial(search))}


def test_a_search_that_nothing_can_be_scored_in_says_why(run, here):
    refused = run_command(
        *("bo", "--run", run, *SEARCH, "--jobs", 1, "--n-initial", 5),
        *("--objective", "scoring_functions:hopeless"),
    )
    assert refused.status == 2
    assert (
        "a search begins from at least 2 scored sentences, not 0: 5 of 5 sentences could not be "
        "scored: 5 × RuntimeError: never (as '"
    ) in refused.err


@pytest.mark.parametrize("done", [0, 3, 8, 12])
def test_a_search_goes_on_without_scoring_anything_again(run, here, done):
    own = ["--n-initial", 8, "--objective", "scoring_functions:lengths"]
    words = ["bo", "--run", run, *SEARCH, "--jobs", 1, *own]
    straight, _ = bo(run, *own)
    expected = calls(here)
    (here / "calls").unlink()

    def spoil():
        append, count = History.append, [0]

        def torn(self, evaluations):
            count[0] += 1
            append(self, evaluations) if count[0] <= done else die()

        History.append = torn

    killed(words, spoil)
    assert len(calls(here)) == done + 1  # the last was scored, and not kept
    (here / "calls").unlink()
    search = run / "search-002"
    succeed("bo", "--resume", search, "--jobs", 1)
    assert calls(here) == expected[done:]
    for name in ("initial.jsonl", "trial-01.jsonl", "summary.json", "hall_of_fame.csv"):
        assert (search / name).read_bytes() == (straight / name).read_bytes()


def test_ctrl_c_in_the_initial_design_says_how_to_go_on(run, here):
    (here / "scoring_functions.py").write_text(
        "def stopping(sentence, n=[0]):\n    n[0] += 1\n"
        "    if n[0] == 4:\n        raise KeyboardInterrupt\n    return len(sentence)\n"
    )
    words = ("bo", "--run", run, *SEARCH, "--jobs", 1, "--n-initial", 8)
    result = run_command(*words, "--objective", "scoring_functions:stopping")
    assert result.status == 130
    assert f"go on with 'grammar-lisa bo --resume {run / 'search-001'}'" in result.err
    assert len(initial(run / "search-001")) == 3


def test_random_sentences_are_scored_on_request_and_once(run, here):
    words = ("--objective", "scoring_functions:lengths", "--n-initial", 6, "--controls", "yes")
    search, result = bo(run, *words)
    names = ["random data", "random grammar", "random sphere"]
    assert list(result.json["trials"]) == ["search", *names]
    for name in names:
        file = search / f"{name.replace(' ', '-')}-01.jsonl"
        kept = [json.loads(line) for line in file.read_text().splitlines()[1:]]
        assert len(kept) == 10
        assert result.json["trials"][name][0]["best"] == min(e["score"] for e in kept)
    assert len(calls(here)) == 6 + 10 + 30
    again = succeed("bo", "--resume", search, "--jobs", 1, "--json")
    assert again.json == result.json
    assert len(calls(here)) == 6 + 10 + 30


def test_random_sentences_can_be_left_away(run):
    result = succeed(
        *("bo", "--run", run, *TINY_SEARCH, "--trials", 1, "--jobs", 1, "--json"),
        *("--controls", "no"),
    )
    assert list(result.json["trials"]) == ["search"]
    assert Path(result.json["search"], "convergence.png").is_file()


def test_a_command_scores_sentences_of_any_grammar(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run = train(tmp_path, "--grammar", GRAMMARS / "json.cfg", "--max-rules", 20)
    (tmp_path / "prog.py").write_text("import sys; print('length', len(sys.argv[1]))\n")
    command = f"{sys.executable} prog.py {{sentence}}"
    words = ("--command", command, "--n-initial", 5, "--rounds", 1, "--seconds-each", 200)
    search, result = bo(run, *words)
    every = initial(search) + evaluations(search)[0]
    assert len(every) == 10
    assert all(e["score"] == len(e["sentence"]) for e in every)
    assert result.json["target"] == command
    assert result.json["failures"] == ""


def test_sentences_that_are_equal_by_algebra_are_different_texts(run, here, monkeypatch):
    language = []
    start = Optimizer.__init__

    def seen(self, reader, *rest, **named):
        language.append(str(reader.language))
        start(self, reader, *rest, **named)

    monkeypatch.setattr(Optimizer, "__init__", seen)
    search, _ = bo(run, "--objective", "scoring_functions:lengths", "--n-initial", 6)
    assert language == ["sentences"]
    assert open_run(search, f"{TOOL} bo").config["left_out"] == "nothing was left out"
