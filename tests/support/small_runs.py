"""Trainings on a few digits that take less than a second, by the library."""

import functools

import torch

from image_lisa.data import load_images
from image_lisa.models.architecture import Architecture
from image_lisa.training.experiment import finish_run, make_run, train_run
from shared.methods import LISA
from shared.training.settings import Training
from shared.training.trainer import launch

torch.set_num_threads(1)

DIM = 4
SHORT = Training(epochs=3, batch_size=16, learning_rate=0.01, device="cpu", seed=5)


@functools.cache
def digits(limit=80, size=None):
    """Sixty-four digits to train on, sixteen to validate with, 360 to test."""
    return load_images("digits", limit=limit, size=size)


def architecture_of(method=None, network="light", images=None, seed=2):
    shape = (images or digits()).shape
    return Architecture(network=network, shape=shape, dim=DIM, method=method or LISA(), seed=seed)


def started(path, method=None, training=SHORT, images=None, network="light"):
    """A run that nothing was trained in yet, with what it is to be trained by."""
    images = images or digits()
    architecture = architecture_of(method, network, images)
    options = {"method": architecture.method.name}
    run = make_run(
        launch(training), path, images, architecture, training, options=options, created="now"
    )
    return run, images, architecture, training


def trained(path, method=None, training=SHORT, images=None, network="light", **kwargs):
    """A run whose training is done; its samplers are not fitted."""
    run, *rest = started(path, method, training, images, network)
    train_run(run, *rest, **kwargs)
    return run


def finished(path, method=None, **kwargs):
    """A run with everything, its model and its samplers."""
    run = trained(path, method, **kwargs)
    model, samplers = finish_run(run, kwargs.get("images") or digits())
    return run, model, samplers
