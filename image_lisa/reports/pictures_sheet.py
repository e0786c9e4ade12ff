"""Images side by side with titles, at a size that can be seen."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import matplotlib as mpl
import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor

from shared.common.errors import LisaError

LEAST, MOST = 64, 160
"""The least and the greatest height or width of an image in a picture, in pixels."""

_GAP, _FRAME, _MARGIN = 5, 1, 10
_TEXT, _TITLE = 12, 15
_PAGE, _LINE, _INK = (255, 255, 255), (128, 128, 128), (30, 30, 30)


@dataclass(frozen=True, eq=False)
class Sheet:
    """A picture of several images.

    Attributes:
        image: Bytes `[3, height, width]`.
        boxes: Left, top, right and bottom of each image in it, in their order.
        factor: How many pixels of the picture a pixel of an image has on a side; 0 where images
            were made smaller.
    """

    image: Tensor
    boxes: list[tuple[int, int, int, int]]
    factor: int


def lay_out(
    images: Tensor,
    columns: int | None = None,
    *,
    title: str = "",
    row_titles: Sequence[str] = (),
    column_titles: Sequence[str] = (),
    captions: Sequence[str] = (),
) -> Sheet:
    """Lay images out in rows.

    Small images are enlarged by a whole number, each pixel a square; each has a thin frame, so
    that it is told from the white page. Titles that are too long are cut.

    Args:
        images: Bytes `[n, channel, height, width]` with 1 or 3 channels.
        columns: Images in a row; by default about as many as there are rows.
        title: Stands above all.
        row_titles: Stand left of the rows.
        column_titles: Stand above the columns.
        captions: Stand below the images.

    Raises:
        LisaError: There are no images or no columns, or they are no bytes of 1 or 3 channels.
    """
    if images.dtype != torch.uint8 or images.ndim != 4 or images.shape[1] not in (1, 3):
        raise LisaError(
            "a picture needs bytes [n, channel, height, width] with 1 or 3 channels, not "
            f"{images.dtype} {list(images.shape)}"
        )
    count = len(images)
    columns = math.ceil(math.sqrt(count)) if columns is None else columns
    if count < 1 or columns < 1:
        raise LisaError(f"{count} images in {columns} columns make no picture")
    page = _Page(images, min(columns, count), title, row_titles, column_titles, bool(captions))
    for place, image in enumerate(images):
        page.paste(place, image)
        if place < len(captions):
            page.caption(place, captions[place])
    pixels = torch.from_numpy(np.asarray(page.sheet).copy()).permute(2, 0, 1)
    return Sheet(pixels, page.boxes, page.factor)


class _Page:
    """The white page, and where things stand on it."""

    def __init__(
        self,
        images: Tensor,
        columns: int,
        title: str,
        row_titles: Sequence[str],
        column_titles: Sequence[str],
        captioned: bool,
    ) -> None:
        self.columns = columns
        height, width = images.shape[2:]
        self.factor, self.size = _scale(height, width)
        wide, high = self.size
        self.text, heading = (ImageFont.truetype(_font(), size) for size in (_TEXT, _TITLE))
        line = round(1.4 * _TEXT)
        self.step = wide + _GAP, high + _GAP + captioned * line
        self.left = _MARGIN + max((math.ceil(self._length(t)) + 8 for t in row_titles), default=0)
        self.top = _MARGIN + bool(title) * round(1.8 * _TITLE) + bool(column_titles) * line
        rows = math.ceil(len(images) / columns)
        inner = self.left + columns * self.step[0] - _GAP
        across = max(inner, _MARGIN + math.ceil(heading.getlength(title))) + _MARGIN
        down = self.top + rows * self.step[1] - _GAP + _MARGIN
        self.sheet = Image.new("RGB", (across, down), _PAGE)
        self.draw = ImageDraw.Draw(self.sheet)
        self.boxes: list[tuple[int, int, int, int]] = []
        self.draw.text((_MARGIN, _MARGIN), title, _INK, heading)
        for row, text in enumerate(row_titles[:rows]):
            middle = self.top + row * self.step[1] + high / 2
            self.draw.text((_MARGIN, middle), text, _INK, self.text, anchor="lm")
        for column, text in enumerate(column_titles[:columns]):
            self._centred(column * self.step[0], self.top - 4, text, "ms")

    def paste(self, place: int, image: Tensor) -> None:
        """Put an image in its place, framed."""
        row, column = divmod(place, self.columns)
        left, top = self.left + column * self.step[0], self.top + row * self.step[1]
        box = (left, top, left + self.size[0], top + self.size[1])
        pixels = image.cpu().permute(1, 2, 0).expand(-1, -1, 3).contiguous().numpy()
        kind = Image.Resampling.NEAREST if self.factor else Image.Resampling.BILINEAR
        self.sheet.paste(Image.fromarray(pixels).resize(self.size, kind), box[:2])
        frame = (left - _FRAME, top - _FRAME, box[2], box[3])
        self.draw.rectangle(frame, outline=_LINE, width=_FRAME)
        self.boxes.append(box)

    def caption(self, place: int, text: str) -> None:
        """Write below an image."""
        left, _, _, bottom = self.boxes[place]
        self._centred(left - self.left, bottom + 3, text, "mt")

    def _centred(self, left: int, y: float, text: str, anchor: str) -> None:
        middle = self.left + left + self.size[0] / 2
        self.draw.text((middle, y), self._cut(text), _INK, self.text, anchor=anchor)

    def _cut(self, text: str) -> str:
        """Return the beginning of a text that is not wider than an image."""
        if self._length(text) <= self.step[0]:
            return text
        while text and self._length(f"{text}…") > self.step[0]:
            text = text[:-1]
        return f"{text}…"

    def _length(self, text: str) -> float:
        return float(self.text.getlength(text))


@cache
def _font() -> str:
    """Return the font that ships with matplotlib: it has the letters of many scripts."""
    return str(Path(mpl.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf")


def _scale(height: int, width: int) -> tuple[int, tuple[int, int]]:
    """Return by how much images are enlarged, 0 if made smaller, and their size in the picture."""
    if max(height, width) > MOST:
        share = MOST / max(height, width)
        return 0, (max(1, round(share * width)), max(1, round(share * height)))
    factor = math.ceil(LEAST / min(height, width))
    factor = max(1, min(factor, MOST // max(height, width)))
    return factor, (factor * width, factor * height)
