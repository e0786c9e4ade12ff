"""`--track` of `image-lisa train`."""

import json

import pytest
from measured_runs import quick_measurements, refusal, train

from shared.runs.run import open_run


@pytest.fixture(autouse=True)
def _quick():
    with quick_measurements():
        yield


def test_a_training_of_images_is_followed(tmp_path):
    reader = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    run = train(tmp_path, "--limit", 60, "--track", "tensorboard")
    found = reader.EventAccumulator(str(run / "tensorboard")).Reload()
    rows = open_run(run, "image-lisa").read_metrics()
    logged = [each.value for each in found.Scalars("validation/reconstruction")]
    assert logged == pytest.approx([row["valid_reconstruction"] for row in rows])
    assert found.Images("reconstructions")
    assert "track" not in json.loads((run / "config.json").read_text())["options"]


def test_a_missing_tracker_is_told_before_any_work(tmp_path, monkeypatch):
    monkeypatch.setattr("shared.common.extras.find_spec", lambda name: None)
    said = refusal("train", "--dataset", "digits", "--runs", tmp_path / "runs", "--track", "mlflow")
    assert "mlflow is not installed" in said
    assert "lisa-toolkit[mlflow]" in said
    assert not list(tmp_path.iterdir())
