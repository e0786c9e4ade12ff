"""Opening the run that a command works on."""

from pathlib import Path

import torch

from image_lisa.model import TOOL, ImageModel
from shared.errors import LisaError
from shared.runs import Run, newest_run, open_run


def open_model(path: Path | None, root: Path, device: str = "cpu") -> tuple[Run, ImageModel]:
    """The run at `path`, or the newest below `root`, and its model with the best weights."""
    folder = newest_run(root, TOOL) if path is None else open_run(path, TOOL)
    return folder, ImageModel.load(folder, device_of(device))


def device_of(name: str) -> torch.device:
    """The device that an option names; `auto` is a GPU where there is one.

    Raises:
        LisaError: if it is not there.
    """
    cuda, mps = torch.cuda.is_available(), torch.backends.mps.is_available()
    if name == "auto":
        return torch.device("cuda" if cuda else "mps" if mps else "cpu")
    if (name == "cuda" and not cuda) or (name == "mps" and not mps):
        raise LisaError(f"there is no {name.upper()} device here; use --device cpu")
    return torch.device(name)
