"""The classes of the training images, which a run keeps beside their codes."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from shared.common.errors import LisaError
from shared.common.seeds import derive_seed
from shared.common.words import unknown
from shared.methods import Codes, Method, fit_sampler
from shared.methods.autoencoder import Autoencoder
from shared.methods.sampling import FITTED
from shared.runs.expost import load_codes
from shared.runs.run import Run
from shared.samplers import Sampler

LABELS = "labels.safetensors"


@dataclass(frozen=True, eq=False)
class TrainingLabels:
    """The classes of the training images.

    Attributes:
        numbers: `[n]` int64.
        classes: Names by number.
    """

    numbers: Tensor
    classes: tuple[str, ...]


def save_labels(run: Run, labels: Tensor | None, classes: Sequence[str]) -> None:
    """Keep the classes of the training images in a run; of images without labels nothing."""
    if labels is not None:
        run.write_tensors(LABELS, {"numbers": labels.cpu()}, {"classes": list(classes)})


def load_labels(run: Run) -> TrainingLabels:
    """Return the classes of the training images of a finished run.

    Raises:
        LisaError: The run keeps none, or the file is damaged.
    """
    if not (run.path / LABELS).is_file():
        raise LisaError(
            f"{run.path} keeps no classes of its training images: they have no labels, or an "
            "earlier version trained it"
        )
    tensors, record = run.read_tensors(LABELS)
    numbers, classes = tensors.get("numbers"), record.get("classes")
    if numbers is None or numbers.dtype != torch.int64 or not isinstance(classes, list):
        raise LisaError(f"{run.path / LABELS} holds no classes; restore it or train again")
    return TrainingLabels(numbers, tuple(str(name) for name in classes))


def class_sampler(
    run: Run, method: Method, net: Autoencoder, name: str, label: str, seed: int
) -> Sampler:
    """Return a sampler that is fitted to the training codes of one class.

    Args:
        run: A finished run.
        method: Its method.
        net: Its trained net.
        name: Of the sampler: gaussian, gmm or dirichlet.
        label: The name of the class.
        seed: Of the fit.

    Raises:
        LisaError: The run keeps no classes or has no such one, or the sampler is none that is
            fitted to codes alone.
    """
    if name not in FITTED:
        raise LisaError(
            f"the sampler {name} is not fitted to the codes of a class; valid: {', '.join(FITTED)}"
        )
    labels = load_labels(run)
    if label not in labels.classes:
        raise LisaError(f"{run.path}: {unknown('class', label, labels.classes)}")
    codes = load_codes(run)
    if len(codes.mean) != len(labels.numbers):
        raise LisaError(
            f"{run.path} keeps {len(codes.mean):,} codes and {len(labels.numbers):,} classes of "
            "training images; restore them from a copy"
        )
    rows = (labels.numbers == labels.classes.index(label)).numpy()
    if rows.sum() < 2:
        raise LisaError(f"{run.path} has {rows.sum()} training images of {label}, 2 are needed")
    std = None if codes.posterior_std is None else codes.posterior_std[rows]
    own = derive_seed(seed, "class", label)
    return fit_sampler(method, name, net, Codes(codes.mean[rows], std), own)
