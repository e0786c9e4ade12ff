"""Opening the run that a command works on."""

from operator import itemgetter
from typing import Any

import torch

from image_lisa.models.model import ImageModel
from image_lisa.models.names import TOOL
from shared.cli.option_groups import RunOptions
from shared.common.errors import LisaError
from shared.runs.run import SUMMARY, Run


def open_model(options: RunOptions, device: str) -> tuple[Run, ImageModel]:
    """Open the run that options name, or the newest one, and load its model."""
    folder = options.chosen(TOOL)
    return folder, ImageModel.load(folder, device_of(device))


_TOLD = {
    "best": ("epoch", "valid_loss"),
    "valid": ("reconstruction", "mse"),
    "training": ("seconds", "images_per_second"),
}
"""What commands print of a summary."""


def read_summary(folder: Run) -> dict[str, Any]:
    """Return what a finished run tells of its training.

    Raises:
        LisaError: The file is missing, damaged or holds something else.
    """
    summary: Any = folder.read_json(SUMMARY)
    try:
        for part, names in _TOLD.items():
            itemgetter(*names)(summary[part])
        ", ".join(summary["samplers"])
    except (KeyError, TypeError) as error:
        raise LisaError(
            f"{folder.path / SUMMARY} is no summary of a training ({error!r}); restore it from a "
            "copy, or remove it and go on with --resume"
        ) from error
    found: dict[str, Any] = summary
    return found


def device_of(name: str) -> torch.device:
    """Return the device that an option names; `auto` is a GPU where there is one.

    Raises:
        LisaError: It is not there.
    """
    cuda, mps = torch.cuda.is_available(), torch.backends.mps.is_available()
    if name == "auto":
        return torch.device("cuda" if cuda else "mps" if mps else "cpu")
    if (name == "cuda" and not cuda) or (name == "mps" and not mps):
        raise LisaError(f"there is no {name.upper()} device here; use --device cpu")
    return torch.device(name)
