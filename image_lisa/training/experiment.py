"""One experiment: a data set, a network and a method become a run with fitted samplers."""

import dataclasses
import platform
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch
from lightning_fabric import Fabric

from image_lisa.data import Images, load_images
from image_lisa.models.architecture import Architecture
from image_lisa.models.labels import save_labels
from image_lisa.models.model import ImageModel
from image_lisa.models.names import LAST, TOOL
from image_lisa.training.divergence import check_finite, check_learnt
from shared.common.callbacks import Callbacks, MetricsRow, Notify
from shared.common.distribution import DISTRIBUTION
from shared.common.errors import LisaError
from shared.common.seeds import derive_seed
from shared.common.threads import limited_threads
from shared.common.torch_seeds import forked, seed_draws
from shared.methods import Method
from shared.methods.autoencoder import Autoencoder
from shared.runs.expost import fit_samplers, save_codes, save_samplers
from shared.runs.run import BEST, CHECKPOINT, CONFIG, MODEL, SUMMARY, Run, create_run, open_run
from shared.samplers import Sampler
from shared.training.settings import Training
from shared.training.trainer import Trainer, launch, on_first
from shared.training.weights import load_weights

LEAST_VALIDATED = 1000
"""Images that a validation takes where there are as many."""


@dataclass(frozen=True)
class Data:
    """Which images an experiment is about.

    Attributes:
        dataset: A name of `image_lisa.data`, or a folder of images.
        data_dir: Where the files of a named data set are looked for first.
        size: Height and width to bring images to; None leaves them.
        limit: Of how many images training and validation part are made.
        valid: How many of them validate; None for the data set's own choice.
        seed: Of the validation part.
    """

    dataset: str
    data_dir: Path | None = None
    size: int | None = None
    limit: int | None = None
    valid: int | None = None
    seed: int = 0

    def load(self, notify: Notify | None = None) -> Images:
        """Return the images; see `load_images`."""
        return load_images(
            self.dataset,
            data_dir=self.data_dir,
            seed=self.seed,
            valid=self.valid,
            size=self.size,
            limit=self.limit,
            notify=notify,
        )


def make_run(
    fabric: Fabric,
    path: Path,
    images: Images,
    architecture: Architecture,
    training: Training,
    *,
    options: dict[str, Any],
    created: str,
    overwrite: bool = False,
) -> Run:
    """Make the run's folder, once for all processes of `fabric`.

    Raises:
        LisaError: In every process, if the folder is taken or cannot be written.
    """
    config = {
        "tool": TOOL,
        "version": version(DISTRIBUTION),
        "created": created,
        "versions": {"python": platform.python_version()}
        | {name: version(name) for name in ("torch", "numpy")},
        "options": options,
        "data": data_record(images),
        "model": architecture.to_json(),
        "training": dataclasses.asdict(training),
    }
    on_first(fabric, lambda: _create(path, config, overwrite))
    return open_run(path, TOOL)


def _create(path: Path, config: dict[str, Any], overwrite: bool) -> None:
    create_run(path, config, overwrite=overwrite)


def data_record(images: Images) -> dict[str, Any]:
    """Return what a run records of its data."""
    return {
        "name": images.name,
        "shape": list(images.shape),
        "train": len(images.train),
        "valid": len(images.valid),
        "test": len(images.test),
        "labelled": images.labelled,
        "sha256": images.digest,
        **({} if images.levels is None else {"levels": images.levels.to_record()}),
    }


def check_data(run: Run, images: Images) -> None:
    """Refuse images that are not those the run was made with.

    Raises:
        LisaError: Naming what differs.
    """
    recorded, found = run.config.get("data"), data_record(images)
    if recorded != found:
        recorded = recorded if isinstance(recorded, dict) else {}
        differing = [name for name, value in found.items() if recorded.get(name) != value]
        details = ", ".join(f"{name} {recorded.get(name)} → {found[name]}" for name in differing)
        raise LisaError(f"the data are not those that {run.path} was trained on: {details}")


def recorded_training(run: Run) -> Training:
    """Return how a run is trained, as it was settled when the run was made.

    Raises:
        LisaError: Its configuration does not say, or says what makes no sense.
    """
    record: Any = run.config.get("training")
    try:
        return Training(**record)
    except (TypeError, LisaError) as error:
        raise LisaError(
            f"{run.path / CONFIG} does not say how the run is trained: {error}"
        ) from error


def train_run(
    run: Run,
    images: Images,
    architecture: Architecture,
    training: Training,
    *,
    fabric: Fabric | None = None,
    threads: int | None = None,
    callbacks: Callbacks | None = None,
) -> None:
    """Train to the end, from the checkpoint if there is one; keep the best and the last weights.

    The best weights are those with the least loss on the validation part. Of a training that
    diverged no model is kept.

    Raises:
        LisaError: The images are not of the architecture's shape, the training diverged, or a file
            of the run is damaged.
    """
    if run.finished:
        return
    if architecture.shape != images.shape:
        raise LisaError(
            f"{run.path} describes a model of images of shape {architecture.shape}, "
            f"but those of {images.name} have shape {images.shape}"
        )
    callbacks = callbacks or Callbacks()
    net = architecture.build()
    trainer = Trainer(
        run,
        net,
        architecture.method,
        training,
        images.train,
        validate=_validation(architecture.method, images, training),
        fabric=fabric or launch(training),
        keep_best=True,
        on_step=lambda step, steps: callbacks.step(step, steps, trainer.rate),
        on_epoch=callbacks.epoch,
    )
    with limited_threads(threads or torch.get_num_threads()):
        trainer.fit()

    def keep() -> None:
        check_finite(trainer.progress.rows, trainer.progress.best)
        weights, best = run.read_tensors(BEST)
        trained = _with(weights, architecture, trainer)
        check_learnt(trained, images, trainer.progress.step, trainer.stopped)
        model = {"model": architecture.to_json()}
        epoch = int(trainer.progress.rows[-1]["epoch"])
        last = {"epoch": epoch, "steps": trainer.progress.step, **model}
        run.write_tensors(LAST, net.state_dict(), last)
        run.write_tensors(MODEL, weights, {**best, **model})

    on_first(trainer.fabric, keep)


def _with(
    weights: dict[str, torch.Tensor], architecture: Architecture, trainer: Trainer
) -> ImageModel:
    """Return the model with some weights, where the training is done."""
    net = architecture.build()
    load_weights(net, weights, BEST)
    return ImageModel(architecture, net.to(trainer.fabric.device), trainer.run)


def _validation(
    method: Method, images: Images, training: Training
) -> Callable[[Autoencoder], MetricsRow]:
    """Return what measures the method's loss, term by term, on batches of the validation part.

    Of many images it takes the first, `LEAST_VALIDATED` or a tenth as many as are trained on in
    between, so that validation takes a thirtieth of the time.
    """
    shown = training.valid_epochs * len(images.train)
    count = min(len(images.valid), max(LEAST_VALIDATED, shown // 10))
    size = min(training.batch_size, count)

    def validate(net: Autoencoder) -> MetricsRow:
        device = next(net.parameters()).device
        batches = [images.valid[first : first + size] for first in range(0, count - size + 1, size)]
        sums: MetricsRow = {}
        with forked(device):
            seed_draws(derive_seed(training.seed, "validation"), device)
            for batch in batches:
                terms = method.loss(net, net.prepare(batch.to(device)))
                for name, value in terms.items():
                    sums[name] = sums.get(name, 0.0) + value.item() / len(batches)
        return {"loss": sum(sums.values()), **sums}

    return validate


def finish_run(
    run: Run,
    images: Images,
    *,
    samplers: tuple[str, ...] | None = None,
    device: torch.device | str = "cpu",
    callbacks: Callbacks | None = None,
    extensible: bool = False,
    illustrate: Callable[[ImageModel, dict[str, Sampler]], None] = lambda model, samplers: None,
) -> tuple[ImageModel, dict[str, Sampler]]:
    """Encode the training images, fit the samplers, keep both, and write the summary at the end.

    Args:
        run: Its training done.
        images: What it was trained on.
        samplers: Which to fit; by default all that the method can have.
        device: Where to encode.
        callbacks: Is told what is being fitted.
        extensible: Whether the last checkpoint stays, about three times the size of the model, so
            that more epochs can be trained; see `image_lisa.training.extension`.
        illustrate: Leaves pictures of the model and its samplers; a run with a summary has them.

    Returns:
        The model with its best weights, and the samplers by name.
    """
    callbacks = callbacks or Callbacks()
    model = ImageModel.load(run, device)
    codes = model.codes(images.train)
    save_codes(run, codes)
    save_labels(run, images.train_labels, images.classes)
    seed = derive_seed(int(model.architecture.seed), "samplers")
    fitted = fit_samplers(
        model.method, model.net, codes, seed, names=samplers, notify=callbacks.note
    )
    save_samplers(run, fitted)
    illustrate(model, fitted)
    run.write_json(SUMMARY, _summary(run, model, images, fitted))
    if not extensible:
        (run.path / CHECKPOINT).unlink(missing_ok=True)
    (run.path / BEST).unlink(missing_ok=True)
    return model, fitted


def _summary(
    run: Run, model: ImageModel, images: Images, samplers: dict[str, Sampler]
) -> dict[str, Any]:
    _, record = run.read_tensors(MODEL)
    rows = run.read_metrics()
    losses = model.reconstruction_losses(images.valid).numpy()
    outputs = float(np.prod(images.shape))
    seconds = rows[-1].get("seconds", 0.0) if rows else 0.0
    epochs = int(rows[-1]["epoch"]) if rows else 0
    return {
        "best": {"epoch": record.get("epoch"), "valid_loss": record.get("valid_loss")},
        "valid": {
            "reconstruction": float(losses.mean()),
            "mse": float(2 * losses.mean() / outputs),
        },
        "samplers": {name: list(sampler.notes) for name, sampler in samplers.items()},
        "training": {
            "epochs": epochs,
            "planned_epochs": run.config["training"]["epochs"],
            "seconds": seconds,
            "images_per_second": len(images.train) * epochs / seconds if seconds else None,
            "weights": sum(weight.numel() for weight in model.net.parameters()),
        },
    }
