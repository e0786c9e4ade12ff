"""The comparison of methods: every method and seed trained and measured, and the tables of it."""

import dataclasses
import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from image_lisa.benchmark.experiments import (
    Experiment,
    ExperimentContext,
    ExperimentSettings,
    Measurement,
    loaded,
    run_experiments,
)
from image_lisa.evaluation.extractor import FeatureExtractor
from image_lisa.evaluation.extractors import Extractor, train_extractor
from image_lisa.evaluation.protocol import EvaluationProtocol
from image_lisa.evaluation.report import Reference, evaluate_run
from image_lisa.models.model import ImageModel
from image_lisa.models.names import TOOL
from image_lisa.reports.picture_table import Exhibit, save_picture_table
from image_lisa.reports.table import Record, ReportTable
from image_lisa.reports.tables import normal_sampler, tables
from image_lisa.training.experiment import Data, data_record
from image_lisa.training.published import default_method
from shared.common.callbacks import Notify, silent
from shared.common.errors import LisaError
from shared.jobs.backends import HERE, Backend
from shared.jobs.folder import JobFolder
from shared.jobs.jobs import OnEnd
from shared.methods import Codes, Method, method_from_record, method_to_record
from shared.methods.registry import METHODS
from shared.runs.files import read_json, write_json
from shared.runs.folders import open_folder
from shared.runs.run import CONFIG, list_runs, open_run
from shared.samplers import Sampler
from shared.training.trainer import launch

BENCHMARK_TOOL = f"{TOOL} benchmark"
METHODS_FILE, RESULTS, TABLES = "methods.json", "results.json", "tables.md"
PICTURE = "table2.png"

_LABELS = {"mnist": "MNIST", "cifar10": "CIFAR-10", "celeba": "CelebA"}


@dataclass(frozen=True)
class RunEvaluation(Measurement):
    """The evaluation of a run on the test split.

    Attributes:
        protocol: How much is drawn, and from which seed.
        extractor: What distances are measured on.
    """

    protocol: EvaluationProtocol
    extractor: Extractor

    file: ClassVar[str] = "benchmark.json"

    def identity(self) -> dict[str, Any]:
        """Return protocol and features."""
        return {
            "protocol": dataclasses.asdict(self.protocol),
            "extractor": self.extractor.identity(),
        }

    def measure(
        self, data: Data, model: ImageModel, samplers: dict[str, Sampler], codes: Codes
    ) -> dict[str, Any]:
        """Return what `evaluate_run` measures."""
        extractor, reference = _reference(data, self)
        return evaluate_run(
            model, samplers, codes, loaded(data), extractor, self.protocol, reference
        )


@functools.lru_cache(maxsize=1)
def _reference(data: Data, evaluation: RunEvaluation) -> tuple[FeatureExtractor, Reference]:
    """Return what all runs of a process are compared with."""
    extractor = evaluation.extractor.load()
    return extractor, Reference(loaded(data), extractor, evaluation.protocol)


@dataclass(frozen=True)
class Benchmark(JobFolder):
    """A folder of runs, one for each method and seed, that share everything else.

    Attributes:
        setting: What all runs share.
        evaluation: How they are measured.
    """

    setting: ExperimentSettings
    evaluation: RunEvaluation

    def experiment(self, method: Method, seed: int) -> Experiment:
        """Return the experiment of a method and a seed."""
        return Experiment(self.path / f"{method.name}-seed-{seed}", method, seed)

    def plan(
        self, names: Sequence[str], seeds: int, chosen: Mapping[str, Method] | None = None
    ) -> list[Experiment]:
        """Return the experiments of some methods: all methods with the first seed, then the next.

        A method is always trained with the hyperparameters that it was first trained with here.

        Args:
            names: Of methods.
            seeds: How many, counted from 0.
            chosen: Methods with hyperparameters other than the defaults, by name.

        Raises:
            LisaError: The folder holds a method with other hyperparameters than those chosen.
        """
        settled = self._settle(names, chosen or {})
        return [self.experiment(settled[name], seed) for seed in range(seeds) for name in settled]

    def run(
        self,
        experiments: Sequence[Experiment],
        backend: Backend = HERE,
        *,
        on_end: OnEnd[ExperimentContext] = lambda job, failure, progress: None,
    ) -> list[dict[str, Any] | None]:
        """Train and measure what is not done yet; see `run_experiments`."""
        return run_experiments(experiments, self.setting, self.evaluation, backend, on_end=on_end)

    def present(self) -> list[Experiment]:
        """Return the experiments that the folder holds, done or begun, in the order of tables."""
        found = []
        for path in list_runs(self.path, TOOL):
            config = open_run(path, TOOL).config
            try:
                method = method_from_record(config["model"]["method"], METHODS)
                found.append(Experiment(path, method, int(config["options"]["seed"])))
            except (KeyError, TypeError) as error:
                raise LisaError(
                    f"{path / CONFIG} does not describe a run of this version: {error}"
                ) from error
        order = list(METHODS)
        return sorted(found, key=lambda each: (each.seed, order.index(each.method.name)))

    def records(self) -> list[Record]:
        """Return what was measured, by this protocol, of every run in the folder."""
        kept = (self.evaluation.kept(each.path) for each in self.present())
        return [record for record in kept if record is not None]

    def write(self, beside: Mapping[str, Sequence[Record]] | None = None) -> list[ReportTable]:
        """Write the tables and `results.json`.

        Args:
            beside: Records of other data sets, for further columns, by name.

        Returns:
            The tables; none if nothing was measured.
        """
        records = self.records()
        if not records:
            return []
        made = tables({self.label: records, **(beside or {})})
        for table in made:
            self.folder.write_text(f"{table.name}.csv", table.csv())
            self.folder.write_text(f"{table.name}.md", table.markdown())
        self.folder.write_text(TABLES, "\n".join(table.markdown() for table in made))
        self.write_results(RESULTS, self._results(records, made))
        return made

    @property
    def label(self) -> str:
        """What tables call the data set."""
        return label_of(self.setting.data.dataset)

    def picture(self) -> Path | None:
        """Write `table2.png`, one row a method, of its first seed; None without runs."""
        done = [each for each in self.present() if self.evaluation.kept(each.path)]
        first = {each.method.name: each for each in reversed(done)}
        rows = [Exhibit(first[n].path, n, normal_sampler(n)) for n in METHODS if n in first]
        if not rows:
            return None
        path = self.path / PICTURE
        save_picture_table(path, rows, loaded(self.setting.data_of(0)).test, 0)
        return path

    def _settle(self, names: Sequence[str], chosen: Mapping[str, Method]) -> dict[str, Method]:
        """Return the methods with their hyperparameters, put on record."""
        path = self.path / METHODS_FILE
        recorded = recorded_methods(path) if path.is_file() else {}
        dataset = self.setting.data.dataset
        settled = {
            name: chosen.get(name) or recorded.get(name) or default_method(name, dataset)
            for name in METHODS
            if name in names
        }
        for name in chosen.keys() & recorded.keys():
            before, now = dataclasses.asdict(recorded[name]), dataclasses.asdict(chosen[name])
            if before != now:
                details = ", ".join(
                    f"{n} {before[n]} → {now[n]}" for n in now if before[n] != now[n]
                )
                raise LisaError(
                    f"{self.path} holds {name} with other hyperparameters: {details}; leave --set "
                    "away, or give another --name"
                )
        everything = {**recorded, **settled}
        write_json(
            path, [method_to_record(everything[name]) for name in METHODS if name in everything]
        )
        return settled

    def _results(self, records: Sequence[Record], made: Sequence[ReportTable]) -> dict[str, Any]:
        seeds: dict[str, list[int]] = {}
        for record in records:
            seeds.setdefault(record["method"]["name"], []).append(record["seed"])
        return {
            "identity": self.evaluation.identity(),
            "seeds": seeds,
            "methods": read_json(self.path / METHODS_FILE),
            "failed": self.failed(),
            "tables": [row for table in made for row in table.records()],
            "evaluations": list(records),
        }


def open_benchmark(
    path: Path,
    setting: ExperimentSettings,
    protocol: EvaluationProtocol,
    *,
    published: Extractor | None = None,
    evaluate_again: bool = False,
    notify: Notify = silent,
) -> Benchmark:
    """Open a benchmark, or begin it.

    Args:
        path: Its folder.
        setting: What its runs share.
        protocol: Of the evaluations.
        published: A network whose weights were published; by default distances are taken on the
            features of a classifier that is trained here, once.
        evaluate_again: Whether protocol and features may differ from those of earlier calls.
        notify: Hears of what takes a while.

    Raises:
        LisaError: The folder was made with other settings, naming them, or the data or the
            weights cannot be read.
    """
    images = loaded(setting.data_of(0), notify)
    free = {"draws": protocol.draws, "distance": published.distance if published else "fcd"}
    settings = {**setting.record(), "images": data_record(images)["sha256"], **free}
    if published is not None:
        published.load().check(images.test[:1])
    folder = open_folder(path, BENCHMARK_TOOL, settings, tuple(free), renew=evaluate_again)
    device = str(launch(setting.training).device)
    extractor = published or train_extractor(path.resolve(), images, device, notify)
    return Benchmark(folder, setting, RunEvaluation(protocol, extractor))


def records_of(path: Path) -> tuple[str, list[Record]]:
    """Return what tables call the data set of a benchmark that was written, and its records.

    Raises:
        LisaError: The folder holds none.
    """
    try:
        results = read_json(path / RESULTS)
        return label_of(results["settings"]["dataset"]), list(results["evaluations"])
    except (KeyError, TypeError) as error:
        raise LisaError(f"{path / RESULTS} holds no results of '{BENCHMARK_TOOL}'") from error


def recorded_methods(path: Path) -> dict[str, Method]:
    """Return the methods with the hyperparameters that a benchmark recorded, by name.

    Raises:
        LisaError: The file is damaged.
    """
    try:
        methods = (method_from_record(record, METHODS) for record in read_json(path))
        return {method.name: method for method in methods}
    except (KeyError, TypeError, ValueError) as error:
        raise LisaError(f"{path} does not describe methods of this version: {error}") from error


def label_of(dataset: str) -> str:
    """Return what tables call a data set."""
    return _LABELS.get(dataset, Path(dataset).name)
