import re
import sys
from importlib.util import find_spec

import pytest
from fake_trackers import mlflow as mlflow
from fake_trackers import wandb as wandb
from PIL import Image

from shared.common.errors import LisaError
from shared.common.extras import check_extra
from shared.runs.options import options_of
from shared.runs.run import create_run
from shared.trackers import tracking
from shared.trackers.tracker import log_epoch, show_pictures

ROWS = [
    {"epoch": 1.0, "loss": 3.0, "valid_loss": 4.0, "learning_rate": 0.1, "seconds": 2.0},
    {"epoch": 2.0, "loss": 2.0, "valid_loss": 3.0, "learning_rate": 0.05, "seconds": 4.0},
]
NAMES = {"training/loss", "validation/loss", "learning_rate", "seconds"}
OPTIONS = {"method": "lisa", "seed": 3, "hyper": {"uniformity_t": 2.0}, "name": None}


@pytest.fixture
def run(tmp_path):
    """A run with a picture."""
    made = create_run(tmp_path / "demo", {"tool": "grammar-lisa", "options": OPTIONS})
    Image.new("RGB", (4, 2), (255, 0, 0)).save(made.path / "curves.png")
    return made


def follow(name, run):
    """Follow a training of two epochs with one picture."""
    with tracking(name, run) as tracker:
        for row in ROWS:
            log_epoch(tracker, row)
        show_pictures(tracker, run)


def events(run):
    """What TensorBoard's own reader reads in a run."""
    accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    found = accumulator.EventAccumulator(str(run.path / "tensorboard"))
    return found.Reload()


def test_tensorboard_reads_what_was_logged(run):
    pytest.importorskip("tensorboard")
    follow("tensorboard", run)
    found = events(run)
    assert set(found.Tags()["scalars"]) == NAMES
    losses = [(each.step, each.value) for each in found.Scalars("validation/loss")]
    assert losses == [(1, 4.0), (2, 3.0)]
    (picture,) = found.Images("curves")
    assert (picture.step, picture.width, picture.height) == (2, 4, 2)
    (text,) = found.Tensors("options/text_summary")
    assert b'"uniformity_t": 2.0' in text.tensor_proto.string_val[0]


def test_tensorboard_goes_on_where_a_run_was_stopped(run):
    pytest.importorskip("tensorboard")
    for row in ROWS:
        with tracking("tensorboard", run) as tracker:
            log_epoch(tracker, row)
    assert [each.step for each in events(run).Scalars("training/loss")] == [1, 2]


def test_mlflow_is_told_all(run, mlflow):
    follow("mlflow", run)
    assert mlflow.name == "demo"
    assert mlflow.params == {"method": "lisa", "seed": 3, "uniformity_t": 2.0, "name": None}
    assert [step for step, _ in mlflow.metrics] == [1, 2]
    assert set(mlflow.metrics[0][1]) == NAMES
    assert mlflow.artifacts == [("pictures", b"\x89PNG")]
    assert mlflow.status == "FINISHED"


def test_weights_and_biases_is_told_all(run, wandb, monkeypatch):
    follow("wandb", run)
    assert wandb.settings["project"] == "lisa"
    assert wandb.settings["name"] == "demo"
    assert wandb.settings["config"]["uniformity_t"] == 2.0
    steps = [step for step, _ in wandb.logged]
    assert steps == [1, 2, 2]
    assert wandb.logged[1][1]["validation/loss"] == 3.0
    assert wandb.logged[2][1]["curves"].path == str(run.path / "curves.png")
    assert wandb.exit_code == 0
    monkeypatch.setenv("WANDB_PROJECT", "mine")
    follow("wandb", run)
    assert wandb.settings["project"] == "mine"


def fail(name, run):
    with tracking(name, run):
        raise KeyboardInterrupt


def test_a_tracker_that_does_not_open_is_refused_in_one_line(run, mlflow, monkeypatch):
    def start_run(run_name):
        raise RuntimeError("the server does not answer\nat all")

    monkeypatch.setattr(mlflow, "start_run", start_run)
    monkeypatch.setattr(sys.modules["mlflow"], "start_run", start_run)
    said = "--track mlflow does not open, so nothing was done yet: the server does not answer; "
    with pytest.raises(LisaError, match=re.escape(f"{said}go on with --resume {run.path}")):
        follow("mlflow", run)


def test_a_tracker_that_fails_is_told_once_more_that_it_is_over(run, mlflow, monkeypatch):
    def log_metrics(*_, **__):
        raise OSError("the disk is full")

    monkeypatch.setattr(sys.modules["mlflow"], "log_metrics", log_metrics)
    told = []
    with tracking("mlflow", run, told.append) as tracker:
        log_epoch(tracker, ROWS[0])
        log_epoch(tracker, ROWS[1])
    (note,) = told
    assert note.endswith("the work goes on: the disk is full")
    assert mlflow.status == "FINISHED"


def test_what_was_stopped_ends_as_a_failure(run, mlflow, wandb):
    for name in ("mlflow", "wandb"):
        with pytest.raises(KeyboardInterrupt):
            fail(name, run)
    assert mlflow.status == "FAILED"
    assert wandb.exit_code == 1


def test_nothing_is_followed_by_default(run):
    before = sorted(run.path.iterdir())
    follow(None, run)
    assert sorted(run.path.iterdir()) == before
    assert options_of(create_run(run.path.with_name("bare"), {"tool": "t"})) == {}


def test_missing_packages_are_named_with_their_extra():
    name = "no_such_package_of_lisa"
    assert find_spec(name) is None
    with pytest.raises(LisaError, match=rf"{name} is not installed; .*lisa-toolkit\[some\]"):
        check_extra("some", "sys", name)
    assert name not in sys.modules
    check_extra("some", "sys", "json")
