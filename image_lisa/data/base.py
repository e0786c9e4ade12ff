"""Images in three parts that are kept apart, and how one part is split from another."""

import dataclasses
import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from image_lisa.data.levels import Levels
from shared.common.errors import LisaError
from shared.common.seeds import derive_seed

LEAST = 2
"""The fewest images a part may have: batch statistics and covariances need more than one."""

_MOST_VALID = 10_000


@dataclass(frozen=True, eq=False)
class Part:
    """Some images and, where they have any, their labels.

    Attributes:
        images: `[n, channel, height, width]`, bytes.
        labels: `[n]`, numbers of classes, or None.
    """

    images: Tensor
    labels: Tensor | None = None

    def __len__(self) -> int:
        return len(self.images)

    def take(self, rows: NDArray[np.integer]) -> "Part":
        """Return the images of these rows, in this order."""
        index = torch.from_numpy(rows.astype(np.int64))
        return Part(self.images[index], None if self.labels is None else self.labels[index])


@dataclass(frozen=True, kw_only=True, eq=False)
class ImageSource:
    """What a loader finds: the parts as they were published.

    Attributes:
        train: What may be learnt from.
        test: Looked at once, at the end.
        valid: None where none was published; it is then split from `train`.
        classes: Their names by number; empty without labels.
        notes: What a user should know of these data.
        levels: Which values of deep images became black and white; None where there are none.
    """

    train: Part
    test: Part
    valid: Part | None = None
    classes: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    levels: Levels | None = None


@dataclass(frozen=True, eq=False)
class Images:
    """A data set in memory, in three parts that share no image.

    Attributes:
        name: Of the data set.
        train: `[n, channel, height, width]`, bytes: what the net learns from and samplers fit.
        valid: Likewise: for curves, schedules and every choice.
        test: Likewise: reported at the end, never fitted to or chosen on.
        train_labels: `[n]` int64, numbers of classes, or None.
        valid_labels: Likewise.
        test_labels: Likewise.
        classes: Their names by number; empty without labels.
        notes: What a user should know of these data.
        levels: Which values of deep images became black and white; None where there are none.

    Raises:
        LisaError: The parts do not fit together or one has too few images.
    """

    name: str
    train: Tensor
    valid: Tensor
    test: Tensor
    train_labels: Tensor | None = None
    valid_labels: Tensor | None = None
    test_labels: Tensor | None = None
    classes: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    levels: Levels | None = None

    def __post_init__(self) -> None:
        for part, (images, labels) in self.parts.items():
            _check_part(f"the {part} part of {self.name}", images, labels, len(self.classes))
            if images.shape[1:] != self.train.shape[1:]:
                raise LisaError(
                    f"the {part} part of {self.name} has images of shape "
                    f"{tuple(images.shape[1:])}, the train part {tuple(self.train.shape[1:])}"
                )
            if (labels is None) != (self.train_labels is None):
                raise LisaError(f"{self.name} must have labels in all parts or in none")

    @property
    def parts(self) -> dict[str, tuple[Tensor, Tensor | None]]:
        """Images and labels of train, valid and test."""
        return {
            "train": (self.train, self.train_labels),
            "valid": (self.valid, self.valid_labels),
            "test": (self.test, self.test_labels),
        }

    @property
    def shape(self) -> tuple[int, int, int]:
        """Channels, height, width."""
        channels, height, width = self.train.shape[1:]
        return channels, height, width

    @property
    def labelled(self) -> bool:
        """Whether every image has a class."""
        return self.train_labels is not None

    @cached_property
    def digest(self) -> str:
        """SHA-256 of all images and labels in their order: the same data, the same digest."""
        digest = hashlib.sha256()
        for part, tensors in self.parts.items():
            for tensor in tensors:
                digest.update(f"{part}{None if tensor is None else tuple(tensor.shape)}".encode())
                if tensor is not None:
                    digest.update(tensor.cpu().contiguous().numpy().data)
        return digest.hexdigest()

    def to(self, device: torch.device | str) -> "Images":
        """Return the same data on a device; a training moves them there once."""
        moved: dict[str, Any] = {
            field.name: value.to(device)
            for field in dataclasses.fields(self)
            if isinstance(value := getattr(self, field.name), Tensor)
        }
        return dataclasses.replace(self, **moved)


def assemble(
    name: str, source: ImageSource, *, seed: int, valid: int | None = None, limit: int | None = None
) -> Images:
    """Return the three parts of a data set.

    Args:
        name: Of the data set.
        source: Its published parts; `test` stays as it is, whole and in its order.
        seed: Of the draws.
        valid: How many validation images. By default all that were published, or, where none
            were, a fifth of the training images, 10,000 at most.
        limit: Take only so many of the published training images, drawn by seed, before the
            validation part is split from them.

    Raises:
        LisaError: Naming a number that cannot be had.
    """
    train = source.train
    if limit is not None and limit < 2 * LEAST:
        raise LisaError(f"--limit must be at least {2 * LEAST}, not {limit}")
    if limit is not None and limit < len(train):
        train, _ = split_images(train, limit, derive_seed(seed, "data", "limit"))
    pool = train if source.valid is None else source.valid
    most = len(pool) - (LEAST if source.valid is None else 0)
    if valid is None:
        valid = max(LEAST, min(_MOST_VALID, len(pool) // 5)) if source.valid is None else most
    if not LEAST <= valid <= most:
        raise LisaError(
            f"{valid:,} validation images cannot be had: {name} has {len(pool):,} to take them "
            f"from, and --valid must be from {LEAST} to {most:,}"
        )
    validation, rest = split_images(pool, valid, derive_seed(seed, "data", "valid"))
    train = rest if source.valid is None else train
    return Images(
        name,
        train.images,
        validation.images,
        source.test.images,
        train.labels,
        validation.labels,
        source.test.labels,
        source.classes,
        source.notes,
        source.levels,
    )


def split_images(part: Part, count: int, seed: int) -> tuple[Part, Part]:
    """Return `count` images drawn by seed, and the rest; both in their old order.

    Classes, where there are labels, are drawn in proportion, as nearly as whole images allow.
    """
    if count == len(part):
        return part, part.take(np.arange(0))
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(part))
    if part.labels is not None:
        order = _by_share(part.labels.numpy(), order)
    return part.take(np.sort(order[:count])), part.take(np.sort(order[count:]))


def _by_share(labels: NDArray[np.int64], order: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the order in which every beginning holds the classes in proportion."""
    share = np.empty(len(labels))
    for label, count in zip(*np.unique(labels, return_counts=True), strict=True):
        share[order[labels[order] == label]] = (np.arange(count) + 0.5) / count
    return order[np.argsort(share[order], kind="stable")]


def _check_part(what: str, images: Tensor, labels: Tensor | None, classes: int) -> None:
    if images.dtype != torch.uint8 or images.ndim != 4:
        raise LisaError(
            f"{what} must be bytes [n, channel, height, width], not {images.dtype} "
            f"{tuple(images.shape)}"
        )
    if len(images) < LEAST:
        raise LisaError(f"{what} has too few images: {len(images)}, at least {LEAST} are needed")
    if labels is None:
        return
    if labels.dtype != torch.int64 or labels.shape != (len(images),):
        raise LisaError(
            f"{what} must have int64 labels [{len(images)}], not {labels.dtype} "
            f"{tuple(labels.shape)}"
        )
    if not 0 <= int(labels.min()) <= int(labels.max()) < classes:
        raise LisaError(
            f"{what} has labels from {int(labels.min())} to {int(labels.max())}, "
            f"but there are {classes} classes"
        )
