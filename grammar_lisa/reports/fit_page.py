"""The report of a fit: the front of formulas, the one to take, and how it fits the table."""

import dataclasses
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from grammar_lisa.expressions.latex import latex
from grammar_lisa.models.names import FIT_TOOL
from grammar_lisa.regression.equations import Equation
from grammar_lisa.regression.measures import fine_r2
from grammar_lisa.regression.outputs import BEST, EQUATIONS, Best, read_best, read_equations
from grammar_lisa.regression.tables.splits import TableSplit, read_split
from grammar_lisa.regression.tables.table import Table
from grammar_lisa.regression.tables.table_options import TableOptions
from grammar_lisa.reports.fit_charts import Points, fit_charts
from shared.common.durations import duration
from shared.common.errors import LisaError
from shared.common.words import counted
from shared.reports.charts import EXACT, Series, axis, chart, number
from shared.reports.formulas import formula
from shared.reports.page import (
    Block,
    Cell,
    Chart,
    Facts,
    Grid,
    Page,
    Section,
    Tiles,
    missing,
)
from shared.reports.runs import mapping, read_record, recorded
from shared.runs.files import read_file
from shared.runs.run import SUMMARY, Run


@dataclasses.dataclass(frozen=True)
class RecordedFit:
    """A search for formulas as its folder records it.

    Attributes:
        run: Its folder.
        front: The formulas, the simplest first.
        best: The recommended one, with the names of its columns.
        reason: Why it is recommended.
    """

    run: Run
    front: Sequence[Equation]
    best: Best
    reason: str

    @classmethod
    def read(cls, run: Run) -> "RecordedFit":
        """Read what a fit has found.

        Raises:
            LisaError: It has found nothing yet, or a file is damaged.
        """
        reason = str(mapping(run.read_json(BEST)).get("reason", ""))
        return cls(run, read_equations(run.path), read_best(run.path), reason)

    @property
    def recommended(self) -> Equation:
        """The formula to take."""
        return next(each for each in self.front if each.recommended)

    @property
    def summary(self) -> Mapping[str, object]:
        """What it came to; empty of a fit that did not end."""
        return read_record(self.run, SUMMARY)

    @property
    def loss(self) -> str:
        """What was made small."""
        return str(mapping(self.run.config.get("options")).get("loss", "loss"))

    def latex(self, equation: Equation) -> str | None:
        """Return a formula in LaTeX, columns called as in the table."""
        try:
            return latex(equation.text, self.shown_names())
        except (LisaError, KeyError):
            return None

    def shown_names(self) -> dict[str, str]:
        """Return what the inputs are called, by their safe names."""
        own = [each or name for name, each in self.best.names.items()]
        return {
            name: each if each and own.count(each) == 1 else name
            for name, each in self.best.names.items()
        }

    def table(self) -> TableSplit:
        """Read the table again.

        Raises:
            LisaError: It is gone or has changed since.
        """
        record = mapping(self.run.config.get("table"))
        path = Path(str(record.get("path", "")))
        if hashlib.sha256(read_file(path)).hexdigest() != record.get("sha256"):
            raise LisaError(f"{path} has changed since the search began")
        options = mapping(self.run.config.get("options"))
        names = {field.name for field in dataclasses.fields(TableOptions)} & options.keys()
        test = self.run.config.get("test")
        part = str(test["path"]) if isinstance(test, Mapping) else test
        try:
            chosen = TableOptions(**{name: options[name] for name in names}, test=part)
            return read_split(path, chosen, seed=int(options.get("seed", 0)))
        except (TypeError, ValueError, AttributeError) as error:
            raise LisaError(f"{self.run.path} does not tell how it read {path}: {error}") from error


def fit_page(run: Run) -> Page:
    """Return the report of a fit, which may have been stopped.

    Raises:
        LisaError: A file of it is damaged.
    """
    if not (run.path / EQUATIONS).is_file():
        return Page(
            "A search for a formula",
            FIT_TOOL,
            "It has found nothing yet.",
            [Section("How it was made", recorded(run))],
            [missing(f"There is no {EQUATIONS} in {run.path}; the first stands there in seconds.")],
        )
    fit = RecordedFit.read(run)
    return Page(
        f"A formula for {fit.best.target}",
        FIT_TOOL,
        f"{counted(len(fit.front), 'formula')}, each the best of its complexity; one is "
        f"recommended: {fit.reason}.",
        [
            Section("The formulas, from simple to exact", [front_chart({"": fit}), _grid(fit)]),
            Section("How the recommended one fits", list(_fit_blocks(fit))),
            Section("How it was made", [*_setup(fit), *recorded(run)]),
        ],
        [_display(fit), _tiles(fit)],
        f"{run.path.name}, a fit of {_table_name(fit)}",
    )


def _display(fit: RecordedFit) -> Block:
    best = fit.recommended
    right = fit.latex(best)
    left = latex("t", {"t": fit.best.target})
    return formula(
        f"{fit.best.target} = {best.text}", None if right is None else f"{left} = {right}"
    )


def _tiles(fit: RecordedFit) -> Tiles:
    best, summary = fit.recommended, fit.summary
    tiles = [("R² on the rows it was fitted to", fine_r2(best.r2))]
    if best.r2_test is not None:
        tiles.append(("R² on rows kept for a test", fine_r2(best.r2_test)))
    tiles += [("complexity", str(best.complexity)), (f"loss ({fit.loss})", number(best.loss))]
    if "seconds" in summary:
        tiles.append(("searched for", duration(summary["seconds"])))
    return Tiles(tiles)


def front_chart(fits: Mapping[str, RecordedFit]) -> Chart:
    """Return the chart of loss against complexity, a front for each fit, by its label."""
    drawn = []
    for place, (label, fit) in enumerate(fits.items()):
        colour = f"${place % 6 + 1}"
        front = [each for each in fit.front if np.isfinite(each.loss)]
        least = max(EXACT * max((each.loss for each in front), default=1.0), 1e-300)
        losses = [max(each.loss, least) for each in front]
        texts = [
            f"{each.text}: loss {number(each.loss)}, R² {fine_r2(each.r2)}, complexity "
            f"{each.complexity}"
            for each in front
        ]
        sizes = [each.complexity for each in front]
        name = label or "best of each complexity"
        drawn.append(
            Series(name, sizes, losses, texts, colour, "lines+markers", steps=True, size=8)
        )
        chosen = [p for p, each in enumerate(front) if each.recommended]
        drawn.append(
            Series(
                f"{label} recommended".strip(),
                [sizes[p] for p in chosen],
                [losses[p] for p in chosen],
                [texts[p] for p in chosen],
                colour if label else "$2",
                "markers",
                size=15,
            )
        )
    loss = next(iter(fits.values())).loss
    return chart(
        "front",
        "Loss against complexity: what each further operation buys",
        f"The loss falls as formulas grow; {', '.join(_alt(each) for each in fits.values())}.",
        drawn,
        axis("complexity: operations, variables and numbers"),
        axis(f"loss ({loss})", type="log", exponentformat="power", dtick=1),
        caption="Hover over a point to read its formula. A loss of zero is drawn at a billionth of "
        "the greatest.",
    )


def _alt(fit: RecordedFit) -> str:
    best = fit.recommended
    return f"recommended is {best.text} of complexity {best.complexity}"


def _grid(fit: RecordedFit) -> Grid:
    tested = any(each.r2_test is not None for each in fit.front)
    head = ["", "complexity", "loss", "R²", *(["R² test"] if tested else []), "formula", ""]
    rows: list[list[Cell]] = [
        [
            str(place),
            str(each.complexity),
            number(each.loss),
            fine_r2(each.r2),
            *([("–" if each.r2_test is None else fine_r2(each.r2_test))] if tested else []),
            formula(each.text, fit.latex(each)),
            ", ".join(_marks(each)),
        ]
        for place, each in enumerate(fit.front)
    ]
    chosen = frozenset(place for place, each in enumerate(fit.front) if each.recommended)
    return Grid("The best formula of each complexity", head, rows, chosen)


def _marks(equation: Equation) -> list[str]:
    marks = {"recommended": equation.recommended, "given at the start": equation.known}
    return [mark for mark, holds in marks.items() if holds]


def _fit_blocks(fit: RecordedFit) -> Iterator[Block]:
    try:
        split = fit.table()
    except LisaError as error:
        yield missing(f"The fit over the table is not drawn: {error}.")
        return
    table = split.train
    parts = [_points("data", table)]
    if split.test is not None:
        parts.append(_points("rows of the test", split.test))
    names = {name: table.shown_name(name) for name in table.features}
    target = table.shown_name(table.target_name)
    yield from fit_charts(parts, {"the recommended formula": fit.recommended.text}, names, target)


def _points(label: str, table: Table) -> Points:
    return Points(label, table.features, table.target)


def _setup(fit: RecordedFit) -> list[Block]:
    summary, options = fit.summary, mapping(fit.run.config.get("options"))
    pairs = [
        ("table", _table_name(fit)),
        ("rows", number(summary.get("rows"))),
        ("rows of the test", number(summary.get("test_rows"))),
        ("grammar", _file_name(fit.run.config.get("grammar")) or "–"),
        ("operators", str(options.get("operators", "–"))),
        ("ended by", str(summary.get("ending", "it has not ended"))),
    ]
    notes = summary.get("notes")
    if isinstance(notes, list) and notes:
        pairs.append(("noted", "; ".join(map(str, notes))))
    return [Facts(pairs)]


def _table_name(fit: RecordedFit) -> str:
    return _file_name(fit.run.config.get("table")) or "a table"


def _file_name(record: object) -> str:
    path = mapping(record).get("path")
    return Path(str(path)).name if path else ""
