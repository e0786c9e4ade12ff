"""What `image-lisa train --dataset NAME` takes."""

from dataclasses import dataclass
from pathlib import Path

from image_lisa.cli.options.training import TrainingOptions
from image_lisa.models.names import TOOL
from shared.cli.method_options import MethodOptions, WithMethod


@dataclass(frozen=True, kw_only=True)
class Options(WithMethod, TrainingOptions):
    """Train an autoencoder of images.

    A method has options of its own, which stand behind these; --method NAME --help shows them.

    Attributes:
        devices: How many of them; the batch is shared out.
        threads: Of the processor; by default all.
        seed: Of everything random.
        runs: The folder that runs are kept in.
        name: The run's folder in there; by default a new one, DATASET-METHOD-001 and so on.
        overwrite: Replace the run of that name.
        resume: Go on with a run that was stopped: its folder. All else is read from it.
        config: Take the options from the config.json of a run; flags given beside it win.
    """

    devices: int = 1
    threads: int | None = None
    seed: int = 0
    runs: Path = Path("runs")
    name: str | None = None
    overwrite: bool = False
    resume: Path | None = None
    config: Path | None = None

    def check(self) -> None:
        """Refuse numbers that make no sense.

        Raises:
            LisaError: Naming the first.
        """
        self.check_training(self.name, devices=(1, 4096), threads=(1, 1024))


TRAIN = MethodOptions(Options, f"{TOOL} train")


options_type, default_options = TRAIN.of_words, TRAIN.defaults
