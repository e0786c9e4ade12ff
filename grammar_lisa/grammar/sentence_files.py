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
TABLES: Final = (*_SEPARATORS, _PARQUET)
"""Endings of tables, of which one column holds sentences."""

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

    def lines(self, is_sentence: IsSentence, notify: Notify = silent) -> list[Line]:
        """Return the lines that hold something, without blanks around them.

        Args:
            is_sentence: Tells of a table which column is meant, where none is named.
            notify: Hears which was taken.

        Raises:
            LisaError: The file cannot be read, or has no such column.
        """
        if self.content is not None:
            return _held(enumerate(self.content, start=1))
        if self.column is not None and self.ending not in TABLES:
            raise LisaError(
                f"--column {self.column}: {self.path} is no table; name a file that ends in "
                f"{', '.join(TABLES)}"
            )
        if self.ending == _PARQUET:
            found = self._of_parquet(is_sentence, notify)
        else:
            lines = read_lines(self.path)
            first = next(filter(str.strip, lines), "")
            if self.ending in _SEPARATORS and not (self.column is None and is_sentence(first)):
                found = self._of_table(lines, is_sentence, notify)
            else:
                found = list(enumerate(lines, start=1))
        if self.ending in NAMED:
            return [(number, text.split()[0]) for number, text in _held(found)]
        return _held(found)

    def _of_table(
        self, lines: Sequence[str], is_sentence: IsSentence, notify: Notify
    ) -> list[Line]:
        ended = (f"{line}\n" for line in lines)  # a cell may go on in the next line
        separator = _SEPARATORS[self.ending]
        cells = next(csv.reader(lines[:1], delimiter=separator), [])
        headless = self.column is None and len(cells) == 1 and is_sentence(cells[0])
        reader = csv.DictReader(
            ended, ["sentence"] if headless else None, delimiter=separator, restkey=""
        )
        try:
            rows = [(reader.line_num, row) for row in reader]
        except csv.Error as error:
            message = f"{self.path}, line {reader.line_num} is no row of a table: {error}"
            raise LisaError(message) from error
        columns = {
            name: [row[name] or "" for _, row in rows] for name in reader.fieldnames or () if name
        }
        texts = columns[self._chosen(columns, is_sentence, notify)] if rows else []
        return [(number, text) for (number, _), text in zip(rows, texts, strict=True)]

    def _of_parquet(self, is_sentence: IsSentence, notify: Notify) -> list[Line]:
        check_extra("parquet", "pyarrow")
        import pandas as pd

        try:
            frame = pd.read_parquet(self.path)
        except OSError as error:
            raise LisaError(f"cannot read {self.path}: {error.strerror or error}") from error
        except ValueError as error:
            raise LisaError(f"{self.path} is no Parquet file: {error}") from error
        columns = {
            str(name): frame[name].dropna().astype(str).reindex(frame.index, fill_value="").tolist()
            for name in frame
        }
        texts = columns[self._chosen(columns, is_sentence, notify)] if len(frame) else []
        return list(enumerate(texts, start=1))

    def _chosen(
        self, columns: Mapping[str, Sequence[str]], is_sentence: IsSentence, notify: Notify
    ) -> str:
        """Return the column that is named, or that with most sentences in its first rows."""
        if self.column is not None:
            if self.column not in columns:
                raise LisaError(f"{self.path}: {unknown('column', self.column, columns)}")
            return self.column
        found = {
            name: sum(is_sentence(text.strip()) for text in texts[:_LOOKED] if text.strip())
            for name, texts in columns.items()
        }
        best = max(found, key=found.__getitem__, default="")
        if not best or not found[best]:
            raise LisaError(
                f"{self.path}: no column of {', '.join(columns)} has a sentence in its first "
                f"{_LOOKED} rows; name one with --column"
            )
        if len(columns) > 1:
            notify(f"{self.path}: the sentences are those of the column {best} (--column)")
        return best


def _held(lines: Iterable[Line]) -> list[Line]:
    """Return the lines that hold something, without blanks around them."""
    stripped = ((number, text.strip()) for number, text in lines)
    return [(number, text) for number, text in stripped if text]


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
