"""How well a model knows images: their reconstruction error and the density of their codes."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shared.common.arrays import Floats


@dataclass(frozen=True, eq=False)
class ImageScores:
    """What a model says of each of several images.

    Attributes:
        errors: ½ Σ (x − x̂)² `[n]`.
        log_densities: The log density of each code under a sampler that was fitted to training
            codes `[n]`; of its direction where the decoder sees directions only.
        rarity: The share of training codes that are more likely `[n]`, near 1 for what is unlike
            them.
        outlyingness: The larger of two robust z-scores among these images `[n]`: of the log error,
            and of √(2 (log p* − log p)), with p* the density of the likeliest training code. Under
            a normal law the second is the distance from its mean in standard deviations.
    """

    errors: Floats
    log_densities: Floats
    rarity: Floats
    outlyingness: Floats

    @property
    def order(self) -> NDArray[np.intp]:
        """The numbers of the images, the outliers first."""
        found: NDArray[np.intp] = np.argsort(-self.outlyingness, kind="stable")
        return found


def scores_of(errors: Floats, densities: Floats, training: Floats) -> ImageScores:
    """Return scores of images.

    Args:
        errors: Their reconstruction errors `[n]`, not negative.
        densities: The log densities of their codes `[n]`.
        training: Those of the training codes `[m]`.
    """
    below = np.searchsorted(np.sort(training), densities, side="right")
    rarity = 1 - below / len(training)
    smallest = np.finfo(np.float64).tiny
    away = np.sqrt(2 * np.maximum(training.max() - densities, 0))
    outlying = np.maximum(robust_z(np.log(np.maximum(errors, smallest))), robust_z(away))
    return ImageScores(errors, densities, rarity, outlying)


def robust_z(values: Floats) -> Floats:
    """Return how far values `[n]` lie above their median, in robust standard deviations.

    The scale is 1.4826 times the median absolute deviation, as for a normal law; where more than
    half of the values are equal, the mean absolute deviation takes its place, and if all are
    equal, the answer is zero.
    """
    away = values - np.median(values)
    scale = 1.4826 * np.median(np.abs(away)) or 1.2533 * np.abs(away).mean()
    found: Floats = away / scale if scale > 0 else np.zeros_like(away)
    return found
