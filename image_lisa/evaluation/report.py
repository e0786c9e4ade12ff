"""The whole table of one run: everything that is measured of it, on the test split."""

import time
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from image_lisa.data import Images
from image_lisa.evaluation.codes import (
    NO_MISMATCH,
    mismatch_records,
    probe_accuracies,
    radial_record,
    sampled_codes,
    spectrum_record,
)
from image_lisa.evaluation.extractor import FeatureExtractor
from image_lisa.evaluation.frechet import frechet_distance
from image_lisa.evaluation.protocol import EvaluationProtocol
from image_lisa.evaluation.reference import Reference, extractor_record
from image_lisa.models.model import ImageModel
from shared.common.arrays import Floats
from shared.common.callbacks import Notify, silent
from shared.common.errors import LisaError
from shared.common.words import counted
from shared.methods import Codes
from shared.samplers import Sampler
from shared.sphere.geometry import project_rows
from shared.sphere.uniformity import uniformity_gap

__all__ = ["EvaluationProtocol", "Notify", "Reference", "evaluate_run"]

_DECODED = 1000
"""Images that are decoded before their features are taken."""

_TIMED = 4
"""Images whose features tell how long all will take."""


def evaluate_run(
    model: ImageModel,
    samplers: Mapping[str, Sampler],
    codes: Codes,
    images: Images,
    extractor: FeatureExtractor,
    protocol: EvaluationProtocol,
    reference: Reference | None = None,
    notify: Notify = silent,
) -> dict[str, Any]:
    """Measure one run on the test split.

    Nothing is fitted to test images or chosen on them: samplers come fitted to training codes,
    probes are fitted here to training codes, and the extractor never saw test images. The same
    protocol gives the same numbers, whichever other samplers are measured beside.

    Args:
        model: The trained model.
        samplers: Fitted to the training codes, by name.
        codes: Of the training images.
        images: What the run was trained on.
        extractor: What distances are measured on.
        protocol: How much is drawn, and from which seed.
        reference: The test split's features, where several runs share them; by default computed.
        notify: Hears what is being measured.

    Returns:
        JSON values. `protocol`; `extractor`, see `extractor_record`; `reconstruction`: `test`, the
        mean of ½ Σ (x − x̂)², `mse` a pixel, and the Fréchet distance of reconstructed test images;
        `real`, see `Reference.real`; `samplers`: distances of each; `probes`, see
        `probe_accuracies`; `spectrum` and `uniformity_gap` of the directions of test codes;
        `radial`, see `radial_record`; `mismatch`, see `mismatch_records`, with
        `mismatch_reason` where it is None. The Fréchet distance is called as `extractor` says.

    Raises:
        LisaError: If a sampler's draws or their images are not finite, naming it; if the reference
            is of another extractor, protocol or test split.
    """
    if reference is None:
        notify("test images")
        reference = Reference(images, extractor, protocol)
    _check(reference, extractor, protocol, images)
    notify("reconstructions")
    reconstruction, test = _reconstruction(model, images.test, reference)
    notify("real images")
    real = reference.real
    sampled = {}
    for name in samplers:
        notify(f"{name}: {counted(protocol.draws, 'image')}")
        sampled[name] = _sampled(model, samplers, name, reference)
    notify("codes")
    spherical = model.method.spherical
    return {
        "protocol": {**asdict(protocol), "test": len(images.test)},
        "extractor": extractor_record(extractor),
        "reconstruction": reconstruction,
        "real": real,
        "samplers": sampled,
        "probes": probe_accuracies(model.method, codes.mean, test, images, protocol),
        "spectrum": spectrum_record(test),
        "uniformity_gap": uniformity_gap(project_rows(test)),
        "radial": radial_record(model, codes.mean, test, images, protocol),
        "mismatch": mismatch_records(model, samplers, test, images, protocol, notify),
        "mismatch_reason": None if spherical else NO_MISMATCH.format(title=model.method.title),
    }


def images_to_measure(images: Images, protocol: EvaluationProtocol, samplers: int) -> int:
    """Return how many images `evaluate_run` takes features of, for so many samplers."""
    real = min(protocol.draws, len(images.train))
    return 2 * len(images.test) + real + samplers * protocol.draws


def seconds_for(extractor: FeatureExtractor, images: Images, count: int) -> float:
    """Return about how many seconds the features of so many images take, measured on a few."""
    some = images.test[:_TIMED]
    extractor.features(some[:1])
    before = time.perf_counter()
    extractor.features(some)
    return count * (time.perf_counter() - before) / len(some)


def _check(
    reference: Reference, extractor: FeatureExtractor, protocol: EvaluationProtocol, images: Images
) -> None:
    if reference.extractor is not extractor or reference.protocol != protocol:
        raise LisaError("the reference was made with another extractor or protocol")
    reference.check(images)


def _reconstruction(
    model: ImageModel, test: Tensor, reference: Reference
) -> tuple[dict[str, float], Floats]:
    """Return what is measured of reconstructions of images, and their codes ``[n, dim]``."""
    extractor = reference.extractor
    codes, errors, features = [], [], []
    for part in test.split(_DECODED):
        batches = list(model.reconstructions(part))
        codes += [each.codes for each in batches]
        errors += [each.errors for each in batches]
        features.append(extractor.features(torch.cat([each.images for each in batches])))
    loss = float(torch.cat(errors).mean())
    distance = frechet_distance(reference.target.features, np.concatenate(features))
    record = {"test": loss, "mse": 2 * loss / test[0].numel(), extractor.distance: distance}
    return record, torch.cat(codes).numpy()


def _sampled(
    model: ImageModel, samplers: Mapping[str, Sampler], name: str, reference: Reference
) -> dict[str, float]:
    try:
        z = sampled_codes(samplers, name, reference.protocol)
        features = _features(model, reference.extractor, z)
        return reference.measure(features, name)
    except LisaError as error:
        raise LisaError(f"the sampler {name} cannot be measured: {error}") from error


def _features(
    model: ImageModel, extractor: FeatureExtractor, z: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return features of decoded codes, part by part, so that all images are never held at once."""
    begins = range(0, len(z), _DECODED)
    return np.concatenate(
        [extractor.features(model.decode(z[begin : begin + _DECODED])) for begin in begins]
    )
