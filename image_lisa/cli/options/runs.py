"""Options of the commands that work on a trained run."""

from dataclasses import dataclass
from pathlib import Path

from shared.cli.option_groups import RunArgument
from shared.training.settings import Device


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
