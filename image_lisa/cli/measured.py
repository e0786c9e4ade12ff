"""What `evaluate` and `diagnose` share: a finished run with all that can be measured of it."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from image_lisa.cli.options.runs import MeasureOptions
from image_lisa.cli.options.train import TRAIN
from image_lisa.cli.runs import open_model
from image_lisa.cli.trainings import data_named
from image_lisa.data import Images
from image_lisa.models.model import ImageModel
from image_lisa.models.names import TOOL
from image_lisa.training.experiment import Data, check_data
from shared.common.callbacks import Notify
from shared.common.errors import LisaError
from shared.common.words import unknown
from shared.methods import Codes
from shared.runs.expost import CODES, SAMPLERS, load_codes, load_samplers
from shared.runs.run import CONFIG, Run
from shared.samplers import Sampler


@dataclass(frozen=True)
class MeasuredRun:
    """A finished run.

    Attributes:
        folder: The run.
        model: With its best weights.
        samplers: Those that were asked for, fitted to training codes.
        codes: Of the training images.
        data: How its images are found.
        images: The very ones it was trained on.
    """

    folder: Run
    model: ImageModel
    samplers: Mapping[str, Sampler]
    codes: Codes
    data: Data
    images: Images


def open_measured(options: MeasureOptions, notify: Notify) -> MeasuredRun:
    """Return the finished run that options name, with its images.

    Args:
        options: Of the command.
        notify: Hears of what takes a while.

    Raises:
        LisaError: There is no such run, it is not finished or damaged, a sampler is not among
            its own, or the images are no longer those it was trained on.
    """
    folder, model = open_model(options, options.device)
    for name in (SAMPLERS, CODES):
        if not (folder.path / name).is_file():
            raise LisaError(
                f"{folder.path} has no {name} yet; finish it with "
                f"'{TOOL} train --resume {folder.path}'"
            )
    chosen = _chosen(load_samplers(folder), options.samplers, folder)
    codes = load_codes(folder)
    data = _data(folder, options.data_dir)
    images = data.load(notify)
    check_data(folder, images)
    return MeasuredRun(folder, model, chosen, codes, data, images)


def _chosen(fitted: dict[str, Sampler], names: str | None, folder: Run) -> dict[str, Sampler]:
    if names is None:
        return fitted
    words = [word.strip() for word in names.split(",") if word.strip()]
    if not words:
        raise LisaError(f"--samplers names no sampler; valid: {', '.join(fitted)}")
    for word in words:
        if word not in fitted:
            raise LisaError(f"{folder.path}: {unknown('sampler', word, fitted)}")
    return {name: sampler for name, sampler in fitted.items() if name in words}


def _data(folder: Run, data_dir: Path | None) -> Data:
    source = str(folder.path / CONFIG)
    record = folder.config.get("options")
    if not isinstance(record, dict):
        raise LisaError(f"{source} holds no options of '{TOOL} train'; restore it from a copy")
    data = data_named(TRAIN.from_record(record, source))
    return data if data_dir is None else dataclasses.replace(data, data_dir=data_dir)
