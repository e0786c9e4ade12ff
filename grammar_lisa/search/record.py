"""The evaluations of one trial, appended to a file as they happen."""

import json
import math
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from shared.errors import LisaError
from shared.files import write_atomically


@dataclass(frozen=True)
class Evaluation:
    """One sentence that was scored.

    Attributes:
        round: counted from 1.
        sentence: its text.
        score: smaller is better.
    """

    round: int
    sentence: str
    score: float


class Record:
    """An append-only JSONL file: a header line, then one line an evaluation.

    A line that a killed process left unfinished is dropped when the file is opened again.
    """

    def __init__(self, path: Path, header: dict[str, Any]) -> None:
        """Open the record, or begin it.

        Raises:
            LisaError: if the file belongs to another search or a line in it is damaged.
        """
        self.path = path
        self.evaluations: list[Evaluation] = []
        if path.exists():
            self._read(header)
        else:
            write_atomically(path, (json.dumps(header) + "\n").encode())

    def append(self, evaluations: Sequence[Evaluation]) -> None:
        """Add evaluations; they are on the disk when this returns."""
        lines = "".join(json.dumps(asdict(e), ensure_ascii=False) + "\n" for e in evaluations)
        try:
            with self.path.open("ab") as file:
                file.write(lines.encode())
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise LisaError(f"cannot write {self.path}: {error.strerror}") from error
        self.evaluations.extend(evaluations)

    def _read(self, header: dict[str, Any]) -> None:
        content = self.path.read_bytes()
        whole, _, rest = content.rpartition(b"\n")
        lines = whole.decode("utf-8", errors="replace").splitlines()
        if not lines or _parse(self.path, 1, lines[0]) != header:
            raise LisaError(
                f"{self.path} was written by another search: its first line is not "
                f"{json.dumps(header)}; give this search another --name"
            )
        for number, line in enumerate(lines[1:], start=2):
            self.evaluations.append(_evaluation(self.path, number, line))
        if rest:
            write_atomically(self.path, whole + b"\n")


def _evaluation(path: Path, number: int, line: str) -> Evaluation:
    found = _parse(path, number, line)
    kinds = {"round": int, "sentence": str, "score": float}
    if (
        not isinstance(found, dict)
        or {name: type(value) for name, value in found.items()} != kinds
        or not math.isfinite(found["score"])
    ):
        raise LisaError(
            f"{path}, line {number} is no evaluation, which has a round, a sentence and a finite "
            f"score: {line[:200]}; restore the file or start another search"
        )
    return Evaluation(**found)


def _parse(path: Path, number: int, line: str) -> Any:
    try:
        return json.loads(line)
    except ValueError as error:
        raise LisaError(
            f"{path}, line {number} is damaged: {line[:60]!r}; restore the file or start another "
            "search"
        ) from error
