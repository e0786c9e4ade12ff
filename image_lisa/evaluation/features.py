"""Features of a classifier that the tool trains itself, where Inception's weights are not at hand.

Fréchet distances on them are called FD (classifier), and never FID: they compare
samplers on one data set with each other, and with no published figure.

The classifier has a fixed recipe and is trained on the training split alone. Where images have no
labels, their classes are clusters found by k-means on principal components of the training images
(as in DeepCluster, Caron et al. 2018, arXiv:1807.05520, but once and on pixels): the features then
tell coarse appearances apart, not what is shown, and the record says ``labels: clusters``.
"""

import hashlib
import json
import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, ClassVar, Self, final

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from sklearn.pipeline import make_pipeline
from torch import Tensor, nn

from image_lisa.data.pictures import resized
from image_lisa.evaluation.extractor import FeatureExtractor
from image_lisa.evaluation.pixels import digest_of, to_eight_bits
from shared.common.errors import LisaError
from shared.common.fitting import fit_module
from shared.common.seeds import derive_seed
from shared.common.torch_seeds import seeded
from shared.runs.tensors import read_tensors, write_tensors

Numbers = NDArray[np.int64]

LEAST_SIDE = 8
"""The smallest height and width of images that the classifier takes."""

_CLUSTERED = 20_000
"""Most training images that clusters are looked for in."""

_PLAIN_SIDE = 32
"""Clusters are looked for in images of this side at most; training time is that of such images."""


@dataclass(frozen=True)
class ClassifierRecipe:
    """How the classifier is made and trained: the same for every run of a benchmark.

    Attributes:
        version: Counts changes of what is not a field here.
        width: Channels of the first convolution; they double up to four times that.
        features: Numbers of the penultimate layer.
        examples: Images of 32 × 32 or less that are seen in training, over all epochs, rounded up
            to whole epochs; of larger images fewer, by their pixels.
        batch_size: Images a step.
        learning_rate: Of Adam at the beginning; it falls to zero along a cosine.
        clusters: Classes where images have no labels.
        components: Principal components that clusters are looked for in.
        epochs: The most epochs, which few images reach.
    """

    version: int = 2
    width: int = 24
    features: int = 64
    examples: int = 180_000
    batch_size: int = 128
    learning_rate: float = 2e-3
    clusters: int = 32
    components: int = 50
    epochs: int = 160


@dataclass(frozen=True)
class LabelledImages:
    """One split of a data set.

    Attributes:
        images: ``[n, channel, height, width]``, uint8 or floating point in [0, 1].
        labels: Classes ``[n]``; None where the images have none.
    """

    images: Tensor
    labels: NDArray[np.integer] | None = None


@dataclass(frozen=True)
class ClassifierRecord:
    """What a classifier is, as it is stored beside its weights.

    Attributes:
        recipe: How it was made.
        labels: "labels" where its classes are the data set's, "clusters" where they were found by
            k-means.
        classes: How many.
        shape: Channel, height and width of its images.
        dataset: SHA-256 of the training split, images and labels.
        seed: Of all draws.
        accuracy: The fraction of test images put into the right class; where classes are
            clusters, into the cluster whose centre is nearest. None without a test split.
    """

    recipe: ClassifierRecipe
    labels: str
    classes: int
    shape: tuple[int, int, int]
    dataset: str
    seed: int
    accuracy: float | None


class Classifier(nn.Module):
    """A small convolutional network; its output is the features, `head` gives the logits.

    Convolutions of 3 × 3 halve the image until its shorter side is 8 or less, another one follows,
    what is left is averaged to at most 4 × 4, and a linear layer with a ReLU gives the features.
    """

    def __init__(self, shape: tuple[int, int, int], classes: int, recipe: ClassifierRecipe) -> None:
        super().__init__()
        channels, height, width = shape
        halvings = max(1, math.ceil(math.log2(min(height, width) / LEAST_SIDE)))
        widths = [recipe.width * min(4, 2**k) for k in range(halvings)]
        layers: list[nn.Module] = []
        for before, after in zip([channels, *widths[:-1]], widths, strict=True):
            layers += [*_convolution(before, after, stride=2)]
        last = 2 * widths[-1]
        side = min(4, math.ceil(min(height, width) / 2**halvings))
        self.trunk = nn.Sequential(
            *layers,
            *_convolution(widths[-1], last, stride=1),
            nn.AdaptiveAvgPool2d(side),
            nn.Flatten(),
            nn.Linear(last * side**2, recipe.features, bias=False),
            nn.BatchNorm1d(recipe.features),
            nn.ReLU(),
        )
        self.head = nn.Linear(recipe.features, classes)

    def forward(self, images: Tensor) -> Tensor:
        """Return features ``[batch, features]`` of images of bytes."""
        features: Tensor = self.trunk(images.float() / 127.5 - 1)
        return features


@final
class ClassifierFeatures(FeatureExtractor):
    """The penultimate activations of the tool's own classifier.

    Attributes:
        record: What the classifier is.
    """

    distance: ClassVar[str] = "fcd"
    batch: ClassVar[int] = 1000

    def __init__(
        self, net: Classifier, record: ClassifierRecord, device: torch.device | str = "cpu"
    ) -> None:
        super().__init__(net, device)
        self.record = record

    @classmethod
    def train(
        cls,
        train: LabelledImages,
        test: LabelledImages | None = None,
        *,
        seed: int = 0,
        recipe: ClassifierRecipe | None = None,
        device: torch.device | str = "cpu",
    ) -> Self:
        """Train the classifier on the training split; about a minute on two cores for MNIST.

        Args:
            train: With labels, or clusters take their place.
            test: On which the accuracy is measured and nothing else.
            seed: Of the initial weights, of the order of images and of the clusters.
            recipe: `ClassifierRecipe` unless tests want a quicker one.
            device: To train on.

        Returns:
            The classifier.

        Raises:
            LisaError: If a split holds no images, images are smaller than 8 × 8, there are fewer
                than two classes, or the splits do not belong together.
        """
        recipe = recipe or ClassifierRecipe()
        images = to_eight_bits(train.images)
        shape = _shape_of(images)
        number = _numbering(train, seed, recipe)
        numbers = number(train)
        if (classes := int(numbers.max()) + 1) < 2:
            raise LisaError("the classifier needs two classes of images or more, not one")
        kind = "clusters" if train.labels is None else "labels"
        record = ClassifierRecord(recipe, kind, classes, shape, _digest(train), seed, None)
        extractor = cls(_fitted(images, numbers, record, device), record, device)
        if test is not None:
            right = extractor._classes(test.images) == number(test)
            extractor.record = replace(record, accuracy=float(right.mean()))
        return extractor

    @classmethod
    def load_or_train(
        cls,
        folder: Path,
        train: LabelledImages,
        test: LabelledImages | None = None,
        *,
        seed: int = 0,
        recipe: ClassifierRecipe | None = None,
        device: torch.device | str = "cpu",
    ) -> Self:
        """Read the classifier from a folder; train it and write it there if it is not in it.

        So all runs of a benchmark are measured by the very same classifier.

        Args:
            folder: The cache; made where there is none.
            train: As in `train`.
            test: As in `train`.
            seed: As in `train`.
            recipe: As in `train`.
            device: As in `train`.

        Returns:
            The classifier.

        Raises:
            LisaError: As `train`, and if the file in the folder is damaged or is of another
                classifier than its name says, or the folder cannot be written.
        """
        recipe = recipe or ClassifierRecipe()
        path = folder / cls.file_name(train, seed, recipe)
        if path.exists():
            extractor = cls.read(path, device)
            found = extractor.record
            if (found.recipe, found.seed, found.dataset) != (recipe, seed, _digest(train)):
                raise LisaError(
                    f"{path} holds another classifier than its name says: remove it, "
                    "and it is trained again"
                )
            return extractor
        extractor = cls.train(train, test, seed=seed, recipe=recipe, device=device)
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise LisaError(f"cannot make the folder {folder}: {error.strerror}") from error
        extractor.write(path)
        return extractor

    @staticmethod
    def file_name(train: LabelledImages, seed: int, recipe: ClassifierRecipe) -> str:
        """Return the name of the classifier's file.

        It is another one for other data, seeds and recipes.
        """
        identity = json.dumps([_digest(train), seed, asdict(recipe)])
        return f"classifier-{hashlib.sha256(identity.encode()).hexdigest()[:16]}.safetensors"

    def write(self, path: Path) -> None:
        """Write weights and record as one safetensors file."""
        write_tensors(path, self.net.state_dict(), asdict(self.record))

    @classmethod
    def read(cls, path: Path, device: torch.device | str = "cpu") -> Self:
        """Read what `write` wrote.

        Raises:
            LisaError: If the file is missing, damaged, or not that of a classifier.
        """
        tensors, meta = read_tensors(path)
        try:
            record = _record_of(meta)
            net = Classifier(record.shape, record.classes, record.recipe)
            net.load_state_dict(tensors)
        except (KeyError, TypeError, ValueError, RuntimeError) as error:
            raise LisaError(f"{path} does not hold a classifier of this version") from error
        return cls(net, record, device)

    def check(self, images: Tensor) -> None:
        """Refuse images of another shape than the classifier was trained on."""
        if tuple(images.shape[1:]) != self.record.shape:
            raise LisaError(
                f"the classifier was trained on images of shape {list(self.record.shape)}, "
                f"not {list(images.shape[1:])}"
            )

    def _classes(self, images: Tensor) -> Numbers:
        head = self.net.get_submodule("head")
        features = torch.from_numpy(self.features(images)).float().to(self.device)
        answers: Numbers = head(features).argmax(1).cpu().numpy()
        return answers


def _numbering(
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


def _fitted(
    images: Tensor, numbers: Numbers, record: ClassifierRecord, device: torch.device | str
) -> Classifier:
    recipe = record.recipe
    with seeded(derive_seed(record.seed, "classifier")):
        net = Classifier(record.shape, record.classes, recipe)
    return fit_module(
        net.to(device),
        _cross_entropy,
        (images.to(device), torch.from_numpy(numbers).to(device)),
        epochs=_epochs(images, recipe),
        batch_size=min(recipe.batch_size, len(images)),
        learning_rate=recipe.learning_rate,
        seed=record.seed,
    )


def _epochs(images: Tensor, recipe: ClassifierRecipe) -> int:
    """Return how many epochs there are, so that no images take much longer than MNIST's."""
    pixels = images.shape[2] * images.shape[3]
    examples = recipe.examples * min(1.0, _PLAIN_SIDE**2 / pixels)
    return max(1, min(recipe.epochs, math.ceil(examples / len(images))))


def _cross_entropy(net: Classifier, images: Tensor, numbers: Tensor) -> Tensor:
    return nn.functional.cross_entropy(net.head(net(images)), numbers)


def _convolution(before: int, after: int, stride: int) -> tuple[nn.Module, ...]:
    return (
        nn.Conv2d(before, after, 3, stride, padding=1, bias=False),
        nn.BatchNorm2d(after),
        nn.ReLU(),
    )


def _shape_of(images: Tensor) -> tuple[int, int, int]:
    channels, height, width = images.shape[1:]
    if min(height, width) < LEAST_SIDE:
        raise LisaError(
            f"the classifier needs images of at least {LEAST_SIDE} x {LEAST_SIDE} pixels, "
            f"not {height} x {width}"
        )
    return channels, height, width


def _labels_of(split: LabelledImages) -> NDArray[np.integer]:
    labels = np.asarray([] if split.labels is None else split.labels)
    if labels.shape != (len(split.images),):
        given = "none" if split.labels is None else str(len(labels))
        raise LisaError(f"{len(split.images)} images need as many labels, not {given}")
    return labels


def _rows(split: LabelledImages) -> NDArray[np.float32]:
    images = to_eight_bits(split.images).cpu()
    if max(images.shape[2:]) > _PLAIN_SIDE:
        images = resized(images, _PLAIN_SIDE)
    rows: NDArray[np.float32] = (images.flatten(1).float() / 255).numpy()
    return rows


def _digest(split: LabelledImages) -> str:
    return digest_of(to_eight_bits(split.images), split.labels)


def _record_of(meta: Mapping[str, Any]) -> ClassifierRecord:
    channels, height, width = meta["shape"]
    return ClassifierRecord(
        **{**meta, "recipe": ClassifierRecipe(**meta["recipe"]), "shape": (channels, height, width)}
    )
