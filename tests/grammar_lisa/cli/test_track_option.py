"""`--track` of `train` and `bo`."""

import json

import pytest
from command_line import EXPR, TINY_SEARCH, TOOL, succeed, train
from fake_trackers import mlflow as mlflow
from fake_trackers import wandb as wandb

from shared.runs.run import open_run


def test_a_training_is_followed_epoch_by_epoch(tmp_path):
    reader = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    run = train(tmp_path, "--epochs", 2, "--name", "a", "--track", "tensorboard")
    found = reader.EventAccumulator(str(run / "tensorboard")).Reload()
    rows = open_run(run, "grammar-lisa").read_metrics()
    for tag, column in (("validation/exact", "valid_exact"), ("training/loss", "loss")):
        logged = [(each.step, each.value) for each in found.Scalars(tag)]
        assert logged == [(row["epoch"], pytest.approx(row[column])) for row in rows]
    assert found.Images("curves")
    options = json.loads((run / "config.json").read_text())["options"]
    assert "track" not in options


def test_a_followed_training_is_the_same_as_another(tmp_path, mlflow):
    plain = train(tmp_path, "--name", "plain")
    followed = train(tmp_path, "--name", "followed", "--track", "mlflow")
    assert mlflow.name == "followed"
    assert mlflow.status == "FINISHED"
    weights = [(each / "model.safetensors").read_bytes() for each in (plain, followed)]
    assert weights[0] == weights[1]


def test_a_search_is_followed_by_its_trials(trained, tmp_path, wandb):
    words = ("--run", trained, "--trials", 2, "--jobs", 1, *TINY_SEARCH, "--controls", "no")
    result = succeed("bo", *words, "--name", f"s-{tmp_path.name}", "--track", "wandb", "--json")
    scores = [values for _, values in wandb.logged if "score/trial-01" in values]
    assert len(scores) == result.json["trials"]["search"][0]["evaluations"]
    best = [values["best/trial-02"] for _, values in wandb.logged if "best/trial-02" in values]
    assert best == sorted(best, reverse=True)
    assert {name for _, values in wandb.logged for name in values} >= {"convergence", "best"}
    assert wandb.axes["best/trial-02"] == wandb.axes["score/trial-02"] == "evaluation/trial-02"
    steps = [v["evaluation/trial-02"] for _, v in wandb.logged if "best/trial-02" in v]
    assert steps == list(range(1, len(best) + 1))
    assert wandb.exit_code == 0


def test_a_tracker_that_fails_on_the_way_stops_no_search(trained, tmp_path, wandb, monkeypatch):
    def define_metric(name, step_metric):
        raise OSError("the server is away\nfor long")

    monkeypatch.setattr(wandb, "define_metric", define_metric)
    words = ("--run", trained, "--trials", 1, "--jobs", 1, *TINY_SEARCH, "--controls", "no")
    result = succeed("bo", *words, "--name", f"s-{tmp_path.name}", "--track", "wandb", "--json")
    assert "--track wandb failed and is told no more; the work goes on: the server is away" in (
        result.said
    )
    assert result.json["trials"]["search"][0]["evaluations"] == 10


def test_a_missing_tracker_is_told_before_any_work(tmp_path, trained, monkeypatch):
    monkeypatch.setattr("shared.common.extras.find_spec", lambda name: None)
    for words in (
        ("train", "--grammar", EXPR, "--runs", tmp_path / "runs"),
        ("bo", "--run", trained),
    ):
        said = TOOL.refusal(*words, "--track", "wandb")
        assert "wandb is not installed; get it with: pip install 'lisa-toolkit[wandb]'" in said
    assert not list(tmp_path.iterdir())
