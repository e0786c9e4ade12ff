"""What `image-lisa train --dataset NAME` takes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from image_lisa.cli.options.training import TrainingOptions
from image_lisa.models.names import TOOL
from image_lisa.training.published import published_values
from shared.cli.method_options import MethodOptions, WithMethod
from shared.cli.option_groups import NewRunOptions, TrackOptions
from shared.cli.records import check_resumed
from shared.cli.terminal import Ranges


@dataclass(frozen=True, kw_only=True)
class Options(WithMethod, TrackOptions, NewRunOptions, TrainingOptions):
    """Train an autoencoder of images.

    A method has options of its own, which stand behind these; --method NAME --help shows them.

    Attributes:
        devices: How many of them; the batch is shared out.
        threads: Of the processor; by default all.
        seed: Of everything random.
        name: The run's folder in there; by default a new one, DATASET-METHOD-001 and so on.
    """

    ranges: ClassVar[Ranges] = TrainingOptions.ranges | {"devices": (1, 4096), "threads": (1, 1024)}

    devices: int = 1
    threads: int | None = None
    seed: int = 0


TRAIN = MethodOptions(Options, f"{TOOL} train", published_values)


options_type, default_options = TRAIN.of_words, TRAIN.defaults


def check_words(words: Sequence[str]) -> None:
    """Refuse options beside --resume that the run has its own values of.

    Raises:
        LisaError: Naming them.
    """
    check_resumed(words, ("epochs", "track"))
