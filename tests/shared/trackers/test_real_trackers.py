"""Trackers against the real MLflow and Weights & Biases, neither of which needs a network here."""

import threading

import pytest

import image_lisa as il
from image_lisa.cli import main
from shared.common.errors import LisaError
from shared.runs.run import create_run
from shared.trackers import tracking

pytestmark = pytest.mark.slow
WORDS = "train --dataset digits --limit 200 --epochs 2 --dim 4 --device cpu --quiet --name followed"


@pytest.fixture
def mlflow(tmp_path, monkeypatch):
    """MLflow with a database in a new folder, which runs and pictures go to."""
    found = pytest.importorskip("mlflow", reason="needs the extra `mlflow`")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/mlflow.db")
    yield found
    found.set_tracking_uri(None)


@pytest.mark.filterwarnings("default")
def test_mlflow_keeps_a_training(mlflow, tmp_path):
    assert main([*WORDS.split(), "--track", "mlflow", "--runs", str(tmp_path)]) == 0
    client = mlflow.MlflowClient()
    (run,) = client.search_runs([each.experiment_id for each in client.search_experiments()])
    assert (run.info.run_name, run.info.status) == ("followed", "FINISHED")
    assert (run.data.params["method"], run.data.params["dim"]) == ("lisa", "4")
    history = client.get_metric_history(run.info.run_id, "validation/loss")
    rows = il.load(tmp_path / "followed").run.read_metrics()
    assert [(each.step, each.value) for each in history] == [
        (row["epoch"], row["valid_loss"]) for row in rows
    ]
    pictures = {each.path for each in client.list_artifacts(run.info.run_id, "pictures")}
    assert {"pictures/curves.png", "pictures/samples-gmm.png"} <= pictures


@pytest.mark.filterwarnings("default")
def test_mlflow_hears_another_thread_along_an_axis(mlflow, tmp_path):
    run = create_run(tmp_path / "search", {"tool": "grammar-lisa", "options": {}})
    with tracking("mlflow", run) as tracker:
        thread = threading.Thread(target=lambda: tracker.log({"best/trial-02": 3.0}, 7, "axis"))
        thread.start()
        thread.join()
    client = mlflow.MlflowClient()
    (found,) = client.search_runs([each.experiment_id for each in client.search_experiments()])
    (told,) = client.get_metric_history(found.info.run_id, "best/trial-02")
    assert (found.info.run_name, told.step, told.value) == ("search", 7, 3.0)


@pytest.mark.filterwarnings("default")
def test_a_server_that_is_none_is_refused_in_a_message(mlflow, tmp_path, monkeypatch):
    mlflow.set_tracking_uri("nowhere://at-all")
    run = create_run(tmp_path / "run", {"tool": "image-lisa", "options": {}})
    refused = pytest.raises(LisaError, match=r"--track mlflow does not open.*go on with --resume")
    with refused, tracking("mlflow", run):
        pass


@pytest.mark.filterwarnings("default")
def test_weights_and_biases_keep_a_training(tmp_path, monkeypatch):
    pytest.importorskip("wandb", reason="needs the extra `wandb`")
    monkeypatch.setenv("WANDB_MODE", "offline")
    assert main([*WORDS.split(), "--track", "wandb", "--runs", str(tmp_path)]) == 0
    (folder,) = (tmp_path / "followed" / "wandb").glob("offline-run-*")
    (kept,) = folder.glob("*.wandb")
    record = kept.read_bytes()
    for words in (b"followed", b"validation/loss", b"uniformity_weight"):
        assert words in record
    pictures = {each.name.rpartition("_")[0] for each in (folder / "files/media/images").iterdir()}
    assert {"curves", "samples-gmm"} <= {name.rpartition("_")[0] for name in pictures}
