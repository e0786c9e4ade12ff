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
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, ClassVar, Self, final

import torch
from torch import Tensor, nn

from image_lisa.evaluation.classifier import LEAST_SIDE, Classifier, ClassifierRecipe
from image_lisa.evaluation.extractor import FeatureExtractor
from image_lisa.evaluation.image_classes import PLAIN_SIDE, LabelledImages, Numbers, numbering
from image_lisa.evaluation.pixels import digest_of, to_eight_bits
from shared.common.errors import LisaError
from shared.common.fitting import fit_module
from shared.common.seeds import derive_seed
from shared.common.torch_seeds import seeded
from shared.runs.tensors import read_tensors, write_tensors


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


@final
class ClassifierFeatures(FeatureExtractor):
    """The penultimate activations of the tool's own classifier.

    Attributes:
        record: What the classifier is.
    """

    distance: ClassVar[str] = "fcd"
    batch: ClassVar[int] = 100

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
        number = numbering(train, seed, recipe)
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
    examples = recipe.examples * min(1.0, PLAIN_SIDE**2 / pixels)
    return max(1, min(recipe.epochs, math.ceil(examples / len(images))))


def _cross_entropy(net: Classifier, images: Tensor, numbers: Tensor) -> Tensor:
    return nn.functional.cross_entropy(net.head(net(images)), numbers)


def _shape_of(images: Tensor) -> tuple[int, int, int]:
    channels, height, width = images.shape[1:]
    if min(height, width) < LEAST_SIDE:
        raise LisaError(
            f"the classifier needs images of at least {LEAST_SIDE} x {LEAST_SIDE} pixels, "
            f"not {height} x {width}"
        )
    return channels, height, width


def _digest(split: LabelledImages) -> str:
    return digest_of(to_eight_bits(split.images), split.labels)


def _record_of(meta: Mapping[str, Any]) -> ClassifierRecord:
    channels, height, width = meta["shape"]
    return ClassifierRecord(
        **{**meta, "recipe": ClassifierRecipe(**meta["recipe"]), "shape": (channels, height, width)}
    )
