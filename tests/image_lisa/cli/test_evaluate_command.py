import json
import shutil

import numpy as np
import pytest
import torch
from feature_weights import needs_weights
from measured_runs import (
    command,
    contents,
    pictures,
    quick_measurements,
    refusal,
    succeed,
    train,
)
from PIL import Image
from tools import edit

from shared.runs.tensors import read_tensors

EVALUATE = ("evaluate", "--draws", 40, "--device", "cpu")


@pytest.fixture(scope="module", autouse=True)
def _quick():
    with quick_measurements():
        yield


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Runs of LISA on 100 digits and of AE on 120 others, evaluated; not to be changed."""
    root = tmp_path_factory.mktemp("runs")
    train(root, "--limit", 100, name="lisa")
    train(root, "--limit", 120, "--seed", 1, "--method", "ae", name="ae")
    return root


@pytest.fixture(scope="module")
def evaluated(runs):
    """What was in the run of LISA before it was evaluated, and what the command said."""
    before = contents(runs / "lisa")
    return before, succeed(*EVALUATE, runs / "lisa")


@pytest.fixture
def run(runs, tmp_path):
    """A copy of the run of LISA, to be changed at will."""
    shutil.copytree(runs / "lisa", tmp_path / "runs" / "lisa")
    if (runs / "classifiers").is_dir():
        shutil.copytree(runs / "classifiers", tmp_path / "runs" / "classifiers")
    return tmp_path / "runs" / "lisa"


def read(folder):
    return json.loads((folder / "evaluation.json").read_text())


def row(said, name):
    """The numbers behind a name in a printed table."""
    return next(line for line in said.out.splitlines() if line.startswith(f" {name} ")).split()


def test_the_tables_hold_every_measurement(runs, evaluated):
    _, said = evaluated
    record = read(runs / "lisa")
    out = said.out
    assert "LISA: 40 images of each sampler against 360 test images" in out
    for word in ("FD (classifier)", "KID", "precision", "recall", "density", "coverage"):
        assert word in out
    assert "real: 40 training images" in out
    for name, found in record["samplers"].items():
        assert row(said, name)[1] == f"{found['fcd']:.4g}"
        assert row(said, name)[-1] == f"{found['coverage']:.4g}"
    for text in (
        "test reconstruction, ½ Σ (x − x̂)²",
        "FD (classifier) of reconstructed test images",
        "probe accuracy, linear",
        "probe accuracy, MLP",
        "λ_max / λ_min",
        "effective rank, of 4",
        "uniformity gap, nats",
        "radial sensitivity",
        "R(sampler) ≤ R(codes) + L_f · L_ℓ · W₁ (Eq. 24)",
    ):
        assert text in out
    assert f"all numbers: {runs / 'lisa' / 'evaluation.json'}" in out


def test_a_distance_on_the_own_classifier_is_never_called_fid(runs, evaluated):
    _, said = evaluated
    assert said.out.count("FID") == said.out.count("it compares with no FID") == 1
    assert '"fid"' not in (runs / "lisa" / "evaluation.json").read_text()
    extractor = read(runs / "lisa")["extractor"]
    assert f"(test accuracy {100 * extractor['accuracy']:.1f} %)" in said.out


def test_nothing_else_in_the_run_changes(runs, evaluated):
    before, _ = evaluated
    assert "evaluation.json" not in before
    assert contents(runs / "lisa", but=["evaluation.json"]) == before


def test_the_same_seed_writes_the_same_bytes(run, runs, evaluated):
    said = succeed(*EVALUATE, run, "--json", "--quiet")
    assert said.err == ""
    assert (run / "evaluation.json").read_bytes() == (runs / "lisa/evaluation.json").read_bytes()
    assert said.json["evaluation"] == read(run)
    assert said.json["run"] == str(run)


def test_other_seeds_and_draws_and_fewer_samplers(run, runs, evaluated):
    whole = read(runs / "lisa")
    some = succeed(*EVALUATE, run, "--samplers", "gmm, uniform", "--json").json["evaluation"]
    assert list(some["samplers"]) == list(some["mismatch"]) == ["uniform", "gmm"]
    assert all(some["samplers"][name] == whole["samplers"][name] for name in some["samplers"])
    words = ("--samplers", "gmm", "--json")
    other = succeed(*EVALUATE, run, *words, "--seed", 5).json["evaluation"]
    assert other["samplers"]["gmm"] != whole["samplers"]["gmm"]
    fewer = succeed("evaluate", run, *words, "--draws", 12).json["evaluation"]
    assert fewer["real"]["images"] == fewer["protocol"]["draws"] == 12


def test_all_runs_on_a_data_set_are_measured_by_one_classifier(runs, evaluated):
    """Though they learnt from other images: their seeds and limits differ."""
    (path,) = (runs / "classifiers").iterdir()
    before = path.read_bytes()
    found = succeed(*EVALUATE, runs / "ae", "--samplers", "gmm", "--json").json["evaluation"]
    assert list((runs / "classifiers").iterdir()) == [path]
    assert path.read_bytes() == before
    for key in ("extractor", "real"):
        assert found[key] == read(runs / "lisa")[key]
    assert found["mismatch"] is None


def test_a_method_that_decodes_codes_has_no_bound_and_says_so(runs, evaluated):
    said = succeed(*EVALUATE, runs / "ae", "--samplers", "gaussian")
    assert "no bound: Theorem 1 is about decoders that see directions only; AE decodes" in said.out
    assert "Eq. 24" not in said.out


def test_classifiers_can_be_kept_elsewhere(run, tmp_path, evaluated):
    shutil.rmtree(run.parent / "classifiers")
    said = succeed(*EVALUATE, run, "--samplers", "gmm", "--classifiers", tmp_path / "here" / "on")
    assert not (run.parent / "classifiers").exists()
    (path,) = (tmp_path / "here" / "on").iterdir()
    assert read_tensors(path)[1]["accuracy"] == read(run)["extractor"]["accuracy"]
    assert "training the classifier" in said.err


def test_the_newest_finished_run_is_taken(runs, evaluated):
    words = (*EVALUATE, "--runs", runs, "--samplers", "gmm", "--json")
    assert succeed(*words).json["run"] == str(runs / "ae")


def test_a_folder_of_pictures_without_labels_is_measured(tmp_path):
    folder = pictures(tmp_path / "pictures", 80)
    run = train(tmp_path / "runs", "--method", "ae-sphere", dataset=folder)
    said = succeed(*EVALUATE, run, "--samplers", "gmm", "--draws", 20)
    found = read(run)
    assert found["probes"] is None
    assert found["extractor"]["labels"] == "clusters"
    assert found["protocol"]["test"] == 8
    assert "no labels" in said.out
    assert "trained on clusters of training images" in said.out
    assert found["mismatch"]["gmm"]["holds"]

    pictures(folder, 81)
    message = refusal(*EVALUATE, run)
    assert f"the data are not those that {run} was trained on" in message
    assert "sha256" in message
    shutil.rmtree(folder)
    assert str(folder) in refusal(*EVALUATE, run)
    assert read(run) == found


def test_a_folder_with_too_few_test_pictures_is_refused_before_any_work(tmp_path):
    run = train(tmp_path, dataset=pictures(tmp_path / "pictures", 29))
    said = command(*EVALUATE, run)
    assert said.status == 2
    assert "has 5 test images; to measure distances takes 6 or more" in said.err
    assert "training the classifier" not in said.err
    assert not (tmp_path / "classifiers").exists()


@needs_weights
def test_pictures_in_colour_are_measured_on_features_of_photographs(tmp_path):
    folder = pictures(tmp_path / "pictures", 40)
    Image.fromarray(np.full((8, 8, 3), (9, 90, 200), np.uint8)).save(folder / "000.png")
    run = train(tmp_path / "runs", "--method", "ae-sphere", dataset=folder)
    said = succeed("evaluate", run, "--samplers", "gmm")
    found = read(run)
    assert found["extractor"]["distance"] == "fde"
    assert found["protocol"]["draws"] == 10
    assert found["protocol"]["test"] == 8
    assert "FD (EfficientNet)" in said.out
    assert said.out.count("FID") == said.out.count("it compares with no FID") == 1
    assert "features of 36 images, about" in said.err
    assert said.err.index("features of 36 images") < said.err.index("reconstructions")
    assert not (tmp_path / "runs" / "classifiers").exists()


def test_without_the_weights_a_classifier_serves_and_the_extra_is_named(tmp_path, monkeypatch):
    package = "image_lisa.evaluation.extractors.installed_weights"
    monkeypatch.setattr(package, lambda: None)
    folder = pictures(tmp_path / "pictures", 40)
    Image.fromarray(np.full((8, 8, 3), (9, 90, 200), np.uint8)).save(folder / "000.png")
    run = train(tmp_path / "runs", "--method", "ae-sphere", dataset=folder)
    assert "pip install 'lisa-toolkit[features]'" in refusal(
        "evaluate", run, "--features", "efficientnet"
    )
    said = succeed("evaluate", run, "--samplers", "gmm")
    assert read(run)["extractor"]["distance"] == "fcd"
    assert "pip install 'lisa-toolkit[features]' brings them" in said.err


def test_as_many_are_drawn_as_there_are_test_images(run):
    found = succeed("evaluate", run, "--samplers", "gmm", "--json").json["evaluation"]
    assert found["protocol"]["draws"] == found["protocol"]["test"] == 360


def test_pictures_too_small_for_the_classifier_are_refused(tmp_path):
    run = train(tmp_path, "--size", 6, "--limit", 60, name="small")
    assert "at least 8 x 8 pixels, not 6 x 6" in refusal(*EVALUATE, run)


@pytest.mark.parametrize(
    ("words", "fragment"),
    [
        ("--samplers gnm", "there is no sampler 'gnm'; did you mean 'gmm'? valid: uniform"),
        ("--samplers prior", "there is no sampler 'prior'; valid: uniform, gaussian, gmm"),
        ("--samplers ,", "--samplers names no sampler; valid: uniform, gaussian, gmm, dirichlet"),
        ("--draws 9", "--draws must be from 10 to 1,000,000, not 9"),
        ("--draws 1000000000", "--draws must be from 10 to 1,000,000"),
        ("--inception-weights nope.pth", "cannot read the weights of Inception at nope.pth"),
        ("--inception-weights file", "file is not the file of Inception's weights"),
        ("--features inception", "features of Inception need its weights"),
        (
            "--features classifier --inception-weights file",
            "--inception-weights are of no use to --features classifier",
        ),
        ("--data-dir file", "--data-dir file is a file; name a folder"),
        ("--classifiers file", "cannot make the folder file"),
    ],
)
def test_what_cannot_be_served_is_named(run, tmp_path, monkeypatch, words, fragment):
    shutil.rmtree(run.parent / "classifiers", ignore_errors=True)
    (tmp_path / "file").write_text("x")
    monkeypatch.chdir(tmp_path)
    before = contents(run)
    assert fragment in refusal("evaluate", run, *words.split())
    assert contents(run) == before


def test_weights_may_be_named_by_the_environment(run, tmp_path, monkeypatch):
    (tmp_path / "weights.pth").write_bytes(b"no weights")
    monkeypatch.setenv("LISA_INCEPTION", str(tmp_path / "weights.pth"))
    assert "weights.pth is not the file of Inception's weights" in refusal("evaluate", run)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_device_that_is_not_there_is_named(run):
    assert "there is no CUDA device here" in refusal("evaluate", run, "--device", "cuda")


def test_there_must_be_such_a_run(tmp_path):
    assert f"there is no run at {tmp_path / 'none'}" in refusal("evaluate", tmp_path / "none")
    assert "there is no finished run" in refusal("evaluate", "--runs", tmp_path)


def test_an_unfinished_run_says_how_to_finish_it(run):
    (run / "samplers.safetensors").unlink()
    expected = f"has no samplers.safetensors yet; finish it with 'image-lisa train --resume {run}'"
    assert expected in refusal("evaluate", run)
    (run / "model.safetensors").unlink()
    assert f"go on with it: image-lisa train --resume {run}" in refusal("evaluate", run)


@pytest.mark.parametrize(
    ("keys", "value", "fragment"),
    [
        (("data", "sha256"), "0" * 64, "the data are not those"),
        (("data",), None, "the data are not those"),
        (("options",), None, "config.json holds no options of 'image-lisa train'"),
        (("options", "method"), "nope", "there is no method 'nope'"),
        (("options", "limit"), 90, "the data are not those"),
        (("tool",), "grammar-lisa", "is a run of grammar-lisa, not of image-lisa"),
    ],
)
def test_an_edited_configuration_is_refused(run, keys, value, fragment):
    edit(run / "config.json", *keys, value=value)
    assert fragment in refusal("evaluate", run)


@pytest.mark.parametrize("name", ["samplers.safetensors", "codes.safetensors"])
def test_a_damaged_file_is_named(run, name):
    path = run / name
    path.write_bytes(path.read_bytes()[:-7])
    assert name in refusal("evaluate", run)


def test_help_lists_the_options():
    said = command("evaluate", "--help")
    assert said.status == 0
    for flag in ("--samplers", "--draws", "--inception-weights", "--classifiers", "--data-dir"):
        assert flag in said.out
