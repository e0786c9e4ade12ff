"""A training in one call."""

import dataclasses
from pathlib import Path
from typing import Any

import torch
from lightning_fabric import Fabric

from image_lisa.data import Images
from image_lisa.models.architecture import run_architecture
from image_lisa.models.model import ImageModel
from image_lisa.reports.pictures import plot_curves, save_reconstructions, save_samples
from image_lisa.training.experiment import Data, finish_run, recorded_training, train_run
from image_lisa.training.plan import ImagePlan
from image_lisa.training.presets import check_settings, code_size, settled
from image_lisa.training.published import published_values
from shared.common.callbacks import Callbacks, Notify, silent
from shared.common.errors import LisaError
from shared.common.seeds import derive_seed
from shared.common.words import unknown
from shared.methods import METHODS, Method
from shared.runs.run import Run, next_run_path
from shared.samplers import Sampler
from shared.training.settings import Training
from shared.training.trainer import launch

_OWN = ("network", "dim", "threads")
"""Settings of a training beside the fields of `Data` and `Training`."""


def train(
    dataset: Path | str,
    method: str | Method = "lisa",
    *,
    runs: Path | str = "runs",
    name: str | None = None,
    overwrite: bool = False,
    seed: int = 0,
    notify: Notify = silent,
    **settings: Any,
) -> ImageModel:
    """Train an autoencoder of images, as `image-lisa train` does.

    >>> import image_lisa as il
    >>> model = il.train("digits", method="lisa", epochs=10)
    >>> model.sample(64, sampler="gmm").shape
    torch.Size([64, 1, 8, 8])

    Args:
        dataset: A name such as mnist, or the path of a folder of images.
        method: How codes are learnt: a name of `shared.METHODS`, with the hyperparameters that were
            published for the data set where there are any, or a method with some of its own.
        runs: The folder that runs are kept in.
        name: The run's folder in there; by default a new one, DATASET-METHOD-001 and so on.
        overwrite: Whether a run of that name is replaced.
        seed: Of everything random.
        notify: Hears what was found, left out and fitted.
        settings: Options of `image-lisa train`, such as ``epochs``, ``dim``, ``size``, ``limit`` or
            ``device``; what is left open is chosen for the images, see `settled`.

    Returns:
        The model, with its best weights; its run's folder is ``model.run.path``.

    Raises:
        LisaError: A setting or a method is unknown, the images cannot be served, the training
            diverged, or the folder is taken.
    """
    plan, images = _plan(str(dataset), method, seed, settings, notify)
    fabric = launch(plan.training)
    stem = f"{Path(dataset).name or 'images'}-{plan.method.name}"
    path = next_run_path(Path(runs), stem) if name is None else Path(runs) / name
    run = plan.make_run(fabric, fabric.broadcast(path), images, overwrite=overwrite)
    threads = settings.get("threads")
    carry_out(fabric, run, images, seed, threads=threads, callbacks=Callbacks(notify))
    return ImageModel.load(run, fabric.device)


def carry_out(
    fabric: Fabric,
    run: Run,
    images: Images,
    seed: int,
    *,
    threads: int | None = None,
    callbacks: Callbacks,
) -> None:
    """Train a run to the end, fit the samplers and leave the pictures.

    Args:
        fabric: Of the training.
        run: From the beginning, or with a checkpoint.
        images: What it is trained on.
        seed: Of the pictures.
        threads: Of the processor; by default all.
        callbacks: Hears of steps, epochs, and what is being fitted.
    """
    architecture, training = run_architecture(run), recorded_training(run)
    train_run(
        run, images, architecture, training, fabric=fabric, threads=threads, callbacks=callbacks
    )
    if not fabric.is_global_zero:
        return
    plot_curves(run)

    def illustrate(model: ImageModel, samplers: dict[str, Sampler]) -> None:
        save_reconstructions(run, model, images.valid, images.valid_labels, images.classes)
        save_samples(run, model, samplers, derive_seed(seed, "pictures"))

    finish_run(
        run,
        images,
        device=fabric.device,
        callbacks=callbacks,
        extensible=True,
        illustrate=illustrate,
    )


def check_device(training: Training) -> None:
    """Refuse an arithmetic that no device here has.

    Raises:
        LisaError: Naming one that it has.
    """
    gpu = torch.cuda.is_available() or torch.backends.mps.is_available()
    if training.precision == "16-mixed" and (training.device == "cpu" or not gpu):
        raise LisaError("--precision 16-mixed needs a GPU; use bf16-mixed on a processor")


def _plan(
    dataset: str, method: str | Method, seed: int, settings: dict[str, Any], notify: Notify
) -> tuple[ImagePlan, Images]:
    """Return what settings say of a training, with its images; what they leave open is chosen."""
    of_data, of_training = (
        {field.name for field in dataclasses.fields(kind)} - {"seed", "dataset"}
        for kind in (Data, Training)
    )
    known = sorted({*of_data, *of_training, *_OWN})
    for name in settings:
        if name not in known:
            raise LisaError(unknown("setting of a training", name, known))
    if isinstance(method, str):
        if method not in METHODS:
            raise LisaError(unknown("method", method, METHODS))
        method = METHODS[method](**published_values(method, dataset))
    values = {name: value for name, value in settings.items() if name in of_data}
    if isinstance(values.get("data_dir"), str):
        values["data_dir"] = Path(values["data_dir"])
    network = settings.get("network", "light")
    given = {name: value for name, value in settings.items() if name in of_training}
    check_device(check_settings(network, given))
    data = Data(dataset, **values, seed=seed)
    images = data.load(notify)
    training = settled(network, len(images.train), images.shape, given)
    dim = settings.get("dim") or code_size(dataset, images.shape)
    return ImagePlan(data, network, dim, training, method, seed), images
