"""What both command lines share: subcommands, messages, progress, exit statuses."""

import importlib
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any, Protocol

import tyro

from shared.cli.records import TYRO, named_first
from shared.cli.terminal import Output, Terminal, first_process
from shared.common.distribution import DISTRIBUTION
from shared.common.errors import LisaError
from shared.common.words import unknown


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
class CommandGroup:
    """Subcommands under one name, as in `tool benchmark table`.

    Attributes:
        commands: Its members.
        summary: One line for the list of commands.
        about: What stands above the list of members.
    """

    commands: Mapping[str, Command]
    summary: str
    about: str


Commands = Mapping[str, Command | CommandGroup]


class OptionsModule(Protocol):
    """What a module of a subcommand's options offers.

    It may offer three functions of the command-line words as well: ``check_words(words)``, which
    refuses those that do not go together, ``options_type(words)``, which returns the options where
    these depend on the words, and ``default_options(words)``, which returns their defaults. Options
    with a method ``check()`` are checked by it once they are read.
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
        tool: The program's name.
        about: What it is for.
        commands: Its subcommands, of which some may be groups of others.
        arguments: The words after the program's name; by default those it was started with.

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


def _choose(program: str, commands: Commands, words: list[str], kind: str = "command") -> int:
    """Carry out the command that the first word names, or a member of the group it names.

    Raises:
        LisaError: There is no such command, or a group is named without a member.
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
    try:
        options = _read(command.options(), program, words)
        terminal = Terminal(options)
        if options.opening:
            terminal.note(options.opening)
        module = command.load()
    except KeyboardInterrupt:
        raise KeyboardInterrupt("nothing had begun, and nothing was kept") from None
    module.run(options, terminal)
    terminal.close()
    return 0


def _read(module: OptionsModule, program: str, words: list[str]) -> Any:
    """Return the options that words give, checked."""
    getattr(module, "check_words", lambda words: None)(words)
    kind = getattr(module, "options_type", lambda words: module.Options)(words)
    default = getattr(module, "default_options", lambda words: None)(words)
    options = tyro.cli(
        kind,
        prog=program,
        args=named_first(kind, words),
        config=TYRO,
        **({} if default is None else {"default": default}),
    )
    if hasattr(options, "check"):
        options.check()
    return options


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
    width = max(len(name) for name in commands)
    lines = [f"  {name:<{width}}  {command.summary}" for name, command in commands.items()]
    sys.stdout.write(
        f"{about}\n\nusage: {tool} COMMAND [options]\n\n" + "\n".join(lines) + "\n\n"
        f"'{tool} COMMAND --help' lists the options of a command, with their defaults. What stands "
        "first\nmay be given by its name, too: info RUN is info --run RUN.\n"
    )
