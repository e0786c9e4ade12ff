"""The pictures of a run: curves, reconstructions, interpolations, samples."""

from collections.abc import Mapping, Sequence

import matplotlib as mpl
import torch
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from torch import Tensor

from image_lisa.data.pictures import save_png, to_bytes
from image_lisa.models.model import ImageModel
from image_lisa.reports.pictures_sheet import lay_out
from shared.common.callbacks import MetricsRow
from shared.runs.figures import save_figure
from shared.runs.run import Run
from shared.samplers import Sampler

mpl.use("Agg")

SHOWN = 10
"""Reconstructions that a picture shows in a row, and interpolations."""

STEPS = 10
"""Images of an interpolation, its two ends included."""


def plot_curves(folder: Run) -> None:
    """Draw `curves.png`: the loss of training and validation, epoch by epoch, and its terms.

    A loss of one term has one panel.
    """
    rows = folder.read_metrics()
    names = [n for n in rows[0] if f"valid_{n}" in rows[0] and n != "loss"] if rows else []
    shown = ["loss", *names] if len(names) > 1 else ["loss"]
    figure = Figure(figsize=(4.2 * len(shown), 3.4), layout="constrained")
    for axes, name in zip(figure.subplots(1, len(shown), squeeze=False)[0], shown, strict=True):
        for column, label in ((name, "training"), (f"valid_{name}", "validation")):
            axes.plot(*_curve(rows, column), ".-", label=label)
        title = names[0] if name == "loss" and len(names) == 1 else name
        axes.set(xlabel="epoch", ylabel="nats an image", title=title.replace("_", " "))
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.legend(frameon=False)
    save_figure(figure, folder, "curves.png")


def _curve(rows: Sequence[MetricsRow], column: str) -> tuple[list[float], list[float]]:
    points = [(row["epoch"], row[column]) for row in rows if column in row]
    return [x for x, _ in points], [y for _, y in points]


def save_reconstructions(
    folder: Run,
    model: ImageModel,
    images: Tensor,
    labels: Tensor | None = None,
    classes: Sequence[str] = (),
) -> None:
    """Draw `reconstructions.png` (images above what they come back as) and `interpolations.png`.

    Args:
        folder: Where to.
        model: The trained model.
        images: Bytes `[n, channel, height, width]`.
        labels: Their classes `[n]`; one example of each class is shown then, and more.
        classes: Names by number.
    """
    chosen = of_each_class(len(images), labels, 2 * SHOWN)
    shown = images[chosen.to(images.device)].cpu()
    names = [] if labels is None else [classes[int(n)] for n in labels.cpu()[chosen]]
    title = model.method.title
    count = min(SHOWN, len(shown))
    pairs = torch.cat([shown[:count], to_bytes(model.reconstruct(shown[:count]))])
    sheet = lay_out(
        pairs,
        count,
        title=f"{title}: images of the validation part and their reconstructions",
        row_titles=("image", "comes back"),
        column_titles=names[:count],
    )
    save_png(folder.path / "reconstructions.png", sheet.image)
    count = min(SHOWN, len(shown) // 2)
    # Moved by one, so that a path leads from one class to the next.
    ends = torch.arange(count, 2 * count).roll(-1)
    paths = model.interpolate(shown[:count], shown[ends], STEPS)
    between = [f"{names[a]} → {names[b]}" for a, b in enumerate(ends.tolist())] if names else []
    kind = "great circles" if model.method.spherical else "straight lines"
    sheet = lay_out(
        to_bytes(paths.flatten(0, 1)),
        STEPS,
        title=f"{title}: decoded {kind} between the codes of two images",
        row_titles=between,
    )
    save_png(folder.path / "interpolations.png", sheet.image)


def save_samples(
    folder: Run, model: ImageModel, samplers: Mapping[str, Sampler], seed: int, n: int = 64
) -> None:
    """Draw `samples-NAME.png` for each sampler: `n` draws, decoded."""
    for name, sampler in samplers.items():
        images = to_bytes(model.decode(sampler.sample(n, seed % 2**32)))
        sheet = lay_out(images, title=f"{model.method.title}: samples, {name}")
        save_png(folder.path / f"samples-{name}.png", sheet.image)


def of_each_class(count: int, labels: Tensor | None, most: int) -> Tensor:
    """Return the numbers of at most `most` images: the first of each class, then the second, ….

    Args:
        count: How many images there are.
        labels: Their classes `[count]`; None for the first images.
        most: How many to choose.
    """
    if labels is None:
        return torch.arange(min(count, most))
    seen: dict[int, int] = {}
    turns = []
    for label in labels.tolist():
        turns.append((seen.get(label, 0), label))
        seen[label] = seen.get(label, 0) + 1
    order = sorted(range(count), key=lambda number: (*turns[number], number))
    return torch.tensor(order[:most], dtype=torch.int64)
