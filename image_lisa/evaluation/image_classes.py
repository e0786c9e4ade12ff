"""Classes of images as numbers: those of their labels, or clusters where they have none.

Clusters are found by k-means on principal components of the training images (as in DeepCluster,
Caron et al. 2018, arXiv:1807.05520, but once and on pixels).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from sklearn.pipeline import make_pipeline
from torch import Tensor

from image_lisa.data.pictures import resized
from image_lisa.evaluation.classifier import ClassifierRecipe
from image_lisa.evaluation.pixels import to_eight_bits
from shared.common.errors import LisaError
from shared.common.seeds import derive_seed

Numbers = NDArray[np.int64]

_CLUSTERED = 20_000
"""Most training images that clusters are looked for in."""

PLAIN_SIDE = 32
"""Clusters are looked for in images of this side at most."""


@dataclass(frozen=True)
class LabelledImages:
    """One split of a data set.

    Attributes:
        images: ``[n, channel, height, width]``, uint8 or floating point in [0, 1].
        labels: Classes ``[n]``; None where the images have none.
    """

    images: Tensor
    labels: NDArray[np.integer] | None = None


def numbering(
    train: LabelledImages, seed: int, recipe: ClassifierRecipe
) -> Callable[[LabelledImages], Numbers]:
    """Return how images get their classes as numbers from 0; −1 for a label that training lacks."""
    if train.labels is None:
        finder = _clusters(_rows(train), seed, recipe)
        return lambda split: finder.predict(_rows(split)).astype(np.int64)
    names = np.unique(_labels_of(train))

    def number(split: LabelledImages) -> Numbers:
        labels = _labels_of(split)
        places = np.searchsorted(names, labels).clip(max=len(names) - 1)
        return np.where(names[places] == labels, places, -1)

    return number


def _clusters(rows: NDArray[np.float32], seed: int, recipe: ClassifierRecipe) -> Any:
    """Fit k-means on principal components, standing for the labels that images lack."""
    random = np.random.default_rng(derive_seed(seed, "clusters"))
    some = rows[random.permutation(len(rows))[:_CLUSTERED]]
    state = int(random.integers(2**31))
    if (distinct := len(np.unique(some, axis=0))) < 2:
        raise LisaError("the classifier needs two different images or more")
    finder = make_pipeline(
        PCA(min(recipe.components, *some.shape), random_state=state),
        KMeans(min(recipe.clusters, distinct), n_init=1, random_state=state),
    )
    return finder.fit(some)


def _labels_of(split: LabelledImages) -> NDArray[np.integer]:
    labels = np.asarray([] if split.labels is None else split.labels)
    if labels.shape != (len(split.images),):
        given = "none" if split.labels is None else str(len(labels))
        raise LisaError(f"{len(split.images)} images need as many labels, not {given}")
    return labels


def _rows(split: LabelledImages) -> NDArray[np.float32]:
    images = to_eight_bits(split.images).cpu()
    if max(images.shape[2:]) > PLAIN_SIDE:
        images = resized(images, PLAIN_SIDE)
    rows: NDArray[np.float32] = (images.flatten(1).float() / 255).numpy()
    return rows
