"""Options from words and from records, and what no option may be."""

import dataclasses
import io
from collections.abc import Iterable, Mapping, Sequence
from contextlib import redirect_stderr
from itertools import chain
from pathlib import Path
from typing import Any, TypeVar

import tyro

from shared.cli.listed import parts_of
from shared.common.errors import LisaError
from shared.common.words import unknown
from shared.runs.options import flat_options

T = TypeVar("T")

TYRO = (tyro.conf.FlagCreatePairsOff, tyro.conf.OmitArgPrefixes)


def flag_value(words: Sequence[str], flag: str) -> str | None:
    """Return the value that command-line words give a flag: the last one, or None."""
    values = [
        value if equals else "".join(words[i + 1 : i + 2])
        for i, (name, equals, value) in enumerate(word.partition("=") for word in words)
        if name == f"--{flag}"
    ]
    return values[-1] if values else None


def named_first(kind: Any, words: Iterable[str]) -> list[str]:
    """Put the argument that stands first where it stands, if words give it by its name.

    ``check --grammar FILE`` is ``check FILE``, and ``info --run RUN`` is ``info RUN``.

    Args:
        kind: A dataclass of options.
        words: Of a command line.
    """
    named: dict[str, Any] = {each.name: each.type for each in dataclasses.fields(kind)}
    first = next((name for name in named if _is_positional(named[name])), "").replace("_", "-")
    given = list(words)
    for place, word in enumerate(given):
        flag, equals, value = word.partition("=")
        if first and flag == f"--{first}":
            end = place + (1 if equals else 2)
            values = [value] if equals else given[place + 1 : end]
            return [*values, *given[:place], *given[end:]]
    return given


def _is_positional(hint: Any) -> bool:
    """Tell whether a type is that of an argument without a flag."""
    return tyro.conf.Positional in getattr(hint, "__metadata__", ())


def flags_of(words: Sequence[str]) -> list[str]:
    """Return the names of the options that command-line words give, as often as they do."""
    return [
        word[2:].partition("=")[0].replace("_", "-")
        for word in words
        if word.startswith("--") and word != "--"
    ]


def check_once(words: Sequence[str], **advice: str) -> None:
    """Refuse options that are given several times, of which the last alone would count.

    Args:
        words: Of a command line.
        advice: For each of these options what helps.

    Raises:
        LisaError: Naming the first.
    """
    for name, helps in advice.items():
        flag = name.replace("_", "-")
        if (count := flags_of(words).count(flag)) > 1:
            raise LisaError(f"--{flag} is given {count} times; {helps}")


def check_resumed(words: Sequence[str], kept: Iterable[str]) -> None:
    """Refuse options beside --resume that the run has its own values of.

    Args:
        words: Of a command line.
        kept: The options that count beside --resume.

    Raises:
        LisaError: Naming those that would be ignored.
    """
    flags = flags_of(words)
    if "resume" not in flags or asks_for_help(words):
        return
    allowed = {"resume", "json", "quiet", *kept}
    ignored = [f"--{flag}" for flag in dict.fromkeys(flags) if flag not in allowed]
    if ignored:
        valid = ", ".join(f"--{flag}" for flag in kept)
        raise LisaError(
            f"--resume goes on with the options of its run; leave {', '.join(ignored)} away"
            + (f" (what may be given is {valid})" if valid else "")
        )


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
        kind, prog=program, args=named_first(kind, words), return_unknown_args=True, config=TYRO
    )
    return options


def options_from_record(kind: type[T], record: object, source: str) -> T:
    """Return the options that a JSON record holds, checked as the command line checks them.

    Args:
        kind: A dataclass of options.
        record: Values by field name, lists of options that may be repeated; a null leaves the
            default.
        source: What messages call the record.

    Raises:
        LisaError: Naming `source` and the option that is unknown or has a value it cannot take.
    """
    if not isinstance(record, Mapping):
        raise LisaError(f"{source} holds no options; name the config.json of a run")
    known = _defaults(kind)
    words: dict[str, list[str]] = {}
    for name, value in flat_options(record):
        if name not in known:
            raise LisaError(f"{source}: {unknown('option', name, known)}")
        if value is None or (isinstance(value, bool) and value is known[name]):
            continue
        flag = name.replace("_", "-")
        repeated = isinstance(value, list) and isinstance(known[name], tuple)
        values = value if repeated else [value]
        words[name] = [f"--{flag}={each}" for each in values]
        if isinstance(value, bool) and isinstance(known[name], bool):
            words[name] = [f"--{flag}" if value else f"--no-{flag}"]
    try:
        return _read(kind, chain.from_iterable(words.values()))
    except SystemExit:
        for name, value in flat_options(record):
            if name in words and _is_refused(kind, words[name]):
                raise LisaError(f"{source}: the option {name} cannot be {value!r}") from None
        together = ", ".join(words)
        raise LisaError(f"{source}: the options {together} do not go together") from None


def _read(kind: type[T], words: Iterable[str]) -> T:
    """Return the options that words give; a SystemExit without a message where they give none."""
    with redirect_stderr(io.StringIO()):
        return tyro.cli(kind, args=named_first(kind, words), console_outputs=False, config=TYRO)


def _is_refused(kind: type[Any], words: Iterable[str]) -> bool:
    """Tell whether the words of one option alone give no options."""
    try:
        _read(kind, words)
    except SystemExit:
        return True
    return False


def _defaults(kind: Any) -> dict[str, Any]:
    """Return the options of a dataclass and of those it holds, with their defaults."""
    found: dict[str, Any] = {}
    for field in dataclasses.fields(kind):
        factory: Any = field.default_factory
        made = None if factory is dataclasses.MISSING else factory()
        if dataclasses.is_dataclass(made):
            within = _defaults(type(made))
            found |= {name: getattr(made, name, value) for name, value in within.items()}
        else:
            found[field.name] = field.default
    return found


def check_ranges(options: object, **ranges: tuple[float, float]) -> None:
    """Refuse numbers that make no sense, or would take all memory and time there is.

    Args:
        options: Of a command; one that is None is not looked at.
        ranges: For each option the least and the greatest number it takes.

    Raises:
        LisaError: Naming the first option outside its range; NaN is outside every range.
    """
    for name, (least, most) in ranges.items():
        value = getattr(options, name)
        if value is not None and not least <= value <= most:
            flag = name.replace("_", "-")
            raise LisaError(f"--{flag} must be from {least:,} to {most:,}, not {value}")


def check_inputs(options: object, *names: str) -> None:
    """Refuse files and folders that are not there; ``-`` is standard input.

    Args:
        options: Of a command.
        names: The options that name one, several or none.

    Raises:
        LisaError: Naming the first that is not there.
    """
    for name in names:
        given = getattr(options, name)
        for path in given if isinstance(given, tuple) else (given,):
            if path not in (None, Path("-")) and not path.expanduser().exists():
                raise LisaError(f"there is no file or folder {path}")


def check_name(name: str | None) -> None:
    """Refuse a name that would not be that of a folder right below the one it is made in.

    Raises:
        LisaError: Naming the name.
    """
    if name is not None and (name in ("", ".", "..") or "/" in name or "\\" in name):
        raise LisaError(f"--name must be the name of a folder, without its path, not '{name}'")


def chosen_names(kind: str, text: str, valid: Mapping[str, object]) -> list[str]:
    """Return the names that a text chooses: `all`, or some with commas between, in any case.

    Args:
        kind: What messages call one of them.
        text: Of the option --KINDs.
        valid: Those that there are.

    Raises:
        LisaError: There is none of such a name, or none is named.
    """
    words = parts_of(text)
    if words == ("all",):
        return list(valid)
    by_name = {name.lower(): name for name in valid}
    for word in words:
        if word.lower() not in by_name:
            raise LisaError(unknown(kind, word, valid))
    if not words:
        raise LisaError(f"--{kind}s names no {kind}; give 'all' or names with commas between")
    return [by_name[word.lower()] for word in words]
