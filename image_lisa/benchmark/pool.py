"""Many experiments in one folder: each trained and measured once, several at a time."""

import abc
import dataclasses
import os
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import joblib
import torch
from joblib.externals.loky.process_executor import TerminatedWorkerError

from image_lisa.data import Images
from image_lisa.models.model import Architecture, ImageModel
from image_lisa.models.names import TOOL
from image_lisa.training.experiment import (
    Data,
    check_data,
    finish_run,
    make_run,
    train_run,
)
from shared.common.errors import LisaError
from shared.common.seeds import derive_seed
from shared.common.threads import limited_threads
from shared.jobs.workers import ends_with
from shared.methods import Codes, Method, method_to_record
from shared.runs.expost import SAMPLERS, load_codes, load_samplers
from shared.runs.files import read_json, write_json
from shared.runs.folders import as_json, now
from shared.runs.run import CONFIG, SUMMARY, Run, open_run
from shared.samplers import Sampler
from shared.training.settings import Training
from shared.training.trainer import launch

FAILED = "failed.json"
"""Why an experiment failed; it is gone when a later call succeeds."""

_BROKEN = (ValueError, RuntimeError, ArithmeticError, MemoryError)
"""What an experiment may fail with without stopping the others: bad numbers, no memory."""


_LOADED: dict[Data, Images] = {}
"""The images that this process used last."""


@dataclass(frozen=True)
class Setting:
    """What all experiments of a folder share.

    Attributes:
        data: which images; each experiment splits them by its own seed.
        network: a key of `image_lisa.models.networks.NETWORKS`.
        dim: the code size.
        training: how long and how; each experiment has its own seed.
    """

    data: Data
    network: str
    dim: int
    training: Training

    def record(self) -> dict[str, Any]:
        """What must be the same in every call that works on one folder."""
        names = ("epochs", "batch_size", "learning_rate", "schedule", "precision")
        return {
            **{name: getattr(self.data, name) for name in ("dataset", "size", "limit", "valid")},
            "network": self.network,
            "dim": self.dim,
            **{name: getattr(self.training, name) for name in names},
        }

    def data_of(self, seed: int) -> Data:
        """The images that an experiment with this seed learns from."""
        return dataclasses.replace(self.data, seed=seed)


@dataclass(frozen=True)
class Experiment:
    """One method, trained from one seed.

    Attributes:
        path: the folder of its run.
        method: how codes are learnt.
        seed: of everything; `image-lisa train --seed` gives the same run.
    """

    path: Path
    method: Method
    seed: int


@dataclass(frozen=True)
class Measurement(abc.ABC):
    """What is measured of a trained run, in the process that trained it.

    Attributes:
        file: the JSON file in the run that keeps the result.
        samplers: which are fitted; None for all that the method can have.
    """

    file: ClassVar[str]
    samplers: ClassVar[tuple[str, ...] | None] = None

    @abc.abstractmethod
    def identity(self) -> dict[str, Any]:
        """What decides the result: a kept result of another identity is measured again."""

    @abc.abstractmethod
    def measure(
        self, data: Data, model: ImageModel, samplers: dict[str, Sampler], codes: Codes
    ) -> dict[str, Any]:
        """The result as JSON values; `codes` are those of the training images."""

    def kept(self, path: Path) -> dict[str, Any] | None:
        """The result that a run keeps, or None if it must be measured (again)."""
        try:
            record = read_json(path / self.file)
        except LisaError:
            return None
        same = isinstance(record, dict) and record.get("identity") == as_json(self.identity())
        return record if same else None


@dataclass(frozen=True)
class Outcome:
    """How an experiment ended.

    Attributes:
        experiment: which.
        record: what was measured; None if it failed.
        failure: why it failed.
    """

    experiment: Experiment
    record: dict[str, Any] | None
    failure: str = ""


@dataclass(frozen=True)
class Pace:
    """How far the experiments of a call are.

    Attributes:
        done: how many ended, in this call.
        total: how many there were to do.
        left: about how many seconds the rest will take.
    """

    done: int
    total: int
    left: float


def run_experiments(
    experiments: Sequence[Experiment],
    setting: Setting,
    measurement: Measurement,
    *,
    jobs: int = 1,
    tell: Callable[[Outcome, Pace], None] = lambda outcome, pace: None,
) -> list[Outcome]:
    """Train and measure what is not done yet.

    A finished training is not done again, nor a measurement of the same identity; a stopped
    training goes on from its checkpoint. An experiment that fails leaves `failed.json` in its
    folder and does not stop the others; the next call tries it again.

    Args:
        experiments: in the order in which they are begun.
        setting: what they share.
        measurement: what to measure.
        jobs: how many at a time, each in a process of its own with its share of the threads; 1
            stays in this process.
        tell: hears of each experiment as it ends.

    Returns:
        One outcome for each experiment, in their order.

    Raises:
        LisaError: if the system killed a process.
    """
    records = {each: measurement.kept(each.path) for each in experiments}
    outcomes = {each: Outcome(each, record) for each, record in records.items() if record}
    waiting = [each for each in records if each not in outcomes]
    jobs = max(1, min(jobs, len(waiting)))
    threads = max(1, torch.get_num_threads() // jobs)
    work = joblib.delayed(carry_out)
    ended: Iterable[Outcome] = joblib.Parallel(n_jobs=jobs, return_as="generator_unordered")(
        work(each, setting, measurement, threads, os.getpid()) for each in waiting
    )
    began = time.monotonic()
    try:
        for done, outcome in enumerate(ended, 1):
            outcomes[outcome.experiment] = outcome
            left = (time.monotonic() - began) / done * (len(waiting) - done)
            tell(outcome, Pace(done, len(waiting), left))
    except TerminatedWorkerError as error:
        raise LisaError(
            f"a process of {jobs} was killed, perhaps as memory ran out; give the same command "
            "with fewer --jobs, and it goes on"
        ) from error
    return [outcomes[each] for each in experiments]


def carry_out(
    experiment: Experiment,
    setting: Setting,
    measurement: Measurement,
    threads: int,
    owner: int | None = None,
) -> Outcome:
    """Train and measure one experiment, from where it was stopped.

    Args:
        experiment: which.
        setting: what it shares with others.
        measurement: what to measure.
        threads: of the processor.
        owner: the process that waits for the outcome, by default this one.
    """
    with ends_with(owner), limited_threads(threads):
        failed = experiment.path / FAILED
        try:
            failed.unlink(missing_ok=True)
            record = _measured(experiment, setting, measurement, threads)
        except _BROKEN as error:
            message = (
                str(error) if isinstance(error, LisaError) else f"{type(error).__name__}: {error}"
            )
            experiment.path.mkdir(parents=True, exist_ok=True)
            write_json(failed, {"message": message, "kind": type(error).__name__})
            return Outcome(experiment, None, message)
        return Outcome(experiment, record)


def failures(folder: Path) -> dict[str, str]:
    """Why experiments of a folder failed that have not succeeded since, by run."""
    return {
        path.parent.name: str(read_json(path).get("message"))
        for path in sorted(folder.glob(f"*/{FAILED}"))
    }


def _measured(
    experiment: Experiment, setting: Setting, measurement: Measurement, threads: int
) -> dict[str, Any]:
    began = time.monotonic()
    data = setting.data_of(experiment.seed)
    images = loaded(data)
    run, architecture, training = _open(experiment, setting, images)
    train_run(run, images, architecture, training, threads=threads)
    fabric = launch(training)
    if (run.path / SUMMARY).is_file() and (run.path / SAMPLERS).is_file():
        model, samplers = ImageModel.load(run, fabric.device), load_samplers(run)
    else:
        model, samplers = finish_run(
            run, images, samplers=measurement.samplers, device=fabric.device
        )
    trained = time.monotonic()
    result = measurement.measure(data, model, samplers, load_codes(run))
    record = {
        **result,
        "method": method_to_record(experiment.method),
        "seed": experiment.seed,
        "seconds": {
            "training": run.read_json(SUMMARY)["training"]["seconds"],
            "experiment": trained - began,
            "measurement": time.monotonic() - trained,
        },
        "identity": measurement.identity(),
    }
    run.write_json(measurement.file, record)
    kept: dict[str, Any] = as_json(record)
    return kept


def _open(
    experiment: Experiment, setting: Setting, images: Images
) -> tuple[Run, Architecture, Training]:
    """The experiment's run, made if it is not there.

    Raises:
        LisaError: if what is there is another run than this one.
    """
    seed = experiment.seed
    architecture = Architecture(
        setting.network,
        images.shape,
        setting.dim,
        experiment.method,
        derive_seed(seed, "network"),
    )
    training = dataclasses.replace(setting.training, seed=derive_seed(seed, "training"))
    if (experiment.path / CONFIG).is_file():
        run = open_run(experiment.path, TOOL)
        check_data(run, images)
        if run.config.get("model") != as_json(architecture.to_json()):
            raise LisaError(
                f"{run.path} holds a run of another model: {run.config.get('model')}, not "
                f"{architecture.to_json()}; remove it, and it is trained again"
            )
        return run, architecture, training
    architecture.build()
    run = make_run(
        launch(training),
        experiment.path,
        images,
        architecture,
        training,
        options=_options(experiment, setting),
        created=now(),
    )
    return run, architecture, training


def _options(experiment: Experiment, setting: Setting) -> dict[str, Any]:
    """The options of `image-lisa train` that give this run, so that its commands can use it."""
    data, training = setting.data, dataclasses.asdict(setting.training)
    return {
        **dataclasses.asdict(data),
        **training,
        "data_dir": None if data.data_dir is None else str(data.data_dir),
        "network": setting.network,
        "dim": setting.dim,
        "method": experiment.method.name,
        "seed": experiment.seed,
        "threads": None,
        "runs": str(experiment.path.parent),
        "hyper": dataclasses.asdict(experiment.method),
    }


def loaded(data: Data, tell: Callable[[str], None] | None = None) -> Images:
    """The images, kept in memory from one experiment of a process to the next."""
    if data not in _LOADED:
        _LOADED.clear()
        _LOADED[data] = data.load(tell)
    return _LOADED[data]
