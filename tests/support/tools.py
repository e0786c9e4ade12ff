"""Running a command line in this process, or in one that is stopped at a chosen moment."""

import json
import os
import signal
import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

import pytest

from shared.training.trainer import Trainer


@dataclass(frozen=True)
class Result:
    """What a command left on the terminal."""

    status: int
    out: str
    err: str

    @property
    def lines(self):
        return self.out.splitlines()

    @property
    def json(self):
        """The one JSON object on standard output."""
        assert self.out.count("\n") == 1
        return json.loads(self.out)

    @property
    def said(self):
        """Standard error as one line."""
        return " ".join(self.err.split())


@dataclass(frozen=True)
class Tool:
    """A command line by its `main`."""

    main: Callable[..., int]

    def run(self, *words):
        """Run a command in this process."""
        out, err = StringIO(), StringIO()
        with redirect_stdout(out), redirect_stderr(err):
            try:
                status = self.main([str(word) for word in words])
            except SystemExit as end:
                status = end.code
        return Result(status, out.getvalue(), err.getvalue())

    def succeed(self, *words):
        """Run a command in this process and see that all went well."""
        result = self.run(*words)
        assert result.status == 0, result.err
        return result

    def refusal(self, *words):
        """What a command says that refuses its input."""
        result = self.run(*words)
        assert result.status == 2, result
        assert result.out == ""
        assert "Traceback" not in result.err
        assert result.err.count("error:") <= 1
        return result.err

    def killed(self, words, spoil):
        """Run a command in a process that `spoil` prepares to kill itself with SIGKILL."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            child = os.fork()
        if child == 0:
            try:
                spoil()
                with Path(os.devnull).open("w") as nowhere:
                    os.dup2(nowhere.fileno(), 1)
                    os.dup2(nowhere.fileno(), 2)
                    self.main([str(word) for word in words])
            finally:
                os._exit(0)
        _, status = os.waitpid(child, 0)
        assert os.WIFSIGNALED(status)
        assert os.WTERMSIG(status) == signal.SIGKILL


def flags(out):
    """The flags that a command's help shows."""
    return {word.rstrip(",") for word in out.split() if word.startswith("--")}


def mostly_slow(values, quick):
    """Parameters of which only some are run every time."""
    slow = (pytest.mark.slow,)
    return [pytest.param(value, marks=() if value in quick else slow) for value in values]


def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)


def before_write(number):
    """Die with the file written beside its place, before it is renamed for the nth time."""

    def spoil():
        rename, count = Path.replace, [0]

        def replace(self, target):
            count[0] += 1
            return die() if count[0] == number else rename(self, target)

        Path.replace = replace

    return spoil


def at_step(number):
    """Die in the middle of a step."""

    def spoil():
        step = Trainer._step
        Trainer._step = lambda self: die() if self.progress.step == number else step(self)

    return spoil


def before_last_step():
    """Stay before the last step for ever, so that no training ends."""
    step = Trainer._step

    def held(self):
        while self.progress.step == self.steps - 1:
            time.sleep(0.01)
        step(self)

    Trainer._step = held


ENDLESS = """
import runpy, sys
from tools import before_last_step
before_last_step()
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


def endless(tool):
    """The words that start an installed command whose trainings never end."""
    return [sys.executable, "-c", ENDLESS, Path(sys.executable).with_name(tool)]


@contextmanager
def started(*words, **options):
    """A process in a session of its own; if the test fails, all that is left of it is killed.

    Nothing here has a deadline but the test: how long a command takes is the machine's affair.
    """
    usual = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "env": environment()}
    process = subprocess.Popen(
        [str(word) for word in words], text=True, start_new_session=True, **usual | options
    )
    with process:
        try:
            yield process
        except BaseException:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            raise


def environment():
    """The variables of a process that imports what the tests import."""
    ours = [str(Path(__file__).parents[2]), str(Path(__file__).parent)]
    return {
        name: value for name, value in os.environ.items() if name not in ("RANK", "LOCAL_RANK")
    } | {"OMP_NUM_THREADS": "1", "COLUMNS": "300", "PYTHONPATH": os.pathsep.join(ours)}


def wait_for(condition, process):
    """Wait until something holds, which must be before a process ends."""
    while not condition():
        assert process.poll() is None, ("ended too early", *process.communicate())
        time.sleep(0.01)


def finish(process):
    """What a started command leaves; all its processes are gone then."""
    out, err = process.communicate()
    return Result(process.returncode, out, err)


def edit(path, *keys, value):
    """Change one entry of a JSON file."""
    record = json.loads(path.read_text())
    place = record
    for key in keys[:-1]:
        place = place[key]
    place[keys[-1]] = value
    path.write_text(json.dumps(record))
