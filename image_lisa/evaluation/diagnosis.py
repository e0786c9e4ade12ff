"""Figure 1 and Table 1 of one run or of several side by side, and Theorem 1 in numbers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from image_lisa.data import Images
from image_lisa.evaluation.codes import (
    NO_MISMATCH,
    Json,
    mismatch_records,
    radial_record,
    spectrum_record,
)
from image_lisa.evaluation.protocol import EvaluationProtocol
from image_lisa.models.model import ImageModel
from shared.common.callbacks import Notify, silent
from shared.diagnostics.mismatch import empirical_squared_error_lipschitz
from shared.methods import Codes
from shared.runs.figures import save_figure
from shared.runs.run import Run
from shared.samplers import Sampler
from shared.sphere.geometry import project_rows
from shared.sphere.uniformity import mmd2_to_uniform, uniformity_gap

RADIAL, SPECTRUM = "radial.png", "spectrum.png"

PROTOCOL = EvaluationProtocol(transport=2000, probed=5000)
"""A closer look than an evaluation takes."""

BANDWIDTH = 0.5
"""σ of the kernel of the squared MMD: that of the uniformity loss with t = 1/(2σ²) = 2."""

_PAIRED = 2000
"""Test images that are compared with each other's reconstructions, to tell what L_ℓ is like."""


@dataclass(frozen=True)
class Diagnosis:
    """What is known of the codes of one run.

    Attributes:
        title: What tables and legends call it.
        record: What `diagnose_run` gave.
    """

    title: str
    record: Mapping[str, Any]


def diagnose_run(
    model: ImageModel,
    samplers: Mapping[str, Sampler],
    codes: Codes,
    images: Images,
    protocol: EvaluationProtocol = PROTOCOL,
    notify: Notify = silent,
) -> Json:
    """Measure how the codes of a run lie, on its test images.

    Args:
        model: The trained model.
        samplers: Fitted to the training codes, by name.
        codes: Of the training images.
        images: What the run was trained on.
        protocol: How much is drawn and looked at, and from which seed.
        notify: Hears what is being measured.

    Returns:
        JSON values. `radial`, see `radial_record`, with `mse`, the losses a pixel (LISA, Figure
        1), and `projected_mse`; `spectrum`, see `spectrum_record`, and `uniformity_gap` of the
        directions of test codes (Table 1); `mmd2_to_uniform`, their squared MMD to the uniform
        law (Theorem 2), with the kernel of the uniformity loss at t = 2; `mismatch`, see
        `mismatch_records` (Eq. 24), with `mismatch_reason` where it is None;
        `lipschitz_loss_found`, the largest distance found of
        a test image from a reconstruction, which L_ℓ cannot be far below.
    """
    test = model.codes(images.test).mean
    notify(f"{model.method.title}: scaled codes")
    radial = radial_record(model, codes.mean, test, images, protocol)
    per_pixel = 2 / images.test[0].numel()
    radial["mse"] = [per_pixel * loss for loss in radial["losses"]]
    radial["projected_mse"] = radial["projected"] and per_pixel * radial["projected"]
    notify(f"{model.method.title}: directions")
    spherical, directions = model.method.spherical, project_rows(test)
    return {
        "radial": radial,
        "spectrum": spectrum_record(test),
        "uniformity_gap": uniformity_gap(directions),
        "mmd2_to_uniform": mmd2_to_uniform(directions, BANDWIDTH),
        "mismatch": mismatch_records(model, samplers, test, images, protocol, notify),
        "mismatch_reason": None if spherical else NO_MISMATCH.format(title=model.method.title),
        "lipschitz_loss_found": _loss_lipschitz(model, images, protocol) if spherical else None,
    }


def plot_radial(folder: Run, diagnoses: Sequence[Diagnosis]) -> None:
    """Draw `radial.png`: the error of scaled codes against their factor (LISA, Figure 1).

    Where a decoder sees the radius, a dashed line tells its error behind a projection, with all
    codes at the mean radius of the training codes.
    """
    figure = Figure(figsize=(6.4, 4.2), layout="constrained")
    axes: Axes = figure.subplots()
    for index, each in enumerate(diagnoses):
        radial, colour = each.record["radial"], f"C{index}"
        axes.plot(
            radial["alphas"], radial["mse"], "o-", color=colour, markersize=3, label=each.title
        )
        level = radial["projected_mse"]
        if each.record["mismatch"] is None and level is not None:
            label = f"{each.title}, every code at the mean radius"
            axes.axhline(level, color=colour, linestyle="--", linewidth=1, label=label)
    axes.axvline(1, color="0.8", linewidth=1, zorder=0)
    axes.set(xscale="log", yscale="log", xlabel="α, the factor of codes", ylabel="test MSE a pixel")
    axes.legend(frameon=False, fontsize="small")
    save_figure(figure, folder, RADIAL)


def plot_spectrum(folder: Run, diagnoses: Sequence[Diagnosis]) -> None:
    """Draw `spectrum.png`: the eigenvalues of the directions' second moment (LISA, Section 3.3)."""
    figure = Figure(figsize=(6.4, 4.2), layout="constrained")
    axes: Axes = figure.subplots()
    for each in diagnoses:
        values = each.record["spectrum"]["eigenvalues"]
        axes.plot(range(1, len(values) + 1), values, "o-", markersize=3, label=each.title)
    for dim in dict.fromkeys(each.record["spectrum"]["dim"] for each in diagnoses):
        axes.plot(
            [1, dim], [1 / dim] * 2, "--", color="0.5", linewidth=1, label=f"uniform, 1/{dim}"
        )
    axes.set(yscale="log", xlabel="number", ylabel="eigenvalue of the second moment")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.legend(frameon=False, fontsize="small")
    save_figure(figure, folder, SPECTRUM)


def _loss_lipschitz(model: ImageModel, images: Images, protocol: EvaluationProtocol) -> float:
    random = np.random.default_rng(protocol.seed_of("loss"))
    rows = torch.from_numpy(np.sort(random.permutation(len(images.test))[:_PAIRED]))
    some = images.test[rows]
    return empirical_squared_error_lipschitz(model.net.prepare(some).cpu(), model.reconstruct(some))
