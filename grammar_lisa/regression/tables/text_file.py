"""The text of a table: how it is encoded and compressed, and which of its lines hold rows."""

import codecs
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, NamedTuple, TextIO

from grammar_lisa.regression.tables.packed_files import (
    BROKEN,
    STANDARD_INPUT,
    ZIP,
    open_bytes,
    standard_input,
    unzipped,
)
from grammar_lisa.regression.tables.row_comments import comment_start
from grammar_lisa.regression.tables.table_options import ReadOptions
from shared.common.errors import LisaError

_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_READ: Final = (
    ".csv, .tsv and .txt are read, also compressed with gzip, bzip2, xz or zip, and .parquet and "
    ".feather"
)
_NO_TEXT: Final = (
    (ZIP, "a spreadsheet or a damaged zip archive"),
    (b"\xd0\xcf\x11\xe0", "a spreadsheet"),
    (b"%PDF", "a PDF document"),
    (b"PAR1", "a Parquet file without the ending .parquet"),
    (b"ARROW1", "a Feather file without the ending .feather"),
    (b"\x93NUMPY", "an array of NumPy"),
    (b"\x89HDF", "an HDF5 file"),
    (b"SQLite format", "a database of SQLite"),
)
_NO_TABLE: Final = (
    (re.compile(rb'\s*(?:\{\s*["}]|\[\s*[\[{])'), "JSON"),
    (re.compile(rb"\s*<(?:!DOCTYPE|html|table)", re.IGNORECASE), "a web page"),
    (re.compile(rb"\s*<\?xml"), "XML"),
)
"""Text that is read by other means."""
_SAMPLE: Final = 1000
# A cell that begins with a quotation mark and does not end on this line.
_OPEN: Final = re.compile(r'(?:^|[,;\t|])\s*"(?:[^"]|"")*$')
_LONGEST_CELL: Final = 100
_SEPARATORS: Final = (",", ";", "|")
_CONTROLS: Final = re.compile("[\x80-\x9f]")
# Excel's own line about the separator, such as sep=;
_EXCEL: Final = re.compile("sep=.?", re.IGNORECASE)
_EMPTY: Final = re.compile(r"[\s,;|]*")


class Line(NamedTuple):
    """A line of a file; more than one where a quoted cell holds line breaks.

    Attributes:
        number: Of the first of them in the file, from 1.
        text: Without the line break at the end.
    """

    number: int
    text: str


@dataclass(frozen=True)
class Scan:
    """What one pass over a file found.

    Attributes:
        passed_over: The positions of the lines that hold no row, from 0, ascending.
        comments: The first lines among them that are comments.
        n_comments: How many comments there are.
        n_empty: How many rows have separators alone.
        sample: The first lines that hold rows, the header among them.
        has_behind: Whether comments may stand behind the cells of rows.
    """

    passed_over: list[int]
    comments: list[Line]
    n_comments: int
    n_empty: int
    sample: list[Line]
    has_behind: bool = False


@dataclass(frozen=True)
class TextFile:
    """A file of text, perhaps compressed with gzip, bzip2, xz or zip.

    Attributes:
        path: The file, or what messages call it.
        encoding: Of its text.
        content: What it holds, where that was read already.
        guessed: Whether the encoding was a guess that the user should know of.
    """

    path: Path
    encoding: str
    content: bytes | None = None
    guessed: bool = False

    def open(self) -> TextIO:
        """Open the text, line breaks as they are."""
        raw = open_bytes(self.path, self.content)
        return io.TextIOWrapper(raw, encoding=self.encoding, newline="")

    def lines(self) -> Iterator[Line]:
        """Give the lines, those of a quoted cell together."""
        with self.open() as file:
            held: list[str] = []
            number = 0
            for number, text in enumerate(file, start=1):
                held.append(text)
                if text.count('"') % 2 or len(held) > 1:
                    joined = "".join(held)
                    if _OPEN.search(joined.rstrip("\r\n")) and len(held) < _LONGEST_CELL:
                        continue
                yield Line(number - len(held) + 1, "".join(held).rstrip("\r\n"))
                held = []
            if held:
                yield Line(number - len(held) + 1, "".join(held).rstrip("\r\n"))

    def rows(self, options: ReadOptions) -> Iterator[Line]:
        """Give the lines that hold rows, the header among them."""
        marks = options.comment_marks
        for position, line in enumerate(self.lines()):
            if position >= options.skip and _holds_row(line.text, marks):
                yield line

    def scan(self, options: ReadOptions) -> Scan:
        """Look at all lines once.

        Raises:
            LisaError: The file cannot be read to its end.
        """
        marks = options.comment_marks
        found = Scan([], [], 0, 0, [])
        count = empty = 0
        behind = False
        try:
            for position, line in enumerate(self.lines()):
                if position >= options.skip and _holds_row(line.text, marks):
                    behind = behind or comment_start(line.text, marks) is not None
                    if len(found.sample) < _SAMPLE:
                        found.sample.append(line)
                    continue
                found.passed_over.append(position)
                empty += position >= options.skip and line.text[:1] in _SEPARATORS
                if position >= options.skip and line.text.lstrip().startswith(marks):
                    count += 1
                    if len(found.comments) < _SAMPLE:
                        found.comments.append(line)
        except BROKEN as error:
            raise LisaError(f"cannot read {self.path}: {error}") from None
        except UnicodeError:
            raise LisaError(
                f"{self.path} is not {self.encoding} text; --encoding names another, such as "
                "latin-1"
            ) from None
        return Scan(found.passed_over, found.comments, count, empty, found.sample, behind)


def open_text(path: Path, options: ReadOptions) -> TextFile:
    """Find how a file of text is encoded.

    Raises:
        LisaError: There is no such file, or it holds no text.
    """
    content = None
    try:
        if path == STANDARD_INPUT:
            path, content = Path("standard input"), standard_input()
        content = unzipped(path, content)
        with open_bytes(path, content) as raw:
            start = raw.read(4096)
    except FileNotFoundError:
        raise LisaError(f"there is no file {path}") from None
    except IsADirectoryError:
        raise LisaError(f"{path} is a folder; name a file, such as {path}/table.csv") from None
    except BROKEN as error:
        raise LisaError(f"cannot read {path}: {error}") from None
    file = TextFile(path, options.encoding or "utf-8", content)
    if options.encoding is not None:
        return file
    for mark, encoding in _MARKS:
        if start.startswith(mark):
            return replace(file, encoding=encoding)
    _check_text(path, start)
    if _decodes(file):
        return file
    latin = replace(file, encoding="latin-1", guessed=True)
    windows = replace(file, encoding="cp1252", guessed=True)
    return windows if _has_controls(latin) and _decodes(windows) else latin


def _check_text(path: Path, start: bytes) -> None:
    """Refuse what is no text.

    Raises:
        LisaError: Saying what it is.
    """
    for mark, kind in _NO_TEXT:
        if start.startswith(mark):
            raise LisaError(
                f"{path} is {kind}, no text; save the table as CSV and give that ({_READ})"
            )
    for pattern, kind in _NO_TABLE:
        if pattern.match(start):
            raise LisaError(
                f"{path} is {kind}, no table of rows; save the table as CSV and give that ({_READ})"
            )
    if b"\0" in start:
        raise LisaError(
            f"{path} is no text: it holds zero bytes; save the table as CSV, or name its "
            "--encoding, such as utf-16-le"
        )


def _has_controls(file: TextFile) -> bool:
    """Tell whether a text has control characters that nobody writes, where Windows has signs."""
    with file.open() as text:
        return any(_CONTROLS.search(part) for part in iter(lambda: text.read(1 << 20), ""))


def _decodes(file: TextFile) -> bool:
    """Tell whether a file is text in its encoding.

    Raises:
        LisaError: It cannot be read to its end.
    """
    try:
        with file.open() as text:
            while text.read(1 << 20):
                pass
    except UnicodeDecodeError:
        return False
    except BROKEN as error:
        raise LisaError(f"cannot read {file.path}: {error}") from None
    return True


def _holds_row(text: str, marks: tuple[str, ...]) -> bool:
    if _EMPTY.fullmatch(text):
        return False
    return not text.lstrip().startswith(marks) and not _EXCEL.fullmatch(text.strip())
