"""Where a command speaks: results on standard output, all else on standard error."""

import math
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, ClassVar, NoReturn

import rich.box
import rich.console
import rich.markup
import rich.progress
import rich.table

from shared.cli.records import check_inputs, check_name, check_ranges
from shared.runs.files import to_json

_WIDE = 160
"""Columns of a table that goes to a file or a pipe."""


Ranges = dict[str, tuple[float, float]]
"""By the names of options, the least and the greatest number they take."""


@dataclass(frozen=True, kw_only=True)
class Output:
    """What every command takes.

    Attributes:
        ranges: The least and the greatest number that options take.
        inputs: The options that name files or folders which have to be there.
        json: Print one JSON object instead of text and tables.
        quiet: Print results only: no progress, no notes.
    """

    ranges: ClassVar[Ranges] = {}
    inputs: ClassVar[tuple[str, ...]] = ()

    json: bool = False
    quiet: bool = False

    @property
    def opening(self) -> str:
        """What is said before all else, while what the command needs is loaded; '' for nothing."""
        return ""

    def check(self) -> None:
        """Refuse a number outside its range, a name that is no folder's, and a missing file.

        Raises:
            LisaError: Naming the first option that is not fit.
        """
        check_name(getattr(self, "name", None))
        check_ranges(self, **self.ranges)
        check_inputs(self, *self.inputs)


class _Console(rich.console.Console):
    """A console that leaves a closed pipe to `run_tool`."""

    def on_broken_pipe(self) -> NoReturn:
        """Hand the error that is being handled on."""
        raise


class Terminal:
    """Where a command speaks: results on standard output, all else on standard error."""

    def __init__(self, output: Output) -> None:
        self.as_json = output.json
        self.quiet = output.quiet or not first_process()
        self._results: dict[str, Any] = {}
        self._out = _Console(highlight=False, emoji=False, soft_wrap=True)
        if not self._out.is_terminal:
            self._out.width = _WIDE
        self._err = _Console(stderr=True, highlight=False, emoji=False, soft_wrap=True)

    def note(self, text: str) -> None:
        """Say something beside the results, unless quiet."""
        if not self.quiet:
            self._err.print(text, markup=False)

    def print(self, text: str = "") -> None:
        """Print a line of the result as text; silent when JSON was asked for."""
        if not self.as_json and first_process():
            self._out.print(text, markup=False)

    def table(self, title: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
        """Print a table of the result; silent when JSON was asked for."""
        if self.as_json or not first_process():
            return
        if title:
            self.print(title)
        table = rich.table.Table(box=rich.box.SIMPLE_HEAD, pad_edge=False)
        for index, column in enumerate(columns):
            numeric = bool(rows) and all(isinstance(row[index], int | float) for row in rows)
            table.add_column(column, justify="right" if numeric else "left", overflow="fold")
        for row in rows:
            table.add_row(*(rich.markup.escape(show(value)) for value in row))
        self._out.print(table, soft_wrap=False)

    def result(self, **values: Any) -> None:
        """Record values for the JSON object that `close` prints."""
        self._results |= values

    def close(self) -> None:
        """Print the JSON object, if JSON was asked for."""
        if self.as_json and first_process():
            sys.stdout.write(to_json(self._results) + "\n")

    @contextmanager
    def progress(self, label: str, total: int) -> Iterator["Meter"]:
        """Show a progress bar with rate and time left; nothing when quiet."""
        bar = rich.progress.Progress(
            rich.progress.TextColumn("{task.description}"),
            rich.progress.BarColumn(),
            rich.progress.MofNCompleteColumn(),
            rich.progress.TextColumn("{task.fields[rate]}"),
            rich.progress.TimeRemainingColumn(),
            console=self._err,
            disable=self.quiet,
        )
        with bar:
            yield Meter(bar, bar.add_task(label, total=total, rate=""))


class Meter:
    """One bar of progress."""

    def __init__(self, bar: rich.progress.Progress, task: rich.progress.TaskID) -> None:
        self._bar, self._task = bar, task

    def update(self, completed: int, note: str = "", total: int | None = None) -> None:
        """Say how much is done, a note that stands behind the count, and of how much, if new."""
        self._bar.update(self._task, completed=completed, total=total, rate=note)


def first_process() -> bool:
    """Tell whether this is the only or the first process of a data-parallel command."""
    rank = os.environ.get("RANK", os.environ.get("LOCAL_RANK", "0"))
    return rank == "0"


def show(value: object) -> str:
    """Return a value for a table: four digits of a number, a dash for nothing."""
    if value is None:
        return "–"
    if isinstance(value, float):
        return f"{value:.4g}" if math.isfinite(value) else str(value)
    return str(value)
