import pytest

from shared.common.errors import LisaError
from shared.reports.benchmark_page import benchmark_page, opened_benchmark
from shared.reports.page import Grid, Prose
from shared.runs.files import write_json

TABLES = """# Scores

| system | best | trials |
|---|---:|---|
| one | **0.1 ± 0.2** | 3 |
| two | <u>0.2</u> | 3 |

- what the columns are
- and what they are not

## Others

words
"""


def folder(path, tool="grammar-lisa benchmark latent-bo"):
    write_json(path / "config.json", {"format": 1, "tool": tool, "settings": {"trials": 3}})
    return path


def test_tables_in_markdown_become_tables(tmp_path):
    (folder(tmp_path) / "latent-bo.md").write_text(TABLES)
    page = benchmark_page(opened_benchmark(tmp_path, "grammar-lisa"))
    first, second, made = page.sections
    assert [each.title for each in page.sections] == ["Scores", "Others", "How it was made"]
    grid, *notes = first.blocks
    assert isinstance(grid, Grid)
    assert grid.head == ["system", "best", "trials"]
    assert grid.rows == [["one", "0.1 ± 0.2 ★", "3"], ["two", "0.2 •", "3"]]
    assert [each.text for each in notes] == ["what the columns are", "and what they are not"]
    assert second.blocks == [Prose("words")]
    assert made.blocks[-1].pairs == [("trials", "3")]


def test_one_file_of_all_tables_stands_for_the_others(tmp_path):
    folder(tmp_path, "image-lisa benchmark")
    for name in ("tables.md", "table1.md"):
        (tmp_path / name).write_text(TABLES)
    (tmp_path / "table2.png").write_bytes(b"")
    page = benchmark_page(opened_benchmark(tmp_path, "image-lisa"))
    titles = [each.title for each in page.sections]
    assert titles == ["Scores", "Others", "Pictures", "How it was made"]


def test_a_benchmark_without_a_table_says_so(tmp_path):
    page = benchmark_page(opened_benchmark(folder(tmp_path), "grammar-lisa"))
    assert page.blocks[0].missing


def test_other_folders_are_no_benchmarks(tmp_path):
    assert opened_benchmark(tmp_path, "grammar-lisa") is None
    assert opened_benchmark(folder(tmp_path), "image-lisa") is None
    assert opened_benchmark(folder(tmp_path, "grammar-lisa bo"), "grammar-lisa") is None


def test_a_table_that_is_no_text_is_refused(tmp_path):
    (folder(tmp_path) / "a.md").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(LisaError, match=r"a\.md is no text"):
        benchmark_page(opened_benchmark(tmp_path, "grammar-lisa"))
