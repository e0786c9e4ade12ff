import csv
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from command_line import GRAMMARS, TINY_SEARCH, run_command, succeed

from grammar_lisa.benchmark.drawn import drawn_targets
from grammar_lisa.benchmark.targets import SEARCH, folder_of
from grammar_lisa.grammar import load_grammar
from grammar_lisa.models.load import load_model
from grammar_lisa.models.names import TOOL
from grammar_lisa.objectives.targets import SETS, regression_for, target_for
from grammar_lisa.optimize.config import SYSTEMS
from grammar_lisa.optimize.optimizer import Optimizer
from grammar_lisa.optimize.trial_tables import COLUMNS, REACHED
from shared.common.words import counted
from shared.runs.locks import working_in
from shared.runs.run import open_run

TINY = TINY_SEARCH[: TINY_SEARCH.index("--top")]
RANDOM = ["random data", "random grammar", "random sphere"]


def words_of(run, out, *words):
    common = ["--run", run, "--out", out, "--jobs", 1, *TINY]
    return ["benchmark", "targets", *common, *words]


@pytest.fixture(scope="module")
def compared(trained, tmp_path_factory):
    """A benchmark of two targets and two trials; not to be changed."""
    out = tmp_path_factory.mktemp("benchmarks")
    targets = ["--target", "x + 1", "--target", "EXPR-6"]
    result = succeed(*words_of(trained, out, *targets, "--trials", 2, "--json"))
    return Path(result.json["benchmark"]), result


@pytest.fixture
def folder(compared, tmp_path):
    """A copy, to be changed at will."""
    path = tmp_path / compared[0].name
    shutil.copytree(compared[0], path)
    return path


def results(path):
    return json.loads((path / "results.json").read_text())


def evaluations(path, target):
    files = sorted((path / folder_of(target_for(target))).glob("trial-*.jsonl"))
    return [[json.loads(line) for line in f.read_text().splitlines()[1:]] for f in files]


def test_the_files_are_left(compared, trained):
    path, result = compared
    assert path.name == f"targets-{trained.name}"
    assert {each.name for each in path.iterdir()} == {
        *("config.json", "results.json", "targets.md", "targets.csv"),
        *("expr-6", folder_of(target_for("x + 1"))),
    }
    kept = results(path)
    assert list(result.json["targets"]) == ["x + 1", "expr-6"]
    assert [each["target"] for each in kept["targets"]] == ["expr-6", "x + 1"]
    assert kept["environment"]["version"]
    assert kept["settings"]["run"] == str(trained)


def test_rows_tell_what_is_on_record(compared):
    path, _ = compared
    for each in results(path)["targets"]:
        assert list(each["rows"]) == list(each["means"]) == [SEARCH, *RANDOM]
        found = evaluations(path, each["target"])
        for row, trial in zip(each["rows"][SEARCH], found, strict=True):
            sentences = [e["sentence"] for e in trial]
            scores = regression_for(each["formula"])(sentences)
            assert row["evaluations"] == len(trial) <= 10
            assert row["best"] == pytest.approx(scores.min())
            assert row["sentence"] == sentences[int(scores.argmin())]
            assert row["distinct"] == len(set(sentences))
        for name in RANDOM:
            assert len(each["rows"][name]) == 2
            assert all(0 < row["evaluations"] <= 10 for row in each["rows"][name])


def test_trials_are_those_of_bo(run, compared, tmp_path):
    words = ["--trials", 1, "--target", "expr-6", "--jobs", 1, *TINY_SEARCH, "--json"]
    search = Path(succeed("bo", "--run", run, *words).json["search"])
    lines = (search / "trial-01.jsonl").read_text().splitlines()
    assert [json.loads(line) for line in lines[1:]] == evaluations(compared[0], "expr-6")[0]


def test_what_equals_a_target_is_left_out_and_reported(compared):
    path, result = compared
    rows = {each["target"]: each for each in results(path)["targets"]}
    left_out = rows["x + 1"]["left_out"]
    assert left_out["equal"] > 0
    assert rows["x + 1"]["seen_by_the_network"] == sum(left_out.values())
    assert f"x + 1: clean protocol: left out {counted(left_out['equal'], 'sentence')}" in result.err
    for row in rows["x + 1"]["rows"]["random data"]:
        assert row["best"] >= 0.11
        assert row["recovered"] is None
    table = (path / "targets.md").read_text()
    seen = rows["x + 1"]["seen_by_the_network"]
    assert f"trained on sentences left out of 1 of 2 targets: x + 1 {seen}." in table


def test_what_is_recovered_equals_the_target_elsewhere(compared):
    path, _ = compared
    x = np.random.default_rng(5).uniform(-10, 10, 50)
    rows = {each["target"]: each for each in results(path)["targets"]}
    drawn = [row for name in RANDOM[1:] for row in rows["x + 1"]["rows"][name]]
    found = [*rows["x + 1"]["rows"][SEARCH], *drawn]
    for row in found:
        assert (row["recovered"] is None) == (row["reached"]["≤ 1e-09"] is None)
        if row["recovered"] is not None:
            value = eval(row["sentence"], {"sin": np.sin, "exp": np.exp}, {"x": x})
            np.testing.assert_allclose(value, x + 1)
    recovered = [row["recovered"] for row in rows["x + 1"]["rows"][SEARCH]]
    told = rows["x + 1"]["means"][SEARCH]["recovered"]
    assert told["trials"] == sum(each is not None for each in recovered)


def test_the_tables_hold_every_row(compared):
    path, _ = compared
    with (path / "targets.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 2 * 4 * 2
    for row in rows:
        assert {*COLUMNS, *REACHED, "recovered", "sentence"} <= row.keys()
    table = (path / "targets.md").read_text().splitlines()
    assert sum(line.startswith(("| x + 1 | ", "| expr-6 | ")) for line in table) == 2 * 4 + 2
    assert len({line.count("|") for line in table[:10]}) == 1
    assert any(line.startswith("- search: recovered in ") for line in table)


def test_text_output_shows_table_and_totals(folder, trained):
    words = words_of(trained, folder.parent, "--target", "expr-6", "--trials", 2)
    out = succeed(*words, "--quiet").out
    assert "searched for 2 targets" in out
    assert "random grammar: recovered in 0 of" in out


def test_done_targets_are_not_searched_again(folder, trained, monkeypatch):
    monkeypatch.setattr(Optimizer, "ask", lambda self: pytest.fail("a search asked"))
    before = results(folder)["targets"]
    words = words_of(trained, folder.parent, "--target", "x + 1", "--trials", 2)
    succeed(*words)
    assert results(folder)["targets"] == before


def test_more_trials_and_targets_are_added(folder, trained):
    before = evaluations(folder, "expr-6")
    words = words_of(trained, folder.parent, "--target", "expr-6", "--target", "x*x + 3")
    succeed(*words, "--trials", 3)
    assert evaluations(folder, "expr-6")[:2] == before
    trials = {each["target"]: each["trials"] for each in results(folder)["targets"]}
    assert trials == {"expr-6": 3, "x + 1": 2, "x*x + 3": 3}


def test_ctrl_c_keeps_what_was_evaluated(trained, tmp_path, compared, monkeypatch):
    ask = Optimizer.ask
    words = words_of(trained, tmp_path, "--target", "expr-6", "--trials", 2)
    with monkeypatch.context() as patch:
        patch.setattr(Optimizer, "ask", lambda self: stop() if self.round else ask(self))
        result = run_command(*words)
    assert result.status == 130
    assert "go on with the same 'grammar-lisa benchmark targets' command" in result.err
    path = tmp_path / compared[0].name
    assert [len(trial) for trial in evaluations(path, "expr-6")] == [5]
    assert not (path / "results.json").exists()
    succeed(*words)
    assert evaluations(path, "expr-6") == evaluations(compared[0], "expr-6")


def stop():
    raise KeyboardInterrupt


def test_a_set_names_its_targets(trained, tmp_path, monkeypatch):
    asked = []

    def search(self, target, **_):
        asked.append(target.name)
        raise KeyboardInterrupt

    monkeypatch.setattr("grammar_lisa.benchmark.targets.TargetBenchmark.search", search)
    for words in (["--suite", "Nguyen"], []):
        assert run_command(*words_of(trained, tmp_path, *words)).status == 130
    assert asked == ["nguyen-1", SETS["expr"][0]]


def test_targets_are_drawn_from_the_grammar_of_the_run(trained, tmp_path):
    found = succeed(*words_of(trained, tmp_path, "--drawn", 2, "--trials", 1, "--json")).json
    points = {"x": np.linspace(-10, 10, 1000)}
    rules = load_model(open_run(trained, TOOL)).architecture.max_rules
    assert list(found["targets"]) == drawn_targets(
        load_grammar(GRAMMARS / "expr.cfg"), rules, points, 2, 0
    )


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--suite", "nguyne"], "there is no set of targets 'nguyne'; did you mean 'nguyen'?"),
        (["--target", "livermore-23"], "livermore-23 names no target; did you mean livermore-"),
        (["--target", "1/x + log(x)"], "choose a range on which it is finite"),
        (["--target", "z + 1"], "unknown variable z"),
        (["--system", "lsia"], "there is no system 'lsia'; did you mean 'lisa'?"),
        (["--trials", "0"], "--trials must be from 1 to 1,000, not 0"),
        (["--drawn", "-1"], "--drawn must be from 0 to 10,000, not -1"),
        (["--name", "a/b"], "--name must be the name of a folder"),
        (["--rounds", "9999", "--batch", "9999"], "evaluations a trial; ask for fewer"),
    ],
)
def test_what_makes_no_sense_is_refused(trained, tmp_path, words, message):
    said = run_command(*words_of(trained, tmp_path), *words)
    assert said.status == 2
    assert message in said.said
    assert not list(tmp_path.glob("*/*.jsonl"))


@pytest.mark.parametrize(
    ("words", "difference"),
    [
        (["--seed", 1], "seed 0 → 1"),
        (["--black-box"], "black_box False → True"),
        (["--system", "evolution"], f"acquisition {SYSTEMS['lisa'].acquisition} → random"),
        (["--n-initial", 50], "n_initial 60 → 50"),
    ],
)
def test_another_protocol_needs_another_folder(folder, trained, words, difference):
    said = run_command(*words_of(trained, folder.parent, "--target", "expr-6", *words)).said
    assert "was made with other settings: " in said
    assert difference in said


@pytest.mark.parametrize("words", [[], ["--black-box"]])
def test_what_searches_see_is_on_record(trained, tmp_path, words):
    words = words_of(trained, tmp_path, "--target", "expr-6", "--trials", 1, *words)
    succeed(*words, "--rounds", 1)
    (path,) = tmp_path.rglob("trial-01.jsonl")
    assert json.loads(path.read_text().splitlines()[0])["black_box"] is ("--black-box" in words)
    seen = "scores alone" if "--black-box" in words else "the outputs of expressions"
    assert f"and see {seen}." in next(tmp_path.glob("*/targets.md")).read_text()


def test_one_process_at_a_time_works_in_a_folder(folder, trained):
    with working_in(folder):
        said = run_command(*words_of(trained, folder.parent, "--target", "expr-6"))
    assert said.status == 2
    assert "another process is working in" in said.said


def test_damaged_results_are_named(folder, trained):
    (folder / "expr-6" / "results.json").write_text("{}")
    said = run_command(*words_of(trained, folder.parent, "--target", "expr-6"))
    assert said.status == 2
    assert "expr-6/results.json holds no results of 'grammar-lisa benchmark targets'" in said.said
