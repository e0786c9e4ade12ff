"""`image-lisa info`, and the tool's own help."""

import json
from importlib.metadata import version

import pytest
from image_commands import TRAINING, killed, refusal, run_command, succeed, train
from tools import at_step

from image_lisa.cli import COMMANDS


def told(result):
    """The table as a dictionary."""
    lines = [line.strip() for line in result.out.splitlines() if "  " in line.strip()]
    cells = [line.split("  ", 1) for line in lines]
    return {name: value.strip() for name, value in cells}


def test_a_finished_run(trained):
    summary = json.loads((trained / "summary.json").read_text())
    found = told(succeed("info", trained))
    assert found["run"] == str(trained)
    assert found["finished"] == "yes"
    assert found["data"] == "digits, 48 images to train on"
    assert found["image"] == "1 × 8 × 8"
    assert (found["method"], found["network"], found["code size"]) == ("LISA", "light", "4")
    assert (found["uniformity weight"], found["uniformity t"]) == ("1", "2")
    assert found["epochs"] == "2"
    assert found["best epoch"] == str(summary["best"]["epoch"])
    assert found["validation MSE a pixel"] == f"{summary['valid']['mse']:.4g}"
    assert found["samplers"] == "uniform, gaussian, gmm, dirichlet"
    assert found["version"] == version("lisa-toolkit")


def test_json_holds_configuration_summary_and_metrics(trained):
    found = succeed("info", trained, "--json").json
    assert found["config"] == json.loads((trained / "config.json").read_text())
    assert found["summary"] == json.loads((trained / "summary.json").read_text())
    assert [row["epoch"] for row in found["metrics"]] == [1, 2]


def test_a_training_that_was_killed_says_how_to_go_on(tmp_path):
    killed([*TRAINING, "--runs", tmp_path], at_step(4))
    run = tmp_path / "run"
    found = told(succeed("info", run))
    assert found["finished"] == f"no; image-lisa train --resume {run}"
    assert found["epochs"] == "1"
    assert "best epoch" not in found
    assert succeed("info", run, "--json").json["summary"] is None


def test_the_newest_run_is_taken(tmp_path):
    train(tmp_path, "--name", "a")
    newest = train(tmp_path, "--name", "A")
    assert told(succeed("info", "--runs", tmp_path))["run"] == str(newest)


def test_info_changes_nothing(trained):
    before = {path: path.stat().st_mtime_ns for path in trained.iterdir()}
    succeed("info", trained, "--quiet")
    assert {path: path.stat().st_mtime_ns for path in trained.iterdir()} == before


@pytest.mark.parametrize(
    ("words", "fragment"),
    [
        (["nope"], "there is no run at nope"),
        (["--runs", "nope"], "there is no finished run in nope/"),
        (["."], ". is no run: it has no config.json"),
        (["--jsno"], "--json"),
    ],
)
def test_what_is_no_run_is_refused(tmp_path, monkeypatch, words, fragment):
    monkeypatch.chdir(tmp_path)
    assert fragment in refusal("info", *words)


@pytest.mark.parametrize(
    ("keys", "value", "fragment"),
    [
        (("tool",), "grammar-lisa", "is a run of grammar-lisa, not of image-lisa"),
        (("format",), 99, "is a run of format 99"),
        (("model",), [], "does not describe a model of this version"),
        (("model", "method"), {"name": "x"}, "does not describe a model of this version"),
    ],
)
def test_an_edited_configuration_is_refused(run, keys, value, fragment):
    config = json.loads((run / "config.json").read_text())
    place = config
    for key in keys[:-1]:
        place = place[key]
    place[keys[-1]] = value
    (run / "config.json").write_text(json.dumps(config))
    assert fragment in refusal("info", run)


def test_damaged_metrics_are_named(run):
    (run / "metrics.csv").write_text("epoch,loss\n1,low\n")
    assert "metrics.csv is no table of metrics" in refusal("info", run)


def test_data_that_are_not_recorded_are_no_error(run):
    config = json.loads((run / "config.json").read_text())
    del config["data"]
    (run / "config.json").write_text(json.dumps(config))
    assert told(succeed("info", run))["data"].startswith("None")


def test_the_tools_help_lists_every_command():
    out = succeed("--help").out
    assert {"train", "sample", "info"} <= COMMANDS.keys()
    for name, command in COMMANDS.items():
        assert f"  {name}" in out
        assert command.summary in out
    assert succeed("--version").out == f"image-lisa {version('lisa-toolkit')}\n"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help(name):
    result = run_command(name, "--help")
    assert result.status == 0
    assert f"image-lisa {name}" in result.out
    assert "--json" in result.out
