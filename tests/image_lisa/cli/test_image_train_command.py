"""`image-lisa train`: what it leaves, what it takes, what it refuses, how it goes on."""

import dataclasses
import errno
import json
import math
import os
import shlex
import signal
import socket
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import torch
from image_commands import (
    TINY,
    TRAINING,
    contents,
    killed,
    pictures,
    pixels,
    refusal,
    run_apart,
    run_command,
    succeed,
    train,
)
from tools import (
    at_step,
    before_write,
    edit,
    endless,
    finish,
    flags,
    mostly_slow,
    started,
    wait_for,
)

from image_lisa.cli.train import Options
from image_lisa.models.architecture import run_architecture
from image_lisa.models.model import ImageModel
from shared.methods import sampler_names
from shared.methods.registry import METHODS
from shared.runs.expost import SAMPLERS, load_samplers
from shared.runs.run import open_run
from shared.runs.tensors import read_tensors
from shared.training.trainer import Trainer

PICTURES = {
    "curves.png",
    "reconstructions.png",
    "interpolations.png",
    *(f"samples-{name}.png" for name in ("uniform", "gaussian", "gmm", "dirichlet")),
}
LEFT = PICTURES | {
    *("config.json", "metrics.csv", "summary.json"),
    *("model.safetensors", "last.safetensors", "codes.safetensors", "samplers.safetensors"),
    "labels.safetensors",
    "checkpoint.safetensors",
}
QUICK = {"2s-vae": ("--second-steps", 20, "--second-width", 8)}
"""Options with which a method takes no time."""

FEW = ("lisa", "vae", "vq-vae", "2s-vae")


def names(run):
    return {path.name for path in run.iterdir()}


def config_of(run):
    return json.loads((run / "config.json").read_text())


def tensors(run, name="model.safetensors"):
    return read_tensors(run / name)[0]


def same(first, second, name="model.safetensors"):
    a, b = tensors(first, name), tensors(second, name)
    return a.keys() == b.keys() and all(torch.equal(a[key], b[key]) for key in a)


def metrics(run):
    rows = open_run(run, "image-lisa").read_metrics()
    return [{name: value for name, value in row.items() if name != "seconds"} for row in rows]


def test_a_training_leaves_weights_curves_and_pictures(tmp_path, drawn):
    words = ("--runs", tmp_path, "--epochs", 2)
    result = succeed("train", *TINY, *words)
    run = tmp_path / "digits-lisa-001"
    assert names(run) == LEFT
    assert [row["epoch"] for row in metrics(run)] == [1, 2]
    assert "48 images of 1 × 8 × 8 to train on, 12 to validate, 360 to test" in result.err
    assert "LISA, light network, d = 4" in result.err
    assert "epoch 2/2: loss" in result.err
    assert "fitting the sampler gmm" in result.err
    assert "best epoch" in result.out
    assert f"pictures and weights: {run}" in result.out
    assert "{" not in result.out
    for picture in ("reconstructions", "interpolations", "samples-gmm"):
        assert min(pixels(run / f"{picture}.png").shape[:2]) > 2 * 64
    assert pixels(run / "curves.png").shape[1] > 3 * 100


def test_one_json_object_and_nothing_else(tmp_path):
    result = succeed("train", *TINY, "--runs", tmp_path, "--epochs", 1, "--json", "--quiet")
    assert result.err == ""
    run = tmp_path / "digits-lisa-001"
    assert result.json == {
        "run": str(run), "summary": json.loads((run / "summary.json").read_text())
    }  # fmt: skip


def test_quiet_prints_the_result_alone(tmp_path):
    result = succeed("train", *TINY, "--runs", tmp_path, "--epochs", 1, "--quiet")
    assert result.err == ""
    assert "epoch 1" not in result.out
    assert "validation MSE a pixel" in result.out


def test_help_shows_the_options_of_the_method(trained, tmp_path):
    any_method = succeed("train", "--help").out
    assert {"--dataset", "--resume"} <= flags(any_method)
    assert not {"--uniformity-weight", "--mmd-weight"} & flags(any_method)
    assert all(name in any_method for name in METHODS)
    default = flags(succeed("train", "--method", "lisa", "--help").out)
    assert {"--uniformity-weight", "--uniformity-t", "--dataset", "--resume"} <= default
    other = flags(succeed("train", "--method", "wae", "--help").out)
    assert "--mmd-weight" in other
    assert "--mmd-weight" not in default
    assert "--uniformity-weight" not in other
    assert "--mmd-weight" in flags(succeed("train", "--method=wae", "--help").out)
    assert "--mmd-weight" in flags(succeed("train", "--method", "vae", "--method", "wae", "-h").out)
    config = trained / "config.json"
    assert "--uniformity-weight" in flags(succeed("train", "--config", config, "--help").out)
    words = ("--config", config, "--method", "wae", "--help")
    assert "--mmd-weight" in flags(succeed("train", *words).out)


def test_help_shows_every_option_of_every_method():
    for name, kind in METHODS.items():
        shown = flags(succeed("train", "--method", name, "--help").out)
        own = {each.name.replace("_", "-") for each in dataclasses.fields(kind)}
        assert {f"--{each}" for each in own} <= {flag.replace("--no-", "--") for flag in shown}


def test_no_method_has_an_option_of_the_commands():
    taken = {each.name for each in dataclasses.fields(Options)}
    for kind in METHODS.values():
        assert not taken & {each.name for each in dataclasses.fields(kind)}, kind.name


@pytest.mark.parametrize("name", mostly_slow(METHODS, FEW))
def test_every_method_trains(tmp_path, name):
    words = ("--method", name, *QUICK.get(name, ()))
    run = train(tmp_path, *words, "--epochs", 2)
    assert run.name == f"digits-{name}-001"
    folder = open_run(run, "image-lisa")
    method = run_architecture(folder).method
    assert method.name == config_of(run)["options"]["method"] == name
    samplers = load_samplers(folder)
    assert tuple(samplers) == sampler_names(method)
    model = ImageModel.load(folder)
    for sampler, law in samplers.items():
        assert model.decode(law.sample(3, 0)).isfinite().all()
        assert (run / f"samples-{sampler}.png").is_file()
    rows = metrics(run)
    assert all(math.isfinite(value) for row in rows for value in row.values())
    assert {"reconstruction", "valid_reconstruction", "loss", "valid_loss"} <= rows[0].keys()


def test_hyperparameters_reach_the_method(tmp_path):
    run = train(tmp_path, "--method", "wae", "--mmd-weight", 3.5)
    method = run_architecture(open_run(run, "image-lisa")).method
    assert method == METHODS["wae"](mmd_weight=3.5)
    assert config_of(run)["options"]["hyper"] == {"mmd_weight": 3.5}


def test_a_folder_of_images_is_a_data_set(tmp_path):
    folder = pictures(tmp_path / "pets")
    result = succeed(
        *("train", "--dataset", folder, "--runs", tmp_path / "runs", "--epochs", 1, "--json"),
        *("--batch-size", 8, "--dim", 4, "--network", "paper", "--size", 8),
    )
    run = Path(result.json["run"])
    assert run.name == "pets-lisa-001"
    data = config_of(run)["data"]
    assert data["shape"] == [3, 8, 8]
    assert data["labelled"]
    assert data["train"] + data["valid"] + data["test"] == 40
    colours = pixels(run / "samples-uniform.png").reshape(-1, 3)
    assert (colours.min(1) < colours.max(1)).any()


def test_the_seed_decides_the_weights(tmp_path):
    first, again, other = (train(tmp_path, "--seed", seed) for seed in (3, 3, 4))
    assert [path.name[-3:] for path in (first, again, other)] == ["001", "002", "003"]
    for name in ("model.safetensors", "samplers.safetensors"):
        assert same(first, again, name)
        assert not same(first, other, name)
    for picture in PICTURES - {"curves.png"}:
        assert (first / picture).read_bytes() == (again / picture).read_bytes()


def test_a_configuration_can_be_run_again(tmp_path):
    first = train(tmp_path, "--method", "wae", "--mmd-weight", 3, "--seed", 2, "--dim", 5)
    config = first / "config.json"
    result = succeed("train", "--config", config, "--json", "--quiet")
    again = Path(result.json["run"])
    assert again == tmp_path / "digits-wae-002"
    assert config_of(again)["options"] == config_of(first)["options"]
    assert same(first, again)
    words = ("--mmd-weight", 4, "--dim", 6, "--name", "other", "--json", "--quiet")
    other = Path(succeed("train", f"--config={config}", *words).json["run"])
    expected = config_of(first)["options"] | {"dim": 6, "hyper": {"mmd_weight": 4.0}}
    assert config_of(other)["options"] == expected


def test_a_configuration_can_be_run_with_another_method(tmp_path):
    first = train(tmp_path, "--method", "wae", "--mmd-weight", 3, "--dim", 5)
    words = ("--config", first / "config.json", "--method", "infovae", "--json", "--quiet")
    other = Path(succeed("train", *words).json["run"])
    assert other == tmp_path / "digits-infovae-001"
    options = config_of(other)["options"]
    assert options["dim"] == 5
    assert options["hyper"] == dataclasses.asdict(METHODS["infovae"]())
    same_method = Path(
        succeed("train", *words[:2], "--method", "wae", "--json", "--quiet").json["run"]
    )
    assert config_of(same_method)["options"]["hyper"] == {"mmd_weight": 3.0}


def test_a_run_is_replaced_only_on_request(run):
    before = contents(run)
    words = ("train", *TINY, "--runs", run.parent, "--name", "run", "--epochs", 1)
    assert "--overwrite" in refusal(*words, "--quiet")
    assert contents(run) == before
    (run / "note.txt").write_text("mine")
    succeed(*words, "--overwrite", "--seed", 9)
    assert names(run) == LEFT
    assert len(metrics(run)) == 1


@pytest.mark.parametrize(
    "bad",
    [
        ["--dataset", "nope"],
        ["--dim", "0"],
        ["--valid", "59"],
        ["--uniformity-t", "-1"],
        ["--devices", "3"],
        ["--learning-rate", "0"],
        ["--config", "nope.json"],
    ],
)
def test_overwriting_waits_for_good_input(run, bad):
    before = contents(run)
    words = ("train", *TINY, "--runs", run.parent, "--name", "run", "--overwrite", *bad)
    refusal(*words, "--quiet")
    assert contents(run) == before


def test_other_files_are_never_replaced(tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.tex").write_text("years of work")
    words = ("train", *TINY, "--runs", tmp_path, "--name", "mine", "--overwrite", "--quiet")
    assert "holds other files" in refusal(*words)
    assert (tmp_path / "mine" / "thesis.tex").read_text() == "years of work"


@pytest.fixture(scope="module")
def straight(tmp_path_factory):
    """The training that ran through."""
    runs = tmp_path_factory.mktemp("straight")
    succeed(*TRAINING, "--runs", runs)
    return runs / "run"


def goes_on_to_the_same_end(run, straight):
    succeed("train", "--resume", run)
    assert metrics(run) == metrics(straight)
    for name in ("model", "last", "codes", "samplers"):
        assert same(run, straight, f"{name}.safetensors")
    assert {name for name in names(run) if not name.startswith(".")} == LEFT
    for picture in ("reconstructions.png", "interpolations.png", "samples-gmm.png"):
        assert (run / picture).read_bytes() == (straight / picture).read_bytes()


@pytest.fixture(scope="module")
def writes(tmp_path_factory):
    """The names of the files that a training writes, in their order."""
    rename, found = Path.replace, []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            Path,
            "replace",
            lambda self, target: (found.append(Path(target).name), rename(self, target))[1],
        )
        succeed(*TRAINING, "--runs", tmp_path_factory.mktemp("writes"))
    return found


def test_the_summary_is_written_last(writes):
    assert writes[0] == "config.json"
    assert writes[-1] == "summary.json"
    assert set(writes) == LEFT | {"best.safetensors"}


MOMENTS = ["best.safetensors", "metrics.csv", "last.safetensors", "model.safetensors"]
MOMENTS += ["curves.png", "samplers.safetensors", "samples-gmm.png", "summary.json"]


@pytest.mark.parametrize(
    "last", mostly_slow(MOMENTS, ("metrics.csv", "model.safetensors", "samples-gmm.png"))
)
def test_a_training_killed_before_a_write_ends_the_same(tmp_path, straight, writes, last):
    number = len(writes) - writes[::-1].index(last)
    killed([*TRAINING, "--runs", tmp_path], before_write(number))
    goes_on_to_the_same_end(tmp_path / "run", straight)


@pytest.mark.parametrize(("step", "seconds"), [(0, 0), (4, 0), (5, 1000)])
def test_a_training_killed_within_an_epoch_ends_the_same(tmp_path, straight, step, seconds):
    words = [*TRAINING, "--runs", tmp_path, "--checkpoint-seconds", seconds]
    killed(words, at_step(step))
    run = tmp_path / "run"
    assert (run / "checkpoint.safetensors").exists() == (step > 0 and seconds == 0)
    goes_on_to_the_same_end(run, straight)


def test_a_training_killed_again_and_again_ends_the_same(tmp_path, straight):
    run = tmp_path / "run"
    killed([*TRAINING, "--runs", tmp_path], at_step(1))
    for step in (2, 2, 5, 8):
        killed(["train", "--resume", run], at_step(step))
    goes_on_to_the_same_end(run, straight)


def interrupting(step, monkeypatch):
    whole = Trainer._step

    def interrupted(self):
        if self.progress.step == step:
            raise KeyboardInterrupt
        whole(self)

    monkeypatch.setattr(Trainer, "_step", interrupted)


def test_ctrl_c_keeps_the_best_and_says_how_to_go_on(tmp_path, straight, monkeypatch):
    run = tmp_path / "run"
    with monkeypatch.context() as patch:
        interrupting(7, patch)
        result = run_command(*TRAINING, "--runs", tmp_path)
    assert result.status == 130
    assert result.err == f"\ninterrupted: go on with 'image-lisa train --resume {run}'\n"
    assert result.out == ""
    _, record = read_tensors(run / "best.safetensors")
    losses = [row["valid_loss"] for row in metrics(run)]
    assert record == {"epoch": losses.index(min(losses)) + 1, "valid_loss": min(losses)}
    goes_on_to_the_same_end(run, straight)


def test_ctrl_c_while_samplers_are_fitted_says_how_to_go_on(tmp_path, straight, monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("shared.runs.expost.fit_sampler", interrupt)
        result = run_command(*TRAINING, "--runs", tmp_path)
    assert result.status == 130
    assert "go on with 'image-lisa train --resume" in result.err
    goes_on_to_the_same_end(tmp_path / "run", straight)


def test_a_finished_run_is_told_again(trained):
    before = (trained / "summary.json").stat().st_mtime_ns
    result = succeed("train", "--resume", trained)
    assert "is finished already" in result.said
    assert "best epoch" in result.out
    assert (trained / "summary.json").stat().st_mtime_ns == before


def test_a_finished_run_goes_on_to_more_epochs(tmp_path):
    words = ("--schedule", "constant", "--quiet")
    whole = train(tmp_path / "whole", "--epochs", 3, *words)
    run = train(tmp_path / "runs", "--epochs", 2, *words)
    assert "is finished already; --epochs N" in succeed("train", "--resume", run).said
    result = succeed("train", "--resume", run, "--epochs", 3)
    assert result.said.count("epoch 3/3") == 1
    assert "epoch 2/3" not in result.said
    assert metrics(run) == metrics(whole)
    for name in ("model", "last", "codes", "samplers"):
        assert same(run, whole, f"{name}.safetensors")


def test_a_cosine_that_goes_on_says_that_it_rises_again(tmp_path):
    run = train(tmp_path, "--quiet")
    assert "the learning rate rises again" in succeed("train", "--resume", run, "--epochs", 2).said


def test_what_is_chosen_for_the_images_is_told_and_recorded(tmp_path):
    words = ("train", "--dataset", "digits", "--limit", 60, "--dim", 4, "--runs", tmp_path)
    said = succeed(*words, "--epochs", 4, "--patience", 0, "--name", "some").said
    assert "4 epochs of 3 steps of 16 images, 12 steps in all (--batch-size chosen for 48" in said
    assert "no better" not in said
    said = succeed(*words, "--epochs", 4, "--batch-size", 24, "--name", "all").said
    assert "4 epochs of 2 steps of 24 images, 8 steps in all; fewer if validation is no" in said
    training, options = (config_of(tmp_path / "all")[name] for name in ("training", "options"))
    assert (training["epochs"], training["batch_size"], training["patience"]) == (4, 24, 10)
    assert options["patience"] is None


def test_a_training_that_ends_early_says_so(tmp_path):
    words = ("--epochs", 40, "--patience", 1, "--learning-rate", 0.05, "--method", "ae")
    result = succeed("train", *TINY, "--runs", tmp_path, *words, "--quiet")
    assert "of 40: ended early" in result.out


def test_a_training_that_diverged_is_a_failure(tmp_path):
    words = ("--epochs", 40, "--learning-rate", 30, "--name", "run")
    assert "the training diverged" in refusal("train", *TINY, "--runs", tmp_path, *words, "--quiet")
    assert not (tmp_path / "run" / "model.safetensors").exists()
    assert "is not finished" in refusal("sample", tmp_path / "run")


def test_data_that_changed_are_refused(tmp_path):
    folder = pictures(tmp_path / "pets", sides=(8, 8))
    words = ("--dataset", folder, "--runs", tmp_path, "--batch-size", 8, "--dim", 4)
    killed(["train", *words, "--name", "run", "--epochs", 2], at_step(5))
    before = contents(tmp_path / "run")
    (folder / "cats" / "000.png").write_bytes((folder / "dogs" / "001.png").read_bytes())
    message = " ".join(refusal("train", "--resume", tmp_path / "run", "--quiet").split())
    assert f"the data are not those that {tmp_path / 'run'} was trained on" in message
    assert contents(tmp_path / "run") == before


def test_options_that_a_resumed_run_ignores_are_refused():
    refused = refusal("train", "--resume", "run", "--dim", 4, "--epochs", 9)
    assert "leave --dim away (what may be given is --epochs, --track)" in refused


@pytest.mark.parametrize("how", ["cut", "flipped", "empty"])
def test_a_damaged_checkpoint_is_refused_and_kept(tmp_path, how):
    killed([*TRAINING, "--runs", tmp_path], at_step(4))
    path = tmp_path / "run" / "checkpoint.safetensors"
    content = path.read_bytes()
    flipped = content[:-1] + bytes([content[-1] ^ 1])
    spoilt = {"cut": content[:-9], "flipped": flipped, "empty": b""}[how]
    path.write_bytes(spoilt)
    assert "checkpoint.safetensors" in refusal("train", "--resume", tmp_path / "run", "--quiet")
    assert path.read_bytes() == spoilt


@pytest.mark.parametrize("fails", mostly_slow([1, 2, 4, 6, 11, 14, 16, 21], (1, 6, 14)))
def test_a_full_disk_is_one_message_and_nothing_is_lost(tmp_path, straight, monkeypatch, fails):
    """The nth write and all that follow find no room."""
    run, sync, count, before = tmp_path / "run", os.fsync, [0], {}

    def full(handle):
        count[0] += 1
        if count[0] >= fails:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        before.update({path: path.read_bytes() for path in run.glob("[!.]*")})
        return sync(handle)

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        result = run_command(*TRAINING, "--runs", tmp_path)
    assert result.status == 2
    assert result.out == ""
    assert result.err.count("\n") == 1
    assert result.err.startswith(f"error: cannot write {run}")
    assert result.err.endswith(": No space left on device; what was there is unchanged\n")
    left = set(tmp_path.rglob("*"))
    assert set(before) <= left
    assert not any(path.name.startswith(".") for path in left)
    if fails > 1:
        goes_on_to_the_same_end(run, straight)
    else:
        succeed(*TRAINING, "--runs", tmp_path)


def test_a_loss_that_is_not_finite_is_one_message(tmp_path):
    words = ("train", *TINY, "--runs", tmp_path, "--epochs", 9, "--learning-rate", 1e30)
    message = refusal(*words, "--quiet")
    assert "the loss is not finite at step" in message
    assert "try a smaller learning rate" in message


def test_no_network_is_one_message(tmp_path, monkeypatch):
    def retrieve(url, **_):
        raise ConnectionError("no route to host")

    monkeypatch.setattr("pooch.retrieve", retrieve)
    monkeypatch.delenv("LISA_DATA_DIR", raising=False)
    monkeypatch.delenv("LISA_CACHE_DIR", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    message = refusal("train", "--dataset", "mnist", "--runs", tmp_path / "runs", "--quiet")
    assert message.startswith("error: ")
    assert not (tmp_path / "runs").exists()


BAD = [
    ("train --dataset nope", "there is no dataset and no folder 'nope'"),
    ("train --dataset mnits", "did you mean 'mnist'?"),
    ("train --dataset file.txt", "file.txt is a file"),
    ("train --dataset empty", "empty"),
    ("train --method liza", "there is no method 'liza'; did you mean 'lisa'?"),
    ("train --method ''", "there is no method ''"),
    ("train --method=", "there is no method ''"),
    ("train --method", "there is no method ''"),
    ("train --method vae --uniformity-weight 2", "--uniformity-weight"),
    ("train --mmd-weight 2", "--mmd-weight"),
    ("train --uniformity-weight -1", "uniformity-weight must be at least 0"),
    ("train --uniformity-t nan", "uniformity-t must be at least"),
    ("train --method wae --mmd-weight much", "--mmd-weight"),
    ("train --network wide", "--network"),
    ("train --dim 1", "--dim must be from 2 to 1,024, not 1"),
    ("train --dim 1000000", "--dim must be from 2"),
    ("train --dim many", "--dim"),
    ("train --epochs 0", "--epochs must be from 1"),
    ("train --epochs 1000000000000", "--epochs must be from 1"),
    ("train --batch-size 1", "--batch-size must be from 2"),
    ("train --learning-rate 0", "learning rate must be above 0"),
    ("train --learning-rate nan", "learning rate must be above 0"),
    ("train --schedule step", "--schedule"),
    ("train --precision 8", "--precision"),
    ("train --precision 16-mixed --device cpu", "16-mixed needs a GPU; use bf16-mixed"),
    ("train --device tpu", "--device"),
    ("train --devices 0", "--devices must be from 1"),
    ("train --devices 3", "the batch of 16 cannot be shared evenly by 3 devices"),
    ("train --threads 0", "--threads must be from 1"),
    ("train --valid-epochs 0", "--valid-epochs must be from 1"),
    ("train --patience -1", "--patience must be from 0"),
    ("train --kl-warmup -1", "--kl-warmup must be from 0"),
    ("train --resume runs/run --epochs 1", "is made for 2 epochs; to go on, --epochs must be"),
    ("train --checkpoint-seconds -1", "--checkpoint-seconds must be from 0"),
    ("train --checkpoint-seconds nan", "--checkpoint-seconds must be from 0"),
    ("train --limit 9", "--limit must be from 10"),
    ("train --valid 1", "--valid must be from 2"),
    ("train --valid 59", "59 validation images cannot be had"),
    ("train --size 3", "--size must be from 4"),
    ("train --size 100000", "--size must be from 4"),
    ("train --data-dir file.txt", "file.txt is a file; name a folder"),
    ("train --name ..", "--name must be the name of a folder"),
    ("train --name a/b", "--name must be the name of a folder"),
    ("train --name ''", "--name must be the name of a folder"),
    ("train --name run", "runs/run holds a run already"),
    ("train --name mine", "holds other files and no run of image-lisa"),
    ("train --runs file.txt", "cannot make the folder file.txt"),
    ("train --config nope.json", "cannot read nope.json"),
    ("train --config .", "cannot read ."),
    ("train --config=", "cannot read ."),
    ("train --config file.txt", "file.txt is not valid JSON"),
    ("train --config list.json", "list.json holds no options of 'image-lisa train'"),
    ("train --config method.json", "method.json holds no options of 'image-lisa train'"),
    ("train --config epochs.json", "epochs.json: the option epochs cannot be 'many'"),
    ("train --config other.json", "other.json: there is no option 'epoch'; did you mean 'epochs'?"),
    ("train --config hyper.json", "hyper.json: there is no option 'mmd_weight'"),
    ("train --config range.json", "uniformity"),
    ("train --resume nope", "there is no run at nope"),
    ("train --resume file.txt", "there is no run at file.txt"),
    ("train --resume mine", "mine is no run: it has no config.json"),
    ("train --resume grammar", "grammar is a run of grammar-lisa, not of image-lisa"),
    ("train --epcohs 3", "--epochs"),
    ("train digits", "digits"),
    ("trian", "there is no command 'trian'; did you mean 'train'?"),
]
FILES = {
    "file.txt": "text",
    "list.json": "[1]",
    "method.json": '{"options": {"method": []}}',
    "epochs.json": '{"options": {"method": "lisa", "epochs": "many"}}',
    "other.json": '{"options": {"method": "lisa", "epoch": 3}}',
    "hyper.json": '{"options": {"method": "lisa", "hyper": {"mmd_weight": 3}}}',
    "range.json": '{"options": {"method": "lisa", "hyper": {"uniformity_weight": -3}}}',
    "mine/thesis.tex": "years of work",
    "runs/mine/thesis.tex": "years of work",
    "grammar/config.json": '{"format": 1, "tool": "grammar-lisa"}',
}


@pytest.fixture
def place(run, tmp_path, monkeypatch):
    """A working directory with a trained run and files that are wrong in many ways."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def words_of(line):
    """A line's words, after those that make the training small."""
    first, *rest = shlex.split(line)
    own = "--config" in line or "--resume" in line
    small = TINY if first == "train" and not own else ()
    return [first, *small, *rest]


@pytest.mark.parametrize(("line", "fragment"), BAD)
def test_bad_input_is_answered_with_one_message_and_nothing_is_changed(place, line, fragment):
    before = contents(place)
    assert fragment in refusal(*words_of(line))
    assert contents(place) == before


@pytest.mark.parametrize(
    ("keys", "value", "fragment"),
    [
        (("tool",), "grammar-lisa", "is a run of grammar-lisa, not of image-lisa"),
        (("format",), 99, "is a run of format 99, written by version"),
        (("options",), None, "holds no options of 'image-lisa train'"),
        (("options", "method"), "liza", "holds no options of 'image-lisa train'"),
        (("options", "epochs"), "many", "the option epochs cannot be 'many'"),
        (("options", "hyper"), [], "there is no option 'hyper'"),
        (("options", "dataset"), "nope", "there is no dataset and no folder 'nope'"),
        (("options", "valid"), 13, "the data are not those"),
        (("training", "epochs"), 7, "was made with other settings"),
        (("training",), {}, "was made with other settings"),
        (("training",), None, "does not say how the run is trained"),
        (("data",), None, "the data are not those"),
        (("data", "sha256"), "0" * 64, "the data are not those"),
        (("model",), [], "does not describe a model of this version"),
        (("model", "dim"), 10**9, "the code size must be from 2 to 1024"),
        (("model", "dim"), 5, "checkpoint.safetensors does not fit this network"),
        (("model", "network"), "wide", "does not describe a model of this version"),
        (("model", "shape"), [1, 9, 9], "but those of digits have shape (1, 8, 8)"),
    ],
)
def test_an_edited_configuration_does_not_go_on(stopped, tmp_path, keys, value, fragment):
    path = tmp_path / "run" / "config.json"
    path.parent.mkdir()
    for name, content in stopped.items():
        (tmp_path / "run" / name).write_bytes(content)
    edit(path, *keys, value=value)
    before = contents(tmp_path)
    assert fragment in " ".join(refusal("train", "--resume", path.parent, "--quiet").split())
    assert contents(tmp_path) == before


@pytest.fixture(scope="module")
def stopped(tmp_path_factory):
    """The files of a training that was killed in its second epoch."""
    runs = tmp_path_factory.mktemp("stopped")
    killed([*TRAINING, "--runs", runs], at_step(4))
    return {path.name: path.read_bytes() for path in (runs / "run").glob("[!.]*")}


@pytest.mark.parametrize("how", ["{}", "[]", "text", "no best"])
def test_a_damaged_summary_is_named(run, how):
    path = run / "summary.json"
    summary = json.loads(path.read_text())
    del summary["best"]
    path.write_text(json.dumps(summary) if how == "no best" else how)
    for words in (("train", "--resume", run, "--quiet"), ("info", run)):
        result = run_command(*words)
        assert result.status == 2
        assert "summary.json is n" in result.err
        assert result.err.count("\n") == 1


def test_a_summary_that_was_removed_is_written_again(run):
    expected = (run / "summary.json").read_text()
    samplers = (run / SAMPLERS).read_bytes()
    for name in ("summary.json", "samples-gmm.png", "reconstructions.png"):
        (run / name).unlink()
    succeed("train", "--resume", run)
    assert (run / "summary.json").read_text() == expected
    assert (run / SAMPLERS).read_bytes() == samplers
    assert names(run) == LEFT


@pytest.mark.slow
def test_the_program_survives_kill_9(tmp_path):
    """From outside, at whatever moment; the rest is done in this process."""
    words = [*TRAINING, "--epochs", "60", "--runs"]
    run = tmp_path / "a" / "run"
    with started(*endless("image-lisa"), *words, tmp_path / "a") as process:
        wait_for((run / "checkpoint.safetensors").exists, process)
        os.killpg(process.pid, signal.SIGKILL)
        assert finish(process).status == -signal.SIGKILL
    assert not (run / "model.safetensors").exists()
    succeed(*words, tmp_path / "b")
    goes_on_to_the_same_end(run, tmp_path / "b" / "run")


def close(first, second):
    """Metrics that agree to 1e-5, beside the time that they took."""
    assert len(first) == len(second) > 0
    for a, b in zip(first, second, strict=True):
        assert a.keys() == b.keys()
        for name, value in a.items():
            assert value == pytest.approx(b[name], rel=1e-5, abs=1e-6), name


@pytest.mark.slow
def test_two_devices_train_as_one(tmp_path, straight):
    result = run_apart(*TRAINING, "--runs", tmp_path, "--devices", 2, "--device", "cpu", "--json")
    assert result.status == 0, result.err
    assert result.err == ""
    run = tmp_path / "run"
    assert result.json["run"] == str(run)
    close(metrics(run), metrics(straight))
    assert names(run) == LEFT
    for name, value in tensors(straight).items():
        torch.testing.assert_close(tensors(run)[name], value, rtol=1e-3, atol=1e-4)
    assert config_of(run)["training"]["devices"] == 2


@pytest.mark.slow
def test_a_taken_name_is_one_message_whatever_the_devices(run):
    before = contents(run)
    words = ("--name", "run", "--runs", run.parent, "--devices", 2, "--device", "cpu")
    result = run_apart("train", *TINY, *words)
    assert result.status == 2
    assert result.out == ""
    assert result.err.count("\n") == 1
    assert "holds a run already" in result.err
    assert contents(run) == before


TORCHRUN = ("-m", "torch.distributed.run", "--nproc-per-node", "2", "-m", "image_lisa")


@pytest.mark.slow
def test_torchrun_trains_as_one(tmp_path, straight):
    words = ("--runs", tmp_path, "--devices", 2, "--device", "cpu")
    result = run_apart(*TRAINING, *words, program=TORCHRUN)
    assert result.status == 0, result.err
    assert result.out.count("best epoch") == 1
    close(metrics(tmp_path / "run"), metrics(straight))


@pytest.mark.slow
def test_torchrun_trains_as_one_on_two_machines(tmp_path, straight):
    """Two machines that are this one."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    how = (
        "--nnodes",
        2,
        "--nproc-per-node",
        1,
        "--master-addr",
        "127.0.0.1",
        "--master-port",
        port,
    )
    words = ("--runs", tmp_path, "--devices", 2, "--device", "cpu")
    programs = [(*TORCHRUN[:2], *how, "--node-rank", n, *TORCHRUN[-2:]) for n in range(2)]
    with ThreadPoolExecutor() as pool:
        started = [pool.submit(run_apart, *TRAINING, *words, program=each) for each in programs]
    results = [each.result() for each in started]
    assert [result.status for result in results] == [0, 0], results
    assert results[0].out.count("best epoch") == 1
    assert "best epoch" not in results[1].out
    close(metrics(tmp_path / "run"), metrics(straight))


@pytest.mark.slow
def test_torchrun_without_devices_is_refused(tmp_path):
    result = run_apart(*TRAINING, "--runs", tmp_path, program=TORCHRUN)
    assert result.status != 0
    assert "torchrun started 2 processes for 1 devices; give --devices 2" in result.err
    assert result.err.count("error: torchrun") == 1
    assert not (tmp_path / "run").exists()


FULL = """
import errno, os, sys
from image_lisa.cli import main
from shared.cli.commands import first_process

sync, count = os.fsync, [0]

def full(handle):
    count[0] += 1
    if first_process() and count[0] >= int(sys.argv[-1]):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    return sync(handle)

os.fsync = full
sys.exit(main(sys.argv[1:-1]))
"""


@pytest.mark.slow
@pytest.mark.parametrize("fails", [1, 2, 3, 4, 11])
def test_a_full_disk_is_one_message_whatever_the_devices(tmp_path, straight, fails):
    script = tmp_path / "full.py"
    script.write_text(FULL)
    words = (*TRAINING, "--runs", tmp_path, "--devices", 2, "--device", "cpu", fails)
    result = run_apart(*words, program=(script,))
    assert result.status == 2
    assert result.err.count("\n") == 1, result.err
    assert "No space left on device; what was there is unchanged" in result.err
    if fails == 4:
        result = run_apart("train", "--resume", tmp_path / "run", "--quiet")
        assert result.status == 0, result.err
        close(metrics(tmp_path / "run"), metrics(straight))


@pytest.mark.slow
@pytest.mark.parametrize("devices", [1, 2])
def test_ctrl_c_is_one_message(tmp_path, devices):
    """Of a training that takes hours."""
    words = ("--runs", tmp_path, "--epochs", 1_000_000, "--devices", devices, "--device", "cpu")
    run = tmp_path / "run"
    with started(sys.executable, "-m", "image_lisa", *TRAINING, *words) as process:
        wait_for((run / "best.safetensors").exists, process)
        os.killpg(process.pid, signal.SIGINT)
        result = finish(process)
    assert result.status == 130
    assert result.err == f"\ninterrupted: go on with 'image-lisa train --resume {run}'\n"
    assert (run / "best.safetensors").exists()
