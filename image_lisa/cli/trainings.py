"""From the options of a training, or of many, to what carries it out."""

import dataclasses

from image_lisa.benchmark.experiments import ExperimentSettings, loaded
from image_lisa.cli.options.training import TrainingOptions
from image_lisa.data import Images
from image_lisa.training.experiment import Data
from image_lisa.training.presets import check_settings, code_size, settled
from shared.training.settings import Training


def training_of(options: TrainingOptions, images: Images | None = None) -> Training:
    """Return what the training loop needs: options, and behind them what is chosen for the images.

    Without images the result tells whether the options make sense, but not how long is trained.
    """
    names = {each.name for each in dataclasses.fields(Training)} & vars(options).keys()
    given = {name: getattr(options, name) for name in names}
    if images is None:
        return check_settings(options.network, given)
    return settled(options.network, len(images.train), images.shape, given)


def dim_of(options: TrainingOptions, images: Images) -> int:
    """Return the code size that was asked for, or that of the data set."""
    return options.dim or code_size(options.dataset, images.shape)


def data_named(options: TrainingOptions) -> Data:
    """Return which images options name."""
    names = {each.name for each in dataclasses.fields(Data)} & vars(options).keys()
    return Data(**{name: getattr(options, name) for name in names})


def setting_of(options: TrainingOptions) -> ExperimentSettings:
    """Return what options say of all experiments of a command, which it loads the images for."""
    training_of(options)
    data = data_named(options)
    images = loaded(data)
    return ExperimentSettings(
        data, options.network, dim_of(options, images), training_of(options, images)
    )
