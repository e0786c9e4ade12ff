"""The pictures of a run: curves, reconstructions, interpolations, samples."""

from collections.abc import Mapping, Sequence

import matplotlib as mpl
import numpy as np
import torch
from matplotlib.figure import Figure
from torch import Tensor

from image_lisa.data.pictures import grid, save_png, to_bytes
from image_lisa.models.model import ImageModel
from shared.common.callbacks import MetricsRow
from shared.runs.figures import save_figure
from shared.runs.run import Run
from shared.samplers import Sampler
from shared.sphere.geometry import project, slerp

mpl.use("Agg")

SHOWN = 10
"""Reconstructions and interpolations that a picture shows."""

STEPS = 10
"""Images of an interpolation, its two ends included."""


def plot_curves(folder: Run) -> None:
    """Draw `curves.png`: the loss terms of training and validation, epoch by epoch."""
    rows = folder.read_metrics()
    names = [n for n in rows[0] if f"valid_{n}" in rows[0] and n != "loss"] if rows else []
    shown = ["loss", *names]
    figure = Figure(figsize=(4 * len(shown), 3.2), layout="constrained")
    for axes, name in zip(figure.subplots(1, len(shown), squeeze=False)[0], shown, strict=True):
        for column, label in ((name, "training"), (f"valid_{name}", "validation")):
            axes.plot(*_curve(rows, column), label=label)
        axes.set(xlabel="epoch", ylabel=f"{name} (nats an image)")
        axes.legend(frameon=False)
    save_figure(figure, folder, "curves.png")


def _curve(rows: Sequence[MetricsRow], column: str) -> tuple[list[float], list[float]]:
    points = [(row["epoch"], row[column]) for row in rows if column in row]
    return [x for x, _ in points], [y for _, y in points]


def interpolate(model: ImageModel, first: Tensor, second: Tensor, steps: int = STEPS) -> Tensor:
    """Return images on the paths between pairs of images, `[pair, step, channel, height, width]`.

    The path is the great circle between directions where the decoder sees directions only, and
    the straight line between codes elsewhere.
    """
    z, end = (torch.from_numpy(model.codes(images).mean) for images in (first, second))
    t = torch.linspace(0, 1, steps, dtype=torch.float64)
    if model.method.spherical:
        codes: Tensor = slerp(project(z), project(end), t[:, None]).transpose(0, 1)
    else:
        codes = z[:, None] + t[:, None] * (end - z)[:, None]
    images: Tensor = model.decode(codes.flatten(0, 1)).unflatten(0, (len(first), steps))
    return images


def save_reconstructions(folder: Run, model: ImageModel, images: Tensor) -> None:
    """Draw `reconstructions.png` (images above what they come back as) and `interpolations.png`."""
    shown = images[: 2 * SHOWN].cpu()
    pairs = torch.stack([shown[:SHOWN], to_bytes(model.reconstruct(shown[:SHOWN]))])
    save_png(folder.path / "reconstructions.png", grid(pairs.flatten(0, 1), len(pairs[0])))
    count = min(SHOWN, len(shown) // 2)
    paths = interpolate(model, shown[:count], shown[count : 2 * count])
    save_png(folder.path / "interpolations.png", grid(to_bytes(paths.flatten(0, 1)), STEPS))


def save_samples(
    folder: Run, model: ImageModel, samplers: Mapping[str, Sampler], seed: int, n: int = 64
) -> None:
    """Draw `samples-NAME.png` for each sampler: `n` draws, decoded."""
    for name, sampler in samplers.items():
        images = to_bytes(model.decode(sampler.sample(n, seed % 2**32)))
        columns = int(np.ceil(np.sqrt(n)))
        save_png(folder.path / f"samples-{name}.png", grid(images, columns))
