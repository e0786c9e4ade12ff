"""A run that goes on for more epochs than it was made for."""

import dataclasses
from collections.abc import Mapping
from typing import Any

from image_lisa.training.experiment import recorded_training
from shared.common.errors import LisaError
from shared.runs.locks import working_in
from shared.runs.run import BEST, CHECKPOINT, CONFIG, MODEL, SUMMARY, Run
from shared.training.progress import TrainingState
from shared.training.settings import Training


def extend(run: Run, epochs: int) -> Run:
    """Let a run be trained for more epochs, whether it is finished or not.

    With a constant learning rate, and with one that falls on a plateau, the training then ends with
    the bytes of one that was made for so many epochs with the same options, if `valid_epochs`
    divides the epochs that it had. The cosine schedule rises again to where a cosine over all
    epochs would be.

    What the finished run was, is no longer said to be finished: the next training writes it anew.

    Args:
        run: Whose last checkpoint is there.
        epochs: In all, more than it was made for.

    Returns:
        The run with the new configuration.

    Raises:
        LisaError: It was made for as many epochs, ended early, or kept no checkpoint.
    """
    training = recorded_training(run)
    if epochs <= training.epochs:
        raise LisaError(
            f"{run.path} is made for {training.epochs:,} epochs; to go on, --epochs must be more, "
            f"not {epochs:,}"
        )
    if run.finished and not (run.path / CHECKPOINT).is_file():
        raise LisaError(
            f"{run.path} kept no {CHECKPOINT} to go on from; train again with --epochs {epochs}"
        )
    longer = dataclasses.replace(training, epochs=epochs)
    with working_in(run.path):
        if (run.path / CHECKPOINT).is_file():
            _reopen(run, longer)
        config = _with_training(run.config, longer)
        run.write_json(CONFIG, config)
    return Run(run.path, config)


def _reopen(run: Run, training: Training) -> None:
    """Make the checkpoint one of a longer training; in this order a stop in between harms nothing.

    Raises:
        LisaError: The training ended early.
    """
    tensors, record = run.read_tensors(CHECKPOINT)
    progress = TrainingState(**record["progress"])
    if progress.is_stale(training.patience):
        raise LisaError(
            f"{run.path} ended early, at epoch {progress.rows[-1]['epoch']:.0f}: for "
            f"{training.patience} epochs the validation loss did not fall, so more epochs would "
            "not be trained; train again with --patience 0 to see them"
        )
    if run.finished:
        weights, best = run.read_tensors(MODEL)
        run.write_tensors(BEST, weights, {name: best[name] for name in ("epoch", "valid_loss")})
    for name in (SUMMARY, MODEL):
        (run.path / name).unlink(missing_ok=True)
    record["training"]["epochs"] = training.epochs
    run.write_tensors(CHECKPOINT, tensors, record)


def _with_training(config: Mapping[str, Any], training: Training) -> dict[str, Any]:
    """Return a run's configuration with another training; its options name what was chosen."""
    record = dataclasses.asdict(training)
    options = dict(config.get("options") or {})
    settled = {name: record[name] for name in options.keys() & record.keys() if name != "seed"}
    return {**config, "training": record, "options": options | settled}
