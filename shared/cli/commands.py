"""What both command lines share: subcommands, messages, progress, exit statuses."""

import dataclasses
import importlib
import io
import math
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stderr
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any, NoReturn, Protocol, TypeVar

import rich.box
import rich.console
import rich.markup
import rich.progress
import rich.table
import tyro

from shared.common.errors import LisaError
from shared.common.words import unknown
from shared.runs.files import to_json

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
    """One subcommand, in two modules: what it takes, and what carries it out.

    The first imports nothing that takes long, so that help and refusals are quick; the second is
    imported when the options were read and found fit.

    Attributes:
        package: The package of the command line.
        name: Of both modules: ``package.options.name`` holds `Options`, ``package.name`` `run`.
        summary: One line for the list of commands.
    """

    package: str
    name: str
    summary: str

    def options(self) -> "OptionsModule":
        """Import what the command takes."""
        module: Any = importlib.import_module(f"{self.package}.options.{self.name}")
        return module  # type: ignore[no-any-return]

    def load(self) -> "CommandModule":
        """Import what carries the command out."""
        module: Any = importlib.import_module(f"{self.package}.{self.name}")
        return module  # type: ignore[no-any-return]


@dataclass(frozen=True)
class Group:
    """Subcommands under one name, as in `tool benchmark table`.

    Attributes:
        commands: its members.
        summary: one line for the list of commands.
        about: what stands above the list of members.
    """

    commands: Mapping[str, Command]
    summary: str
    about: str


Commands = Mapping[str, Command | Group]


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

    def update(self, completed: int, note: str = "", total: int | None = None) -> None:
        """Say how much is done, a note that stands behind the count, and of how much, if new."""
        self._bar.update(self._task, completed=completed, total=total, rate=note)

    def reset_start(self, completed: int) -> None:
        """Begin at work that an earlier process did, so that the time left is told rightly."""
        self._bar.reset(self._task, completed=completed, rate="")


class OptionsModule(Protocol):
    """What a module of a subcommand's options offers.

    It may offer two functions of the command-line words as well: ``options_type(words)``, which
    returns the options where these depend on the words, and ``default_options(words)``, which
    returns their defaults. Options with a method ``check()`` are checked by it once they are read.
    """

    Options: type[Output]


class CommandModule(Protocol):
    """What a module that carries a subcommand out offers."""

    @staticmethod
    def run(options: Any, terminal: Terminal) -> None:
        """Carry the command out."""


def run_tool(
    tool: str, about: str, commands: Commands, arguments: Sequence[str] | None = None
) -> int:
    """Read a command line, carry it out, and give the exit status.

    Args:
        tool: the program's name.
        about: what it is for.
        commands: its subcommands, of which some may be groups of others.
        arguments: the words after the program's name; by default those it was started with.

    Returns:
        0 when all went well, 2 for input that cannot be served (one message on standard error),
        130 after Ctrl-C.
    """
    status = _run(tool, about, commands, list(sys.argv[1:] if arguments is None else arguments))
    _leave_group(status)
    return status


def _run(tool: str, about: str, commands: Commands, words: list[str]) -> int:
    if not words or words[0] in ("-h", "--help"):
        _print_help(tool, about, commands)
        return 0
    if words[0] == "--version":
        sys.stdout.write(f"{tool} {version(DISTRIBUTION)}\n")
        return 0
    if not commands:
        return _fail(f"this version of {tool} has no commands, so no '{words[0]}'")
    try:
        status = _choose(tool, commands, words)
        sys.stdout.flush()
        return status
    except LisaError as error:
        return _fail(str(error))
    except BrokenPipeError:
        # Nobody reads on: what is left in the buffer goes nowhere when Python ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt as interrupt:
        if first_process():
            sys.stderr.write(f"\ninterrupted{''.join(f': {word}' for word in interrupt.args)}\n")
        return 130


def first_process() -> bool:
    """Whether this is the only process of a command, or the first of a data-parallel training."""
    rank = os.environ.get("RANK", os.environ.get("LOCAL_RANK", "0"))
    return rank == "0"


def _choose(program: str, commands: Commands, words: list[str], kind: str = "command") -> int:
    """Carry out the command that the first word names, or a member of the group it names.

    Raises:
        LisaError: if there is no such command, or a group is named without a member.
    """
    name, rest = words[0], words[1:]
    if name not in commands:
        raise LisaError(unknown(kind, name, commands))
    command, program = commands[name], f"{program} {name}"
    if isinstance(command, Command):
        return _carry_out(command, program, rest)
    if not rest:
        members = ", ".join(command.commands)
        raise LisaError(f"'{program}' needs the name of one of its commands: {members}")
    if rest[0] in ("-h", "--help"):
        _print_help(program, command.about, command.commands)
        return 0
    return _choose(program, command.commands, rest, f"{name} command")


def _carry_out(command: Command, program: str, words: list[str]) -> int:
    module = command.options()
    kind = getattr(module, "options_type", lambda words: module.Options)(words)
    default = getattr(module, "default_options", lambda words: None)(words)
    options = tyro.cli(
        kind,
        prog=program,
        args=words,
        config=_TYRO,
        **({} if default is None else {"default": default}),
    )
    if hasattr(options, "check"):
        options.check()
    terminal = Terminal(options)
    command.load().run(options, terminal)
    terminal.close()
    return 0


def flag_value(words: Sequence[str], flag: str) -> str | None:
    """The value that command-line words give a flag: the last one, or None."""
    values = [
        value if equals else "".join(words[i + 1 : i + 2])
        for i, (name, equals, value) in enumerate(word.partition("=") for word in words)
        if name == f"--{flag}"
    ]
    return values[-1] if values else None


def asks_for_help(words: Sequence[str]) -> bool:
    """Tell whether command-line words ask for help."""
    return "-h" in words or "--help" in words


def known_options(kind: type[T], words: Sequence[str], program: str) -> T:
    """Read options from words, passing over those words that belong to others.

    Args:
        kind: A dataclass of options.
        words: Of a command line.
        program: How messages call the command.
    """
    options, _ = tyro.cli(
        kind, prog=program, args=list(words), return_unknown_args=True, config=_TYRO
    )
    return options


def options_from_record(kind: type[T], record: object, source: str) -> T:
    """The options that a JSON record holds, checked as the command line checks them.

    Args:
        kind: a dataclass of options.
        record: values by field name; a null leaves the default.
        source: what messages call the record.

    Raises:
        LisaError: naming `source` and the option that is unknown or has a value it cannot take.
    """
    if not isinstance(record, Mapping):
        raise LisaError(f"{source} holds no options; name the config.json of a run")
    words: list[str] = []
    known = _defaults(kind)
    for name, value in _flat(record):
        if name not in known:
            raise LisaError(f"{source}: {unknown('option', name, known)}")
        if value is None or (isinstance(value, bool) and value is known[name]):
            continue
        word = f"--{name.replace('_', '-')}={value}"
        if isinstance(value, bool) and isinstance(known[name], bool):
            word = f"--{'' if value else 'no-'}{name.replace('_', '-')}"
        try:
            with redirect_stderr(io.StringIO()):  # the message is ours
                tyro.cli(kind, args=[word], console_outputs=False, config=_TYRO)
        except SystemExit:
            raise LisaError(f"{source}: the option {name} cannot be {value!r}") from None
        words.append(word)
    return tyro.cli(kind, args=words, config=_TYRO)


def _defaults(kind: Any) -> dict[str, Any]:
    """The options of a dataclass and of those it holds, with their defaults."""
    found: dict[str, Any] = {}
    for field in dataclasses.fields(kind):
        factory: Any = field.default_factory
        if dataclasses.is_dataclass(factory):
            found |= _defaults(factory)
        else:
            found[field.name] = field.default
    return found


def _flat(record: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """The entries of a record, and of the records in it."""
    for name, value in record.items():
        if isinstance(value, Mapping):
            yield from _flat(value)
        else:
            yield name, value


def check_ranges(options: object, **ranges: tuple[float, float]) -> None:
    """Refuse numbers that make no sense, or would take all memory and time there is.

    Args:
        options: of a command; one that is None is not looked at.
        ranges: for each option the least and the greatest number it takes.

    Raises:
        LisaError: naming the first option outside its range; NaN is outside every range.
    """
    for name, (least, most) in ranges.items():
        value = getattr(options, name)
        if value is not None and not least <= value <= most:
            flag = name.replace("_", "-")
            raise LisaError(f"--{flag} must be from {least:,} to {most:,}, not {value}")


def check_name(name: str | None) -> None:
    """Refuse a name that would not be that of a folder right below the one it is made in.

    Raises:
        LisaError: naming the name.
    """
    if name is not None and (name in ("", ".", "..") or "/" in name or "\\" in name):
        raise LisaError(f"--name must be the name of a folder, without its path, not '{name}'")


def show(value: object) -> str:
    """A value for a table: four digits of a number, a dash for nothing."""
    if value is None:
        return "–"
    if isinstance(value, float):
        return f"{value:.4g}" if math.isfinite(value) else str(value)
    return str(value)


def _fail(message: str) -> int:
    if first_process():
        sys.stderr.write(f"error: {message}\n")
    return 2


def _leave_group(status: int) -> None:
    """End a process that is one of a group; one that is alone goes on.

    The group's threads outlive it and now and then abort an interpreter that is taken down, so
    the process ends without that.
    """
    distributed = sys.modules.get("torch.distributed")
    if distributed is None or not distributed.is_available() or not distributed.is_initialized():
        return
    distributed.destroy_process_group()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


def _print_help(tool: str, about: str, commands: Commands) -> None:
    if not commands:
        sys.stdout.write(f"{about}\n\nThis version of {tool} has no commands.\n")
        return
    width = max(len(name) for name in commands)
    lines = [f"  {name:<{width}}  {command.summary}" for name, command in commands.items()]
    sys.stdout.write(
        f"{about}\n\nusage: {tool} COMMAND [options]\n\n" + "\n".join(lines) + "\n\n"
        f"'{tool} COMMAND --help' lists the options of a command, with their defaults.\n"
    )
