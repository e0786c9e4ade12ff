"""What a benchmark has found, as its three files."""

import json

import pytest

from grammar_lisa.benchmark.results import BenchmarkResults, ResultTable
from shared.jobs.folder import JobFolder
from shared.runs.folders import open_folder

TABLES = (
    ResultTable(("system", "best"), [("lisa", "0.1 ± 0.2")]),
    ResultTable(("system",), [("random",)], "Beside it", printed=False),
)


def results(**more):
    numbers = more.pop("numbers", [{"system": "lisa", "best": 0.1, "error": None}])
    record = {"table": numbers}
    return BenchmarkResults("page", "Some systems", TABLES, ["Read this."], numbers, record, **more)


def test_notes_stand_behind_the_first_table():
    assert results().markdown() == (
        "# Some systems\n\n| system | best |\n|---|---|\n| lisa | 0.1 ± 0.2 |\n\n- Read this.\n\n"
        "## Beside it\n\n| system |\n|---|\n| random |\n"
    )


def test_notes_may_stand_last():
    assert results(notes_last=True).markdown().endswith("| random |\n\n- Read this.\n")


@pytest.mark.parametrize(
    ("numbers", "text"),
    [
        ([{"system": "lisa", "best": 0.1, "error": None}], "system,best,error\nlisa,0.1,\n"),
        ([], "system,best\n"),
    ],
)
def test_three_files_are_written(tmp_path, numbers, text):
    folder = JobFolder(open_folder(tmp_path / "made", "tool", {"seed": 1}))
    found = results(numbers=numbers, columns=("system", "best"))
    found.write(folder)
    assert sorted(found.files) == ["page.csv", "page.md", "results.json"]
    assert (folder.path / "page.csv").read_text() == text
    assert (folder.path / "page.md").read_text() == found.markdown()
    kept = json.loads((folder.path / "results.json").read_text())
    assert kept["table"] == numbers
    assert kept["settings"] == {"seed": 1}
