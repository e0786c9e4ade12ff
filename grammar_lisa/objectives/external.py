"""Objectives for sentences of any grammar, made of the user's own code.

The code is a Python function or a command. Neither can be trusted to end, to return a number or
even to leave the process alive, so whatever goes wrong with a sentence is told of that sentence,
and the others are scored all the same.
"""

from __future__ import annotations

import abc
import subprocess
import tempfile
import threading
import weakref
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Final

from grammar_lisa.objectives.objective import Evaluated, Objective
from grammar_lisa.objectives.user_function import (
    SHORT,
    call,
    describe_error,
    hosting,
    one_line,
    resolve,
)
from grammar_lisa.objectives.user_process import (
    PLACE,
    Worker,
    checked_seconds,
    found_program,
    late,
    score_of_process,
    split_words,
    status_text,
)
from shared.common.errors import LisaError
from shared.common.words import counted
from shared.jobs.line_process import DiedError

GROUPS: Final = 5
"""Reasons that a report of failures tells apart."""


class OneByOne(Objective, AbstractContextManager["OneByOne"]):
    """The user's own code, which scores one sentence after the other until it is closed."""

    def evaluate(self, sentences: Sequence[str], /) -> list[Evaluated]:
        """Score each sentence."""
        return [Evaluated(sentence, *self._score(sentence)) for sentence in sentences]

    @abc.abstractmethod
    def _score(self, sentence: str) -> tuple[float | None, str]:
        """Return the score of a sentence, or None and why there is none."""

    def close(self) -> None:
        """End what the objective has started; by default there is nothing."""

    def __exit__(self, *_: object) -> None:
        self.close()


class FunctionObjective(OneByOne):
    """A function at hand, of one sentence, that returns a number, smaller is better.

    What it raises, and what is no finite number, counts as a failure of its sentence.
    """

    def __init__(self, function: Callable[[str], object]) -> None:
        self._function = function

    def _score(self, sentence: str) -> tuple[float | None, str]:
        return call(self._function, sentence)


class CallableObjective(OneByOne):
    """A Python function of one sentence that returns a number, smaller is better.

    What the function prints goes to standard error. With a time limit it runs in a process of its
    own, which is started anew after a sentence that it was late with or died of. The object can be
    pickled, and used again after it was closed.

    Attributes:
        text: Where the function is found, ``package.module:function``.
        seconds_each: The time for each sentence; None for no limit, in this process.
    """

    _function: Callable[[str], object] | None
    _worker: Worker | None
    _finalizer: weakref.finalize[..., Any] | None

    def __init__(self, text: str, seconds_each: float | None = None) -> None:
        """Find the function.

        Args:
            text: ``package.module:function``, imported from `sys.path` with the current directory
                in front. The function may be an attribute of an attribute.
            seconds_each: The time for each sentence, starting and importing aside; None for no
                limit.

        Raises:
            LisaError: The text names no function, its module cannot be imported, or the time is
                no positive number.
        """
        self.text = text
        self.seconds_each = checked_seconds(seconds_each)
        self._folder = str(Path.cwd())
        self._set_up()
        if seconds_each is None:
            self._found_function()
        else:
            self._living_worker()

    def __getstate__(self) -> dict[str, Any]:
        return {
            "text": self.text,
            "seconds_each": self.seconds_each,
            "_folder": self._folder,
        }

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._set_up()

    def evaluate(self, sentences: Sequence[str], /) -> list[Evaluated]:
        """Call the function on each sentence."""
        with self._lock:
            return super().evaluate(sentences)

    def close(self) -> None:
        """End the process that calls the function, if there is one."""
        worker = self._without_worker()
        if worker is not None:
            worker.close()

    def _set_up(self) -> None:
        self._function = None
        self._worker = None
        self._finalizer = None
        # Two threads that share the object must not read each other's answers.
        self._lock = threading.Lock()

    def _found_function(self) -> Callable[[str], object]:
        if self._function is None:
            with hosting(self._folder):
                self._function = resolve(self.text, self._folder)
        return self._function

    def _living_worker(self) -> Worker:
        if self._worker is None or not self._worker.alive():
            self.close()
            self._worker = Worker(self.text, self._folder)
            # An object that is dropped without being closed leaves no process behind.
            self._finalizer = weakref.finalize(self, self._worker.close)
        return self._worker

    def _without_worker(self) -> Worker | None:
        """Let go of the worker, which the caller ends."""
        worker, self._worker = self._worker, None
        if self._finalizer is not None:
            self._finalizer.detach()
        return worker

    def _score(self, sentence: str) -> tuple[float | None, str]:
        try:
            if self.seconds_each is not None:
                return self._score_in_worker(self._living_worker(), sentence, self.seconds_each)
            function = self._found_function()
        except LisaError as error:
            # It was found when the object was made, so someone changed the code since.
            return None, one_line(str(error))
        with hosting(self._folder):
            return call(function, sentence)

    def _score_in_worker(
        self, worker: Worker, sentence: str, seconds: float
    ) -> tuple[float | None, str]:
        try:
            score, failure = worker.ask(sentence, seconds)
        except TimeoutError:
            failure = late(seconds)
        except DiedError:
            failure = ""
        except BaseException:
            # The answer that is still to come must not be taken for that to another sentence.
            self._without_worker()
            worker.end()
            raise
        else:
            return score, failure
        self._without_worker()
        status = worker.end()
        return None, failure or f"the process died ({status_text(status)})"


class CommandObjective(OneByOne):
    """A command that is run on one sentence and prints a number, smaller is better.

    The number is the last word of its standard output. No shell is involved. A command is over
    when it has ended and nothing holds its output open. The object can be pickled.

    Attributes:
        template: The command.
        seconds_each: The time for each sentence; None for no limit.
    """

    def __init__(self, template: str, seconds_each: float | None = None) -> None:
        """Find the program.

        Args:
            template: Words as a shell would split them. Each ``{sentence}`` behind the first word
                is replaced by the sentence; without any, the sentence is a line of standard input.
                The command runs in what is now the current directory.
            seconds_each: The time for each sentence; None for no limit.

        Raises:
            LisaError: The template is empty or has an open quote, its program is not found, or
                the time is no positive number.
        """
        self.template = template
        self.seconds_each = checked_seconds(seconds_each)
        self._folder = str(Path.cwd())
        program, *self._words = split_words(template)
        self._program = found_program(program, template)
        self._by_input = not any(PLACE in word for word in self._words)

    def _score(self, sentence: str) -> tuple[float | None, str]:
        try:
            process = self._start(sentence)
        except (OSError, ValueError) as error:
            # Too long a sentence, a null character in it, a file that is no program, ...
            return None, describe_error(error)
        return score_of_process(process, self.seconds_each)

    def _start(self, sentence: str) -> subprocess.Popen[bytes]:
        words = [word.replace(PLACE, sentence) for word in self._words]
        # From a file a program may read as much or as little as it likes; nobody waits for it.
        with tempfile.TemporaryFile() as source:
            if self._by_input:
                source.write((sentence + "\n").encode())
                source.seek(0)
            return subprocess.Popen(
                [self._program, *words],
                stdin=source,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                cwd=self._folder,
                start_new_session=True,
            )


def failure_report(evaluated: Iterable[Evaluated]) -> str:
    """Say how many sentences have no score and why, the most frequent reasons first.

    Args:
        evaluated: The results of `evaluate`.

    Returns:
        One line, or an empty text where every sentence has a score.
    """
    results = list(evaluated)
    failed = [one for one in results if one.score is None]
    if not failed:
        return ""
    reasons = failure_reasons(failed)
    return f"{len(failed)} of {counted(len(results), 'sentence')} could not be scored: {reasons}"


def failure_reasons(failed: Sequence[Evaluated]) -> str:
    """Say why sentences have no score, the most frequent reasons first, in one line."""
    first = {one.failure: one.sentence for one in reversed(failed)}
    groups = Counter(one.failure for one in failed).most_common(GROUPS)
    parts = [f"{n} × {reason} (as {SHORT.repr(first[reason])})" for reason, n in groups]
    others = len(failed) - sum(n for _, n in groups)
    if others:
        parts.append(f"{others} × other reasons")
    return ", ".join(parts)
