import bz2
import gzip
import io
import lzma
import zipfile

import pytest
from small_tables import written

from grammar_lisa.regression import ReadOptions
from grammar_lisa.regression.tables.text_file import open_text
from shared.common.errors import LisaError


def test_lines_of_a_quoted_cell_stay_together(tmp_path):
    text = open_text(written(tmp_path, 'a,"b\nc"\n1,2\n5" tube,3\n'), ReadOptions())
    assert [(line.number, line.text) for line in text.lines()] == [
        (1, 'a,"b\nc"'),
        (3, "1,2"),
        (4, '5" tube,3'),
    ]


def test_a_quotation_mark_that_is_never_closed_ends(tmp_path):
    text = open_text(written(tmp_path, 'a,"b\n' + "1,2\n" * 300), ReadOptions())
    assert sum(1 for _ in text.lines()) > 100


def test_one_pass_finds_rows_and_what_is_passed_over(tmp_path):
    content = "top\n# one\nx,y\n\n,,\n1,2\n// two\n3,4\n"
    options = ReadOptions(skip=1)
    text = open_text(written(tmp_path, content), options)
    scan = text.scan(options)
    assert scan.passed_over == [0, 1, 3, 4, 6]
    assert (scan.n_comments, scan.n_empty) == (2, 1)
    assert [line.number for line in scan.sample] == [3, 6, 8]
    assert [line.text for line in text.rows(options)] == ["x,y", "1,2", "3,4"]


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        (b"a", "utf-8"),
        ("µ".encode(), "utf-8"),
        ("µ".encode("utf-8-sig"), "utf-8-sig"),
        ("µ".encode("utf-16"), "utf-16"),
        ("µ".encode("latin-1"), "latin-1"),
        (gzip.compress("µ".encode("latin-1"), mtime=0), "latin-1"),
    ],
)
def test_the_encoding_is_found(tmp_path, content, encoding):
    text = open_text(written(tmp_path, content), ReadOptions())
    assert text.encoding == encoding
    assert text.guessed == (encoding == "latin-1")
    with text.open() as file:
        assert file.read() in "aµ"


def test_damaged_archives_are_refused(tmp_path):
    path = written(tmp_path, gzip.compress(b"x,y\n" * 9000)[:40])
    with pytest.raises(LisaError, match="cannot read"):
        open_text(path, ReadOptions())


def test_archives_that_are_damaged_behind_their_beginning_are_refused(tmp_path):
    content = "".join(f"{x},{x**2}\n" for x in range(20_000))
    path = written(tmp_path, gzip.compress(content.encode())[:-1000])
    for options in (ReadOptions(), ReadOptions(encoding="utf-8")):
        with pytest.raises(LisaError, match="cannot read"):
            open_text(path, options).scan(options)


def test_of_many_comments_all_are_counted(tmp_path):
    text = open_text(written(tmp_path, "# word\n" * 3000 + "x,y\n1,2\n"), ReadOptions())
    scan = text.scan(ReadOptions())
    assert scan.n_comments == 3000
    assert len(scan.comments) < 3000


def zipped(**files):
    """A zip archive that holds these files."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return held.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        gzip.compress(b"x,y\n", mtime=0),
        bz2.compress(b"x,y\n"),
        lzma.compress(b"x,y\n"),
        zipped(table="x,y\n", **{"__MACOSX/table": ""}),
    ],
    ids=("gz", "bz2", "xz", "zip"),
)
def test_compressed_files_are_read(tmp_path, content):
    text = open_text(written(tmp_path, content), ReadOptions())
    for _ in range(2):
        assert [line.text for line in text.lines()] == ["x,y"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (zipped(a="1", b="2"), r"is a zip archive of 2 files \(a, b\); unpack it"),
        (zipped(**{"a/": ""}), "is a zip archive of 0 files"),
        (zipped(**{"[Content_Types].xml": "", "xl": ""}), "is a spreadsheet, no text"),
        (bz2.compress(b"x,y\n" * 9000)[:-9], "cannot read"),
        (lzma.compress(b"x,y\n" * 9000)[:-9], "cannot read"),
    ],
    ids=("two files", "a folder", "a spreadsheet", "bz2 cut off", "xz cut off"),
)
def test_archives_that_hold_no_table_are_refused(tmp_path, content, message):
    with pytest.raises(LisaError, match=message):
        open_text(written(tmp_path, content), ReadOptions())
