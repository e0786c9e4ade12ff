"""Files of sentences as people have them: one a line, with names behind them, or a table."""

import csv
import gzip
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from shared.common.callbacks import Notify, silent
from shared.common.errors import LisaError
from shared.common.extras import check_extra
from shared.common.words import unknown

NAMED: Final = (".smi", ".smiles", ".ism")
"""Endings of files of molecules, whose names stand behind a blank."""

NAMED_HINT: Final = (
    "its first word is a sentence: in a file whose name ends in .smi, what stands behind the first "
    "word of a line is left out"
)

_SEPARATORS: Final[Mapping[str, str]] = {".csv": ",", ".tsv": "\t"}
_PARQUET: Final = ".parquet"
_TABLES: Final = (*_SEPARATORS, _PARQUET)

_LOOKED: Final = 10
"""Rows that are looked at to find the column of sentences."""

Line = tuple[int, str]
"""The number of a line, or of a row, from 1, and the sentence that should stand there."""
IsSentence = Callable[[str], bool]
"""Tells whether a text is a sentence."""


@dataclass(frozen=True)
class SentenceFile:
    """A file of sentences: of text, one a line; of molecules with names (.smi); or a table.

    Files of text and tables of text may be compressed with gzip. The first line of a table of text
    names its columns, unless it is a sentence itself: then the file holds one sentence a line.

    Attributes:
        path: The file.
        column: That of a table; by default that with most sentences in its first rows.
        content: Its lines, where they are at hand: then nothing is read.
    """

    path: Path
    column: str | None = None
    content: Sequence[str] | None = None

    @property
    def ending(self) -> str:
        """The ending of the file's name in small letters, without .gz."""
        endings = [each.lower() for each in self.path.suffixes if each.lower() != ".gz"]
        return endings[-1] if endings else ""

    @property
    def unit(self) -> str:
        """What is counted: lines of text, rows of Parquet."""
        return "row" if self.ending == _PARQUET else "line"

    def lines(self, is_sentence: IsSentence, notify: Notify = silent) -> list[Line]:
        """Return the lines that hold something, without blanks around them.

        Args:
            is_sentence: Tells of a table which column is meant, where none is named.
            notify: Hears which was taken.

        Raises:
            LisaError: The file cannot be read, has no such column, or several that may be meant.
        """
        if self.content is not None:
            return _held(enumerate(self.content, start=1))
        if self.column is not None and self.ending not in _TABLES:
            raise LisaError(
                f"--column {self.column}: {self.path} is no table; name a file that ends in "
                f"{', '.join(_TABLES)}"
            )
        if self.ending == _PARQUET:
            return _held(self._of_parquet(is_sentence, notify))
        raw = read_lines(self.path)
        lines = _held(enumerate(raw, start=1))
        if self.ending in NAMED:
            return [(number, text.split()[0]) for number, text in _without_heads(lines)]
        if self.ending in _SEPARATORS and lines and self._has_columns(lines[0][1], is_sentence):
            return _held(self._of_table(raw, is_sentence, notify))
        return lines

    def _has_columns(self, first: str, is_sentence: IsSentence) -> bool:
        """Tell whether the first line of a table of text names its columns."""
        return self.column is not None or not is_sentence(first)

    def _of_table(
        self, lines: Sequence[str], is_sentence: IsSentence, notify: Notify
    ) -> Iterable[Line]:
        blank = next(number for number, line in enumerate(lines) if line.strip())
        ended = (f"{line}\n" for line in lines[blank:])  # a cell may go on in the next line
        reader = csv.reader(ended, delimiter=_SEPARATORS[self.ending], strict=True)
        try:
            heads, *rows = [(blank + reader.line_num, cells) for cells in reader if cells]
        except csv.Error as error:
            where = f"{self.path}, line {blank + reader.line_num}"
            raise LisaError(f"{where} is no row of a table: {error}") from error
        names = [head.strip() for head in heads[1]]
        if len(names) == 1 and self.column is None and is_sentence(names[0]):
            return [(number, cells[0]) for number, cells in [heads, *rows]]
        columns = [
            [cells[place] if place < len(cells) else "" for _, cells in rows]
            for place in range(len(names))
        ]
        chosen = self._chosen(names, columns, is_sentence, notify)
        if self.column is None and is_sentence(names[chosen]):
            raise LisaError(
                f"{self.path}: the first line has a sentence, {names[chosen]}, where names of "
                "columns are expected; give the file such a line, or name a --column"
            )
        return ((number, columns[chosen][n]) for n, (number, _) in enumerate(rows))

    def _of_parquet(self, is_sentence: IsSentence, notify: Notify) -> Iterable[Line]:
        check_extra("parquet", "pyarrow")
        import pandas as pd

        try:
            frame = pd.read_parquet(self.path)
        except OSError as error:
            raise LisaError(f"cannot read {self.path}: {error.strerror or error}") from error
        except ValueError as error:
            raise LisaError(f"{self.path} cannot be read as Parquet: {error}") from error
        if any(frame.index.names):
            frame = frame.reset_index()
        found = [frame.iloc[:, place] for place in range(frame.shape[1])]
        columns = [each.astype(str).where(each.notna(), "").tolist() for each in found]
        chosen = self._chosen([str(name) for name in frame], columns, is_sentence, notify)
        return enumerate(columns[chosen], start=1)

    def _chosen(
        self,
        names: Sequence[str],
        columns: Sequence[Sequence[str]],
        is_sentence: IsSentence,
        notify: Notify,
    ) -> int:
        """Return the place of the column that is named, or of that with most sentences.

        Numbers count as sentences only where no other column has any.
        """
        if self.column is not None:
            if self.column not in names:
                raise LisaError(f"{self.path}: {unknown('column', self.column, names)}")
            if names.count(self.column) > 1:
                raise LisaError(f"{self.path} has several columns {self.column}; rename them")
            return names.index(self.column)
        looked = [[text.strip() for text in each[:_LOOKED] if text.strip()] for each in columns]
        counts = [sum(map(is_sentence, texts)) for texts in looked]
        words = [0 if all(map(_is_number, t)) else n for n, t in zip(counts, looked, strict=True)]
        counts = words if any(words) else counts
        most = max(counts, default=0)
        best = [place for place, count in enumerate(counts) if count == most]
        if not best:
            raise LisaError(f"{self.path} has no columns")
        if not most and any(columns):
            raise LisaError(
                f"{self.path}: no column of {', '.join(names)} has a sentence in its first "
                f"{_LOOKED} rows; name one with --column"
            )
        if most and len(best) > 1:
            raise LisaError(
                f"{self.path}: the columns {' and '.join(names[place] for place in best)} hold "
                "as many sentences; name one with --column"
            )
        if most and len(names) > 1:
            notify(
                f"{self.path}: the sentences are those of the column {names[best[0]]} (--column)"
            )
        return best[0]


def check_column(column: str | None, file: Path | None, flag: str) -> None:
    """Refuse a column where no file is read.

    Raises:
        LisaError: Naming the option that names a file.
    """
    if column is not None and file is None:
        raise LisaError(f"--column tells how {flag} is read; name a file")


def _held(lines: Iterable[Line]) -> list[Line]:
    """Return the lines that hold something, without blanks around them."""
    stripped = ((number, text.strip()) for number, text in lines)
    return [(number, text) for number, text in stripped if text]


def _without_heads(lines: Sequence[Line]) -> Sequence[Line]:
    """Leave out a first line that says which word is the SMILES."""
    heads = bool(lines) and "smiles" in lines[0][1].split()[0].lower()
    return lines[1:] if heads else lines


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def read_lines(path: Path) -> list[str]:
    """Return the lines of a text file, plain or gzipped.

    Raises:
        LisaError: The file cannot be read, is no UTF-8 text or a damaged gzip file.
    """
    try:
        content = path.read_bytes()
        if content[:2] == b"\x1f\x8b":
            content = gzip.decompress(content)
        return content.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise LisaError(f"{path} is not UTF-8 text (byte {error.start + 1})") from error
    except (EOFError, zlib.error) as error:
        raise LisaError(f"{path} is a damaged gzip file: {error}") from error
    except OSError as error:
        raise LisaError(f"cannot read {path}: {error.strerror or error}") from error
