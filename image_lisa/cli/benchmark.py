"""`image-lisa benchmark --dataset NAME`."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from image_lisa.benchmark.comparison import (
    BENCHMARK_TOOL,
    Benchmark,
    label_of,
    open_benchmark,
    records_of,
)
from image_lisa.benchmark.experiments import loaded
from image_lisa.cli.options.benchmark import Options
from image_lisa.cli.trainings import setting_of
from image_lisa.evaluation.extractors import Extractor, chosen_features, published_extractor
from image_lisa.evaluation.inception import weights_path
from image_lisa.evaluation.protocol import EvaluationProtocol, draws_for
from image_lisa.reports.table import Record, ReportTable
from image_lisa.training.published import published_values
from shared.cli.jobs import going_on, note_ends, on_backend, print_failed
from shared.cli.method_options import set_methods
from shared.cli.records import chosen_names
from shared.cli.terminal import Terminal
from shared.common.errors import LisaError
from shared.jobs.backends import Backend
from shared.methods import Method
from shared.methods.registry import METHODS
from shared.training.trainer import launch


@on_backend
def run(options: Options, terminal: Terminal, backend: Backend) -> None:
    """Carry the command out."""
    names = chosen_names("method", options.methods, METHODS)
    chosen = set_methods(
        options.set, defaults=lambda method: published_values(method, options.dataset)
    )
    for name in chosen:
        if name not in names:
            raise LisaError(f"--set changes {name}, which is none of the --methods")
    beside = beside_of(options)
    setting = setting_of(options)
    images = loaded(setting.data_of(0))
    draws = options.draws or draws_for(len(images.test))
    benchmark = open_benchmark(
        options.out / (options.name or options.stem()),
        setting,
        EvaluationProtocol(draws=draws),
        published=_published(options, str(launch(setting.training).device)),
        evaluate_again=options.evaluate_again,
        notify=terminal.note,
    )
    terminal.note(
        f"benchmark: {benchmark.path}; each sampler draws {draws:,} images, to be compared with "
        f"{len(images.test):,} test images"
    )
    with going_on(benchmark.path, BENCHMARK_TOOL):
        _carry_out(benchmark, options, names, chosen, beside, backend, terminal)


def _published(options: Options, device: str) -> Extractor | None:
    """Return the published network that options ask for; None for the classifier."""
    weights = weights_path(options.inception_weights)
    network = chosen_features(options.features, weights) or "classifier"
    if network == "classifier":
        return None
    return published_extractor(network, None if weights is None else weights.resolve(), device)


def _carry_out(
    benchmark: Benchmark,
    options: Options,
    names: Sequence[str],
    chosen: Mapping[str, Method],
    beside: Mapping[str, Sequence[Record]],
    backend: Backend,
    terminal: Terminal,
) -> None:
    """Train and measure what is missing, and write the tables."""
    experiments = benchmark.plan(names, options.seeds, chosen)
    if options.evaluate_again:
        experiments += [each for each in benchmark.present() if each not in experiments]
    records = benchmark.run(experiments, backend, on_end=note_ends(terminal))
    tables = benchmark.write(beside)
    picture = benchmark.picture()
    _report(benchmark, tables, picture, records, terminal)


def beside_of(options: Options) -> dict[str, list[Record]]:
    """Return the records of `--beside`, by what tables call their data sets.

    Raises:
        LisaError: A folder holds no results, or a data set stands in the tables already.
    """
    found: dict[str, list[Record]] = {}
    for path in options.beside:
        label, records = records_of(path)
        if label in found or label == label_of(options.dataset):
            raise LisaError(f"--beside {path}: {label} stands in the tables already")
        found[label] = records
    return found


def _report(
    benchmark: Benchmark,
    tables: list[ReportTable],
    picture: Path | None,
    records: Sequence[dict[str, Any] | None],
    terminal: Terminal,
) -> None:
    done = sum(record is not None for record in records)
    terminal.result(
        benchmark=str(benchmark.path),
        done=done,
        asked=len(records),
        picture=None if picture is None else str(picture),
        tables={table.name: list(table.records()) for table in tables},
    )
    for table in tables:
        heads = [f"{column.dataset} {column.name}" for column in table.columns]
        rows = [
            (
                row.label,
                *(
                    row.cells[place].value.show(column.measure.digits)
                    if place in row.cells
                    else "–"
                    for place, column in enumerate(table.columns)
                ),
            )
            for row in table.rows
        ]
        terminal.table(table.title, ("", *heads), rows)
    print_failed(benchmark.failed(), terminal)
    if tables:
        terminal.print(f"tables and picture: {benchmark.path}")
