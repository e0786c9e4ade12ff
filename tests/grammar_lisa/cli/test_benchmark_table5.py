"""The comparison of Table 5, from the command line to its tables."""

import csv
import dataclasses
import json
import math
import os
import statistics
from pathlib import Path

import numpy as np
import pytest
import tools
from command_line import EXPR, TOOL, killed, run_command, succeed
from light_reports import whole_fits
from tools import at_step, die

import grammar_lisa.benchmark.jobs as work
from grammar_lisa.benchmark import table5
from grammar_lisa.benchmark.table5_rows import mean_and_error
from grammar_lisa.benchmark.table5_systems import (
    ALL_NETWORKS,
    ENTRIES,
    TABLE5_PROTOCOLS,
    TABLE5_SYSTEMS,
    entries_of,
)
from grammar_lisa.cli.options.benchmark_table5 import default_options
from grammar_lisa.expressions.evaluation import evaluate
from grammar_lisa.grammar import load_grammar
from grammar_lisa.grammar.sampling import sample_uniform
from grammar_lisa.grammar.text import derivations_to_texts
from grammar_lisa.models.load import load_model
from grammar_lisa.models.names import TOOL as TRAINED
from grammar_lisa.models.run import read_data
from grammar_lisa.objectives.decontamination import Decontamination
from grammar_lisa.objectives.targets import regression_for
from grammar_lisa.optimize import baselines
from grammar_lisa.optimize.config import SearchConfig, TrialSettings
from grammar_lisa.optimize.history import History
from grammar_lisa.optimize.problem import SearchProblem
from grammar_lisa.optimize.trials import run_trial
from grammar_lisa.training.config import TrainConfig
from shared.cli.records import chosen_names
from shared.common.errors import LisaError
from shared.jobs import jobs as shared_jobs
from shared.methods.registry import METHODS
from shared.runs.files import read_json
from shared.runs.locks import working_in
from shared.runs.run import open_run

SCALE = (
    *("--count", 150, "--held-out", 20, "--dim", 6, "--epochs", 2, "--characters-epochs", 1),
    *("--kusner-epochs", 1, "--max-rules", 14, "--rounds", 2, "--batch", 5, "--pool", 200),
    *("--candidates", 40, "--fit-points", 40, "--parents", 20, "--jobs", 1),
)
TINY = ("benchmark", "table5", "--grammar", EXPR, *SCALE, "--trials", 2, "--n-initial", 40)
CLEAN = (*TINY, "--protocol", "clean", "--n-initial", "30,60")
LISA = (*TINY, "--protocol", "clean", "--systems", "g-lisa")
ANSWERS = ["1/3+x+sin(x*x)", "x+1/3+sin(x*x)"]
NEAR = ["x+sin(x*x)"]
OBJECTIVE = regression_for("kusner")


@pytest.fixture(scope="module", autouse=True)
def _few_points():
    """Random points in small numbers: a network that learnt nothing decodes many in vain."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(work, "_POINTS", 50)
        patch.setattr(baselines, "_BATCH", 20)
        patch.setattr(table5, "_DRAWS", 20)
        yield


@pytest.fixture(scope="module")
def lines(tmp_path_factory):
    """A file of sentences that holds the answer twice and a near one."""
    drawn = sample_uniform(load_grammar(EXPR), 190, 14, 3, distinct=True)
    texts = derivations_to_texts(load_grammar(EXPR), drawn)
    path = tmp_path_factory.mktemp("lines") / "lines.txt"
    path.write_text("\n".join([*texts, *ANSWERS, *NEAR]))
    return path


@pytest.fixture(scope="module")
def compared(tmp_path_factory):
    """A comparison by the clean protocol and what it said; not to be changed."""
    out = tmp_path_factory.mktemp("benchmarks")
    said = succeed(*CLEAN, "--systems", "GVAE,cvae,G-LISA", "--out", out, "--json")
    return out / "table5-clean", said


def content(folder, pattern):
    return {path: path.read_bytes() for path in sorted(folder.rglob(pattern))}


def evaluations(path):
    return [json.loads(line) for line in path.read_text().splitlines()[1:]]


def refused(*words):
    """The one message of a command that cannot be served."""
    return " ".join(TOOL.refusal(*words).split()).removeprefix("error: ")


def row_of(folder, **keys):
    rows = read_json(folder / "results.json")["table"]
    (row,) = [row for row in rows if all(row[name] == value for name, value in keys.items())]
    return row


def scored(sentence):
    """An independent computation of the score."""
    x = np.linspace(-10, 10, 1000)
    with np.errstate(all="ignore"):
        f = evaluate([sentence], {"x": x})[0]
        error = np.minimum((f - (1 / 3 + x + np.sin(x * x))) ** 2, 1000)
    return math.log(1001) if np.isnan(f).any() else math.log(1 + error.mean())


def test_the_table_holds_every_system_and_the_random_draws(compared):
    _, said = compared
    assert said.json["failed"] == {}
    rows = [(r["system"], r["n_initial"], r["evaluations"]) for r in said.json["table"]]
    searched = [(s, n, m) for s in ("GVAE", "G-LISA", "CVAE") for n in (30, 60) for m in (5, 10)]
    for system in ("GVAE", "G-LISA", "CVAE"):
        searched += [(f"{system}, random points", None, m) for m in (5, 10)]
    drawn = [(f"random {source}", None, m) for source in ("data", "grammar") for m in (5, 10)]
    assert sorted(rows, key=str) == sorted(searched + drawn, key=str)
    assert rows[-4:] == drawn
    assert all(row["trials"] == 2 for row in said.json["table"])


def test_the_statistics_are_those_of_the_trials_on_record(compared):
    folder, _ = compared
    for half, rounds in ((5, 1), (10, 2)):
        row = row_of(folder, system="G-LISA", n_initial=60, evaluations=half)
        trials = [
            [e for e in evaluations(path) if e["round"] <= rounds]
            for path in sorted((folder / "grammar-dense-g-lisa" / "initial-60").glob("*.jsonl"))
        ]
        assert [len(trial) for trial in trials] == [half, half]
        scores = [[scored(e["sentence"]) for e in trial] for trial in trials]
        best = [min(each) for each in scores]
        average = [statistics.fmean(s for s in each if s < math.log(1001)) for each in scores]
        for name, values in (("best", best), ("average", average)):
            assert row[name] == pytest.approx(statistics.fmean(values), rel=1e-9)
            error = statistics.stdev(values) / math.sqrt(2)
            assert row[f"{name}_error"] == pytest.approx(error, rel=1e-6, abs=1e-12)
        assert row["valid"] == row["decodes"] == 1
        assert row["distinct"] == half
        for bound in (0.37, 0.105, 0.04, 1e-9):
            firsts = [next((i for i, s in enumerate(e, 1) if s <= bound), None) for e in scores]
            known = [first for first in firsts if first is not None]
            assert row[f"≤ {bound:g}"]["trials"] == len(known)


def test_the_error_is_the_standard_error_of_the_mean():
    assert mean_and_error([]) == (None, None)
    assert mean_and_error([3.0]) == (3.0, None)
    mean, error = mean_and_error([1.0, 2.0, 6.0])
    assert mean == 3
    assert error == pytest.approx(statistics.stdev([1, 2, 6]) / math.sqrt(3))


def test_the_first_half_of_a_trial_is_a_trial_of_half_the_rounds(compared, tmp_path):
    folder, _ = compared
    run = folder / "grammar-dense-g-lisa"
    path = run / "initial-60" / "trial-02.jsonl"
    header = json.loads(path.read_text().splitlines()[0])
    data = read_data(open_run(run, TRAINED)).train
    sentences = derivations_to_texts(load_grammar(EXPR), data)
    scores = OBJECTIVE(sentences)
    problem = SearchProblem(
        load_model(open_run(run, TRAINED)),
        None,
        OBJECTIVE,
        sentences,
        scores,
        Decontamination(None),
        sentences,
    )
    config = dataclasses.replace(SearchConfig(**header["config"]), rounds=1)
    settings = TrialSettings(search=config, n_initial=60, black_box=header["black_box"])
    trials = problem.trials(run, tmp_path, 2, settings)
    assert trials[1].seed == header["seed"]
    half = [(each.sentence, each.score) for each in run_trial(trials[1], OBJECTIVE)]
    assert len(half) == 5
    assert half == [(each["sentence"], each["score"]) for each in evaluations(path)[:5]]
    row = read_json(run / "initial-60" / "trial-02.json")["at"]["5"]
    assert row["best"] == min(score for _, score in half)


def test_each_system_is_searched_where_its_codes_lie_and_sees_scores_alone(compared):
    folder, _ = compared
    spaces = {"gvae": "box", "g-lisa": "sphere"}
    for system, space in spaces.items():
        run = folder / f"grammar-dense-{system}"
        assert read_json(run / "points" / "trial-01.json")["space"] == space
        header = json.loads((run / "initial-30" / "trial-01.jsonl").read_text().splitlines()[0])
        assert header["config"]["space"] == "auto"
        assert header["black_box"] is True


def test_searches_may_see_outputs(tmp_path):
    succeed(*LISA, "--outputs", "--rounds", 1, "--trials", 1, "--out", tmp_path)
    (path,) = tmp_path.rglob("trial-01.jsonl")
    assert json.loads(path.read_text().splitlines()[0])["black_box"] is False


def test_a_network_that_decodes_no_sentence_is_a_row_with_none_valid(compared):
    folder, _ = compared
    row = row_of(folder, system="CVAE", n_initial=60, evaluations=10)
    assert row["network"] == "characters"
    assert row["decodes"] == row["valid"] == row["evaluated"] == 0
    assert row["average"] is row["best"] is None
    drawn = row_of(folder, system="CVAE, random points", evaluations=10)
    assert drawn["valid"] == 0
    assert drawn["best"] == pytest.approx(math.log(1001))


def test_the_files_are_left(compared):
    folder, said = compared
    text = (folder / "table5.md").read_text()
    assert text.startswith("# Table 5, clean protocol\n\n## Sentences drawn uniformly")
    assert "| dense | G-LISA | 60 | 10 | 2 | 10 | 1.00 | 1.00 |" in text
    assert "none equals the target, none scores under 0.11" in text
    assert "of them drawn at random average" in text
    with (folder / "table5.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == len(said.json["table"])
    for row, told in zip(rows, said.json["table"], strict=True):
        for name in ("best", "best_error", "decodes"):
            assert row[name] == ("" if told[name] is None else str(told[name]))
        assert row["≤ 0.37 trials"] == str(told["≤ 0.37"]["trials"])


def test_the_results_hold_what_they_were_made_with_and_every_trial(compared):
    folder, _ = compared
    results = read_json(folder / "results.json")
    assert results["environment"]["versions"]["torch"]
    assert "command" in results["environment"]
    settings = results["settings"]
    assert (settings["protocol"], settings["rounds"], settings["batch"]) == ("clean", 2, 5)
    assert settings["lisa.uniformity_weight"] == METHODS["lisa"]().uniformity_weight
    assert results["systems"]["grammar-dense-gvae"]["method"] == "vae"
    assert len(results["trials"]) == 3 * 2 * 2 + 3 * 2 + 2 * 2
    assert {trial["seed"] for trial in results["trials"]} == {
        json.loads(path.read_text().splitlines()[0])["seed"]
        for path in (folder / "grammar-dense-gvae" / "initial-30").glob("*.jsonl")
    }


def test_a_run_is_one_that_train_could_have_made_and_is_shared_by_its_searches(compared):
    folder, _ = compared
    run = folder / "grammar-dense-g-lisa"
    assert {path.name for path in run.glob("*/")} >= {"initial-30", "initial-60", "points"}
    made = succeed("train", "--config", run / "config.json", "--runs", folder.parent / "again")
    assert made.status == 0
    (again,) = (folder.parent / "again").iterdir()
    assert (again / "model.safetensors").read_bytes() == (run / "model.safetensors").read_bytes()


def test_nothing_is_done_twice(compared, monkeypatch):
    folder, _ = compared
    before = content(folder, "*.json*") | content(folder, "*.safetensors")
    results = folder / "results.json"

    def never(*_):
        raise AssertionError("nothing is left to do")

    monkeypatch.setattr(shared_jobs, "_attempt", never)
    said = succeed(*CLEAN, "--systems", "cvae,gvae,g-lisa", "--out", folder.parent)
    after = content(folder, "*.json*") | content(folder, "*.safetensors")
    assert {p: c for p, c in after.items() if p != results} == {
        p: c for p, c in before.items() if p != results
    }
    assert "[1/" not in said.err
    assert "G-LISA" in said.out


def test_systems_trials_and_beginnings_are_added(tmp_path):
    words = (*LISA, "--out", tmp_path, "--trials", 1)
    succeed(*words)
    folder = tmp_path / "table5-clean"
    before = content(folder, "*.safetensors") | content(folder, "trial-01.*")
    succeed(*words, "--trials", 2, "--n-initial", "40,50", "--systems", "g-lisa,grae")
    after = content(folder, "*.safetensors") | content(folder, "trial-01.*")
    assert before.items() <= after.items()
    rows = read_json(folder / "results.json")["table"]
    counts = {(r["system"], r["n_initial"]): r["trials"] for r in rows}
    assert counts["G-LISA", 40] == counts["G-LISA", 50] == counts["GRAE", 40] == 2
    assert counts["random data", None] == counts["random grammar", None] == 2


def test_data_are_added_to_a_folder_without_and_then_may_be_left_away(tmp_path, lines):
    words = (*LISA, "--out", tmp_path, "--trials", 1)
    succeed(*words)
    succeed(*words, "--data", lines)
    folder = tmp_path / "table5-clean"
    kinds = {row["sentences"] for row in read_json(folder / "results.json")["table"]}
    assert kinds == {"data", "grammar"}
    succeed(*words)
    other = tmp_path / "other.txt"
    other.write_text(lines.read_text() + "\nx")
    assert "made with other settings: data " in refused(*words, "--data", other)


def test_published_leaves_the_answers_in_and_says_so(tmp_path, lines):
    words = (*TINY, "--protocol", "published", "--systems", "g-lisa", "--trials", 1)
    words = (*words, "--data", lines, "--sentences", "data", "--count", 180, "--held-out", 5)
    said = succeed(*words, "--out", tmp_path, "--json").json
    folder = tmp_path / "table5-published"
    data = read_data(open_run(folder / "data-dense-g-lisa", TRAINED)).train
    texts = set(derivations_to_texts(load_grammar(EXPR), data))
    fact = said["facts"]["data"]
    assert fact["equal"] == len(texts & set(ANSWERS)) > 0
    assert fact["near"] >= len(texts & set(NEAR))
    note = f"{fact['equal']} equal the target and {fact['near']} more score under 0.11"
    assert note in (folder / "table5.md").read_text()
    assert {row["evaluations"] for row in said["table"]} == {10}
    assert said["table"][0]["average_error"] is None


def test_clean_keeps_the_answers_out(tmp_path, lines):
    words = (*LISA, "--data", lines, "--sentences", "data", "--trials", 1, "--out", tmp_path)
    said = succeed(*words, "--json").json
    assert said["facts"]["data"] == {"sentences": 150, "equal": 0, "near": 0}
    run = tmp_path / "table5-clean" / "data-dense-g-lisa"
    config = read_json(run / "config.json")
    assert config["left_out"]["equal"] == 2
    data = read_data(open_run(run, TRAINED))
    for part in (data.train, data.valid, data.test):
        assert not set(derivations_to_texts(load_grammar(EXPR), part)) & {*ANSWERS, *NEAR}


def test_other_settings_are_refused_by_name(compared):
    folder, _ = compared
    before = content(folder, "*.*")
    words = (*CLEAN, "--systems", "g-lisa", "--out", folder.parent)
    other = ("--epochs", 3, "--batch", 6, "--parents", 21, "--set", "vae.kl-weight=0.5")
    message = refused(*words, *other, "--outputs")
    assert f"{folder} was made with other settings" in message
    for part in ("epochs 2 → 3", "batch 5 → 6", "parents 20 → 21", "outputs False → True"):
        assert part in message
    assert "vae.kl_weight 1.0 → 0.5" in message
    assert "kusner" not in message
    assert "protocol clean → published" in refused(
        *words, "--protocol", "published", "--name", folder.name
    )
    assert content(folder, "*.*") == before


def test_hyperparameters_are_set_for_runs(tmp_path):
    words = (*TINY, "--protocol", "clean", "--systems", "gvae", "--trials", 1, "--out", tmp_path)
    succeed(*words, "--set", "vae.kl-weight=0.25")
    config = read_json(tmp_path / "table5-clean" / "grammar-dense-gvae" / "config.json")
    assert config["options"]["hyper"] == {"kl_weight": 0.25}


def test_one_process_at_a_time_works_in_a_folder(compared):
    folder, _ = compared
    with working_in(folder):
        message = refused(*CLEAN, "--systems", "grae", "--out", folder.parent)
    assert f"error: another process is working in {folder}" in message
    assert not (folder / "grammar-dense-grae").exists()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--systems", "g-lsia"), "there is no system 'g-lsia'; did you mean 'G-LISA'?"),
        (("--systems", ","), "--systems names no system"),
        (("--networks", "karras"), "there is no network 'karras'"),
        (("--networks", "characters"), "there is no network 'characters'"),
        (("--sentences", "data"), "--sentences data are those of a file; name it with --data"),
        (("--data", "nowhere.txt"), "cannot read nowhere.txt"),
        (("--trials", 0), "--trials must be from 1 to 1,000, not 0"),
        (("--n-initial", 1), "--n-initial must be from 2 to 10,000,000, not 1"),
        (("--rounds", 10_001), "--rounds must be from 1 to 10,000, not 10001"),
        (("--kusner-epochs", 0), "--kusner-epochs must be from 1"),
        (("--jobs", 0), "--jobs must be from 1 to 1,024, not 0"),
        (("--name", "a/b"), "--name must be the name of a folder"),
        (("--set", "wae.mmd-weight=1"), "--set changes wae; methods of systems: cv-vae,"),
        (("--set", "vae.beta=1"), "there is no hyperparameter of vae 'beta'"),
        (("--grammar", "none.cfg"), "none.cfg"),
    ],
)
def test_bad_input_is_refused_before_anything_is_written(words, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert message in refused(*LISA, "--out", "new", *words)
    assert not list(tmp_path.iterdir())


def test_a_protocol_must_be_named(tmp_path):
    said = run_command("benchmark", "table5", "--out", tmp_path / "new")
    assert said.status == 2
    assert "--protocol" in said.err


def test_the_group_tells_its_members():
    said = succeed("benchmark", "--help").out
    assert "usage: grammar-lisa benchmark COMMAND" in said
    assert "table5" in said
    assert "'grammar-lisa benchmark' needs the name of one of its commands" in refused("benchmark")
    message = refused("benchmark", "tabel5")
    assert message.startswith("there is no benchmark command 'tabel5'; did you mean 'table5'?")


def test_names_of_systems_are_read_in_any_case():
    assert chosen_names("system", "all", TABLE5_SYSTEMS) == list(TABLE5_SYSTEMS)
    assert chosen_names("system", "g-lisa, CVAE", TABLE5_SYSTEMS) == ["G-LISA", "CVAE"]
    with pytest.raises(LisaError, match="there is no system 'x'"):
        chosen_names("system", "x", TABLE5_SYSTEMS)


def test_the_character_network_is_that_of_one_system_whatever_networks_are_chosen():
    assert len(ENTRIES) == 2 * (5 * 3 + 1)
    names = [e.name for e in entries_of(list(TABLE5_SYSTEMS), ["kusner"], ["grammar"])]
    assert names == [
        *(f"grammar-kusner-{s}" for s in ("gvae", "gcvvae", "grae", "g-gmm-dae", "g-lisa")),
        "grammar-characters-cvae",
    ]
    assert ALL_NETWORKS[-1] == "characters"


def test_the_protocols_are_those_of_the_paper_and_ours():
    published, clean = TABLE5_PROTOCOLS["published"], TABLE5_PROTOCOLS["clean"]
    assert (published.rounds * 50, published.marks(5)) == (250, (5,))
    assert (clean.rounds * 50, clean.marks(10), clean.n_initial) == (500, (5, 10), (500, 5000))
    assert clean.marks(1) == (1,)


@pytest.mark.parametrize("protocol", TABLE5_PROTOCOLS.values(), ids=TABLE5_PROTOCOLS)
def test_rounds_are_by_default_those_of_the_protocol(protocol):
    assert default_options(["--protocol", protocol.name]).search.rounds == protocol.rounds
    assert default_options([f"--protocol={protocol.name}"]).protocol == protocol.name


def test_without_a_protocol_nothing_is_the_default():
    assert default_options(["--protocol", "clear"]) is default_options([]) is None


def whole_of(tmp_path_factory):
    out = tmp_path_factory.mktemp("whole")
    succeed(*LISA, "--out", out)
    return out / "table5-clean"


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A comparison of one system that ran through; not to be changed."""
    return whole_of(tmp_path_factory)


def same(folder, whole):
    """Whether two folders hold the same weights, records and table."""
    names = ("model.safetensors", "trial-*.jsonl", "table5.csv", "table5.md")
    found = [
        {path.relative_to(root): path.read_bytes() for name in names for path in root.rglob(name)}
        for root in (folder, whole)
    ]
    return found[0] == found[1] and len(found[0]) == 5


def at_trial(number):
    """Die as the nth batch of a trial is put on record, half of it written."""

    def spoil():
        append, count = History.append, [0]

        def torn(self, evaluations):
            count[0] += 1
            if count[0] < number:
                return append(self, evaluations)
            before = self.path.read_bytes()
            append(self, evaluations)
            new = self.path.read_bytes()[len(before) :]
            self.path.write_bytes(before + new[: len(new) // 2])
            return die()

        History.append = torn

    return spoil


def writes(*numbers, marks=()):
    return [
        pytest.param(tools.before_write(number), marks=marks, id=f"before write {number}")
        for number in numbers
    ]


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(at_step(1), id="in a step"),
        pytest.param(at_trial(2), id="in a trial"),
        *writes(1, 4, 17),
        *writes(2, 3, 10, 13, marks=pytest.mark.slow),
    ],
)
def test_a_comparison_killed_at_any_moment_goes_on_to_the_same_end(tmp_path, whole, spoil):
    words = (*LISA, "--out", tmp_path)
    killed(words, spoil)
    assert not (tmp_path / "table5-clean" / "table5.md").exists()
    succeed(*words)
    assert same(tmp_path / "table5-clean", whole)


def test_ctrl_c_tells_how_to_go_on(tmp_path, whole, monkeypatch):
    def interrupt(*_, **__):
        raise KeyboardInterrupt

    words = (*LISA, "--out", tmp_path)
    for name in ("train_run", "run_trial"):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(work, name, interrupt)
            said = run_command(*words)
        assert said.status == 130
        assert "go on with the same 'grammar-lisa benchmark table5' command" in said.err
    succeed(*words)
    assert same(tmp_path / "table5-clean", whole)


def test_a_training_that_fails_is_reported_and_the_rest_goes_on(tmp_path, monkeypatch):
    train_run = work.train_run

    def fail(run, data, plan, *rest):
        if plan.method.name == "vae":
            raise LisaError("the loss is not finite at step 3")
        return train_run(run, data, plan, *rest)

    words = (*LISA, "--systems", "gvae,g-lisa", "--trials", 1, "--out", tmp_path)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(work, "train_run", fail)
        said = succeed(*words)
    folder = tmp_path / "table5-clean"
    why = {"grammar-dense-gvae": "the loss is not finite at step 3"}
    assert read_json(folder / "results.json")["failed"] == why
    assert "[1/2] grammar-dense-gvae: failed: the loss is not finite at step 3" in said.err
    assert "failed; the same command tries them again" in said.out
    systems = {row["system"] for row in read_json(folder / "results.json")["table"]}
    assert systems == {"G-LISA", "G-LISA, random points", "random data", "random grammar"}
    again = succeed(*words, "--json").json
    assert again["failed"] == {}
    assert not list(folder.rglob("*failed.json"))
    assert "GVAE" in {row["system"] for row in again["table"]}


def test_a_trial_that_fails_is_reported_and_the_rest_goes_on(tmp_path):
    run_trial = work.run_trial

    def fail(trial, objective):
        if trial.number == 1:
            raise np.linalg.LinAlgError("singular")
        return run_trial(trial, objective)

    words = (*LISA, "--out", tmp_path)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(work, "run_trial", fail)
        said = succeed(*words, "--json")
    name = "grammar-dense-g-lisa/initial-40/trial-01"
    assert said.json["failed"] == {name: "LinAlgError: singular"}
    folder = tmp_path / "table5-clean"
    assert row_of(folder, system="G-LISA", evaluations=10)["trials"] == 1
    assert succeed(*words, "--json").json["failed"] == {}
    assert row_of(folder, system="G-LISA", evaluations=10)["trials"] == 2


def test_a_run_of_other_settings_is_not_taken_for_this_one(tmp_path):
    words = (*LISA, "--trials", 1, "--out", tmp_path)
    succeed(*words)
    run = tmp_path / "table5-clean" / "grammar-dense-g-lisa"
    (run / "summary.json").unlink()
    tools.edit(run / "config.json", "options", "epochs", value=7)
    failed = succeed(*words, "--json").json["failed"]
    assert "holds another run: epochs 7 → 2" in failed["grammar-dense-g-lisa"]


def test_a_plan_records_options_of_train(compared):
    folder, _ = compared
    config = read_json(folder / "grammar-dense-g-lisa" / "config.json")["options"]
    assert config["decontaminate"] == "yes"
    assert "devices" not in config
    fields = {field.name for field in dataclasses.fields(TrainConfig)}
    assert fields - config.keys() == {"format", "semantics"}


@pytest.mark.slow
def test_work_side_by_side_gives_the_same_table(tmp_path_factory, tmp_path):
    with whole_fits():
        alone = whole_of(tmp_path_factory)
        succeed(*LISA, "--jobs", 2, "--out", tmp_path)
    assert same(tmp_path / "table5-clean", alone)


@pytest.mark.slow
def test_all_systems_and_networks_stand_in_one_table(tmp_path, lines):
    words = (*TINY, "--protocol", "clean", "--data", lines, "--networks", "dense,kusner")
    said = succeed(*words, "--trials", 1, "--out", tmp_path, "--json").json
    assert said["failed"] == {}
    found = {(r["sentences"], r["network"], r["system"]) for r in said["table"]}
    assert {(e.sentences, e.network, e.system) for e in ENTRIES} <= found


@pytest.mark.slow
@pytest.mark.skipif("LISA_DATA_DIR" not in os.environ, reason="LISA_DATA_DIR is not set")
def test_kusners_file_holds_the_answer(tmp_path):
    data = Path(os.environ["LISA_DATA_DIR"]) / "expressions" / "equation2_15_dataset.txt.gz"
    words = ("benchmark", "table5", "--grammar", EXPR, "--data", data, "--sentences", "data")
    words = (*words, "--held-out", 1000, "--epochs", 1, "--trials", 1)
    words = (*words, "--systems", "g-lisa", "--rounds", 1, "--batch", 10, "--jobs", 1)
    said = succeed(*words, "--protocol", "published", "--out", tmp_path, "--json").json
    assert said["facts"]["data"]["equal"] + said["facts"]["data"]["near"] > 0
