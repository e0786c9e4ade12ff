"""Running `image-lisa` in this process, and training something tiny with it."""

import sys
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from tools import Tool, finish, started

from image_lisa.cli import main

torch.set_num_threads(1)

TOOL = Tool(main)
run_command, succeed, refusal, killed = TOOL.run, TOOL.succeed, TOOL.refusal, TOOL.killed

TINY = ("--dataset", "digits", "--limit", "60", "--batch-size", "16", "--dim", "4")
"""Forty-eight digits to train on, twelve to validate with: three steps an epoch."""

TRAINING = ("train", *TINY, "--epochs", 3, "--name", "run", "--checkpoint-seconds", 0, "--quiet")
"""Three epochs with a checkpoint after every step; the folder of runs is to be named."""


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


def run_apart(*words, program=("-m", "image_lisa")):
    """Run a command in a process of its own, or in several."""
    with started(sys.executable, *program, *words) as process:
        return finish(process)
