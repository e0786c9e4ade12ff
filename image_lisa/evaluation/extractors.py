"""Which network's features distances are measured on, as worker processes are told of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import cast

from image_lisa.data import Images
from image_lisa.evaluation.classifier import LEAST_SIDE, ClassifierRecipe
from image_lisa.evaluation.classifier_features import ClassifierFeatures
from image_lisa.evaluation.coverage import NEIGHBOURS
from image_lisa.evaluation.efficientnet import ADVICE, EfficientNetFeatures, installed_weights
from image_lisa.evaluation.extractor import FeatureExtractor
from image_lisa.evaluation.image_classes import LabelledImages
from image_lisa.evaluation.inception import InceptionFeatures
from image_lisa.models.names import FeatureName
from shared.common.callbacks import Notify
from shared.common.errors import LisaError

_NETWORKS: Mapping[
    FeatureName, type[InceptionFeatures | EfficientNetFeatures | ClassifierFeatures]
] = MappingProxyType(
    {
        "inception": InceptionFeatures,
        "efficientnet": EfficientNetFeatures,
        "classifier": ClassifierFeatures,
    }
)

_SIMPLE_SIDE = 32
"""Grey images up to this size are told apart well by a classifier of their own."""


@dataclass(frozen=True)
class Extractor:
    """Where the network lies whose features distances are measured on.

    Attributes:
        path: Of its weights.
        network: Which network it is.
        device: Where it runs.
    """

    path: Path
    network: FeatureName
    device: str

    @property
    def distance(self) -> str:
        """What the Fréchet distance on its features is called."""
        return _NETWORKS[self.network].distance

    def identity(self) -> str:
        """Return what decides its features: a classifier's file is named by its data and recipe."""
        return self.path.stem if self.network == "classifier" else self.network

    def load(self) -> FeatureExtractor:
        """Return the network."""
        return _NETWORKS[self.network].read(self.path, self.device)


def is_simple(shape: tuple[int, int, int]) -> bool:
    """Return whether images `[channel, height, width]` are small and grey, such as MNIST's."""
    return shape[0] == 1 and max(shape[1:]) <= _SIMPLE_SIDE


def default_features(shape: tuple[int, int, int]) -> FeatureName:
    """Return the network that distances between images `[channel, height, width]` are measured on.

    It is EfficientNet where its weights are installed; for small grey images such as MNIST's,
    which are unlike any photograph, and without those weights, a classifier of their own.
    """
    return "classifier" if is_simple(shape) or installed_weights() is None else "efficientnet"


def chosen_features(features: str, weights: Path | None) -> FeatureName | None:
    """Return the network that options choose, whatever the images; None where they leave it open.

    Args:
        features: The name of a network, or auto.
        weights: Of Inception, which is meant by auto where they are named.
    """
    if features == "auto":
        return None if weights is None else "inception"
    return cast(FeatureName, features)


def published_extractor(network: FeatureName, weights: Path | None, device: str) -> Extractor:
    """Return an extractor whose network was published: Inception or EfficientNet.

    Args:
        network: Which.
        weights: Of Inception.
        device: Where it runs.

    Raises:
        LisaError: Its weights are not here, saying where they come from.
    """
    if network == "inception":
        if weights is None:
            raise LisaError(
                "features of Inception need its weights: name their file by --inception-weights"
            )
        return Extractor(weights, network, device)
    found = installed_weights()
    if found is None:
        raise LisaError(f"features of EfficientNet need its weights, which are not here; {ADVICE}")
    return Extractor(found, network, device)


def check_measurable(images: Images, network: FeatureName) -> None:
    """Refuse images that no distances can be measured of, before anything is computed.

    Raises:
        LisaError: Naming what is too few or too small.
    """
    if len(images.test) <= NEIGHBOURS:
        raise LisaError(
            f"{images.name} has {len(images.test)} test images; to measure distances takes "
            f"{NEIGHBOURS + 1} or more"
        )
    height, width = images.shape[1:]
    if network == "classifier" and min(height, width) < LEAST_SIDE:
        raise LisaError(
            f"the classifier needs images of at least {LEAST_SIDE} x {LEAST_SIDE} pixels, "
            f"not {height} x {width}"
        )


def train_extractor(
    folder: Path,
    images: Images,
    device: str,
    notify: Notify,
    test: str = "test",
) -> Extractor:
    """Return the classifier of a data set's training part, from the folder if it is in there.

    Args:
        folder: Where its weights are kept.
        images: Of the data set.
        device: Where to train it.
        notify: Hears of the training.
        test: The part that its accuracy is told on.
    """
    parts = {
        name: LabelledImages(each, None if labels is None else labels.numpy())
        for name, (each, labels) in images.parts.items()
    }
    path = folder / ClassifierFeatures.file_name(parts["train"], 0, ClassifierRecipe())
    if not path.is_file():
        notify("training the classifier whose features distances are measured on")
    classifier = ClassifierFeatures.load_or_train(
        folder, parts["train"], parts[test], device=device
    )
    if classifier.record.accuracy is not None:
        notify(f"the classifier has {100 * classifier.record.accuracy:.2f} % accuracy")
    return Extractor(path, "classifier", device)
