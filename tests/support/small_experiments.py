"""Experiments on a few digits that take a second each, and commands run in this process."""

from dataclasses import dataclass

import torch
from tools import Tool

import image_lisa.benchmark.experiments
import image_lisa.evaluation.extractors
from image_lisa.cli import main
from image_lisa.evaluation import classifier_features
from image_lisa.evaluation.classifier import ClassifierRecipe
from image_lisa.evaluation.kernel_distance import kernel_distance_spread
from shared.common.callbacks import Callbacks
from shared.diagnostics.radial import radial_sensitivity
from shared.samplers import mixtures

torch.set_num_threads(1)

TOOL = Tool(main)
command, succeed = TOOL.run, TOOL.succeed

DIGITS = ("--dataset", "digits", "--limit", "200", "--epochs", "1", "--batch-size", "40")
BENCHMARK = ("benchmark", *DIGITS, "--draws", "60", "--seeds", "1")
SWEEP = ("sweep", *DIGITS)


@dataclass(frozen=True)
class QuickRecipe(ClassifierRecipe):
    """A classifier that is good enough to be there."""

    examples: int = 1000


def quick_measurements(monkeypatch):
    """Classifiers, spreads, radial curves and fits of mixtures that take no time."""
    for module in (classifier_features, image_lisa.evaluation.extractors):
        monkeypatch.setattr(module, "ClassifierRecipe", QuickRecipe)
    monkeypatch.setitem(kernel_distance_spread.__kwdefaults__, "subsets", 5)
    monkeypatch.setattr(radial_sensitivity, "__defaults__", ((0.5, 1.0, 2.0),))
    monkeypatch.setitem(mixtures._FIT, "tol", 10.0)


def refused(*words):
    """The one message of a command that cannot be served."""
    last = TOOL.refusal(*words).splitlines()[-1]
    assert last.startswith("error: ")
    return last.removeprefix("error: ")


def on_training(monkeypatch, act):
    """Call `act(run)` whenever an experiment begins to train or goes on with it.

    What it returns is the step at which the training is stopped as by Ctrl-C, or None.
    """
    train_run = image_lisa.benchmark.experiments.train_run

    def stop_at(last):
        def step(done, steps, rate):
            if last is not None and done >= last:
                raise KeyboardInterrupt

        return Callbacks(step=step)

    def wrapped(run, *arguments, **options):
        last = act(run)
        return train_run(run, *arguments, **options, callbacks=stop_at(last))

    monkeypatch.setattr(image_lisa.benchmark.experiments, "train_run", wrapped)


def files(folder, *names):
    """The bytes of every file of these names below a folder."""
    return {path: path.read_bytes() for name in names for path in sorted(folder.glob(f"*/{name}"))}
