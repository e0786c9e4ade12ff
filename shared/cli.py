"""What both command lines share: subcommands, messages, progress, exit statuses."""

import dataclasses
import difflib
import importlib
import json
import math
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any, Protocol, TypeVar

import rich.box
import rich.console
import rich.markup
import rich.progress
import rich.table
import tyro

from shared.errors import LisaError

DISTRIBUTION = "lisa-toolkit"

_WIDE = 160
"""Columns of a table that goes to a file or a pipe."""

_TYRO = (tyro.conf.FlagCreatePairsOff, tyro.conf.OmitArgPrefixes)

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Output:
    """What every command takes.

    Attributes:
        json: Print one JSON object instead of text and tables.
        quiet: Print results only: no progress, no notes.
    """

    json: bool = False
    quiet: bool = False


@dataclass(frozen=True)
class Command:
    """One subcommand: the module that holds its `Options` and `run`, imported when it is called.

    Attributes:
        module: the module's full name.
        summary: one line for the list of commands.
    """

    module: str
    summary: str


class Terminal:
    """Where a command speaks: results on standard output, all else on standard error."""

    def __init__(self, output: Output) -> None:
        self.as_json = output.json
        self.quiet = output.quiet
        self._results: dict[str, Any] = {}
        self._out = rich.console.Console(highlight=False, soft_wrap=True)
        if not self._out.is_terminal:
            self._out.width = _WIDE
        self._err = rich.console.Console(stderr=True, highlight=False, soft_wrap=True)

    def note(self, text: str) -> None:
        """Say something beside the results, unless quiet."""
        if not self.quiet:
            self._err.print(text, markup=False)

    def print(self, text: str = "") -> None:
        """Print a line of the result as text; silent when JSON was asked for."""
        if not self.as_json:
            self._out.print(text, markup=False)

    def table(self, title: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
        """Print a table of the result; silent when JSON was asked for."""
        if self.as_json:
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
        if self.as_json:
            sys.stdout.write(json.dumps(_plain(self._results), ensure_ascii=False) + "\n")

    @contextmanager
    def progress(self, label: str, total: int) -> Iterator["Meter"]:
        """A progress bar with rate and time left; nothing when quiet."""
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

    def update(self, completed: int, note: str = "") -> None:
        """Say how much is done, and a note that stands behind the count."""
        self._bar.update(self._task, completed=completed, rate=note)

    def reset_start(self, completed: int) -> None:
        """Begin at work that an earlier session did, so that the time left is told rightly."""
        self._bar.reset(self._task, completed=completed, rate="")


class CommandModule(Protocol):
    """What a module of a subcommand offers."""

    Options: type[Output]

    @staticmethod
    def run(options: Any, terminal: Terminal) -> None:
        """Carry the command out."""


def run_tool(
    tool: str, about: str, commands: Mapping[str, Command], arguments: Sequence[str] | None = None
) -> int:
    """Read a command line, carry it out, and give the exit status.

    Returns:
        0 when all went well, 2 for input that cannot be served (one message on standard error),
        130 after Ctrl-C.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    if not words or words[0] in ("-h", "--help"):
        _print_help(tool, about, commands)
        return 0
    if words[0] == "--version":
        sys.stdout.write(f"{tool} {version(DISTRIBUTION)}\n")
        return 0
    if not commands:
        return _fail(f"this version of {tool} has no commands, so no '{words[0]}'")
    if words[0] not in commands:
        return _fail(unknown("command", words[0], commands))
    module: CommandModule = importlib.import_module(commands[words[0]].module)  # type: ignore[assignment]
    try:
        return _carry_out(module, f"{tool} {words[0]}", words[1:])
    except LisaError as error:
        return _fail(str(error))
    except BrokenPipeError:
        sys.stderr.close()
        return 0
    except KeyboardInterrupt as interrupt:
        sys.stderr.write(f"\ninterrupted{''.join(f': {word}' for word in interrupt.args)}\n")
        return 130


def _carry_out(module: CommandModule, program: str, words: list[str]) -> int:
    default = getattr(module, "default_options", lambda words: None)(words)
    options = tyro.cli(
        module.Options,
        prog=program,
        args=words,
        config=_TYRO,
        **({} if default is None else {"default": default}),
    )
    terminal = Terminal(options)
    module.run(options, terminal)
    terminal.close()
    return 0


def options_from_record(kind: type[T], record: Mapping[str, Any], source: str) -> T:
    """The options that a JSON record holds, checked as the command line checks them.

    Args:
        kind: a dataclass of options.
        record: values by field name; a null leaves the default.
        source: what messages call the record.

    Raises:
        LisaError: naming `source` and the option that is unknown or has a value it cannot take.
    """
    words: list[str] = []
    known = [field.name for field in dataclasses.fields(kind)]  # type: ignore[arg-type]
    for name, value in record.items():
        if name not in known:
            raise LisaError(f"{source}: {unknown('option', name, known)}")
        if value is None:
            continue
        pair = [f"--{name.replace('_', '-')}", str(value)]
        try:
            tyro.cli(kind, args=pair, console_outputs=False, config=_TYRO)
        except SystemExit:
            raise LisaError(f"{source}: the option {name} cannot be {value!r}") from None
        words += pair
    return tyro.cli(kind, args=words, config=_TYRO)


def unknown(kind: str, name: str, valid: Mapping[str, object] | Sequence[str]) -> str:
    """The message for a name that is none of the valid ones, with the nearest of them."""
    near = difflib.get_close_matches(name, list(valid), n=1)
    hint = f"did you mean '{near[0]}'? " if near else ""
    return f"there is no {kind} '{name}'; {hint}valid: {', '.join(valid)}"


def show(value: object) -> str:
    """A value for a table: four digits of a number, a dash for nothing."""
    if value is None:
        return "–"
    if isinstance(value, float):
        return f"{value:.4g}" if math.isfinite(value) else str(value)
    return str(value)


def _plain(value: Any) -> Any:
    """Values as JSON has them: no infinities, no NaN."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def _fail(message: str) -> int:
    sys.stderr.write(f"error: {message}\n")
    return 2


def _print_help(tool: str, about: str, commands: Mapping[str, Command]) -> None:
    if not commands:
        sys.stdout.write(f"{about}\n\nThis version of {tool} has no commands.\n")
        return
    width = max(len(name) for name in commands)
    lines = [f"  {name:<{width}}  {command.summary}" for name, command in commands.items()]
    sys.stdout.write(
        f"{about}\n\nusage: {tool} COMMAND [options]\n\n" + "\n".join(lines) + "\n\n"
        f"'{tool} COMMAND --help' lists the options of a command, with their defaults.\n"
    )
