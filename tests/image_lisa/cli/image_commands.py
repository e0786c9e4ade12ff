"""Running `image-lisa` in this process, and training something tiny with it."""

import json
import os
import signal
import subprocess
import sys
import warnings
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from image_lisa.cli import main
from shared.training import Trainer

torch.set_num_threads(1)

ROOT = Path(__file__).parents[3]
TINY = ("--dataset", "digits", "--limit", "60", "--batch-size", "16", "--dim", "4")
"""Forty-eight digits to train on, twelve to validate with: three steps an epoch."""

TRAINING = ("train", *TINY, "--epochs", 3, "--name", "run", "--checkpoint-seconds", 0, "--quiet")
"""Three epochs with a checkpoint after every step; the folder of runs is to be named."""


@dataclass(frozen=True)
class Result:
    """What a command left on the terminal."""

    status: int
    out: str
    err: str

    @property
    def json(self):
        """The one JSON object on standard output."""
        assert self.out.count("\n") == 1
        return json.loads(self.out)

    @property
    def said(self):
        """Standard error as one line."""
        return " ".join(self.err.split())


def run_command(*words):
    """Run `image-lisa` in this process."""
    out, err = StringIO(), StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        try:
            status = main([str(word) for word in words])
        except SystemExit as end:
            status = end.code
    return Result(status, out.getvalue(), err.getvalue())


def succeed(*words):
    """Run `image-lisa` in this process and see that all went well."""
    result = run_command(*words)
    assert result.status == 0, result.err
    return result


def refusal(*words):
    """The message of a command that refuses its input."""
    result = run_command(*words)
    assert result.status == 2, result
    assert result.out == ""
    assert "Traceback" not in result.err
    assert result.err.count("error:") <= 1
    return result.err


def train(runs, *words):
    """Train on a few digits and give the run's folder."""
    result = succeed("train", *TINY, "--runs", runs, "--epochs", 1, *words, "--json", "--quiet")
    return Path(result.json["run"])


def pictures(folder, count=40, sides=(12, 10), colour=True, seed=0):
    """A folder of images, half of them in each of two subfolders."""
    random = np.random.default_rng(seed)
    shape = (*sides, 3) if colour else sides
    for number in range(count):
        place = folder / ("cats", "dogs")[number % 2]
        place.mkdir(parents=True, exist_ok=True)
        pixels = random.integers(0, 256, shape, dtype=np.uint8)
        Image.fromarray(pixels).save(place / f"{number:03d}.png")
    return folder


def pixels(path):
    with Image.open(path) as image:
        return np.asarray(image)


def contents(folder):
    """Every file below a folder with its bytes."""
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)


def killed(words, spoil):
    """Run a command in a process that `spoil` prepares to kill itself with SIGKILL."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        child = os.fork()
    if child == 0:
        try:
            spoil()
            with Path(os.devnull).open("w") as nowhere:
                os.dup2(nowhere.fileno(), 1)
                os.dup2(nowhere.fileno(), 2)
                main([str(word) for word in words])
        finally:
            os._exit(0)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status)
    assert os.WTERMSIG(status) == signal.SIGKILL


def before_write(number):
    """Die with the file written beside its place, before it is renamed for the nth time."""

    def spoil():
        rename, count = Path.replace, [0]

        def replace(self, target):
            count[0] += 1
            return die() if count[0] == number else rename(self, target)

        Path.replace = replace

    return spoil


def at_step(number):
    """Die in the middle of a step."""

    def spoil():
        step = Trainer._step
        Trainer._step = lambda self: die() if self.progress.step == number else step(self)

    return spoil


def environment():
    return {
        name: value for name, value in os.environ.items() if name not in ("RANK", "LOCAL_RANK")
    } | {"OMP_NUM_THREADS": "1", "COLUMNS": "300", "PYTHONPATH": str(ROOT)}


def start(*words, program=("-m", "image_lisa")):
    """Start a command in a session of its own."""
    return subprocess.Popen(
        [sys.executable, *map(str, (*program, *words))],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(),
        start_new_session=True,
    )


def finish(process):
    """What a started command leaves; all its processes are gone then."""
    try:
        out, err = process.communicate(timeout=200)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        raise
    return Result(process.returncode, out, err)
