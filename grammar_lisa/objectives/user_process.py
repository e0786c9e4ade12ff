"""Processes that score sentences: they may hang or die, and are ended with all they started."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterable
from pathlib import Path
from typing import IO, Final

from grammar_lisa.objectives import user_function
from grammar_lisa.objectives.user_function import SHORT, finite, one_line
from shared.common.durations import duration
from shared.common.errors import LisaError
from shared.jobs.line_process import DiedError, LineProcess, kill

PLACE: Final = "{sentence}"
"""Where a command's template takes the sentence."""

_START_SECONDS: Final = 600.0
_KEPT_BYTES: Final = 2**16
_SIGNALS: Final = {number.value: number.name for number in signal.Signals}
_BOOT: Final = (
    "import json, sys; setup = json.loads(sys.stdin.readline()); sys.path[:] = setup.pop('path'); "
    f"from {user_function.__name__} import serve; serve(**setup)"
)


class Worker(LineProcess):
    """A process that calls the function on one sentence a line."""

    def __init__(self, text: str, folder: str) -> None:
        try:
            super().__init__([sys.executable, "-P", "-u", "-c", _BOOT], cwd=folder)
        except OSError as error:
            raise LisaError(
                f"objective {text!r}: its process cannot be started in {folder}: {error}"
            ) from error
        self._greet(text, folder)

    def _greet(self, text: str, folder: str) -> None:
        path = [str(Path(entry).absolute()) for entry in sys.path]
        try:
            setup = {"path": path, "text": text, "folder": folder, "owner": self.owner}
            refusal = self.ask(setup, _START_SECONDS)
        except TimeoutError:
            self.end()
            raise LisaError(
                f"objective {text!r}: its module is still importing after "
                f"{duration(_START_SECONDS)}; move long work out of it"
            ) from None
        except DiedError:
            raise LisaError(
                f"objective {text!r}: the process that imports its module died "
                f"({status_text(self.end())}); the import must leave it alive"
            ) from None
        except BaseException:
            self.end()
            raise
        if refusal:
            self.end()
            raise LisaError(refusal)


def split_words(template: str) -> list[str]:
    """Return the words of a command as a shell would split them.

    Raises:
        LisaError: There is no word, or a quote is left open.
    """
    try:
        words = shlex.split(template)
    except ValueError as error:
        raise LisaError(
            f"command {template!r} cannot be split into words: {str(error).lower()}; "
            "close each quote, and put a backslash before one that is meant as itself"
        ) from None
    if not words or not words[0]:
        raise LisaError(
            f"command {template!r} is empty; valid is a program with its arguments, such as "
            f"'prog --x {PLACE}'"
        )
    return words


def found_program(program: str, template: str) -> str:
    """Return the program's absolute path.

    Raises:
        LisaError: There is no such program.
    """
    found = shutil.which(program)
    if found is not None:
        return str(Path(found).absolute())
    here = Path(program)
    if here.is_dir():
        why = "it is a folder; name a file in it"
    elif here.is_file() and os.access(here, os.X_OK):
        why = f"it is not on PATH; write ./{program} for the file in the current directory"
    elif here.is_file():
        why = "it is a file that may not be executed; make it executable or name its interpreter"
    else:
        why = f"valid are programs on PATH and paths of executable files, seen from {Path.cwd()}"
    raise LisaError(f"command {template!r}: there is no program {program!r}; {why}")


def score_of_process(
    process: subprocess.Popen[bytes], seconds: float | None
) -> tuple[float | None, str]:
    """Return the number that a process prints at last, or None and the reason."""
    deadline = None if seconds is None else time.monotonic() + seconds
    assert process.stdout is not None
    assert process.stderr is not None
    output, errors = _End(process.stdout), _End(process.stderr)
    try:
        status = _ended(process, (output, errors), deadline)
    except BaseException:
        kill(process)
        raise
    if status is None:
        assert seconds is not None
        kill(process)
        return None, late(seconds)
    if status:
        last = one_line(next(reversed(errors.text().splitlines()), ""))
        return None, status_text(status) + (f": {last}" if last else "")
    return _printed(output.text())


def _ended(
    process: subprocess.Popen[bytes], ends: Iterable[_End], deadline: float | None
) -> int | None:
    """Return the exit status when all is read; None where the deadline comes first."""
    for end in ends:
        end.join(_left(deadline))
        if end.is_alive():
            return None
    try:
        return process.wait(_left(deadline))
    except subprocess.TimeoutExpired:
        return None


class _End(threading.Thread):
    """Reads a stream to its end and keeps the last part, however much a program prints."""

    def __init__(self, stream: IO[bytes]) -> None:
        super().__init__(daemon=True)
        self._stream = stream
        self._kept = bytearray()
        self.start()

    def run(self) -> None:
        """Read to the end."""
        with self._stream:
            while chunk := os.read(self._stream.fileno(), _KEPT_BYTES):
                self._kept += chunk
                del self._kept[:-_KEPT_BYTES]

    def text(self) -> str:
        """Return the last part, without blanks at its end."""
        return self._kept.decode(errors="replace").rstrip()


def _printed(output: str) -> tuple[float | None, str]:
    """Return the number that the last word of an output is, or None and the reason."""
    words = output.split()
    if not words:
        return None, "printed nothing on standard output; its last word must be the number"
    word = words[-1]
    try:
        if "_" in word:  # 1_000 is a number to Python, but hardly to what prints it
            raise ValueError(word)
        number = float(word)
    except ValueError:
        return None, one_line(f"printed {SHORT.repr(word)} at last, which is no number")
    return finite(number, f"printed {number!r}")


def _left(deadline: float | None) -> float | None:
    return None if deadline is None else max(0.0, deadline - time.monotonic())


def checked_seconds(seconds: float | None) -> float | None:
    """Return a time for each sentence; raise `LisaError` where it is no positive number."""
    if seconds is not None and not 0 < seconds <= threading.TIMEOUT_MAX:
        raise LisaError(
            f"{seconds} seconds for each sentence; valid is a positive number, or none at all for "
            "no limit"
        )
    return seconds


def late(seconds: float) -> str:
    """Say that a sentence took too long."""
    return f"took longer than {duration(seconds)}"


def status_text(status: int) -> str:
    """Say how a process ended."""
    name = _SIGNALS.get(-status)
    return f"exit status {status}{f', {name}' if name else ''}"
