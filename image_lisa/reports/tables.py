"""Tables 1, 3 and 4 of the paper from evaluations: mean and deviation over seeds.

A record is what a comparison keeps of one run: the evaluation, with its `method` and its `seed`.
Every table is kept twice, as Markdown for readers and as CSV with one number a line.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from image_lisa.models.names import DISTANCE_TITLES
from image_lisa.reports.table import (
    Cell,
    Measure,
    Record,
    ReportColumn,
    ReportRow,
    ReportTable,
    Statistic,
    statistic,
)
from shared.common.tables import grouped
from shared.methods.registry import METHODS

OWN_LAWS = ("two-stage", "vampprior", "autoregressive", "prior")
"""Samplers that stand under N in Table 3 where a method has one: the law it was trained for."""

_NO_NORMAL_LAW = ("gmm-dae",)
"""Methods whose own law is a mixture, and so no N: theirs is a fitted Gaussian like the rest's."""


def normal_sampler(method: str) -> str:
    """Return the sampler that stands under N in Table 3 for a method.

    The method's own law: N(0, I) for variational methods and WAE (the uniform law for S-VAE), the
    second VAE for 2s-VAE, the mixture of pseudo-inputs for VampPrior, the autoregressive law of
    codes for VQ-VAE; a Gaussian fitted to the training codes for the rest.
    """
    own = METHODS[method].own_samplers
    if method in _NO_NORMAL_LAW:
        return "gaussian"
    return next((name for name in OWN_LAWS if name in own), "gaussian")


def tables(datasets: Mapping[str, Sequence[Record]]) -> list[ReportTable]:
    """Return all tables of some evaluations.

    Args:
        datasets: The records by the name of the data set, in the order of the columns.
    """
    records = [record for some in datasets.values() for record in some]
    made = [
        spectrum_table(datasets),
        sample_table(datasets),
        full_table(datasets),
        reconstruction_table(datasets),
    ]
    if any(_probe("linear")(record) is not None for record in records):
        made.insert(3, probe_table(datasets))
    return made


def spectrum_table(datasets: Mapping[str, Sequence[Record]]) -> ReportTable:
    """Return Table 1: how far directions use every axis of the sphere, on the test split."""
    measures = (
        Measure("lambda_max", "λ_max", _value("spectrum", "lambda_max"), 3),
        Measure("condition", "λ_max/λ_min", _or_infinite("spectrum", "condition")),
        Measure("effective_rank", "ρ (entropy)", _value("spectrum", "effective_rank"), 2, True),
        Measure(
            "participation_ratio",
            "ρ (participation)",
            _value("spectrum", "participation_ratio"),
            2,
            True,
        ),
    )
    notes = (
        "λ are the eigenvalues of the second moment of the codes' directions; under the uniform "
        "law all are 1/d, and both ρ are d. ρ (entropy) is exp(−Σ λ log λ), ρ (participation) "
        "is 1/Σ λ².",
    )
    return _plain_table("table1", "Table 1: directional concentration", datasets, measures, notes)


def probe_table(datasets: Mapping[str, Sequence[Record]]) -> ReportTable:
    """Return Table 4: accuracy of classifiers of the codes, on the test split."""
    measures = (
        Measure("linear", "linear", _percent(_probe("linear")), 2, True),
        Measure("mlp", "MLP", _percent(_probe("mlp")), 2, True),
    )
    notes = (
        "Per cent of test images, by probes that were fitted to training codes.",
        *_notes_on("Always answering the most frequent class", datasets, _chance_note),
    )
    title = "Table 4: classification accuracy from codes"
    return _plain_table("table4", title, datasets, measures, notes)


def reconstruction_table(datasets: Mapping[str, Sequence[Record]]) -> ReportTable:
    """Return reconstruction of the test split, and the distance of reconstructions from it."""
    distance = _distance([record for some in datasets.values() for record in some])
    measures = (
        Measure("reconstruction", "½ Σ (x − x̂)²", _value("reconstruction", "test")),
        Measure("mse", "MSE a pixel", _value("reconstruction", "mse"), 5),
        Measure(distance, DISTANCE_TITLES[distance], _value("reconstruction", distance)),
    )
    title = "Reconstruction of the test images"
    return _plain_table("reconstruction", title, datasets, measures, _real_notes(datasets))


def sample_table(datasets: Mapping[str, Sequence[Record]]) -> ReportTable:
    """Return Table 3.

    It holds the Fréchet distance of samples, from the method's own law or a Gaussian, and GMM.

    The CSV file spells which sampler stands under N, see `normal_sampler`.
    """
    columns, cells = [], []
    for dataset, records in datasets.items():
        measure = _frechet(records)
        for name in ("N", "GMM"):
            samplers = {each: normal_sampler(each) if name == "N" else "gmm" for each in METHODS}
            columns.append(ReportColumn(dataset, name, measure))
            cells.append(
                {
                    method: Cell(value, samplers[method])
                    for method, runs in _by_method(records).items()
                    if (value := _sampled(runs, samplers[method], measure.name))
                }
            )
    heads = {column.measure.head for column in columns}
    notes = (
        "N: draws from the method's own law (N(0, I) for variational methods and WAE, uniform for "
        "S-VAE, the second VAE for 2s-VAE, pseudo-inputs for VampPrior, an autoregressive law for "
        "VQ-VAE) or from a Gaussian fitted to training codes (the rest). GMM: draws from a "
        "mixture of ten Gaussians fitted to training codes.",
        *_real_notes(datasets),
    )
    title = f"Table 3: {' and '.join(sorted(heads))} of samples"
    return ReportTable("table3", title, tuple(columns), _rows(cells), notes)


def full_table(datasets: Mapping[str, Sequence[Record]]) -> ReportTable:
    """Return every distance of every sampler of every method."""
    columns: list[ReportColumn] = []
    cells: dict[tuple[str, str], dict[int, Cell]] = {}
    for dataset, records in datasets.items():
        for measure in _sample_measures(records):
            place = len(columns)
            columns.append(ReportColumn(dataset, measure.head, measure))
            for method, runs in _by_method(records).items():
                for sampler in dict.fromkeys(s for run in runs for s in run["samplers"]):
                    if value := _sampled(runs, sampler, measure.name):
                        cells.setdefault((method, sampler), {})[place] = Cell(value, sampler)
    order = list(METHODS)
    rows = tuple(
        ReportRow(method, f"{METHODS[method].title}, {sampler}", found)
        for (method, sampler), found in sorted(cells.items(), key=lambda i: order.index(i[0][0]))
    )
    notes = _real_notes(datasets)
    return ReportTable("samplers", "All samplers", tuple(columns), rows, notes)


def _plain_table(
    name: str,
    title: str,
    datasets: Mapping[str, Sequence[Record]],
    measures: Sequence[Measure],
    notes: tuple[str, ...],
) -> ReportTable:
    """Return a table with one row a method and the same measures for each data set."""
    columns, cells = [], []
    for dataset, records in datasets.items():
        for measure in measures:
            columns.append(ReportColumn(dataset, measure.head, measure))
            cells.append(
                {
                    method: Cell(value)
                    for method, runs in _by_method(records).items()
                    if (value := statistic(_present(measure.read(run) for run in runs)))
                }
            )
    return ReportTable(name, title, tuple(columns), _rows(cells), notes)


def _rows(cells: Sequence[Mapping[str, Cell]]) -> tuple[ReportRow, ...]:
    """Return rows from the cells of each column by method."""
    rows = []
    for method, kind in METHODS.items():
        found = {place: column[method] for place, column in enumerate(cells) if method in column}
        if found:
            rows.append(ReportRow(method, kind.title, found))
    return tuple(rows)


def _by_method(records: Sequence[Record]) -> dict[str, list[Record]]:
    return grouped(records, lambda record: str(record["method"]["name"]))


def _sampled(runs: Sequence[Record], sampler: str, measure: str) -> Statistic | None:
    found = (run["samplers"].get(sampler, {}).get(measure) for run in runs)
    return statistic(_present(found))


def _present(values: Iterable[float | None]) -> list[float]:
    return [value for value in values if value is not None]


def _distance(records: Sequence[Record]) -> str:
    """Return what the Fréchet distance is called in these records."""
    names = [n for n in DISTANCE_TITLES if any(n in record["real"] for record in records)]
    return names[0] if names else "fcd"


def _frechet(records: Sequence[Record]) -> Measure:
    name = _distance(records)
    return Measure(name, DISTANCE_TITLES[name], _value("real", name))


def _sample_measures(records: Sequence[Record]) -> tuple[Measure, ...]:
    return (
        _frechet(records),
        Measure("kid", "KID", _value("real", "kid"), 4),
        *(
            Measure(name, name, _value("real", name), 3, True)
            for name in ("precision", "recall", "density", "coverage")
        ),
    )


def _real_notes(datasets: Mapping[str, Sequence[Record]]) -> tuple[str, ...]:
    """Return what as many training images in the place of samples measure.

    No sampler can do better.
    """
    return _notes_on("Real against real (training images as samples)", datasets, _real_note)


def _real_note(records: Sequence[Record]) -> str:
    parts = []
    for measure in _sample_measures(records):
        value = statistic(_present(measure.read(record) for record in records))
        if value is not None:
            parts.append(f"{measure.title} {value.mean:.{measure.digits}f}")
    return ", ".join(parts)


def _chance_note(records: Sequence[Record]) -> str:
    value = statistic(_present(_percent(_probe("chance"))(record) for record in records))
    return "" if value is None else f"{value.mean:.2f}"


def _notes_on(
    what: str,
    datasets: Mapping[str, Sequence[Record]],
    note: Callable[[Sequence[Record]], str],
) -> tuple[str, ...]:
    said = {dataset: note(records) for dataset, records in datasets.items()}
    return tuple(f"{what}, {dataset}: {text}." for dataset, text in said.items() if text)


def _value(*names: str) -> Callable[[Record], float | None]:
    """Return what reads a number that lies below these names."""

    def read(record: Record) -> float | None:
        found: Any = record
        for name in names:
            found = found.get(name) if isinstance(found, Mapping) else None
        return None if found is None else float(found)

    return read


def _or_infinite(*names: str) -> Callable[[Record], float | None]:
    """Return what reads a number that JSON holds as null where it is infinite."""
    read = _value(*names)
    whole = _value(*names[:-1], "lambda_max")

    def found(record: Record) -> float | None:
        value = read(record)
        return math.inf if value is None and whole(record) is not None else value

    return found


def _probe(name: str) -> Callable[[Record], float | None]:
    return _value("probes", name)


def _percent(read: Callable[[Record], float | None]) -> Callable[[Record], float | None]:
    def found(record: Record) -> float | None:
        value = read(record)
        return None if value is None else 100 * value

    return found
