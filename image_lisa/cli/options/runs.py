"""Options of the commands that work on a trained run."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from shared.cli.option_groups import RunCommandOptions
from shared.training.settings import Device


@dataclass(frozen=True, kw_only=True)
class RunArgument(RunCommandOptions):
    """Which run a command works on, named without a flag.

    Attributes:
        run: The folder of the run; by default the newest finished one in --runs.
    """

    run: Annotated[Path | None, tyro.conf.Positional] = None


@dataclass(frozen=True, kw_only=True)
class MeasureOptions(RunArgument):
    """What measuring a run takes.

    Attributes:
        samplers: Names with commas between; by default all that were fitted.
        data_dir: Where the data set lies, if not where it lay in training.
        device: Where to compute.
        seed: Of the draws.
    """

    samplers: str | None = None
    data_dir: Path | None = None
    device: Device = "auto"
    seed: int = 0
