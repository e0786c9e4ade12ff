"""The sweep, from the command line to the chosen point."""

import csv
import dataclasses
import json
import math

import pytest
import torch
from PIL import Image
from small_experiments import (
    SWEEP,
    command,
    files,
    on_training,
    quick_measurements,
    refused,
    succeed,
)

from image_lisa.benchmark import experiments as pool
from image_lisa.benchmark.sweep import (
    GRIDS,
    NUMBERS,
    SAMPLERS,
    best_point,
    plot,
    points_of,
    sweep_seed,
)
from image_lisa.benchmark.sweep_points import MeasuredPoint
from image_lisa.cli.sweep import grid_of
from image_lisa.reports.table import Statistic
from image_lisa.training.experiment import Data
from shared.common.errors import LisaError
from shared.methods import AE, HVAE, LISA
from shared.methods.registry import METHODS
from shared.runs.files import read_json
from shared.runs.locks import working_in

GRID = ("--grid", "uniformity-weight=0,1", "--grid", "uniformity-t=0.5,2")
FOLDER = "digits-light-lisa"


@pytest.fixture(scope="module")
def swept(tmp_path_factory):
    """A sweep of two values of λ and two of t, and what it said; not to be changed."""
    out = tmp_path_factory.mktemp("sweeps")
    with pytest.MonkeyPatch.context() as patch:
        quick_measurements(patch)
        said = succeed(*SWEEP, *GRID, "--out", out, "--json")
    return out / FOLDER, said


def measured(weight, t, criterion):
    point = points_of(LISA, {"uniformity_weight": [weight], "uniformity_t": [t]})[0]
    return MeasuredPoint(point, dict.fromkeys(NUMBERS, Statistic(criterion, None, 1)), [])


def test_every_point_of_the_grid_is_measured(swept):
    folder, _ = swept
    result = read_json(folder / "sweep.json")
    assert [point["values"] for point in result["points"]] == [
        {"uniformity_weight": weight, "uniformity_t": t} for weight in (0, 1) for t in (0.5, 2)
    ]
    assert all(set(NUMBERS) <= point.keys() for point in result["points"])


def test_points_without_weight_are_one_training(swept):
    folder, said = swept
    assert len(list(folder.glob("*/validation.json"))) == 3
    first, second, *_ = read_json(folder / "sweep.json")["points"]
    assert first["criterion"] == second["criterion"]
    assert "[3/3]" in said.err


def test_the_point_with_the_least_geometric_mean_of_both_distances_is_chosen(swept):
    folder, said = swept
    result = read_json(folder / "sweep.json")
    for point in result["points"]:
        drawn = [point[f"fcd_{name}"]["mean"] for name in SAMPLERS]
        assert point["criterion"]["mean"] == pytest.approx(math.sqrt(drawn[0] * drawn[1]))
    best = min(result["points"], key=lambda point: point["criterion"]["mean"])
    assert result["chosen"] == said.json["chosen"] == best["values"]
    assert result["method"] == {"name": "lisa", **best["values"]}
    assert "validation" in result["rule"]


def test_the_choice_is_the_least_criterion_and_the_first_of_equal_ones():
    points = [measured(0.1, 2, 3.0), measured(1, 2, 2.0), measured(1, 8, 2.0)]
    assert best_point(points) is points[1]
    with pytest.raises(LisaError, match="no point of the sweep was measured"):
        best_point([])


def test_the_csv_holds_every_number_of_every_point(swept):
    folder, said = swept
    with (folder / "sweep.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 4 * len(NUMBERS)
    found = {
        (float(row["uniformity_weight"]), float(row["uniformity_t"])): float(row["mean"])
        for row in rows
        if row["number"] == "fcd_gmm"
    }
    for point in said.json["points"]:
        values = point["values"]
        place = values["uniformity_weight"], values["uniformity_t"]
        assert found[place] == point["fcd_gmm"]["mean"]


def test_the_plot_is_left_with_a_curve_for_each_t(swept):
    folder, _ = swept
    with Image.open(folder / "sweep.png") as picture:
        assert picture.width > picture.height
    points = [measured(weight, t, t + weight) for weight in (0, 0.1, 1, 10) for t in (0.5, 2)]
    axes = plot(points, points[0]).axes
    assert [each.get_ylabel()[:3] for each in axes] == ["FD ", "FD ", "rec", "uni"]
    legend = [text.get_text() for text in axes[0].get_legend().get_texts()]
    assert {"uniformity t 0.5", "uniformity t 2", "chosen", "real"} == set(legend)
    assert axes[0].get_xscale() == "symlog"


def test_a_plot_of_one_hyperparameter_is_one_curve():
    points = [
        MeasuredPoint(point, dict.fromkeys(NUMBERS, Statistic(1.0, 0.1, 2)), [])
        for point in points_of(LISA, {"uniformity_weight": [0.1, 1, 10]})
    ]
    axes = plot(points, points[2]).axes
    assert len(axes[0].containers) == 1
    assert axes[0].get_xscale() == "log"


def test_test_images_have_no_part_in_a_sweep(swept, tmp_path, monkeypatch):
    folder, _ = swept
    load = Data.load

    def with_noise(data, notify=None):
        images = load(data, notify)
        generator = torch.Generator().manual_seed(5)
        noise = torch.randint(0, 256, images.test.shape, generator=generator, dtype=torch.uint8)
        return dataclasses.replace(images, test=noise)

    monkeypatch.setattr(Data, "load", with_noise)
    pool._LOADED.clear()
    succeed(*SWEEP, *GRID, "--out", tmp_path)
    pool._LOADED.clear()
    assert (tmp_path / FOLDER / "sweep.csv").read_bytes() == (folder / "sweep.csv").read_bytes()


def test_validation_images_are_not_trained_on():
    images = Data("digits", limit=200, seed=sweep_seed(0)).load()
    rows = {tuple(row) for row in images.train.flatten(1).tolist()}
    assert not rows & {tuple(row) for row in images.valid.flatten(1).tolist()}


def test_the_seeds_of_a_sweep_are_none_of_a_benchmark(swept):
    assert len({sweep_seed(number) for number in range(100)}) == 100
    assert all(sweep_seed(number) > 1_000_000 for number in range(100))
    folder, _ = swept
    records = [read_json(path) for path in folder.glob("*/validation.json")]
    assert {record["seed"] for record in records} == {sweep_seed(0)}


def test_nothing_is_done_twice_and_points_and_seeds_are_added(tmp_path):
    words = (*SWEEP, "--out", tmp_path, "--grid", "uniformity-t=2")
    began = []
    with pytest.MonkeyPatch.context() as patch:
        on_training(patch, lambda run: began.append(run.path.name))
        succeed(*words, "--grid", "uniformity-weight=0")
        before = files(tmp_path / FOLDER, "validation.json")
        succeed(*words, "--grid", "uniformity-weight=0")
        assert files(tmp_path / FOLDER, "validation.json") == before
        said = succeed(*words, "--grid", "uniformity-weight=0", "--seeds", 2, "--json")
    stem = "lisa-uniformity-t-2.0-uniformity-weight-0.0-seed"
    assert began == [f"{stem}-0", f"{stem}-1"]
    (point,) = said.json["points"]
    values = [
        math.sqrt(record["fcd_gaussian"] * record["fcd_gmm"])
        for seed in (0, 1)
        for record in [read_json(tmp_path / FOLDER / f"{stem}-{seed}" / "validation.json")]
    ]
    assert point["criterion"]["mean"] == pytest.approx(sum(values) / 2)
    assert point["criterion"]["n"] == 2


def test_a_sweep_that_was_stopped_goes_on(swept, tmp_path):
    words = (*SWEEP, *GRID, "--out", tmp_path, "--checkpoint-seconds", 0)
    began = []

    def act(run):
        began.append(run.path.name)
        return 2 if len(began) == 2 else None

    with pytest.MonkeyPatch.context() as patch:
        on_training(patch, act)
        said = command(*words)
        assert said.status == 130
        assert "go on with the same 'image-lisa sweep' command" in said.err
        succeed(*words)
    assert len(began) == 4
    assert began[1] == began[2]
    folder, _ = swept
    assert (tmp_path / FOLDER / "sweep.csv").read_bytes() == (folder / "sweep.csv").read_bytes()


def test_a_point_that_fails_is_left_out_and_told(tmp_path):
    def act(run):
        if "weight-1.0" in run.path.name:
            raise LisaError("the loss is not finite at step 3")

    words = (*SWEEP, "--grid", "uniformity-weight=0,1", "--out", tmp_path, "--json")
    with pytest.MonkeyPatch.context() as patch:
        on_training(patch, act)
        said = succeed(*words)
    name = "lisa-uniformity-weight-1.0-seed-0"
    assert said.json["failed"] == {name: "the loss is not finite at step 3"}
    assert said.json["chosen"] == {"uniformity_weight": 0.0}
    assert read_json(tmp_path / FOLDER / "sweep.json")["failed"] == said.json["failed"]
    again = succeed(*words)
    assert again.json["failed"] == {}
    assert len(again.json["points"]) == 2


def test_a_sweep_of_which_nothing_succeeds_says_so(tmp_path, monkeypatch):
    def act(run):
        raise LisaError("no luck")

    on_training(monkeypatch, act)
    said = command(*SWEEP, "--grid", "uniformity-weight=0", "--out", tmp_path)
    assert said.status == 2
    assert "no point of the sweep was measured" in said.err
    assert "no luck" in said.err


def test_one_process_at_a_time_works_in_a_sweep(swept):
    folder, _ = swept
    with working_in(folder):
        message = refused(*SWEEP, *GRID, "--out", folder.parent)
    assert message.startswith(f"another process is working in {folder}")


def test_other_settings_are_refused_by_name(swept):
    folder, _ = swept
    message = refused(*SWEEP, *GRID, "--out", folder.parent, "--learning-rate", 0.1)
    assert "learning_rate 0.002 → 0.1" in message


def test_the_default_grid_of_lisa_is_that_of_weight_and_t():
    assert grid_of(LISA, ()) == GRIDS["lisa"]
    assert len(points_of(LISA, GRIDS["lisa"])) == 24


def test_a_grid_keeps_its_order_and_its_types():
    grid = grid_of(METHODS["rae-gp"], ("probes=1,2", "code-weight=0.5,1e-4"))
    assert grid == {"probes": (1, 2), "code_weight": (0.5, 1e-4)}
    values = [dict(point.values) for point in points_of(METHODS["rae-gp"], grid)]
    assert values[1] == {"probes": 1, "code_weight": 1e-4}
    assert json.dumps(values[0]) == '{"probes": 1, "code_weight": 0.5}'


@pytest.mark.parametrize(
    ("kind", "words", "message"),
    [
        (AE, (), "give the values to try for ae"),
        (AE, ("weight=1",), "the method ae has no hyperparameters"),
        (LISA, ("uniformity-weight",), "--grid takes HYPERPARAMETER=VALUE"),
        (LISA, ("weight=1",), "there is no hyperparameter of lisa 'weight'"),
        (LISA, ("uniformity-t=1,x",), "the option uniformity_t cannot be 'x'"),
        (LISA, ("uniformity-t=1,1.0",), "a value stands there twice"),
        (LISA, ("uniformity-t=1", "uniformity_t=2"), "uniformity_t has its values already"),
        (HVAE, ("learned=True",), "learned is no number"),
    ],
)
def test_a_grid_that_cannot_be_swept_is_refused(kind, words, message):
    with pytest.raises(LisaError, match=message):
        grid_of(kind, words)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--method", "lsia"), "there is no method 'lsia'; did you mean 'lisa'?"),
        (("--seeds", 0), "--seeds must be from 1 to 10,000, not 0"),
        (("--grid", "uniformity-t=0"), "uniformity-t must be at least 1e-06"),
        (("--dim", 1), "--dim must be from 2 to 1,024, not 1"),
    ],
)
def test_bad_input_is_refused_before_anything_is_written(words, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert message in refused(*SWEEP, "--out", "new", *words)
    assert not list(tmp_path.iterdir())
