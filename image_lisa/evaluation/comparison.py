"""How far two sets of images are apart, on the features of a published network."""

from pathlib import Path
from typing import Any

from torch import Tensor

from image_lisa.data.reading import read_folder
from image_lisa.evaluation.coverage import NEIGHBOURS
from image_lisa.evaluation.distances import RealFeatures
from image_lisa.evaluation.extractor import FeatureExtractor
from image_lisa.evaluation.extractors import published_extractor
from shared.common.callbacks import Notify, silent
from shared.common.errors import LisaError

ImageFolder = Tensor | Path | str
"""Images `[n, channel, height, width]`, in bytes or in [0, 1], or a folder of them."""


def compare_images(
    first: ImageFolder,
    second: ImageFolder,
    *,
    extractor: FeatureExtractor | None = None,
    size: int | None = None,
    seed: int = 0,
    notify: Notify = silent,
) -> dict[str, Any]:
    """Measure how far images are from other ones.

    >>> import image_lisa as il
    >>> il.compare_images("real", "drawn")["fde"]  # doctest: +SKIP
    41.3

    Args:
        first: The images that others are compared with, such as real ones; or their folder.
        second: The images that are compared; or their folder.
        extractor: What distances are measured on; by default EfficientNet-Lite0, whose weights
            come with the extra `features`.
        size: Height and width to bring the images of folders to; None for their own.
        seed: Of the subsets whose spread is `kid_spread`.
        notify: Hears what is left out, and what takes a while.

    Returns:
        `first` and `second`, how many images; the Fréchet distance, called as `extractor` says
        ("fde" for FD (EfficientNet), never FID); `kid` and `kid_spread`; `precision`, `recall`,
        `density` and `coverage` of the second, as in `RealFeatures.measure`.

    Raises:
        LisaError: There are too few images, they cannot be read, or the weights are not here.
    """
    extractor = extractor or published_extractor("efficientnet", None, "cpu").load()
    pair = [_images(each, size, notify) for each in (first, second)]
    for images, given in zip(pair, (first, second), strict=True):
        name = "a set" if isinstance(given, Tensor) else str(given)
        if len(images) <= NEIGHBOURS:
            raise LisaError(
                f"{name} has {len(images)} images; to measure distances takes {NEIGHBOURS + 1} "
                "or more"
            )
        extractor.check(images)
    notify(f"features of {len(pair[0]) + len(pair[1]):,} images")
    features = [extractor.features(images) for images in pair]
    if min(len(each) for each in features) <= features[0].shape[1]:
        notify(
            f"of fewer images than there are features, {features[0].shape[1]:,}, the Fréchet "
            "distance is mostly bias: compare it with that of sets of the same sizes; KID has none"
        )
    target = RealFeatures(features[0], name=extractor.distance)
    return {
        "first": len(features[0]),
        "second": len(features[1]),
        **target.measure(features[1], seed=seed),
    }


def _images(given: ImageFolder, size: int | None, notify: Notify) -> Tensor:
    if isinstance(given, Tensor):
        return given
    found = read_folder(Path(given), size)
    for note in found.notes:
        notify(note)
    return found.images
