"""What `benchmark` and `sweep` share: their options, and how they tell how far they are."""

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal

from image_lisa.experiment import DIMS, OTHER_DIM, PRESETS, Data
from image_lisa.model import LARGEST_DIM
from image_lisa.pool import Outcome, Pace, Setting
from shared.cli import Output, Terminal, check_name, check_ranges, options_from_record, unknown
from shared.errors import LisaError
from shared.methods import METHODS, Method
from shared.training import Training


@dataclass(frozen=True, kw_only=True)
class ExperimentOptions(Output):
    """What all experiments of a command share.

    Attributes:
        dataset: mnist, cifar10, celeba, digits, or the path of a folder of images.
        data_dir: Where the files of a named data set are looked for first, then in LISA_DATA_DIR.
        size: Height and width that images are brought to; by default their own.
        limit: Train on this many images only.
        valid: The number of training images that validate instead.
        network: light trains in minutes on a processor; paper is that of the field's tables and
            wants a GPU.
        dim: The code size d; by default 16 for mnist, 128 for cifar10, 64 for celeba, 8 for
            digits, else 64.
        epochs: Passes over the training images; by default 15 for light, 100 for paper.
        batch_size: Images a step.
        learning_rate: Of Adam, at its highest; by default 2e-3 for light, 1e-3 for paper.
        schedule: How the learning rate changes; by default cosine for light, plateau for paper.
        precision: The arithmetic, as Lightning Fabric names it.
        device: Where to train and to measure.
        checkpoint_seconds: The longest time between two checkpoints.
        jobs: Experiments at a time, each in a process with its share of the threads.
        name: The folder in --out; by default it is named by what is compared.
    """

    dataset: str = "mnist"
    data_dir: Path | None = None
    size: int | None = None
    limit: int | None = None
    valid: int | None = None
    network: Literal["light", "paper"] = "light"
    dim: int | None = None
    epochs: int | None = None
    batch_size: int | None = None
    learning_rate: float | None = None
    schedule: Literal["cosine", "constant", "plateau"] | None = None
    precision: Literal["32-true", "bf16-mixed", "16-mixed", "64-true"] = "32-true"
    device: Literal["auto", "cpu", "cuda", "mps"] = "auto"
    checkpoint_seconds: float = 30.0
    jobs: int = 1
    name: str | None = None

    def setting(self) -> Setting:
        """What the options say of all experiments.

        Raises:
            LisaError: if a number is outside its range.
        """
        check_name(self.name)
        check_ranges(
            self,
            limit=(10, 100_000_000),
            valid=(2, 10_000_000),
            dim=(2, LARGEST_DIM),
            epochs=(1, 1_000_000),
            batch_size=(2, 1_000_000),
            checkpoint_seconds=(0, 1_000_000),
            jobs=(1, 1024),
        )
        values = dataclasses.asdict(PRESETS[self.network])
        names = {each.name for each in dataclasses.fields(Training)} & vars(self).keys()
        values |= {name: getattr(self, name) for name in names if getattr(self, name) is not None}
        data = Data(self.dataset, self.data_dir, self.size, self.limit, self.valid)
        dim = self.dim or DIMS.get(self.dataset, OTHER_DIM)
        return Setting(data, self.network, dim, Training(**values))

    def stem(self) -> str:
        """What the folder is called by default."""
        return f"{Path(self.dataset).name or 'images'}-{self.network}"


def field_of(kind: type[Method], text: str, source: str) -> str:
    """The name of a hyperparameter as the command line writes it, with - or _.

    Raises:
        LisaError: naming `source`, if the method has none of that name.
    """
    names = [each.name for each in dataclasses.fields(kind)]
    name = text.replace("-", "_")
    if name not in names:
        if not names:
            raise LisaError(f"{source}: the method {kind.name} has no hyperparameters")
        raise LisaError(f"{source}: {unknown(f'hyperparameter of {kind.name}', name, names)}")
    return name


def method_with(kind: type[Method], values: dict[str, Any], source: str) -> Method:
    """A method with hyperparameters that are given as text.

    Raises:
        LisaError: naming `source`, if one cannot have its value.
    """
    return options_from_record(kind, values, source)


def split_setting(text: str, flag: str, example: str) -> tuple[str, str]:
    """The two sides of NAME=VALUE.

    Raises:
        LisaError: if there are not two.
    """
    name, _, value = text.partition("=")
    if not name.strip() or not value.strip():
        raise LisaError(f"{flag} takes {example}, not '{text}'")
    return name.strip(), value.strip()


def chosen_methods(text: str) -> list[str]:
    """Names of methods: `all`, or some with commas between.

    Raises:
        LisaError: if there is no such method, or none is named.
    """
    names = [word.strip() for word in text.split(",") if word.strip()]
    if names == ["all"]:
        return list(METHODS)
    for name in names:
        if name not in METHODS:
            raise LisaError(unknown("method", name, METHODS))
    if not names:
        raise LisaError("--methods names no method; give 'all' or names with commas between")
    return names


def teller(terminal: Terminal) -> Callable[[Outcome, Pace], None]:
    """Says one line for each experiment that ended."""

    def tell(outcome: Outcome, pace: Pace) -> None:
        what = f"[{pace.done}/{pace.total}] {outcome.experiment.path.name}"
        if outcome.record is None:
            said = f"failed: {outcome.failure}"
        else:
            seconds = outcome.record["seconds"]
            said = f"{seconds['experiment'] + seconds['measurement']:.0f} s"
        left = f"; about {timedelta(seconds=round(pace.left))} left" if pace.left else ""
        terminal.note(f"{what}: {said}{left}")

    return tell


def report_failures(outcomes: Sequence[Outcome], terminal: Terminal) -> None:
    """Say at the end which experiments failed, and why."""
    failed = {each.experiment.path.name: each.failure for each in outcomes if each.failure}
    terminal.result(failed=failed)
    if failed:
        rows = list(failed.items())
        terminal.table("failed; the same command tries them again", ("run", "why"), rows)
