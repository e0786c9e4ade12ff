"""What `benchmark` and `sweep` share."""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from image_lisa.cli.options.training import TrainingOptions
from shared.cli.option_groups import BenchmarkOptions
from shared.cli.terminal import Ranges


@dataclass(frozen=True, kw_only=True)
class ExperimentOptions(TrainingOptions, BenchmarkOptions):
    """What all experiments of a command share.

    Attributes:
        jobs: Experiments at a time, each in a process with its share of the threads; by default
            one, or one for each worker of a cluster.
    """

    ranges: ClassVar[Ranges] = TrainingOptions.ranges | BenchmarkOptions.ranges

    @property
    def workers(self) -> int:
        """How many processes of this machine there are."""
        return self.jobs or 1

    def stem(self) -> str:
        """Return what the folder is called by default."""
        return f"{Path(self.dataset).name or 'images'}-{self.network}"
