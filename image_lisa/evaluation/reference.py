"""What every run on one data set is compared with: the test split, and real images against it."""

import hashlib
from dataclasses import asdict
from functools import cached_property
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from image_lisa.data import Images
from image_lisa.evaluation.classifier_features import ClassifierFeatures
from image_lisa.evaluation.coverage import NEIGHBOURS
from image_lisa.evaluation.distances import RealFeatures, real_rows
from image_lisa.evaluation.extractor import FeatureExtractor
from image_lisa.evaluation.pixels import digest_of
from image_lisa.evaluation.protocol import EvaluationProtocol
from shared.common.errors import LisaError


class Reference:
    """The test split as the distances see it, computed once for all runs on a data set.

    Runs may differ in the split of training and validation images, as the test split is the
    same for all.

    Attributes:
        extractor: What turns images into features.
        target: The features of the whole test split.

    Raises:
        LisaError: If the extractor refuses the images, or the test split has too few of them.
    """

    def __init__(
        self,
        images: Images,
        extractor: FeatureExtractor,
        protocol: EvaluationProtocol | None = None,
    ) -> None:
        self.extractor, self.protocol = extractor, protocol or EvaluationProtocol()
        if len(images.test) <= NEIGHBOURS:
            raise LisaError(
                f"{images.name} has {len(images.test)} test images; to measure distances takes "
                f"{NEIGHBOURS + 1} or more"
            )
        self.target = RealFeatures(extractor.features(images.test), name=extractor.distance)
        rows = real_rows(len(images.train), self.protocol.draws, self.protocol.seed)
        self._real_images = images.train[torch.from_numpy(rows)]
        self._test = digest_of(images.test)

    @cached_property
    def real(self) -> dict[str, float]:
        """The real-against-real row: as many training images as there are draws, if there are.

        Its `images` are how many they were.
        """
        features = self.extractor.features(self._real_images)
        return {**self.measure(features, "real"), "images": len(features)}

    def measure(self, features: NDArray[np.float64], name: str) -> dict[str, float]:
        """Measure all distances of features from the test split's.

        Args:
            features: ``[n, f]``, of the same extractor.
            name: Of what is measured, which the seed depends on.

        Returns:
            Distances by name, see `RealFeatures.measure`.
        """
        return self.target.measure(features, seed=self.protocol.seed_of(name, "subsets"))

    def check(self, images: Images) -> None:
        """Refuse images with another test split.

        Raises:
            LisaError: Naming the data set.
        """
        if digest_of(images.test) != self._test:
            raise LisaError(f"the test images of {images.name} are not those of the reference")


def extractor_record(extractor: FeatureExtractor) -> dict[str, Any]:
    """Return what a report says of a feature extractor, as JSON values.

    Returns:
        `distance`, what the Fréchet distance is called; `weights`, the SHA-256 of the network's
        weights; and, of the tool's own classifier, its recipe, labels and accuracy.
    """
    found = {"distance": extractor.distance, "weights": _weights_digest(extractor)}
    if not isinstance(extractor, ClassifierFeatures):
        return found
    return {**found, **asdict(extractor.record), "shape": list(extractor.record.shape)}


def _weights_digest(extractor: FeatureExtractor) -> str:
    digest = hashlib.sha256()
    for name, tensor in sorted(extractor.net.state_dict().items()):
        digest.update(f"{name}{tuple(tensor.shape)}".encode())
        digest.update(tensor.cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()
