"""A run that goes on for more epochs ends as one that was made for so many."""

import dataclasses

import pytest
import torch
from light_reports import rough_mixtures
from small_runs import SHORT, digits, started

from image_lisa.models.names import LAST, TOOL
from image_lisa.training.experiment import finish_run, recorded_training, train_run
from image_lisa.training.extension import extend
from shared.common.callbacks import Callbacks
from shared.common.errors import LisaError
from shared.runs.expost import CODES, SAMPLERS
from shared.runs.run import CHECKPOINT, CONFIG, MODEL, SUMMARY, Run, open_run


@pytest.fixture(scope="module", autouse=True)
def _rough():
    with rough_mixtures():
        yield


class StoppedError(Exception):
    pass


def begun(path, epochs, **values):
    training = dataclasses.replace(SHORT, epochs=epochs, **values)
    run, images, architecture, _ = started(path, training=training)
    return run, images, architecture


def go_on(run, images, architecture, stop=None):
    def step(done, *_):
        if done == stop:
            raise StoppedError

    training = recorded_training(run)
    train_run(run, images, architecture, training, callbacks=Callbacks(step=step))
    finish_run(run, images, samplers=("gaussian",), extensible=True)


def content(run):
    """Weights, codes and samplers, and the metrics without the time they took."""
    names = (MODEL, LAST, CODES, SAMPLERS)
    rows = [{n: v for n, v in row.items() if n != "seconds"} for row in run.read_metrics()]
    return {name: run.read_tensors(name)[0] for name in names}, rows


def same(first, second):
    (a, rows), (b, others) = content(first), content(second)
    equal = (torch.equal(a[file][name], b[file][name]) for file in a for name in a[file])
    return rows == others and all(a[file].keys() == b[file].keys() for file in a) and all(equal)


@pytest.mark.parametrize(
    ("schedule", "exact"), [("constant", True), ("plateau", True), ("cosine", False)]
)
def test_a_finished_run_goes_on_to_more_epochs(tmp_path, schedule, exact):
    whole = begun(tmp_path / "whole", 6, schedule=schedule)
    go_on(*whole)
    run, *rest = begun(tmp_path / "run", 3, schedule=schedule)
    go_on(run, *rest)
    longer = extend(run, 6)
    assert not longer.finished
    assert recorded_training(open_run(run.path, TOOL)).epochs == 6
    go_on(longer, *rest)
    assert [row["epoch"] for row in longer.read_metrics()] == [1, 2, 3, 4, 5, 6]
    assert same(longer, whole[0]) == exact
    assert longer.read_json(SUMMARY)["training"]["epochs"] == 6


def test_a_run_that_was_stopped_goes_on_to_more_epochs_too(tmp_path):
    whole = begun(tmp_path / "whole", 4, schedule="constant")
    go_on(*whole)
    run, *rest = begun(tmp_path / "run", 3, schedule="constant", checkpoint_seconds=0)
    with pytest.raises(StoppedError):
        go_on(run, *rest, stop=6)
    longer = extend(run, 4)
    go_on(longer, *rest)
    assert same(longer, whole[0])


@pytest.mark.parametrize("stopped", ["write_tensors", "write_json", None])
def test_a_stop_while_it_is_extended_harms_nothing(tmp_path, monkeypatch, stopped):
    """It goes on to the epochs it was made for, or is extended once more."""
    run, *rest = begun(tmp_path / "run", 3, schedule="constant")
    go_on(run, *rest)
    before = content(run)[1]

    def fail(*_):
        raise StoppedError

    if stopped is not None:
        with monkeypatch.context() as patch:
            patch.setattr(Run, stopped, fail)
            with pytest.raises(StoppedError):
                extend(run, 4)
        run = open_run(run.path, TOOL)
        assert recorded_training(run).epochs == 3
    if stopped == "write_tensors":
        go_on(run, *rest)
        assert content(run)[1] == before
    longer = extend(run, 4)
    go_on(longer, *rest)
    assert len(longer.read_metrics()) == 4


def test_an_extension_that_cannot_be_is_refused_and_changes_nothing(tmp_path):
    run, *rest = begun(tmp_path / "run", 3, schedule="constant", patience=1)
    with pytest.raises(LisaError, match="is made for 3 epochs; to go on, --epochs must be more"):
        extend(run, 3)
    go_on(run, *rest)
    tensors, record = run.read_tensors(CHECKPOINT)
    record["progress"]["best_epoch"] = 1
    run.write_tensors(CHECKPOINT, tensors, record)
    before = {path: path.read_bytes() for path in run.path.iterdir()}
    with pytest.raises(LisaError, match="ended early, at epoch 3: for 1 epochs the validation"):
        extend(run, 5)
    assert {path: path.read_bytes() for path in run.path.iterdir()} == before
    (run.path / CHECKPOINT).unlink()
    with pytest.raises(LisaError, match=f"kept no {CHECKPOINT} to go on from"):
        extend(run, 5)
    assert run.finished


def test_the_options_of_an_extended_run_give_it_again(tmp_path):
    run, *_ = begun(tmp_path / "run", 3)
    run.write_json(CONFIG, {**run.config, "options": {"epochs": None, "patience": None, "seed": 9}})
    longer = extend(open_run(run.path, TOOL), 7)
    assert longer.config["options"] == {"epochs": 7, "patience": 0, "seed": 9}


@pytest.mark.parametrize("record", [None, [], {"epochs": 0}, {"epoch": 3}])
def test_a_damaged_record_of_the_training_is_named(tmp_path, record):
    run, *_ = begun(tmp_path / "run", 3)
    run.write_json(CONFIG, {**run.config, "training": record})
    with pytest.raises(LisaError, match=r"config\.json does not say how the run is trained"):
        extend(open_run(run.path, TOOL), 7)


def test_a_summary_says_what_was_planned(tmp_path):
    run, images, architecture = begun(tmp_path / "run", 3, patience=1)
    go_on(run, images, architecture)
    training = run.read_json(SUMMARY)["training"]
    assert training["planned_epochs"] == 3
    assert training["epochs"] == run.read_metrics()[-1]["epoch"]
    assert len(digits().train) * training["epochs"] / training["seconds"] == pytest.approx(
        training["images_per_second"]
    )
