"""Table 2 as a picture: what each method reconstructs, draws and finds between two images."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from torch import Tensor

from image_lisa.data.pictures import grid, to_bytes
from image_lisa.models.model import ImageModel
from image_lisa.models.names import TOOL
from shared.common.seeds import derive_seed
from shared.methods.registry import METHODS
from shared.runs.expost import load_samplers
from shared.runs.files import write_atomically
from shared.runs.run import open_run
from shared.samplers import Sampler

PANEL = 8
"""Images in each panel of a row."""

_INCHES = 0.42
"""Of one image on paper."""

_Line = tuple[str, Sequence[Tensor | None]]

HEADS = ("reconstructions", "samples, N", "samples, GMM", "interpolation")


@dataclass(frozen=True)
class Exhibit:
    """A row of the picture.

    Attributes:
        path: A finished run.
        method: Its method's name.
        normal: The sampler that stands under N.
    """

    path: Path
    method: str
    normal: str


def save_picture_table(path: Path, exhibits: Sequence[Exhibit], images: Tensor, seed: int) -> None:
    """Write the picture.

    Args:
        path: A PNG file.
        exhibits: Its rows.
        images: Bytes `[n, channel, height, width]`; the first are reconstructed, and the first
            two are the ends of the interpolation.
        seed: Of the draws.
    """
    shown = images[:PANEL].cpu()
    ends = shown[0:1], shown[1:2]
    rows: list[_Line] = [("images", (_strip(shown), None, None, None))]
    for exhibit in exhibits:
        run = open_run(exhibit.path, TOOL)
        model, samplers = ImageModel.load(run), load_samplers(run)
        panels = (
            _strip(to_bytes(model.reconstruct(shown))),
            _draws(model, samplers, exhibit.normal, seed),
            _draws(model, samplers, "gmm", seed),
            _strip(to_bytes(model.interpolate(*ends, steps=PANEL)[0])),
        )
        rows.append((METHODS[exhibit.method].title, panels))
    write_atomically(path, _png(rows))


def _draws(model: ImageModel, samplers: dict[str, Sampler], name: str, seed: int) -> Tensor | None:
    if name not in samplers:
        return None
    codes = samplers[name].sample(PANEL, derive_seed(seed, "table 2", name) % 2**32)
    return _strip(to_bytes(model.decode(codes)))


def _strip(images: Tensor) -> Tensor:
    return grid(images, columns=PANEL, pad=1)


def _png(rows: Sequence[_Line]) -> bytes:
    size = (len(HEADS) * PANEL * _INCHES + 1.2, len(rows) * _INCHES * 1.06 + 0.4)
    layout = ConstrainedLayoutEngine(w_pad=0.03, h_pad=0.01, wspace=0.01, hspace=0)
    figure = Figure(figsize=size, layout=layout)
    axes = figure.subplots(len(rows), len(HEADS), squeeze=False)
    for (label, panels), line in zip(rows, axes, strict=True):
        for place, strip in enumerate(panels):
            line[place].set(xticks=[], yticks=[])
            line[place].spines[:].set_visible(False)
            if strip is not None:
                picture = strip.permute(1, 2, 0).numpy()
                line[place].imshow(picture.squeeze(), cmap="gray", vmin=0, vmax=255)
        line[0].set_ylabel(label, rotation=0, ha="right", va="center")
    for place, head in enumerate(HEADS):
        axes[0][place].set_title(head, fontsize="medium")
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=150, metadata={"Software": None})
    return file.getvalue()
