"""Processes that answer lines with lines, and are ended with all that they started."""

import contextlib
import json
import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from typing import IO, Any, Final

GRACE_SECONDS: Final = 5.0
"""How long a process may hold its output open after it was ended."""


class DiedError(Exception):
    """The process is gone."""


class LineProcess:
    """A process that answers each line of JSON with one, and can be ended at any moment.

    Attributes:
        owner: The number of the process that started it, which alone may end it.
    """

    def __init__(self, command: Sequence[str], **options: Any) -> None:
        """Start it, in a session of its own.

        Args:
            command: Its program and words.
            options: Of `subprocess.Popen`.

        Raises:
            OSError: It cannot be started.
        """
        self.owner = os.getpid()
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            encoding="utf-8",
            start_new_session=True,
            **options,
        )
        # The thread must not hold the object itself, or that would never be collected.
        self._lines: queue.Queue[str] = queue.Queue()
        arguments = (self._process.stdout, self._lines)
        self._reader = threading.Thread(target=_collect, args=arguments, daemon=True)
        self._reader.start()

    def alive(self) -> bool:
        """Tell whether the process runs and is this one's, not another's that it was forked of."""
        return self.owner == os.getpid() and self._process.poll() is None

    def ask(self, request: object, seconds: float) -> Any:
        """Send a request and return the answer.

        Raises:
            TimeoutError: The time is up; the process must be ended.
            DiedError: The process is gone; it must be ended all the same.
        """
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(request) + "\n")
            self._process.stdin.flush()
        except OSError:
            raise DiedError from None
        return self.answer(seconds)

    def answer(self, seconds: float) -> Any:
        """Wait for the next line; raises as `ask` does."""
        try:
            line = self._lines.get(timeout=seconds)
        except queue.Empty:
            raise TimeoutError from None
        if not line.endswith("\n"):
            raise DiedError
        return json.loads(line)

    def close(self) -> None:
        """Let the process finish what it does at its end, for a short while, and end it."""
        if self.owner == os.getpid():
            self._close_input()
            self._reader.join(GRACE_SECONDS)
            self.end()

    def end(self) -> int:
        """Kill the process and all that it started; return its exit status."""
        status = kill(self._process)
        self._close_input()
        # A process that left the group may hold the pipe open; it is not waited for.
        self._reader.join(GRACE_SECONDS)
        return status

    def _close_input(self) -> None:
        assert self._process.stdin is not None
        with contextlib.suppress(OSError):
            self._process.stdin.close()


def _collect(stream: IO[str], lines: queue.Queue[str]) -> None:
    with stream:
        for line in stream:
            lines.put(line)
    lines.put("")


def kill(process: subprocess.Popen[Any]) -> int:
    """Kill a process and its group, unless it was waited for; return its exit status."""
    if process.returncode is None:
        if sys.platform == "win32":
            process.kill()
        else:
            # Until it is waited for, its number cannot be another group's.
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
    return process.wait()
