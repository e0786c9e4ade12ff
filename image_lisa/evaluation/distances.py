"""The distances of a table: one set of features against the test split's."""

from dataclasses import asdict

import numpy as np
from numpy.typing import NDArray

from image_lisa.evaluation.coverage import NEIGHBOURS, coverage, squared_radii
from image_lisa.evaluation.frechet import frechet_distance
from image_lisa.evaluation.kernel_distance import (
    kernel_distance,
    kernel_distance_spread,
    mean_kernel,
)
from shared.common.errors import LisaError
from shared.common.seeds import derive_seed
from shared.sphere.geometry import Rows


class RealFeatures:
    """Features of the whole test split, with what every comparison needs of them computed once.

    Attributes:
        features: ``[n, f]``.
        name: What the Fréchet distance is called: the `distance` of the feature extractor, "fid"
            for Inception's, "fde" for EfficientNet's and "fcd" for the tool's own classifier's.
        k: The neighbour of precision, recall, density and coverage.

    Raises:
        LisaError: If features are not finite or too few.
    """

    def __init__(self, features: Rows, *, name: str = "frechet", k: int = NEIGHBOURS) -> None:
        self.features, self.name, self.k = features, name, k
        self._radii = squared_radii(features, k)
        self._kernel = mean_kernel(features)

    def measure(self, other: Rows, *, seed: int = 0) -> dict[str, float]:
        """Measure all distances of one set of features from the target.

        Args:
            other: Features of what is compared, `SAMPLES` of them in a table, ``[m, f]``.
            seed: Of the subsets whose spread is `kid_spread`.

        Returns:
            By name: the Fréchet distance; `kid` from all pairs and `kid_spread`, the standard
            deviation over the field's subsets; `precision`, `recall`, `density`, `coverage`.

        Raises:
            LisaError: If features are not finite, too few, or of another size.
        """
        return {
            self.name: frechet_distance(self.features, other),
            "kid": kernel_distance(self.features, other, kernel=self._kernel),
            "kid_spread": kernel_distance_spread(self.features, other, seed=seed),
            **asdict(coverage(self.features, other, self.k, radii=self._radii)),
        }


def real_rows(available: int, count: int, seed: int) -> NDArray[np.int64]:
    """Choose the training images that stand for a perfect sampler.

    Their distances from the test split, the real-against-real row of a table, are what no
    sampler is expected to fall below: as many training images as there are samples, drawn
    without repetition.

    Args:
        available: How many training images there are.
        count: How many samples the table compares; all are taken where there are fewer.
        seed: Of the choice.

    Returns:
        Their numbers, ascending.

    Raises:
        LisaError: If either number is below 1.
    """
    if available < 1 or count < 1:
        raise LisaError(f"real against real needs 1 image or more, not {count} of {available}")
    random = np.random.default_rng(derive_seed(seed, "real against real"))
    return np.sort(random.permutation(available)[:count])
