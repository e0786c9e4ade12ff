"""What `benchmark` and `sweep` share."""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from image_lisa.cli.options.training import TrainingOptions
from shared.cli.terminal import Ranges


@dataclass(frozen=True, kw_only=True)
class ExperimentOptions(TrainingOptions):
    """What all experiments of a command share.

    Attributes:
        jobs: Experiments at a time, each in a process with its share of the threads.
        name: The folder in --out; by default it is named by what is compared.
    """

    ranges: ClassVar[Ranges] = TrainingOptions.ranges | {"jobs": (1, 1024)}

    jobs: int = 1
    name: str | None = None

    def stem(self) -> str:
        """Return what the folder is called by default."""
        return f"{Path(self.dataset).name or 'images'}-{self.network}"
