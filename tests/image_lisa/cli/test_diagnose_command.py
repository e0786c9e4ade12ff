import json
import shutil

import numpy as np
import pytest
from measured_runs import contents, pictures, quick_measurements, refusal, succeed, train
from PIL import Image

from image_lisa.data import load_images
from image_lisa.evaluation import diagnosis
from image_lisa.evaluation.diagnosis import Diagnosis, plot_radial, plot_spectrum
from image_lisa.evaluation.protocol import EvaluationProtocol
from image_lisa.models.model import ImageModel
from image_lisa.models.names import TOOL
from shared.runs.expost import load_codes
from shared.runs.run import open_run

DIAGNOSE = ("diagnose", "--draws", 40, "--device", "cpu")
WRITTEN = ["diagnosis.json", "radial.png", "spectrum.png"]


@pytest.fixture(scope="module", autouse=True)
def _quick():
    with quick_measurements():
        yield


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Runs of AE and of LISA on other digits, with the same test images; not to be changed."""
    root = tmp_path_factory.mktemp("runs")
    train(root, "--limit", 100, "--method", "ae", name="ae")
    train(root, "--limit", 120, "--seed", 1, name="lisa")
    return root


@pytest.fixture(scope="module")
def diagnosed(runs):
    """What was in the runs before, and what the command said of AE beside LISA."""
    before = {name: contents(runs / name) for name in ("ae", "lisa")}
    return before, succeed(*DIAGNOSE, runs / "ae", "--beside", runs / "lisa")


@pytest.fixture
def run(runs, tmp_path):
    """A copy of the run of LISA, to be changed at will."""
    return shutil.copytree(runs / "lisa", tmp_path / "lisa")


def read(folder):
    return json.loads((folder / "diagnosis.json").read_text())


def lines(said, name):
    """The rows of all tables that begin with a name."""
    found = [line.split() for line in said.out.splitlines()]
    return [words for words in found if words[: len(name.split())] == name.split()]


def test_figure_1_is_told_side_by_side(runs, diagnosed):
    _, said = diagnosed
    record = read(runs / "ae")
    assert "Figure 1: test error ½ Σ (x − x̂)² of codes scaled by α" in said.out
    for name, found in (("AE", record), ("LISA", record["beside"][0])):
        radial = found["radial"]
        losses = dict(zip(radial["alphas"], radial["losses"], strict=True))
        row = lines(said, name)[0]
        assert row[1] == f"{losses[0.1]:.4g}"
        assert row[3] == f"{losses[1.0]:.4g}"
        assert row[5] == f"{losses[10.0]:.4g}"
        np.testing.assert_allclose(radial["mse"], np.array(radial["losses"]) * 2 / 64)
        assert radial["projected_mse"] == pytest.approx(radial["projected"] * 2 / 64)
        assert radial["images"] == 360


def test_table_1_is_told_with_both_definitions_and_the_uniform_law(runs, diagnosed):
    _, said = diagnosed
    record = read(runs / "ae")
    for name, found in (("AE", record), ("LISA", record["beside"][0])):
        numbers = found["spectrum"]
        keys = ("lambda_max", "condition", "effective_rank", "participation_ratio")
        shown = [f"{numbers[key]:.4g}" for key in keys]
        assert lines(said, name)[1][1:] == [
            *shown,
            f"{found['uniformity_gap']:.4g}",
            f"{found['mmd2_to_uniform']:.4g}",
        ]
    assert lines(said, "uniform law, d = 4")[0][5:] == ["0.25", "1", "4", "4", "0", "0"]


def test_the_two_sides_of_the_theorem_are_told_for_directions_only(runs, diagnosed):
    _, said = diagnosed
    record = read(runs / "ae")
    assert record["mismatch"] is record["lipschitz_loss_found"] is None
    assert "no bound: Theorem 1 is about decoders that see directions only; AE" in said.out
    beside = record["beside"][0]
    assert list(beside["mismatch"]) == ["uniform", "gaussian", "gmm", "dirichlet"]
    for name, found in beside["mismatch"].items():
        row = lines(said, name)[-1]
        assert row[1] == f"{found['wasserstein']:.4g}"
        assert row[-2:] == [f"{found['bound']:.4g}", "yes" if found["holds"] else "no"]
        assert found["size"] == 40
    assert 0 < beside["lipschitz_loss_found"] <= 8
    assert f"from a reconstruction is {beside['lipschitz_loss_found']:.4g}" in said.out


def test_the_loss_found_is_the_largest_distance_of_an_image_from_a_reconstruction(runs):
    folder = open_run(runs / "lisa", TOOL)
    model = ImageModel.load(folder)
    images = load_images("digits", limit=120, seed=1)
    found = diagnosis.diagnose_run(
        model, {}, load_codes(folder), images, EvaluationProtocol(draws=10, probed=10)
    )
    x = (images.test.double() / 255).flatten(1).numpy()
    decoded = model.reconstruct(images.test).double().flatten(1).numpy()
    largest = max(np.linalg.norm(row - decoded, axis=1).max() for row in x)
    assert found["lipschitz_loss_found"] == pytest.approx(largest, rel=1e-6)
    assert found["mismatch"] == {}


def test_pictures_and_numbers_are_left_in_the_first_run_and_nothing_else(runs, diagnosed):
    before, _ = diagnosed
    assert contents(runs / "ae", but=WRITTEN) == before["ae"]
    assert contents(runs / "lisa") == before["lisa"]
    for name in WRITTEN[1:]:
        with Image.open(runs / "ae" / name) as picture:
            assert picture.format == "PNG"
            assert min(picture.size) > 300
            # Something is drawn in colour.
            assert np.ptp(np.asarray(picture.convert("RGB")).astype(int), axis=2).max() > 50


def test_the_same_seed_writes_the_same_bytes(runs, diagnosed):
    before = contents(runs / "ae")
    said = succeed(*DIAGNOSE, runs / "ae", "--beside", runs / "lisa", "--json", "--quiet")
    assert said.err == ""
    assert said.json["diagnosis"] == read(runs / "ae")
    after = contents(runs / "ae")
    assert {name: found[0] for name, found in after.items()} == {
        name: found[0] for name, found in before.items()
    }


def test_one_run_alone_and_another_seed(run, runs, diagnosed):
    words = (*DIAGNOSE, run, "--samplers", "gmm", "--json")
    found = succeed(*words).json["diagnosis"]
    beside = read(runs / "ae")["beside"][0]
    assert found["beside"] == []
    assert found["mismatch"] == {"gmm": beside["mismatch"]["gmm"]}
    assert found["method"] == {"name": "lisa", "uniformity_weight": 1.0, "uniformity_t": 2.0}
    other = succeed(*words, "--seed", 3).json["diagnosis"]
    assert other["mismatch"] != found["mismatch"]
    assert other["spectrum"] == found["spectrum"]


def test_a_method_that_comes_twice_is_named_by_its_run(runs, run):
    other = shutil.copytree(run, run.parent / "other")
    said = succeed(*DIAGNOSE, run, "--beside", other, "--samplers", "gmm")
    assert lines(said, "LISA, lisa")
    assert lines(said, "LISA, other")


def test_several_runs_can_stand_beside(runs, run):
    words = (*DIAGNOSE, run, "--beside", runs / "ae", "--beside", runs / "lisa", "--json")
    record = succeed(*words, "--samplers", "gmm").json["diagnosis"]
    assert [each["run"] for each in record["beside"]] == [str(runs / "ae"), str(runs / "lisa")]


def test_the_newest_finished_run_is_taken(runs):
    words = (*DIAGNOSE, "--runs", runs, "--samplers", "gmm", "--json")
    assert succeed(*words).json["run"] == str(runs / "lisa")


def diagnoses():
    """A decoder of codes and one of directions, with made-up numbers."""
    radial = {"alphas": [0.5, 1.0, 2.0], "mse": [0.4, 0.1, 0.2], "projected_mse": 0.15}
    flat = {"alphas": [0.5, 1.0, 2.0], "mse": [0.3, 0.3, 0.3], "projected_mse": 0.3}
    spectrum = {"eigenvalues": [0.7, 0.3, 0.0], "dim": 3}
    return [
        Diagnosis("AE", {"radial": radial, "spectrum": spectrum, "mismatch": None}),
        Diagnosis("LISA", {"radial": flat, "spectrum": spectrum, "mismatch": {}}),
    ]


@pytest.fixture
def drawn(monkeypatch):
    """Figures by name, as they are saved."""
    figures = {}
    monkeypatch.setattr(
        diagnosis, "save_figure", lambda figure, folder, name: figures.update({name: figure})
    )
    return figures


def test_figure_1_shows_every_curve_on_logarithmic_axes(drawn):
    plot_radial(None, diagnoses())
    (axes,) = drawn["radial.png"].axes
    assert (axes.get_xscale(), axes.get_yscale()) == ("log", "log")
    shown = {line.get_label(): line.get_ydata() for line in axes.get_lines()}
    np.testing.assert_array_equal(shown["AE"], [0.4, 0.1, 0.2])
    np.testing.assert_array_equal(shown["LISA"], [0.3, 0.3, 0.3])
    np.testing.assert_array_equal(shown["AE, every code at the mean radius"], [0.15, 0.15])
    # A decoder of directions is flat anyway: only one curve stands for it.
    assert len([label for label in shown if "LISA" in label]) == 1


def test_the_spectrum_shows_eigenvalues_and_the_uniform_law(drawn):
    plot_spectrum(None, diagnoses())
    (axes,) = drawn["spectrum.png"].axes
    shown = {line.get_label(): line.get_ydata() for line in axes.get_lines()}
    np.testing.assert_array_equal(shown["AE"], [0.7, 0.3, 0.0])
    np.testing.assert_allclose(shown["uniform, 1/3"], [1 / 3, 1 / 3])
    assert set(shown) == {"AE", "LISA", "uniform, 1/3"}


@pytest.mark.parametrize(
    ("words", "fragment"),
    [
        ("--samplers gnm", "there is no sampler 'gnm'; did you mean 'gmm'? valid: uniform"),
        ("--draws 9", "--draws must be from 10 to 1,000,000, not 9"),
        ("--beside none", "there is no run at none"),
        ("--data-dir file", "--data-dir file is a file; name a folder"),
    ],
)
def test_what_cannot_be_served_is_named(run, monkeypatch, words, fragment):
    (run.parent / "file").write_text("x")
    monkeypatch.chdir(run.parent)
    before = contents(run)
    assert fragment in refusal("diagnose", run, *words.split())
    assert contents(run) == before


def test_runs_on_other_images_do_not_stand_beside(run, tmp_path):
    other = train(tmp_path, dataset=pictures(tmp_path / "pictures", 60), name="other")
    message = refusal(*DIAGNOSE, run, "--beside", other)
    assert f"{other} and {run} have other test images" in message


def test_an_unfinished_run_says_how_to_finish_it(run):
    (run / "codes.safetensors").unlink()
    expected = f"has no codes.safetensors yet; finish it with 'image-lisa train --resume {run}'"
    assert expected in refusal("diagnose", run)
    (run / "model.safetensors").unlink()
    assert f"go on with it: image-lisa train --resume {run}" in refusal("diagnose", run)
