"""What pictures of several images show, beside the files that they go to."""

from dataclasses import dataclass

import numpy as np
import torch
from PIL import Image

from image_lisa.reports.pictures_sheet import lay_out


@dataclass
class LaidOut:
    """A picture as it was asked for: its images, how many stand in a row, and its titles."""

    images: torch.Tensor
    columns: int | None
    titles: dict
    image: torch.Tensor

    def is_in(self, path):
        """Whether the file holds this picture."""
        with Image.open(path) as image:
            return np.array_equal(np.asarray(image), self.image.permute(1, 2, 0).numpy())


def recorded(monkeypatch, *modules):
    """The pictures that modules lay out from here on, in their order."""
    found = []

    def record(images, columns=None, **titles):
        sheet = lay_out(images, columns, **titles)
        found.append(LaidOut(images, columns, titles, sheet.image))
        return sheet

    for module in modules:
        monkeypatch.setattr(f"{module}.lay_out", record)
    return found
