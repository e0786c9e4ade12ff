"""What is measured of a run's codes: classes, spectrum, radius, and the two sides of Theorem 1."""

from collections.abc import Mapping
from dataclasses import asdict
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor

from image_lisa.data import Images
from image_lisa.evaluation.probes import probe
from image_lisa.evaluation.protocol import EvaluationProtocol
from image_lisa.models.model import ImageModel
from image_lisa.models.networks.memory_order import plain_order
from shared.common.arrays import Floats
from shared.common.callbacks import Notify
from shared.common.errors import LisaError
from shared.diagnostics import mean_radius, projection_loss, radial_sensitivity, spectrum
from shared.diagnostics.mismatch import (
    MismatchBound,
    lipschitz_on_sphere,
    mismatch_bound,
    squared_error_lipschitz,
    squared_error_risk,
)
from shared.methods import Method
from shared.samplers import Sampler
from shared.sphere.geometry import project_rows

Json = dict[str, Any]

NO_MISMATCH = "Theorem 1 is about decoders that see directions only; {title} decodes codes"
"""Why a run has no bound."""


_PLAIN_OUTPUTS = 3 * 64 * 64
"""Numbers an image of which the slope of the decoder is looked for at the default's many points."""


def sampled_codes(
    samplers: Mapping[str, Sampler], name: str, protocol: EvaluationProtocol
) -> Floats:
    """Return the codes ``[draws, dim]`` of one sampler that a protocol looks at."""
    return samplers[name].sample(protocol.draws, protocol.seed_of("sampler", name))


def probe_accuracies(
    method: Method, train: Floats, test: Floats, images: Images, protocol: EvaluationProtocol
) -> Json | None:
    """Measure how well classes are read off codes; see `probe`.

    Args:
        method: Whose codes they are: a probe sees what the decoder does, directions or codes.
        train: Codes of the training images ``[n, dim]``.
        test: Codes of the test images ``[m, dim]``.
        images: With their labels.
        protocol: Its seed is that of the MLP.

    Returns:
        `linear`, `mlp` and `chance`, from 0 to 1; None where images have no labels. Where a probe
        cannot be fitted, `linear` and `mlp` are None and `reason` says why.
    """
    labels = images.train_labels, images.test_labels
    if labels[0] is None or labels[1] is None:
        return None
    seen = [project_rows(codes) if method.spherical else codes for codes in (train, test)]
    try:
        found = probe(
            seen[0], labels[0].numpy(), seen[1], labels[1].numpy(), seed=protocol.seed_of("probe")
        )
    except LisaError as error:
        return {"linear": None, "mlp": None, "chance": None, "reason": str(error)}
    return asdict(found)


def spectrum_record(codes: Floats) -> Json:
    """Summarise the spectrum of the directions of codes ``[n, dim]`` (LISA, Table 1)."""
    found = spectrum(project_rows(codes))
    return {**found.record(), "dim": found.dim, "eigenvalues": found.eigenvalues.tolist()}


def radial_record(
    model: ImageModel, train: Floats, test: Floats, images: Images, protocol: EvaluationProtocol
) -> Json:
    """Measure the reconstruction of scaled codes of test images (LISA, Figure 1).

    Args:
        model: The trained model.
        train: Codes of the training images ``[n, dim]``, whose mean radius all codes are given
            in the end.
        test: Codes of the test images ``[m, dim]``.
        images: The test images are taken, `protocol.probed` of them at most.
        protocol: Its seed chooses them.

    Returns:
        `alphas` and `losses` ½ Σ (x − x̂)² at them; `sensitivity`, the largest relative rise for
        α in [½, 2]; `own`, the loss at α = 1; `projected`, the loss where every code has the
        `radius`, the mean one of training codes; `images`, how many were looked at.
    """
    random = np.random.default_rng(protocol.seed_of("radial"))
    rows = np.sort(random.permutation(len(test))[: protocol.probed])
    x = model.net.prepare(images.test[torch.from_numpy(rows)].to(model.device))
    z = torch.from_numpy(test[rows]).float().to(model.device)
    reconstruction = partial(model.method.reconstruction, model.net)
    curve = radial_sensitivity(reconstruction, x, z)
    radius = mean_radius(train)
    return {
        "sensitivity": curve.sensitivity(),
        "own": curve.own,
        "projected": projection_loss(reconstruction, x, z, radius) if radius > 0 else None,
        "radius": radius,
        "images": len(rows),
        "alphas": curve.alphas.tolist(),
        "losses": curve.losses.tolist(),
    }


def mismatch_records(
    model: ImageModel,
    samplers: Mapping[str, Sampler],
    test: Floats,
    images: Images,
    protocol: EvaluationProtocol,
    notify: Notify,
) -> dict[str, Json] | None:
    """Estimate both sides of Eq. 24 for each sampler; see `mismatch_bound`.

    The law of the data is that of the test images, in the codes as in the risk.

    Args:
        model: The trained model.
        samplers: By name.
        test: Codes of the test images ``[m, dim]``.
        images: The test images are taken.
        protocol: How many draws, and how many directions of them.
        notify: Hears of each sampler.

    Returns:
        By sampler: `wasserstein` in radians and its `baseline`, which is what two samples of one
        law have; `risk_sampler` and `risk_codes` in nats; `lipschitz_decoder`, the best lower
        bound, and `lipschitz_loss`; `bound`, the right side; whether it `holds`; `tightness`;
        `size`, how many directions. None where the decoder does not see directions only.
    """
    if not model.method.spherical:
        return None
    if not samplers:
        return {}
    risk = squared_error_risk(model.net.prepare(images.test.to(model.device)))
    codes = _seen(test, model.device)
    constant = squared_error_lipschitz(images.test[0].numel())
    notify("the slope of the decoder")
    # One search for all samplers, as L_f is the decoder's; half of its points lie anywhere.
    effort = _effort(images.test[0].numel())
    with plain_order(model.net):
        seed = protocol.seed_of("slope")
        decoder = lipschitz_on_sphere(model.net.decode, codes, seed=seed, **effort)
    records = {}
    for name in samplers:
        notify(f"{name}: both sides of Theorem 1")
        found = mismatch_bound(
            model.net.decode,
            risk,
            _seen(sampled_codes(samplers, name, protocol), model.device),
            codes,
            constant,
            size=protocol.transport,
            seed=protocol.seed_of("mismatch", name),
            decoder=decoder,
        )
        records[name] = _mismatch_record(found)
    return records


def _effort(outputs: int) -> dict[str, int]:
    """Return how hard the slope of a decoder of so many numbers is looked for.

    Of images larger than 64 × 64 in colour fewer points are looked at, so that time is bounded.
    """
    if outputs <= _PLAIN_OUTPUTS:
        return {}
    share = _PLAIN_OUTPUTS / outputs
    return {"pairs": max(50, round(1000 * share)), "points": max(8, round(128 * share))}


def _seen(codes: Floats, device: torch.device) -> Tensor:
    """Return directions in the type and on the device that the decoder expects."""
    return torch.from_numpy(project_rows(codes)).float().to(device)


def _mismatch_record(found: MismatchBound) -> Json:
    return {
        "wasserstein": found.transport.distance,
        "baseline": found.transport.noise,
        "risk_sampler": found.risk_sampler,
        "risk_codes": found.risk_codes,
        "lipschitz_decoder": found.decoder.value,
        "lipschitz_loss": found.loss,
        "bound": found.right,
        "holds": found.holds,
        "tightness": found.tightness,
        "size": found.transport.size,
    }
