"""The choice of hyperparameters on validation data: a grid of trainings, and which is best.

It stands in for Appendix D of the paper, whose values of λ and t are not available. The test
split is never looked at, the seeds of the trainings are unrelated to those of a benchmark, and
distances are measured against the validation images on a classifier that never saw them.
"""

import dataclasses
import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import geometric_mean
from typing import Any, ClassVar

import torch

from image_lisa.benchmark.experiments import (
    Experiment,
    ExperimentContext,
    ExperimentSettings,
    Measurement,
    loaded,
    run_experiments,
)
from image_lisa.benchmark.sweep_plot import plot
from image_lisa.benchmark.sweep_points import MeasuredPoint, Point
from image_lisa.data import Images
from image_lisa.evaluation.distances import real_rows
from image_lisa.evaluation.extractors import Extractor, train_extractor
from image_lisa.evaluation.frechet import frechet_distance
from image_lisa.models.model import ImageModel
from image_lisa.models.names import TOOL
from image_lisa.reports.table import Statistic, statistic
from image_lisa.training.experiment import Data
from shared.common.callbacks import Notify, silent
from shared.common.errors import LisaError
from shared.common.seeds import derive_seed
from shared.common.tables import csv_table
from shared.diagnostics import spectrum
from shared.jobs.backends import HERE, Backend
from shared.jobs.folder import JobFolder
from shared.jobs.jobs import OnEnd
from shared.methods import LISA, RAEGP, RAEL2, WAE, Codes, InfoVAE, LoRAE, Method, method_to_record
from shared.runs.figures import save_figure
from shared.runs.folders import open_folder
from shared.samplers import Sampler
from shared.sphere.geometry import project_rows
from shared.sphere.uniformity import uniformity_gap
from shared.training.trainer import launch

SWEEP_TOOL = f"{TOOL} sweep"
SWEEP_TABLE, SWEEP_RESULT, SWEEP_PICTURE = "sweep.csv", "sweep.json", "sweep.png"

GRIDS: dict[str, dict[str, tuple[float, ...]]] = {
    LISA.name: {
        "uniformity_weight": (0.0, 0.03, 0.1, 0.3, 1.0, 3.0),
        "uniformity_t": (2.0, 4.0, 8.0, 16.0),
    },
    WAE.name: {"mmd_weight": (3.0, 10.0, 30.0, 100.0)},
    InfoVAE.name: {"mmd_weight": (3.0, 10.0, 30.0, 100.0)},
    RAEGP.name: {"code_weight": (0.01, 0.1, 1.0), "gradient_weight": (0.01, 0.1)},
    RAEL2.name: {"code_weight": (0.01, 0.1, 1.0), "decoder_weight": (1e-4, 1e-3)},
    LoRAE.name: {"nuclear_weight": (0.04, 0.4, 4.0)},
}
"""The grid of a method, unless another is asked for.

LISA's λ and t, and the weights that other methods were published with against another
reconstruction loss or for other networks.
"""

RULE = (
    "the least geometric mean over the samplers gaussian and gmm, averaged over the seeds, of the "
    "FD (classifier) of as many samples as there are validation images from those images"
)
"""How the best point is chosen: geometrically, so that either sampler counts by proportion."""

SAMPLERS = ("gaussian", "gmm")

NUMBERS = (
    *("criterion", "fcd_gaussian", "fcd_gmm", "fcd_real", "reconstruction", "mse"),
    *("lambda_max", "condition", "effective_rank", "participation_ratio", "uniformity_gap"),
)
"""What is told of a point; all of the validation part."""


@dataclass(frozen=True)
class Validation(Measurement):
    """What is measured of a run on its validation part.

    Attributes:
        device: Where the extractor runs.
        folder: Where the classifiers of the seeds' training parts are kept.
    """

    device: str
    folder: Path

    file: ClassVar[str] = "validation.json"
    samplers: ClassVar[tuple[str, ...] | None] = SAMPLERS

    def identity(self) -> dict[str, Any]:
        """Return which measurement this is."""
        return {"measurement": "validation", "samplers": list(SAMPLERS)}

    def measure(
        self, data: Data, model: ImageModel, samplers: dict[str, Sampler], codes: Codes
    ) -> dict[str, Any]:
        """Return the `NUMBERS`, but for the criterion."""
        images = loaded(data)
        extractor = classifier_of(self.folder, images, self.device).load()
        count, seed = len(images.valid), derive_seed(data.seed, "validation draws")
        real = extractor.features(images.valid)
        rows = torch.from_numpy(real_rows(len(images.train), count, seed))
        valid, losses = model.codes_and_errors(images.valid)
        u = project_rows(valid)
        drawn = {
            f"fcd_{name}": frechet_distance(
                real, extractor.features(model.decode(samplers[name].sample(count, seed % 2**32)))
            )
            for name in SAMPLERS
        }
        return {
            **drawn,
            "fcd_real": frechet_distance(real, extractor.features(images.train[rows])),
            "reconstruction": float(losses.mean()),
            "mse": float(2 * losses.mean()) / math.prod(images.shape),
            **spectrum(u).record(),
            "uniformity_gap": uniformity_gap(u),
        }


@dataclass(frozen=True)
class Sweep(JobFolder):
    """A folder of runs, one for each point of a grid and seed.

    Attributes:
        setting: What all runs share.
        validation: How they are measured.
    """

    setting: ExperimentSettings
    validation: Validation

    def experiments(self, point: Point, seeds: int) -> list[Experiment]:
        """Return the experiments of a point, one a seed; points that train alike share them."""
        method = _as_trained(point.method)
        fields = "-".join(f"{name}-{getattr(method, name)}" for name in point.values)
        name = f"{method.name}-{fields}".replace("_", "-")
        return [
            Experiment(self.path / f"{name}-seed-{seed}", method, sweep_seed(seed))
            for seed in range(seeds)
        ]

    def run(
        self,
        points: Sequence[Point],
        seeds: int,
        backend: Backend = HERE,
        *,
        on_end: OnEnd[ExperimentContext] = lambda job, failure, progress: None,
        notify: Notify = silent,
    ) -> list[MeasuredPoint]:
        """Train and measure what is not done yet.

        Args:
            points: Of the grid.
            seeds: How many trainings a point has.
            backend: What carries the experiments out.
            on_end: Hears of each experiment as it ends.
            notify: Hears of what takes a while besides.

        Returns:
            The points that were measured with all their seeds, in the order of the grid.
        """
        by_point = [self.experiments(point, seeds) for point in points]
        everything = list(
            dict.fromkeys(each for seed in zip(*by_point, strict=True) for each in seed)
        )
        for seed in range(seeds):
            images = loaded(self.setting.data_of(sweep_seed(seed)), notify)
            classifier_of(self.validation.folder, images, self.validation.device, notify)
        found = run_experiments(everything, self.setting, self.validation, backend, on_end=on_end)
        records = dict(zip(everything, found, strict=True))
        measured = []
        for point, experiments in zip(points, by_point, strict=True):
            kept = [record for each in experiments if (record := records[each]) is not None]
            if len(kept) == seeds:
                measured.append(MeasuredPoint(point, _numbers(kept), kept))
        return measured

    def write(self, measured: Sequence[MeasuredPoint]) -> MeasuredPoint:
        """Choose, and write `sweep.csv`, `sweep.json` and `sweep.png`.

        Returns:
            The chosen point.

        Raises:
            LisaError: No point was measured.
        """
        best = best_point(measured)
        self.folder.write_text(SWEEP_TABLE, _csv(measured))
        self.write_results(
            SWEEP_RESULT,
            {
                "rule": RULE,
                "chosen": dict(best.point.values),
                "method": method_to_record(best.point.method),
                "points": [
                    {
                        "values": dict(each.point.values),
                        **{name: dataclasses.asdict(n) for name, n in each.numbers.items()},
                        "runs": list(each.records),
                    }
                    for each in measured
                ],
                "failed": self.failed(),
            },
        )
        save_figure(plot(measured, best), self.folder, SWEEP_PICTURE)
        return best


def open_sweep(path: Path, setting: ExperimentSettings, method: str) -> Sweep:
    """Open a sweep, or begin it.

    Args:
        path: Its folder.
        setting: What its runs share.
        method: Whose hyperparameters are swept.

    Raises:
        LisaError: The folder was made with other settings, naming them.
    """
    folder = open_folder(path, SWEEP_TOOL, {**setting.record(), "method": method})
    device = str(launch(setting.training).device)
    return Sweep(folder, setting, Validation(device, path.resolve()))


def sweep_seed(number: int) -> int:
    """Return the seed of a sweep's trainings and splits, unrelated to the seeds of a benchmark."""
    return derive_seed(number, "sweep")


def classifier_of(folder: Path, images: Images, device: str, notify: Notify = silent) -> Extractor:
    """Return the classifier of a seed's training part, its accuracy told on the validation part."""
    return train_extractor(folder, images, device, notify, test="valid")


def points_of(kind: type[Method], grid: Mapping[str, Sequence[Any]]) -> list[Point]:
    """Return every combination of a grid's values, the last hyperparameter fastest.

    Raises:
        LisaError: A value is outside its range.
    """
    return [
        Point(values, kind(**values))
        for values in (
            dict(zip(grid, combination, strict=True))
            for combination in itertools.product(*grid.values())
        )
    ]


def best_point(measured: Sequence[MeasuredPoint]) -> MeasuredPoint:
    """Return the point with the least criterion; of equal ones the first.

    Raises:
        LisaError: There is none.
    """
    if not measured:
        raise LisaError("no point of the sweep was measured, so none can be chosen")
    return min(measured, key=lambda each: each.numbers["criterion"].mean)


def _numbers(records: Sequence[Mapping[str, Any]]) -> dict[str, Statistic]:
    """Return the numbers of a point over its seeds; infinite ones, null in JSON, included."""
    found: dict[str, Statistic] = {}
    for name in NUMBERS:
        if name == "criterion":
            values = [geometric_mean(run[f"fcd_{s}"] for s in SAMPLERS) for run in records]
        else:
            values = [float("inf") if run[name] is None else run[name] for run in records]
        number = statistic(values)
        assert number is not None
        found[name] = number
    return found


def _csv(measured: Sequence[MeasuredPoint]) -> str:
    names = list(measured[0].point.values)
    rows = (
        [*each.point.values.values(), name, number.mean, number.deviation, number.n]
        for each in measured
        for name, number in each.numbers.items()
    )
    return csv_table([*names, "number", "mean", "deviation", "n"], rows)


def _as_trained(method: Method) -> Method:
    """Return method itself, but t of LISA is its default where λ = 0 leaves it without effect."""
    if isinstance(method, LISA) and method.uniformity_weight == 0:
        return dataclasses.replace(method, uniformity_t=LISA.uniformity_t)
    return method
