"""A user's function: found by its name, called on sentences, here or in a process of its own.

The process imports this module and the user's alone, so that it starts fast.
"""

from __future__ import annotations

import contextlib
import difflib
import importlib
import json
import math
import os
import pkgutil
import reprlib
import sys
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import IO, Any, Final

from shared.common.errors import LisaError
from shared.jobs.workers import ends_with

FORM: Final = "package.module:function"

_LONGEST_REASON: Final = 200
_NAMES_SHOWN: Final = 10

SHORT: Final = reprlib.Repr()
"""Shows values in messages."""
SHORT.maxstring = SHORT.maxother = 60


def serve(text: str, folder: str, owner: int) -> None:
    """Answer lines on standard input until it ends: the worker process.

    The first answer is a refusal, empty where the function was found. Then each sentence is
    answered by its score and failure.

    Args:
        text: Where the function is found.
        folder: The folder to import it from, before `sys.path`.
        owner: The process that asks: when it is gone, this one ends.
    """
    requests, replies = _own_streams()
    with requests, replies, ends_with(owner), hosting(folder):
        try:
            function = resolve(text, folder)
        except LisaError as error:
            _reply(replies, str(error))
            return
        _reply(replies, "")
        for line in requests:
            _reply(replies, call(function, json.loads(line)))


def _own_streams() -> tuple[IO[str], IO[str]]:
    """Take standard input and output away from the user's code, which may read and print.

    The replies end when the process does, so that the other side knows when that is.
    """
    requests = os.fdopen(os.dup(0), encoding="utf-8")
    replies = os.fdopen(os.dup(1), "w", encoding="utf-8", closefd=False)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    return requests, replies


def _reply(replies: IO[str], answer: object) -> None:
    replies.write(json.dumps(answer) + "\n")
    replies.flush()


@contextlib.contextmanager
def hosting(folder: str) -> Iterator[None]:
    """Import from the folder first, and keep standard output for results, within the block."""
    sys.path.insert(0, folder)
    try:
        with contextlib.redirect_stdout(sys.stderr):
            yield
    finally:
        with contextlib.suppress(ValueError):
            sys.path.remove(folder)


def resolve(text: str, folder: str, what: str = "objective") -> Callable[..., object]:
    """Return the function that a text names; `what` says in messages what it is to be.

    Raises:
        LisaError: The text names none.
    """
    if not _well_formed(text):
        raise LisaError(
            f"{what} {text!r} does not have the form {FORM}{_guess(text) or ', as score:loss'}"
        )
    module, _, names = text.partition(":")
    said = f"{what} {text!r}"
    owner: object = _imported(module, text, folder, said)
    found = owner
    for name in names.split("."):
        owner, found = found, _attribute(found, name, said)
    if not callable(found):
        raise LisaError(
            f"{what} {text!r} is {SHORT.repr(found)}, which cannot be called; {_valid_names(owner)}"
        )
    return found


def _well_formed(text: str) -> bool:
    module, colon, names = text.partition(":")
    parts = [*module.split("."), *names.split(".")]
    return bool(colon) and all(part.isidentifier() for part in parts)


def _guess(text: str) -> str:
    """Return what may be meant by a file's name or by dots throughout."""
    module, _, name = text.rpartition(":" if ":" in text else ".")
    module = module.removeprefix("./").removesuffix(".py").replace("/", ".")
    guess = f"{module}:{name}"
    likely = _well_formed(guess) and guess != text and name != "py"
    return f"; did you mean {guess}?" if likely else ""


def _imported(module: str, text: str, folder: str, said: str) -> ModuleType:
    try:
        return importlib.import_module(module)
    except (Exception, SystemExit) as error:
        missing = error.name if isinstance(error, ModuleNotFoundError) else None
        if missing is not None and f"{module}.".startswith(f"{missing}."):
            raise LisaError(
                f"{said}: there is no module {missing} in {folder} or elsewhere on "
                f"Python's path{_guess(text) or _near_module(module, folder)}"
            ) from None
        raise LisaError(
            f"{said}: importing {module} failed with {describe_error(error)}; "
            "it must import without an error"
        ) from error


def _near_module(module: str, folder: str) -> str:
    known = [found.name for found in pkgutil.iter_modules([folder])]
    near = difflib.get_close_matches(module.partition(".")[0], known, n=1)
    if near:
        return f"; did you mean {near[0]}?"
    there = ", ".join(known[:_NAMES_SHOWN]) or "no module"
    return f"; the form is {FORM}, and that folder has {there}"


def _attribute(owner: object, name: str, said: str) -> object:
    try:
        found: object = getattr(owner, name)
    except AttributeError:
        near = difflib.get_close_matches(name, _callables(owner), n=1)
        hint = f"did you mean {near[0]}?" if near else _valid_names(owner)
        raise LisaError(f"{said}: {_place(owner)} has no {name}; {hint}") from None
    except Exception as error:
        raise LisaError(
            f"{said}: looking {name} up in {_place(owner)} failed with "
            f"{describe_error(error)}; {_valid_names(owner)}"
        ) from error
    return found


def _place(owner: object) -> str:
    if not isinstance(owner, ModuleType):
        return SHORT.repr(owner)
    # Another module of that name may have been found first.
    file = getattr(owner, "__file__", None)
    return f"module {owner.__name__}{f' ({file})' if file else ''}"


def _valid_names(owner: object) -> str:
    names = _callables(owner)
    if not names:
        return "it holds nothing that can be called"
    return f"callable there: {', '.join(names[:_NAMES_SHOWN])}"


def _callables(owner: object) -> list[str]:
    """Return the public names that can be called."""
    held = getattr(owner, "__dict__", {})
    return [name for name, value in held.items() if name[0] != "_" and callable(value)]


def call(function: Callable[[str], object], sentence: str) -> tuple[float | None, str]:
    """Return the score of a sentence, or None and the reason."""
    try:
        value = function(sentence)
        number = _as_number(value)
    except (Exception, SystemExit) as error:
        return None, describe_error(error)
    if number is None:
        return None, one_line(f"returned {SHORT.repr(value)}, which is no number")
    return finite(number, f"returned {number!r}")


def _as_number(value: Any) -> float | None:
    """Return the number that a value is; None for other things, truth values and longer arrays."""
    if hasattr(value, "ndim") and hasattr(value, "item"):
        # Behind a mask numpy keeps a number that does not count.
        if value.ndim or getattr(value, "mask", False):
            return None
        value = value.item()
    kind = type(value)
    numeric = hasattr(kind, "__float__") or hasattr(kind, "__index__")
    return float(value) if numeric and not isinstance(value, bool | complex) else None


def finite(number: float, said: str) -> tuple[float | None, str]:
    """Return a number that is finite, or None and the reason that it is no score."""
    if math.isfinite(number):
        return number, ""
    return None, f"{said}, which is no finite number"


def describe_error(error: BaseException) -> str:
    """Return an exception's type and message in one line."""
    try:
        message = str(error)
    except Exception:
        message = ""
    name = type(error).__name__
    return one_line(f"{name}: {message}" if message.strip() else name)


def one_line(text: str) -> str:
    """Return a text in one line that a terminal can show, cut where it is long."""
    printable = "".join(letter if letter.isprintable() else " " for letter in text)
    line = " ".join(printable.split())
    return line if len(line) <= _LONGEST_REASON else line[: _LONGEST_REASON - 1] + "…"
