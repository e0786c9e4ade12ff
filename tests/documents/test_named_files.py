"""Pages that lead through files: the files are there, and none that should be named is missing."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def anchors(page):
    """Return the anchors of a page's headings, as sites make them."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {
        re.sub(r"\s+", "-", re.sub(r"[^\w\s-]", "", title).strip().lower()) for title in headings
    }


def results_index():
    text = (ROOT / "results" / "README.md").read_text(encoding="utf-8")
    return re.findall(r"^\| `([^`]+)` \| (.+) \| (.+) \| \[.+\]\((.+)\) \|$", text, re.MULTILINE)


def test_every_result_is_in_the_index_once():
    found = sorted(path.name for path in (ROOT / "results").iterdir())
    assert sorted([*(name for name, *_ in results_index()), "README.md"]) == found


@pytest.mark.parametrize(("name", "shows", "command", "place"), results_index())
def test_the_index_tells_how_a_result_is_made_and_where_it_is_told(name, shows, command, place):
    assert shows
    for script in re.findall(r"scripts/\w+(?:\.py)?", command):
        assert (ROOT / script).is_file()
    page, _, anchor = place.partition("#")
    assert anchor in anchors(ROOT / "results" / page)


def test_the_trip_passes_files_that_are_there():
    page = (ROOT / "docs" / "trip.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (`.+?) \|", page, flags=re.MULTILINE)
    assert len(rows) > 20
    for row in rows:
        folder = None
        for name in re.findall(r"`([^`]+)`", row):
            path = ROOT / name if "/" in name.rstrip("/") else folder / name
            assert path.exists(), name
            folder = path.parent
