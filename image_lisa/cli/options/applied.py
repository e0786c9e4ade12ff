"""Options of the commands that apply a trained run to a user's pictures."""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import tyro

from shared.cli.terminal import Output
from shared.training.settings import Device


@dataclass(frozen=True, kw_only=True)
class ApplyOptions(Output):
    """Which run is applied, where, and where results go.

    Attributes:
        run: The folder of the run.
        overwrite: Replace what is there.
        device: Where to compute.
    """

    run: tyro.conf.Positional[Path]
    overwrite: bool = False
    device: Device = "auto"


@dataclass(frozen=True, kw_only=True)
class FolderOptions(ApplyOptions):
    """Which pictures a run is applied to.

    Attributes:
        pictures: A folder of images, with sub-folders or without, or the file of one.
    """

    inputs: ClassVar[tuple[str, ...]] = ("pictures",)

    pictures: tyro.conf.Positional[Path]
