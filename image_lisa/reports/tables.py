"""Tables 1, 3 and 4 of the paper from evaluations: mean and deviation over seeds.

A record is what a comparison keeps of one run: the evaluation, with its `method` and its `seed`.
Every table is kept twice, as Markdown for readers and as CSV with one number a line.
"""

import csv
import io
import math
import statistics
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from image_lisa.models.names import DISTANCE_TITLES
from shared.methods.registry import METHODS

Record = Mapping[str, Any]

OWN_LAWS = ("two-stage", "vampprior", "autoregressive", "prior")
"""Samplers that stand under N in Table 3 where a method has one: the law it was trained for."""

_NO_NORMAL_LAW = ("gmm-dae",)
"""Methods whose own law is a mixture, and so no N: theirs is a fitted Gaussian like the rest's."""

_LARGE = 1e6
"""Numbers from here on are shown as powers of ten."""

CSV_COLUMNS = (
    *("table", "dataset", "method", "title", "sampler", "column", "measure"),
    *("mean", "deviation", "n"),
)


@dataclass(frozen=True)
class Statistic:
    """A number over seeds.

    Attributes:
        mean: their mean.
        deviation: their standard deviation, with n − 1 below; None for one seed.
        n: how many seeds.
    """

    mean: float
    deviation: float | None
    n: int

    def show(self, digits: int) -> str:
        """`mean ± deviation` with so many decimals; ∞ where a seed had no finite number."""
        if not math.isfinite(self.mean):
            return "∞"
        form = f".{digits}f" if abs(self.mean) < _LARGE else ".2e"
        text = f"{self.mean:{form}}"
        return text if self.deviation is None else f"{text} ± {self.deviation:{form}}"


def statistic(values: Sequence[float]) -> Statistic | None:
    """Mean and deviation of the seeds' values; None if there are none."""
    if not values:
        return None
    if not all(math.isfinite(value) for value in values):
        return Statistic(math.inf, None, len(values))
    deviation = statistics.stdev(values) if len(values) > 1 else None
    return Statistic(statistics.fmean(values), deviation, len(values))


@dataclass(frozen=True)
class Measure:
    """One number of a record.

    Attributes:
        name: in CSV files.
        title: in Markdown.
        read: finds it; None where a record lacks it.
        digits: decimals that are shown.
        upward: whether more is better; None where neither is.
    """

    name: str
    title: str
    read: Callable[[Record], float | None]
    digits: int = 2
    upward: bool | None = False

    @property
    def head(self) -> str:
        """The title with an arrow to the better side."""
        return self.title if self.upward is None else f"{self.title} {'↑' if self.upward else '↓'}"


@dataclass(frozen=True)
class Cell:
    """A number of a table.

    Attributes:
        value: over seeds.
        sampler: whose draws were measured; empty where none were.
    """

    value: Statistic
    sampler: str = ""


@dataclass(frozen=True)
class Column:
    """A column of a table.

    Attributes:
        dataset: what the numbers were measured on.
        name: in CSV files.
        measure: what stands in it.
    """

    dataset: str
    name: str
    measure: Measure


@dataclass(frozen=True)
class Row:
    """A row of a table.

    Attributes:
        method: its name.
        label: what Markdown calls the row.
        cells: by the place of the column; a column may be empty.
    """

    method: str
    label: str
    cells: Mapping[int, Cell]


@dataclass(frozen=True)
class Table:
    """A table, before it is written.

    Attributes:
        name: of its files.
        title: above it.
        columns: its columns.
        rows: its rows, in the order of the paper's Table 3.
        notes: sentences below it.
    """

    name: str
    title: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    notes: tuple[str, ...] = ()

    def markdown(self) -> str:
        """The table with the best number of each column in bold and the second underlined."""
        marks = [self._marks(place) for place in range(len(self.columns))]
        several = len({column.dataset for column in self.columns}) > 1
        heads = [
            f"{column.dataset} {column.name}" if several else column.name for column in self.columns
        ]
        lines = [f"## {self.title}", "", _line(["", *heads])]
        lines.append(_line(["---", *("---:" for _ in self.columns)]))
        for row in self.rows:
            shown = [
                _marked(row.cells.get(place), column.measure, marks[place])
                for place, column in enumerate(self.columns)
            ]
            lines.append(_line([row.label, *shown]))
        return "\n".join([*lines, *(f"\n{note}" for note in self.notes)]) + "\n"

    def records(self) -> Iterator[dict[str, Any]]:
        """The numbers one by one, as `CSV_COLUMNS` names them."""
        for row in self.rows:
            for place, cell in sorted(row.cells.items()):
                column = self.columns[place]
                yield {
                    "table": self.name,
                    "dataset": column.dataset,
                    "method": row.method,
                    "title": METHODS[row.method].title,
                    "sampler": cell.sampler,
                    "column": column.name,
                    "measure": column.measure.name,
                    "mean": cell.value.mean,
                    "deviation": cell.value.deviation,
                    "n": cell.value.n,
                }

    def csv(self) -> str:
        """The numbers as CSV, in full precision."""
        text = io.StringIO()
        writer = csv.DictWriter(text, CSV_COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(self.records())
        return text.getvalue()

    def _marks(self, place: int) -> tuple[str, ...]:
        """The best and the second number of a column, as they are shown; none if all are equal."""
        measure = self.columns[place].measure
        cells = [row.cells[place].value.mean for row in self.rows if place in row.cells]
        shown = {f"{mean:.{measure.digits}f}" for mean in cells if math.isfinite(mean)}
        if measure.upward is None or len(shown) < 2:
            return ()
        return tuple(sorted(shown, key=float, reverse=measure.upward)[:2])


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _marked(cell: Cell | None, measure: Measure, marks: Sequence[str]) -> str:
    """A cell with its mark; equal numbers, as they are shown, have equal marks."""
    if cell is None:
        return "–"
    text, mean = cell.value.show(measure.digits), f"{cell.value.mean:.{measure.digits}f}"
    if marks and mean == marks[0]:
        return f"**{text}**"
    if len(marks) > 1 and mean == marks[1]:
        return f"<u>{text}</u>"
    return text


def normal_sampler(method: str) -> str:
    """The sampler that stands under N in Table 3 for a method.

    The method's own law: N(0, I) for variational methods and WAE (the uniform law for S-VAE), the
    second VAE for 2s-VAE, the mixture of pseudo-inputs for VampPrior, the autoregressive law of
    codes for VQ-VAE; a Gaussian fitted to the training codes for the rest.
    """
    own = METHODS[method].own_samplers
    if method in _NO_NORMAL_LAW:
        return "gaussian"
    return next((name for name in OWN_LAWS if name in own), "gaussian")


def tables(datasets: Mapping[str, Sequence[Record]]) -> list[Table]:
    """All tables of some evaluations.

    Args:
        datasets: the records by the name of the data set, in the order of the columns.
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


def spectrum_table(datasets: Mapping[str, Sequence[Record]]) -> Table:
    """Table 1: how far directions use every axis of the sphere, on the test split."""
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


def probe_table(datasets: Mapping[str, Sequence[Record]]) -> Table:
    """Table 4: accuracy of classifiers of the codes, on the test split."""
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


def reconstruction_table(datasets: Mapping[str, Sequence[Record]]) -> Table:
    """Reconstruction of the test split, and the distance of reconstructions from it."""
    distance = _distance([record for some in datasets.values() for record in some])
    measures = (
        Measure("reconstruction", "½ Σ (x − x̂)²", _value("reconstruction", "test")),
        Measure("mse", "MSE a pixel", _value("reconstruction", "mse"), 5),
        Measure(distance, DISTANCE_TITLES[distance], _value("reconstruction", distance)),
    )
    title = "Reconstruction of the test images"
    return _plain_table("reconstruction", title, datasets, measures, _real_notes(datasets))


def sample_table(datasets: Mapping[str, Sequence[Record]]) -> Table:
    """Table 3: the Fréchet distance of samples, from the method's own law or a Gaussian, and GMM.

    The CSV file spells which sampler stands under N, see `normal_sampler`.
    """
    columns, cells = [], []
    for dataset, records in datasets.items():
        measure = _frechet(records)
        for name in ("N", "GMM"):
            samplers = {each: normal_sampler(each) if name == "N" else "gmm" for each in METHODS}
            columns.append(Column(dataset, name, measure))
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
    return Table("table3", title, tuple(columns), _rows(cells), notes)


def full_table(datasets: Mapping[str, Sequence[Record]]) -> Table:
    """Every distance of every sampler of every method."""
    columns: list[Column] = []
    cells: dict[tuple[str, str], dict[int, Cell]] = {}
    for dataset, records in datasets.items():
        for measure in _sample_measures(records):
            place = len(columns)
            columns.append(Column(dataset, measure.head, measure))
            for method, runs in _by_method(records).items():
                for sampler in dict.fromkeys(s for run in runs for s in run["samplers"]):
                    if value := _sampled(runs, sampler, measure.name):
                        cells.setdefault((method, sampler), {})[place] = Cell(value, sampler)
    order = list(METHODS)
    rows = tuple(
        Row(method, f"{METHODS[method].title}, {sampler}", found)
        for (method, sampler), found in sorted(cells.items(), key=lambda i: order.index(i[0][0]))
    )
    notes = _real_notes(datasets)
    return Table("samplers", "All samplers", tuple(columns), rows, notes)


def _plain_table(
    name: str,
    title: str,
    datasets: Mapping[str, Sequence[Record]],
    measures: Sequence[Measure],
    notes: tuple[str, ...],
) -> Table:
    """A table with one row a method and the same measures for each data set."""
    columns, cells = [], []
    for dataset, records in datasets.items():
        for measure in measures:
            columns.append(Column(dataset, measure.head, measure))
            cells.append(
                {
                    method: Cell(value)
                    for method, runs in _by_method(records).items()
                    if (value := statistic(_present(measure.read(run) for run in runs)))
                }
            )
    return Table(name, title, tuple(columns), _rows(cells), notes)


def _rows(cells: Sequence[Mapping[str, Cell]]) -> tuple[Row, ...]:
    """Rows from the cells of each column by method."""
    rows = []
    for method, kind in METHODS.items():
        found = {place: column[method] for place, column in enumerate(cells) if method in column}
        if found:
            rows.append(Row(method, kind.title, found))
    return tuple(rows)


def _by_method(records: Sequence[Record]) -> dict[str, list[Record]]:
    grouped: dict[str, list[Record]] = {}
    for record in records:
        grouped.setdefault(record["method"]["name"], []).append(record)
    return grouped


def _sampled(runs: Sequence[Record], sampler: str, measure: str) -> Statistic | None:
    found = (run["samplers"].get(sampler, {}).get(measure) for run in runs)
    return statistic(_present(found))


def _present(values: Iterable[float | None]) -> list[float]:
    return [value for value in values if value is not None]


def _distance(records: Sequence[Record]) -> str:
    """What the Fréchet distance is called in these records."""
    return "fid" if any("fid" in record["real"] for record in records) else "fcd"


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
    """What as many training images in the place of samples measure: no sampler can do better."""
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
    """Reads a number that lies below these names."""

    def read(record: Record) -> float | None:
        found: Any = record
        for name in names:
            found = found.get(name) if isinstance(found, Mapping) else None
        return None if found is None else float(found)

    return read


def _or_infinite(*names: str) -> Callable[[Record], float | None]:
    """Reads a number that JSON holds as null where it is infinite."""
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
