"""From the options of a training, or of many, to what carries it out."""

import dataclasses

from image_lisa.benchmark.experiments import ExperimentSettings
from image_lisa.cli.options.training import TrainingOptions
from image_lisa.training.experiment import Data
from image_lisa.training.presets import PRESETS
from shared.training.settings import Training


def training_of(options: TrainingOptions) -> Training:
    """Return what the training loop needs: options, and the network's preset behind them."""
    values = dataclasses.asdict(PRESETS[options.network])
    names = {each.name for each in dataclasses.fields(Training)} & vars(options).keys()
    given = {name: getattr(options, name) for name in names}
    return Training(**values | {name: value for name, value in given.items() if value is not None})


def data_named(options: TrainingOptions) -> Data:
    """Return which images options name."""
    names = {each.name for each in dataclasses.fields(Data)} & vars(options).keys()
    return Data(**{name: getattr(options, name) for name in names})


def setting_of(options: TrainingOptions) -> ExperimentSettings:
    """Return what options say of all experiments of a command."""
    return ExperimentSettings(
        data_named(options), options.network, options.code_size, training_of(options)
    )
