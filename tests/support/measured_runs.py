"""Trainings on a few digits or pictures, and commands on them, in this process."""

from contextlib import contextmanager
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw
from tools import Tool

from image_lisa.cli import main
from image_lisa.evaluation import codes
from image_lisa.evaluation.classifier import ClassifierRecipe
from image_lisa.evaluation.kernel_distance import kernel_distance_spread
from shared.samplers import mixtures

torch.set_num_threads(1)

TOOL = Tool(main)
command, succeed = TOOL.run, TOOL.succeed

CLASSIFIER = (1, 8, 12, 3000, 64, 2e-3, 6, 20, 160)
"""The fields of a recipe of classifiers that are good enough to be there."""


@contextmanager
def quick_measurements():
    """Classifiers, slopes, spreads and mixtures that take no time; nobody's Inception."""
    search = partial(codes.lipschitz_on_sphere, pairs=100, points=8)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ClassifierRecipe.__init__, "__defaults__", CLASSIFIER)
        patch.setattr(codes, "lipschitz_on_sphere", search)
        patch.setitem(kernel_distance_spread.__kwdefaults__, "subsets", 5)
        patch.setitem(mixtures._FIT, "tol", 10.0)
        patch.delenv("LISA_INCEPTION", raising=False)
        yield


def refusal(*words):
    """The message of a command that cannot be served."""
    return TOOL.refusal(*words).splitlines()[-1]


def train(runs, *words, name="run", dataset="digits"):
    """Train for two epochs and give the run's folder."""
    result = succeed(
        *("train", "--dataset", dataset, "--runs", runs, "--name", name, "--epochs", 2),
        *("--batch-size", 20, "--dim", 4, "--device", "cpu", "--json", "--quiet", *words),
    )
    return Path(result.json["run"])


def pictures(folder, count, seed=0):
    """A folder of grey pictures of two kinds, without labels."""
    folder.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(seed)
    for number in range(count):
        pixels = random.integers(0, 100, (8, 8), dtype=np.uint8)
        pixels[:, : 4 * (number % 2 + 1)] += 150
        Image.fromarray(pixels).save(folder / f"{number:03d}.png")
    return folder


def shapes(folder, count, seed=0):
    """A folder of coloured discs and squares, in a sub-folder each."""
    random = np.random.default_rng(seed)
    for number in range(count):
        kind = ("round", "square")[number % 2]
        ground, colour = (tuple(random.integers(0, 256, 3).tolist()) for _ in range(2))
        image = Image.new("RGB", (20, 20), ground)
        draw = ImageDraw.Draw(image)
        (draw.ellipse if kind == "round" else draw.rectangle)((4, 4, 15, 15), fill=colour)
        (folder / kind).mkdir(parents=True, exist_ok=True)
        image.save(folder / kind / f"{number:03d}.png")
    return folder


def contents(folder, but=()):
    """The bytes of every file of a folder, and when it was written."""
    return {
        path.name: (path.read_bytes(), path.stat().st_mtime_ns)
        for path in sorted(folder.iterdir())
        if path.name not in but
    }
