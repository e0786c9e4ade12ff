"""The evaluations of one search, appended to a file as they happen."""

import json
import math
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from grammar_lisa.objectives.objective import Evaluated
from shared.common.arrays import Floats
from shared.common.errors import LisaError
from shared.runs.files import read_file, write_atomically


@dataclass(frozen=True)
class Evaluation:
    """One sentence that was scored.

    Attributes:
        round: Counted from 1; 0 for what was scored before the search began.
        sentence: Its text.
        score: Smaller is better; None where there is none.
        failure: Why there is none, else empty.
    """

    round: int
    sentence: str
    score: float | None
    failure: str = ""

    @classmethod
    def of(cls, number: int, found: Evaluated) -> "Evaluation":
        """Return what an objective said, in a round."""
        return cls(number, found.sentence, found.score, found.failure)

    @property
    def evaluated(self) -> Evaluated:
        """What the objective said."""
        return Evaluated(self.sentence, self.score, self.failure)

    @property
    def value(self) -> float:
        """The score; NaN where there is none."""
        return math.nan if self.score is None else self.score


class History:
    """An append-only JSONL file: a header line, then one line an evaluation.

    A line that a killed process left unfinished is dropped when the file is opened again.

    Attributes:
        path: The file; None of a history that is kept in memory alone.
        evaluations: What was scored so far.
    """

    def __init__(self, path: Path | None, header: dict[str, Any]) -> None:
        """Open the history, or begin it.

        Raises:
            LisaError: The file belongs to another search, or a line in it is damaged.
        """
        self.path = path
        self.evaluations: list[Evaluation] = []
        if path is None:
            return
        if path.exists():
            self._read(path, header)
        else:
            write_atomically(path, (json.dumps(header) + "\n").encode())

    @classmethod
    def in_memory(cls) -> "History":
        """Begin a history that is on no disk."""
        return cls(None, {})

    def append(self, evaluations: Sequence[Evaluation]) -> None:
        """Add evaluations; they are on the disk when this returns, where the history is there.

        Raises:
            LisaError: The file cannot be written.
        """
        if self.path is not None:
            self._write(self.path, evaluations)
        self.evaluations.extend(evaluations)

    def _write(self, path: Path, evaluations: Sequence[Evaluation]) -> None:
        lines = "".join(json.dumps(_plain(e), ensure_ascii=False) + "\n" for e in evaluations)
        try:
            with path.open("ab") as file:
                file.write(lines.encode())
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise LisaError(f"cannot write {path}: {error.strerror}") from error

    def _read(self, path: Path, header: dict[str, Any]) -> None:
        whole, _, rest = path.read_bytes().rpartition(b"\n")
        found, self.evaluations = _read_lines(path, whole)
        if found != header:
            raise LisaError(
                f"{path} was written by another search: its first line is not "
                f"{json.dumps(header)}; restore the file, or begin a search of another name"
            )
        if rest:
            write_atomically(path, whole + b"\n")


def read_history(path: Path) -> tuple[Any, list[Evaluation]]:
    """Return the header and the evaluations of a history, whichever search wrote it.

    A line that is being written is passed over.

    Raises:
        LisaError: The file cannot be read, or a line in it is damaged.
    """
    return _read_lines(path, read_file(path).rpartition(b"\n")[0])


def _read_lines(path: Path, whole: bytes) -> tuple[Any, list[Evaluation]]:
    """Return the header and the evaluations in whole lines of a file."""
    first, *lines = whole.decode("utf-8", errors="replace").split("\n")
    header = _parse(path, 1, first)
    return header, [_evaluation(path, number, line) for number, line in enumerate(lines, start=2)]


def _plain(evaluation: Evaluation) -> dict[str, Any]:
    """Return an evaluation as a line has it: a failure only where there is one."""
    values = asdict(evaluation)
    return values if evaluation.failure else {k: v for k, v in values.items() if k != "failure"}


def _evaluation(path: Path, number: int, line: str) -> Evaluation:
    found = _parse(path, number, line)
    if not _is_evaluation(found):
        raise LisaError(
            f"{path}, line {number} is no evaluation, which has a round, a sentence and a finite "
            f"score, or none and a failure: {line[:200]}; restore the file or begin another search"
        )
    return Evaluation(**found)


def _is_evaluation(found: Any) -> bool:
    if not isinstance(found, dict):
        return False
    kinds = {name: type(value) for name, value in found.items()}
    if kinds == {"round": int, "sentence": str, "score": float}:
        return math.isfinite(found["score"])
    return kinds == {"round": int, "sentence": str, "score": type(None), "failure": str}


def _parse(path: Path, number: int, line: str) -> Any:
    try:
        return json.loads(line)
    except ValueError as error:
        raise LisaError(
            f"{path}, line {number} is damaged: {line[:60]!r}; restore the file or begin another "
            "search"
        ) from error


def best_so_far(scores: ArrayLike, count: int | None = None) -> Floats:
    """Return the best of scores up to each evaluation, infinite before the first that is one.

    Args:
        scores: In the order of evaluation, NaN where there is none.
        count: The evaluations told of, by default those of the scores; of more than these, the
            last best stays to the end.
    """
    given = np.asarray(scores, dtype=np.float64)
    best = np.full(len(given) if count is None else count, np.inf)
    known = given[: len(best)]
    best[: len(known)] = np.where(np.isnan(known), np.inf, known)
    return np.minimum.accumulate(best)
