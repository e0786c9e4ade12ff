import csv
import json
import os
import shutil
import signal
import sys
from pathlib import Path

import numpy as np
import pytest
from command_line import GRAMMARS, TINY_SEARCH, run_command, succeed, train
from light_reports import whole_fits
from tools import finish, started, wait_for

from grammar_lisa.expressions.evaluation import evaluate
from grammar_lisa.grammar import load_grammar
from grammar_lisa.grammar.text import derivations_to_texts
from grammar_lisa.models.names import TOOL
from grammar_lisa.models.run import read_data
from grammar_lisa.objectives.targets import regression_for
from grammar_lisa.optimize.config import SYSTEMS
from grammar_lisa.optimize.hall_of_fame import INITIAL_DESIGN
from grammar_lisa.optimize.optimizer import Optimizer
from shared.common.words import counted
from shared.runs.run import open_run

ROWS = ["search", "random data", "random grammar", "random sphere"]
PNG = b"\x89PNG\r\n\x1a\n"


def evaluations(search):
    """What each trial kept."""
    return [
        [json.loads(line) for line in path.read_text().splitlines()[1:]]
        for path in sorted(search.glob("trial-*.jsonl"))
    ]


def training_sentences(run):
    grammar = load_grammar(run / "grammar.cfg")
    return set(derivations_to_texts(grammar, read_data(open_run(run, TOOL)).train))


def hall_of_fame(search):
    with (search / "hall_of_fame.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def bo(run, *words):
    """Search in this process, and give the folder and the JSON object."""
    result = succeed("bo", "--run", run, "--trials", 1, *TINY_SEARCH, "--jobs", 1, "--json", *words)
    return Path(result.json["search"]), result


def test_the_tables_show_the_system_and_the_random_rows(searched):
    out = succeed("bo", "--resume", searched[0], "--jobs", 1, "--quiet").out
    assert "trials of lisa (changed), which saw outputs, and evaluations until" in out
    table = out[out.index("mean ± deviation") :]
    assert all(f" {row} " in table for row in ["lisa (changed)", *ROWS[1:]])
    assert " start " in table
    assert "best expressions" in out
    assert "LaTeX of the best: " in out


def test_one_line_says_what_is_about_to_search(searched):
    said = searched[1].err.splitlines()
    (line,) = [line for line in said if "known sentences" in line]
    assert said.index(line) == said.index(f"search: {searched[0]}") + 1
    system = SYSTEMS["lisa"]
    assert line.startswith("lisa with pool 300, ")
    assert "candidates 40" in line
    assert (
        f"proposals perturbation {system.perturbation:g}, interpolation {system.interpolation:g}"
        in line
    )
    kernels = ", ".join(system.kernels)
    assert f"kernel on {kernels}; {system.acquisition}; batches of 5; it sees outputs" in line
    starts = [row["start"] for row in searched[1].json["trials"]["search"]]
    assert line.endswith(
        "2 trials from 60 known sentences, the best of which scores " + f"{min(starts):.4g}"
    )


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
    assert (result.json["system"], result.json["sees"]) == ("lisa", "outputs")
    assert (result.json["changed"], result.json["scored_to_begin_with"]) == (True, 0)
    assert result.json["failures"] == ""
    for row, found in zip(result.json["trials"]["search"], trials, strict=True):
        scores = [e["score"] for e in found]
        assert np.allclose(scores, objective([e["sentence"] for e in found]))
        assert row["evaluations"] == len(found) == 10
        assert row["distinct"] == 10
        assert row["valid"] == 1
        assert row["best"] == min(scores)
        assert row["start"] > 0.11
        assert [e["round"] for e in found] == [1] * 5 + [2] * 5
    for name in ROWS:
        assert all(row["evaluations"] == 10 for row in result.json["trials"][name])
        bests = [row["best"] for row in result.json["trials"][name]]
        assert result.json["means"][name]["best"] == pytest.approx(np.mean(bests))


def test_the_hall_of_fame_is_sorted_and_says_where_each_comes_from(searched):
    search, result = searched
    rows = hall_of_fame(search)
    trials = evaluations(search)
    scores = [float(row["score"]) for row in rows]
    assert scores == sorted(set(scores))
    known = training_sentences(search.parent)
    for row in rows:
        if row["trial"] == INITIAL_DESIGN:
            assert row["evaluation"] == ""
            assert row["sentence"] in known
        else:
            found = trials[int(row["trial"]) - 1][int(row["evaluation"]) - 1]
            assert (found["sentence"], found["score"]) == (row["sentence"], float(row["score"]))
    assert {row["trial"] for row in rows} >= {"1", "2", INITIAL_DESIGN}
    starts = {float(row["score"]) for row in rows if row["trial"] == INITIAL_DESIGN}
    assert {round(row["start"], 9) for row in result.json["trials"]["search"]} <= {
        round(start, 9) for start in starts
    }
    best = min(min(e["score"] for trial in trials for e in trial), min(starts))
    assert scores[0] == best == result.json["best"][0]["score"]
    assert [int(row["rank"]) for row in rows] == list(range(1, len(rows) + 1))
    assert [entry["sentence"] for entry in result.json["best"]] == [
        row["sentence"] for row in rows[:3]
    ]


def test_r_squared_stands_beside_the_score(searched):
    objective = regression_for("kusner")
    for row in hall_of_fame(searched[0]):
        values = evaluate([row["sentence"]], objective.data)[0]
        residual = ((values - objective.y) ** 2).sum()
        expected = 1 - residual / ((objective.y - objective.y.mean()) ** 2).sum()
        assert float(row["r2"] or "nan") == pytest.approx(expected, nan_ok=True)


def test_what_was_known_at_the_start_is_the_best_where_nothing_beats_it(run):
    """With the target among what is known, no evaluation can do better."""
    words = ("--target", "x + 1", "--n-initial", 10_000, "--decontaminate", "no", "--black-box")
    search, result = bo(run, *words, "--pool", 6000)
    best = result.json["best"][0]
    assert best["score"] <= 1e-9
    assert best["r2"] == pytest.approx(1)
    assert (best["known_at_start"], best["trial"], best["evaluation"]) == (True, None, None)
    assert best["sentence"] in training_sentences(run)
    (row,) = result.json["trials"]["search"]
    assert row["start"] <= 1e-9 < row["best"] == min(e["score"] for e in evaluations(search)[0])
    assert row["reached"]["≤ 1e-09"] is None
    assert hall_of_fame(search)[0]["trial"] == INITIAL_DESIGN
    out = succeed("bo", "--resume", search, "--jobs", 1, "--quiet").out
    (line,) = [line for line in out.splitlines() if f" {best['sentence']} " in line]
    assert INITIAL_DESIGN in line
    assert out.count(INITIAL_DESIGN) >= 2


def test_nothing_is_evaluated_twice(searched):
    for found in evaluations(searched[0]):
        sentences = [e["sentence"] for e in found]
        assert len(set(sentences)) == len(sentences)


def test_nothing_known_is_evaluated(run):
    search, _ = bo(run, "--n-initial", 10_000, "--pool", 6000)
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
def test_side_by_side_gives_the_same(run):
    with whole_fits():
        alone, _ = bo(run, "--trials", 2)
        search, _ = bo(run, "--trials", 2, "--jobs", 2)
    assert evaluations(search) == evaluations(alone)


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


def test_what_equals_the_target_is_left_out(run):
    known = training_sentences(run)
    equal = regression_for("x + 1")(sorted(known)) <= 1e-9
    assert equal.any()
    search, result = bo(run, "--target", "x + 1")
    left_out = result.json["left_out"]
    assert left_out["equal"] == equal.sum()
    equal = counted(left_out["equal"], "sentence")
    said = f"left out {equal} equal to the target and {left_out['near']}"
    assert said in result.err
    assert "the network was trained on these" in result.err
    header = json.loads((search / "trial-01.jsonl").read_text().splitlines()[0])
    assert header["n_initial"] == 60


def test_sentences_left_out_are_no_start_of_a_trial(run):
    kept = len(training_sentences(run))
    _, result = bo(run, "--target", "x + 1", "--n-initial", 10_000, "--pool", 6000)
    left_out = sum(result.json["left_out"].values())
    search = Path(result.json["search"])
    header = json.loads((search / "trial-01.jsonl").read_text().splitlines()[0])
    assert header["n_initial"] == kept - left_out
    search, result = bo(
        run, "--target", "x + 1", "--n-initial", 10_000, "--pool", 6000, "--decontaminate", "no"
    )
    header = json.loads((search / "trial-01.jsonl").read_text().splitlines()[0])
    assert header["n_initial"] == kept
    assert result.json["left_out"] == {"equal": 0, "near": 0}
    assert "nothing was left out" in result.err


def test_a_search_sees_outputs_or_scores_alone(run, searched):
    search, result = bo(run, "--black-box", "--trials", 2)
    assert result.json["sees"] == "scores alone"
    assert "it sees scores alone; 2 trials" in result.err
    assert evaluations(search) != evaluations(searched[0])
    header = json.loads((search / "trial-01.jsonl").read_text().splitlines()[0])
    assert header["black_box"] is True
    again = succeed("bo", "--resume", search, "--jobs", 1)
    assert "trials of lisa (changed), which saw scores alone" in again.out


@pytest.mark.parametrize("system", ["evolution", "random-space", "turbo"])
def test_a_system_by_its_name(run, system):
    words = ["--run", run, "--trials", 1, "--jobs", 1, "--system", system, "--n-initial", 60]
    words += ["--rounds", 2, "--batch", 5, "--top", 3]
    if system == "turbo":
        words += ["--no-trust-region", "--pool", 300, "--kernel", "structure"]
    result = succeed("bo", *words, "--json")
    search = Path(result.json["search"])
    assert result.json["system"] == system
    assert result.json["changed"] == (system == "turbo")
    config = json.loads((search / "trial-01.jsonl").read_text().splitlines()[0])["config"]
    own = SYSTEMS[system]
    assert (config["space"], config["perturbation"], config["rounds"]) == (
        own.space,
        own.perturbation,
        2,
    )
    if system == "turbo":
        assert (config["trust_region"], config["kernel"]) == (False, "structure")
        assert "turbo with " in result.err
        assert "trust_region False" in result.err
        assert "random box" in result.json["trials"]
    else:
        assert config["acquisition"] == "random"
        assert f"{system}: proposals" in result.err
    found = evaluations(search)
    assert len(found[0]) == 10
    (search / "trial-01.jsonl").unlink()
    succeed("bo", "--resume", search, "--jobs", 1)
    assert evaluations(search) == found


def test_an_unknown_system_is_refused_with_the_list(run):
    refused = run_command("bo", "--run", run, "--system", "turbos")
    assert refused.status == 2
    assert "there is no system 'turbos'; did you mean 'turbo'?" in refused.err
    assert all(name in refused.err for name in SYSTEMS)
    assert not list(run.glob("search-*"))


def test_the_help_names_every_system_and_shows_its_defaults():
    shown = " ".join(run_command("bo", "--help").out.split())
    options = shown[shown.index("--system") : shown.index("--black-box")]
    assert all(name in options for name in SYSTEMS)
    turbo = run_command("bo", "--system", "turbo", "--help").out
    assert "--no-trust-region" in turbo
    assert "(default: box)" in turbo


def test_a_named_target(run):
    search, result = bo(run, "--target", "nguyen-8")
    assert result.json["target"] == "nguyen-8"
    assert json.loads((search / "config.json").read_text())["options"]["target"] == "nguyen-8"


def test_targets_of_two_variables(tmp_path, drawn):
    run = train(tmp_path, "--grammar", GRAMMARS / "koza.cfg", "--max-rules", 12)
    search, _ = bo(run, "--target", "x*y*y+sin(x)/y")
    assert len(evaluations(search)[0]) == 10
    assert (search / "best.png").read_bytes().startswith(PNG)


def test_other_languages_cannot_be_searched(tmp_path):
    run = train(tmp_path, "--grammar", GRAMMARS / "json.cfg", "--max-rules", 20)
    refused = run_command("bo", "--run", run)
    assert refused.status == 2
    assert "can be scored: they are no expressions in x, such as this one: {" in refused.err
    assert not list(run.glob("search-*"))


def test_a_language_that_runs_out_ends_gracefully(tmp_path):
    run = train(tmp_path, "--max-rules", 4, "--count", 40, "--epochs", 30, "--batch-size", 10)
    _, result = bo(run, "--rounds", 40, "--n-initial", 20)
    assert 0 < result.json["trials"]["search"][0]["evaluations"] <= 44
    assert result.json["trials"]["random grammar"][0]["evaluations"] == 64
    assert result.json["trials"]["random sphere"][0]["evaluations"] <= 64


def test_constant_scores_do_not_stop_a_search(run):
    search, _ = bo(run, "--target", "1000000000", "--decontaminate", "no")
    assert len(evaluations(search)[0]) == 10


def test_tables_are_left_to_fit(run, tmp_path):
    (tmp_path / "data.csv").write_text("x,y\n1,2\n")
    for words in (["--csv", tmp_path / "data.csv"], ["--y", "y"]):
        refused = run_command("bo", "--run", run, *words)
        assert refused.status == 2
        assert "'grammar-lisa fit TABLE' finds the formula" in refused.said


def check_box(run):
    """Search a run, in one go and stopped after a round, and give the result."""
    search, result = bo(run, "--pool", 2000)
    found = evaluations(search)
    assert list(result.json["trials"]) == [*ROWS[:3], "random box"]
    assert 0 < len(found[0]) <= 10
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


def test_a_run_on_characters_is_searched_for_sentences(characters, tmp_path):
    run = tmp_path / "run"
    shutil.copytree(characters, run)
    drawn = check_box(run).json["trials"]["random box"][0]
    assert drawn["valid"] < 1
    assert drawn["distinct"] == drawn["valid"] * drawn["evaluations"]


@pytest.mark.slow
def test_a_spherical_run_on_characters_that_says_nothing_new_ends_with_a_message(tmp_path):
    run = train(tmp_path, "--network", "characters", "--max-rules", 6)
    words = ["--run", run, "--trials", 1, *TINY_SEARCH, "--jobs", 1]
    refused = run_command("bo", *words, "--system", "latent")
    assert refused.status == 2
    assert (
        f"the search found no new sentence to score: the texts that {run} decodes to are no "
        f"sentences of {GRAMMARS / 'expr.cfg'}, or among the 60 that it began from; train for "
        "more --epochs, or decode more with --pool"
    ) in refused.err
    succeed("bo", *words)


def test_ctrl_c_keeps_what_was_evaluated(run, searched, monkeypatch):
    ask = Optimizer.ask
    with monkeypatch.context() as patch:
        patch.setattr(Optimizer, "ask", lambda self: stop() if self.round else ask(self))
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


@pytest.mark.slow
@pytest.mark.parametrize("how", ["SIGINT", "SIGKILL", "the parent alone"])
def test_a_search_side_by_side_survives(run, searched, how):
    """Killed somewhere in the second and last round, which never ends."""
    words = ("bo", "--run", run, "--trials", 2, "--jobs", 2, *TINY_SEARCH)
    search = run / "search-001"
    with started(sys.executable, "-c", ENDLESS, *words) as process:
        wait_for(lambda: all(len(lines) > 5 for lines in lines_so_far(search)), process)
        if how == "the parent alone":
            process.kill()
        else:
            os.killpg(process.pid, signal.Signals[how])
        result = finish(process)
    if how == "SIGINT":
        assert result.status == 130
        assert f"go on with 'grammar-lisa bo --resume {search}'" in result.err
        assert "Traceback" not in result.err
    assert not (search / "summary.json").exists()
    succeed("bo", "--resume", search, "--jobs", 1)
    assert evaluations(search) == evaluations(searched[0])


ENDLESS = """
import sys
import grammar_lisa.optimize.trials
from grammar_lisa.cli import main

def without_end(objective, trial):
    import time
    from light_reports import short_fits
    from grammar_lisa.optimize.history import History
    from grammar_lisa.optimize.trials import run_trial

    append = History.append

    def held(self, evaluations):
        while len(self.evaluations) + len(evaluations) > 9:
            time.sleep(0.01)
        append(self, evaluations)

    History.append = held
    with short_fits():
        return run_trial(trial, objective)

grammar_lisa.optimize.trials._trial_of = without_end
sys.exit(main(sys.argv[1:]))
"""
"""A command line whose trials stay before their tenth evaluation, in whatever process."""


def lines_so_far(search):
    """Those of the histories of two trials, the headers among them."""
    histories = [search / f"trial-{number:02d}.jsonl" for number in (1, 2)]
    return [path.read_text().splitlines() if path.exists() else [] for path in histories]
