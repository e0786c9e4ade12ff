"""`image-lisa train --dataset NAME`."""

import time
from pathlib import Path
from typing import Any

from lightning_fabric import Fabric

from image_lisa.cli.options.train import TRAIN, Options
from image_lisa.cli.runs import read_summary
from image_lisa.cli.trainings import data_named, dim_of, training_of
from image_lisa.data import Images
from image_lisa.models.names import TOOL
from image_lisa.training.experiment import check_data, recorded_training
from image_lisa.training.extension import extend
from image_lisa.training.plan import ImagePlan
from image_lisa.training.train import carry_out, check_device
from shared.cli.terminal import Terminal
from shared.common.callbacks import Callbacks, MetricsRow
from shared.common.durations import duration
from shared.common.words import counted
from shared.methods import Method
from shared.runs.run import SUMMARY, Run, open_run
from shared.trackers.tracker import Tracker, log_epoch, show_pictures, tracking
from shared.training.settings import Training
from shared.training.trainer import launch

ESTIMATE_AFTER = 5.0
"""Seconds of training that tell how long it takes."""


class Estimate:
    """Says once, after some seconds of training, how long the rest takes."""

    def __init__(self, batch_size: int, terminal: Terminal) -> None:
        self.batch_size, self.terminal = batch_size, terminal
        self.began: float | None = time.monotonic()

    def update(self, left: int, rate: float) -> None:
        """Hear how many steps are left, and how many images are trained on a second."""
        if self.began is None or rate <= 0 or time.monotonic() - self.began < ESTIMATE_AFTER:
            return
        self.began = None
        shown = duration(round(left * self.batch_size / rate))
        self.terminal.note(f"about {shown} at {rate:,.0f} images a second, at most")


def run(options: Options, terminal: Terminal) -> None:
    """Carry the command out."""
    track = options.track
    if options.resume is None:
        fabric, folder, images = begin(options, terminal)
    else:
        folder = _reopened(options.resume, options.epochs, terminal)
        options = TRAIN.of_run(folder)
        if folder.finished and (folder.path / SUMMARY).is_file():
            terminal.note(f"{folder.path} is finished already; --epochs N trains it on to N epochs")
            _report(folder, terminal)
            return
        fabric = launch(recorded_training(folder))
        terminal.note(f"going on with {folder.path}")
        images = data_named(options).load(terminal.note)
        check_data(folder, images)
    try:
        followed = track if fabric.is_global_zero else None
        with tracking(followed, folder, terminal.note) as tracker:
            _carry_out(fabric, folder, images, options, terminal, tracker)
            show_pictures(tracker, folder)
    except KeyboardInterrupt:
        raise KeyboardInterrupt(f"go on with '{TOOL} train --resume {folder.path}'") from None
    _report(folder, terminal)


def _reopened(path: Path, epochs: int | None, terminal: Terminal) -> Run:
    """Open a run that is to go on, to more epochs where they are named."""
    folder = open_run(path, TOOL)
    if epochs is None:
        return folder
    folder = extend(folder, epochs)
    if recorded_training(folder).schedule == "cosine":
        terminal.note(
            "the learning rate rises again to where a cosine over all epochs has it, so the end is "
            f"not that of a training of {epochs:,} epochs at once; --schedule constant and plateau "
            "would end the same"
        )
    return folder


def begin(options: Options, terminal: Terminal) -> tuple[Fabric, Run, Images]:
    """Load the data and make the run's folder.

    Nothing is written before all of the input was found to be good.
    """
    check_device(training_of(options))
    method = options.hyper
    assert isinstance(method, Method)
    data = data_named(options)
    images = data.load(terminal.note)
    training = training_of(options, images)
    plan = ImagePlan(data, options.network, dim_of(options, images), training, method, options.seed)
    fabric = launch(training)
    stem = f"{Path(options.dataset).name or 'images'}-{method.name}"
    folder = plan.make_run(
        fabric,
        fabric.broadcast(options.place(stem)),
        images,
        options=TRAIN.to_record(options, ("overwrite", "resume", "config", "name", "track")),
        overwrite=options.overwrite,
    )
    for note in images.notes:
        terminal.note(note)
    size = " × ".join(str(side) for side in images.shape)
    terminal.note(
        f"{images.name}: {len(images.train):,} images of {size} to train on, "
        f"{len(images.valid):,} to validate, {len(images.test):,} to test; "
        f"{method.title}, {options.network} network, d = {plan.dim}"
    )
    terminal.note(plan_of(training, options, images))
    terminal.note(f"run: {folder.path}")
    return fabric, folder, images


def plan_of(training: Training, options: Options, images: Images) -> str:
    """Say how long is trained, and which of it was chosen for the images."""
    batch = min(training.batch_size, len(images.train))
    steps = len(images.train) // batch
    plan = (
        f"{counted(training.epochs, 'epoch')} of {counted(steps, 'step')} of "
        f"{counted(batch, 'image')}, {counted(training.epochs * steps, 'step')} in all"
    )
    left = [name for name in ("epochs", "batch_size") if getattr(options, name) is None]
    if left:
        flags = " and ".join(f"--{name.replace('_', '-')}" for name in left)
        plan += f" ({flags} chosen for {len(images.train):,} images)"
    if training.augment:
        plan += f"; images mirrored and moved by up to {training.augment:g} (--augment)"
    if training.patience:
        plan += f"; fewer if validation is no better for {training.patience:,} epochs"
    return plan


def _carry_out(
    fabric: Fabric,
    folder: Run,
    images: Images,
    options: Options,
    terminal: Terminal,
    tracker: Tracker,
) -> None:
    """Train, fit the samplers and leave the pictures, with progress shown."""
    training = recorded_training(folder)
    total = training.epochs * max(1, len(images.train) // training.batch_size)
    estimate = Estimate(training.batch_size, terminal)
    with terminal.progress("training", total) as bar:

        def step(done: int, steps: int, rate: float) -> None:
            bar.update(done, f"{rate:,.0f} images/s")
            estimate.update(steps - done, rate)

        def epoch(row: MetricsRow) -> None:
            log_epoch(tracker, row)
            terminal.note(
                f"epoch {row['epoch']:.0f}/{training.epochs}: loss {row['loss']:.4f}, "
                f"validation {row['valid_loss']:.4f} "
                f"(reconstruction {row['valid_reconstruction']:.4f})"
            )

        callbacks = Callbacks(terminal.note, step, epoch)
        threads, seed = options.threads, options.seed
        carry_out(fabric, folder, images, seed, threads=threads, callbacks=callbacks)


def _report(folder: Run, terminal: Terminal) -> None:
    """Print what the training came to."""
    terminal.result(run=str(folder.path))
    if not (folder.path / SUMMARY).is_file():
        return
    summary = read_summary(folder)
    terminal.result(summary=summary)
    best, valid, training = summary["best"], summary["valid"], summary["training"]
    terminal.table(
        "",
        ("what", "value"),
        [
            ("epochs", _epochs(training)),
            ("best epoch", best["epoch"]),
            ("validation loss", best["valid_loss"]),
            ("validation reconstruction, ½ Σ (x − x̂)²", valid["reconstruction"]),
            ("validation MSE a pixel", valid["mse"]),
            ("training seconds", training["seconds"]),
            ("images a second", training["images_per_second"]),
            ("samplers", ", ".join(summary["samplers"])),
        ],
    )
    terminal.print(f"pictures and weights: {folder.path}")


def _epochs(training: dict[str, Any]) -> str:
    """Say how many epochs were trained, and why no more."""
    done, planned = training["epochs"], training.get("planned_epochs", training["epochs"])
    return f"{done:,}" if done == planned else f"{done:,} of {planned:,}: ended early"
