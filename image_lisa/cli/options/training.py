"""The options of all commands that train: which images, which network, how long, where."""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal

from image_lisa.data.choices import check_dataset
from image_lisa.models.names import LARGEST_DIM
from shared.cli.terminal import Output, Ranges
from shared.training.settings import Device, Precision, Schedule


@dataclass(frozen=True, kw_only=True)
class TrainingOptions(Output):
    """What a training takes, whatever its method.

    Attributes:
        dataset: One of mnist, cifar10, celeba, digits, or the path of a folder of images.
        data_dir: Where the files of a named data set are looked for first, then in LISA_DATA_DIR.
        size: Height and width that images are brought to; by default their own.
        limit: Train on this many images only.
        valid: The number of training images that validate instead.
        network: The encoder and the decoder: light trains in minutes on a processor; paper is
            that of the field's tables and wants a GPU.
        dim: The code size d; by default 16 for mnist, 128 for cifar10, 64 for celeba, 8 for
            digits, else 64, or 256 where images have 2,352 numbers (28 × 28 in colour) and more.
        epochs: Passes over the training images; by default 15 for light, 100 for paper, or as
            many as it takes for 2,000 steps where images are few.
        batch_size: Images a step, over all devices together; by default 100, and fewer where
            images are few or large.
        learning_rate: Of Adam, at its highest; by default 2e-3 for light, 1e-3 for paper.
        schedule: How the learning rate changes; by default cosine for light, plateau for paper.
        precision: The arithmetic, as Lightning Fabric names it.
        device: Where to train.
        checkpoint_seconds: The longest time between two checkpoints.
        valid_epochs: Epochs from one validation to the next; by default so many that there are
            about twenty-five.
        patience: Epochs without a lower validation loss after which training ends, 0 for never; by
            default a quarter of them, ten at least. The best weights are kept in any case.
        kl_warmup: Epochs over which the weight of a variational method's divergence rises to its
            full size, 0 for the full weight at once; by default a tenth of all.
        augment: Mirror images left to right half of the time in training, and move them by up to
            this share of their sides, anew in each step; 0 leaves them. By default 0.125 for fewer
            than 5,000 coloured images of 28 pixels or more, else 0.
    """

    ranges: ClassVar[Ranges] = {
        "limit": (10, 100_000_000),
        "valid": (2, 10_000_000),
        "dim": (2, LARGEST_DIM),
        "epochs": (1, 1_000_000),
        "batch_size": (2, 1_000_000),
        "checkpoint_seconds": (0, 1_000_000),
        "valid_epochs": (1, 1_000_000),
        "patience": (0, 1_000_000),
        "kl_warmup": (0, 1_000_000),
        "augment": (0, 0.5),
    }

    dataset: str = "mnist"
    data_dir: Path | None = None
    size: int | None = None
    limit: int | None = None
    valid: int | None = None
    network: Literal["light", "paper"] = "light"
    dim: int | None = None
    epochs: int | None = None
    batch_size: int | None = None
    learning_rate: float | None = None
    schedule: Schedule | None = None
    precision: Precision = "32-true"
    device: Device = "auto"
    checkpoint_seconds: float = 30.0
    valid_epochs: int | None = None
    patience: int | None = None
    kl_warmup: float | None = None
    augment: float | None = None

    def check(self) -> None:
        """Refuse images that are nowhere.

        Raises:
            LisaError: Naming what would be valid.
        """
        super().check()
        check_dataset(self.dataset)
