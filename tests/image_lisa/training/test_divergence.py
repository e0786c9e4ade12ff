"""A training that diverged is no model to go on with."""

import dataclasses
import math

import pytest
import torch
from small_runs import SHORT, architecture_of, digits, started

from image_lisa.models.model import ImageModel
from image_lisa.training.divergence import MANY_STEPS, check_finite, check_learnt, mean_image_error
from image_lisa.training.experiment import train_run
from shared.common.errors import LisaError


def test_the_error_of_the_mean_image_is_that_of_no_code(monkeypatch):
    images = digits()
    mean = images.train.double().div(255).mean(0)
    expected = 0.5 * (images.valid.double() / 255 - mean).square().flatten(1).sum(1).mean()
    assert mean_image_error(images) == pytest.approx(float(expected))
    monkeypatch.setattr("image_lisa.training.divergence._AT_ONCE", 7)
    assert mean_image_error(images) == pytest.approx(float(expected))


def constant(value):
    """A model that gives every image back as the same."""
    architecture = architecture_of()
    net = architecture.build()
    net.decode = lambda u: torch.as_tensor(value).expand(len(u), *architecture.shape)
    return ImageModel(architecture, net)


def test_outputs_stuck_at_white_are_a_divergence():
    with pytest.raises(LisaError, match=r"diverged: after 100 steps .* is above that of"):
        check_learnt(constant(1.0), digits(), MANY_STEPS)
    check_learnt(constant(1.0), digits(), MANY_STEPS - 1)
    with pytest.raises(LisaError, match="diverged: after 9 steps"):
        check_learnt(constant(1.0), digits(), 9, ended_early=True)
    mean = digits().train.float().div(255).mean(0)
    check_learnt(constant(mean), digits(), MANY_STEPS)


@pytest.mark.parametrize(
    ("losses", "best"),
    [([1.0, math.nan], 1.0), ([math.nan], math.nan), ([1.0, math.inf], 1.0), ([1.0], None)],
)
def test_a_validation_loss_that_is_no_number_is_a_divergence(losses, best):
    rows = [{"epoch": 1.0 + n, "valid_loss": loss} for n, loss in enumerate(losses)]
    with pytest.raises(LisaError, match=f"diverged: its validation loss at epoch {len(rows)} is"):
        check_finite(rows, best)


def test_a_validation_loss_that_comes_back_is_none():
    rows = [{"epoch": 1.0, "valid_loss": math.nan}, {"epoch": 2.0, "valid_loss": 1.0}]
    check_finite(rows, 1.0)


def test_a_training_that_diverged_leaves_nothing_that_looks_finished(tmp_path):
    training = dataclasses.replace(SHORT, epochs=30, learning_rate=30.0)
    run, *rest = started(tmp_path / "run", training=training)
    with pytest.raises(LisaError, match="diverged"):
        train_run(run, *rest)
    assert not run.finished
    with pytest.raises(LisaError, match="diverged"):
        train_run(run, *rest)
