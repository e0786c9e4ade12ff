"""Many experiments in one folder: each trained and measured once, several at a time."""

import abc
import dataclasses
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from image_lisa.data import Images
from image_lisa.models.architecture import Architecture
from image_lisa.models.model import ImageModel
from image_lisa.models.names import TOOL
from image_lisa.training.experiment import Data, check_data, finish_run, train_run
from image_lisa.training.plan import ImagePlan
from shared.common.callbacks import Notify
from shared.common.errors import LisaError
from shared.jobs.backends import HERE, Backend
from shared.jobs.jobs import OnEnd, RunJob, run_jobs
from shared.methods import Codes, Method, method_to_record
from shared.runs.expost import SAMPLERS, load_codes, load_samplers
from shared.runs.files import read_json
from shared.runs.folders import as_json
from shared.runs.run import CONFIG, SUMMARY, Run, open_run
from shared.samplers import Sampler
from shared.training.settings import Training
from shared.training.trainer import launch

_LOADED: dict[Data, Images] = {}
"""The images that this process used last."""


@dataclass(frozen=True)
class ExperimentSettings:
    """What all experiments of a folder share.

    Attributes:
        data: Which images; each experiment splits them by its own seed.
        network: A key of `image_lisa.models.networks.NETWORKS`.
        dim: The code size.
        training: How long and how; each experiment has its own seed.
    """

    data: Data
    network: str
    dim: int
    training: Training

    def record(self) -> dict[str, Any]:
        """Return what must be the same in every call that works on one folder."""
        training = self.training.identity()
        del training["seed"]
        return {
            **{name: getattr(self.data, name) for name in ("dataset", "size", "limit", "valid")},
            "network": self.network,
            "dim": self.dim,
            **training,
        }

    def plan_of(self, method: Method, seed: int) -> ImagePlan:
        """Return the plan of one experiment."""
        data = self.data_of(seed)
        return ImagePlan(data, self.network, self.dim, self.training, method, seed)

    def data_of(self, seed: int) -> Data:
        """Return the images that an experiment with this seed learns from."""
        return dataclasses.replace(self.data, seed=seed)


@dataclass(frozen=True)
class Measurement(abc.ABC):
    """What is measured of a trained run, in the process that trained it.

    Attributes:
        file: The JSON file in the run that keeps the result.
        samplers: Which are fitted; None for all that the method can have.
    """

    file: ClassVar[str]
    samplers: ClassVar[tuple[str, ...] | None] = None

    @abc.abstractmethod
    def identity(self) -> dict[str, Any]:
        """Return what decides the result: a kept result of another identity is measured again."""

    @abc.abstractmethod
    def measure(
        self, data: Data, model: ImageModel, samplers: dict[str, Sampler], codes: Codes
    ) -> dict[str, Any]:
        """Return the result as JSON values; `codes` are those of the training images."""

    def kept(self, path: Path) -> dict[str, Any] | None:
        """Return the result that a run keeps, or None if it must be measured (again)."""
        try:
            record = read_json(path / self.file)
        except LisaError:
            return None
        same = isinstance(record, dict) and record.get("identity") == as_json(self.identity())
        return record if same else None


@dataclass(frozen=True)
class ExperimentContext:
    """What the experiments of a call share.

    Attributes:
        setting: Of the folder.
        measurement: What is measured.
    """

    setting: ExperimentSettings
    measurement: Measurement


@dataclass(frozen=True)
class Experiment(RunJob[ExperimentContext]):
    """One method, trained from one seed, and what is measured of it.

    Attributes:
        method: How codes are learnt.
        seed: Of everything; `image-lisa train --seed` gives the same run.
    """

    method: Method
    seed: int

    def is_done(self, context: ExperimentContext) -> bool:
        """Tell whether a result of the same identity is kept."""
        return context.measurement.kept(self.path) is not None

    def do(self, context: ExperimentContext, threads: int) -> None:
        """Train and measure."""
        _measure(self, context.setting, context.measurement, threads)


def run_experiments(
    experiments: Sequence[Experiment],
    setting: ExperimentSettings,
    measurement: Measurement,
    backend: Backend = HERE,
    *,
    on_end: OnEnd[ExperimentContext] = lambda job, failure, progress: None,
) -> list[dict[str, Any] | None]:
    """Train and measure what is not done yet; see `run_jobs`.

    A finished training is not done again, nor a measurement of the same identity; a stopped
    training goes on from its checkpoint.

    Args:
        experiments: In the order in which they are begun.
        setting: What they share.
        measurement: What to measure.
        backend: What carries them out, each with its share of the threads.
        on_end: Hears of each experiment as it ends.

    Returns:
        What was measured of each experiment, in their order; None of one that failed.
    """
    context = ExperimentContext(setting, measurement)
    run_jobs(experiments, context, backend, threads=None, on_end=on_end)
    return [measurement.kept(each.path) for each in experiments]


def _measure(
    experiment: Experiment, setting: ExperimentSettings, measurement: Measurement, threads: int
) -> None:
    """Train and measure one experiment, and keep the result."""
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


def _open(
    experiment: Experiment, setting: ExperimentSettings, images: Images
) -> tuple[Run, Architecture, Training]:
    """Return the experiment's run, made if it is not there.

    Raises:
        LisaError: What is there is another run than this one.
    """
    plan = setting.plan_of(experiment.method, experiment.seed)
    architecture = plan.architecture(images)
    if not (experiment.path / CONFIG).is_file():
        run = plan.make_run(launch(plan.training), experiment.path, images)
        return run, architecture, plan.seeded
    run = open_run(experiment.path, TOOL)
    check_data(run, images)
    if run.config.get("model") != as_json(architecture.to_json()):
        raise LisaError(
            f"{run.path} holds a run of another model: {run.config.get('model')}, not "
            f"{architecture.to_json()}; remove it, and it is trained again"
        )
    return run, architecture, plan.seeded


def loaded(data: Data, notify: Notify | None = None) -> Images:
    """Return the images, kept in memory from one experiment of a process to the next."""
    if data not in _LOADED:
        _LOADED.clear()
        _LOADED[data] = data.load(notify)
    return _LOADED[data]
