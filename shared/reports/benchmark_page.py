"""The report of a benchmark's folder: the tables and pictures that lie in it."""

import re
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path

from shared.common.errors import LisaError
from shared.reports.charts import number
from shared.reports.page import Block, Facts, Grid, Page, Prose, Section, missing
from shared.reports.pictures import picture
from shared.reports.runs import mapping, recorded
from shared.runs.files import read_file, read_json
from shared.runs.run import CONFIG, Run, open_run

_ALL_TABLES = "tables.md"
"""Where it is there, the other files of tables are in it."""
_MARKED = re.compile(r"^(\*\*|<u>)(.*?)(\*\*|</u>)$")


def opened_benchmark(path: Path, tool: str) -> Run | None:
    """Open the folder of a benchmark or a sweep of a tool; None where it is none."""
    config = read_json(path / CONFIG) if (path / CONFIG).is_file() else None
    made_by = str(mapping(config).get("tool"))
    return (
        open_run(path, made_by)
        if made_by.startswith((f"{tool} benchmark", f"{tool} sweep"))
        else None
    )


def benchmark_page(run: Run) -> Page:
    """Return the report of a benchmark: every table in Markdown and every picture of its folder.

    Raises:
        LisaError: A file of it cannot be read.
    """
    paths = sorted(run.path.glob("*.md"))
    whole = [path for path in paths if path.name == _ALL_TABLES]
    sections = [s for path in whole or paths for s in _sections(path)]
    pictures: list[Block] = [
        picture(path, path.stem, f"The picture {path.stem} of the benchmark.")
        for path in sorted(run.path.glob("*.png"))
    ]
    if pictures:
        sections.append(Section("Pictures", pictures))
    note = [] if sections else [missing("It has not come to a table yet.")]
    settings = mapping(run.config.get("settings"))
    facts = Facts([(n.replace("_", " "), number(v)) for n, v in settings.items()], "All settings")
    made: list[Block] = [*recorded(run), *([facts] if settings else [])]
    return Page(
        f"The benchmark {run.path.resolve().name}",
        str(run.config.get("tool")),
        "What was compared, and what it came to. ★ the best of a column, • the second.",
        [*sections, Section("How it was made", made)],
        note,
    )


def _sections(path: Path) -> Iterator[Section]:
    """Return the parts of a file in Markdown: headings, tables, lists and paragraphs."""
    try:
        lines = read_file(path).decode("utf-8").splitlines()
    except UnicodeDecodeError as error:
        raise LisaError(f"{path} is no text: {error}") from error
    title, blocks = path.stem, list[Block]()
    for kind, group in groupby(lines, _kind):
        some = [line.strip() for line in group]
        if kind == "heading":
            if blocks:
                yield Section(title, blocks)
            title, blocks = some[-1].lstrip("# "), []
        elif kind == "table":
            blocks.append(_grid(title, some))
        elif kind == "text":
            blocks += [Prose(line.removeprefix("- ")) for line in some]
    if blocks:
        yield Section(title, blocks)


def _kind(line: str) -> str:
    text = line.strip()
    if text.startswith("#"):
        return "heading"
    if text.startswith("|"):
        return "table"
    return "text" if text else "blank"


def _grid(title: str, lines: Sequence[str]) -> Grid:
    head, *rows = [
        [_plain(cell) for cell in line.strip("|").split("|")]
        for line in lines
        if set(line) - set("|-: ")
    ]
    return Grid(title, head, [row + [""] * (len(head) - len(row)) for row in rows])


def _plain(cell: str) -> str:
    """Return a cell without its marks: the best of a column has a star, the second a dot."""
    found = _MARKED.match(cell.strip())
    if not found:
        return cell.strip()
    return f"{found[2]} {'★' if found[1] == '**' else '•'}"
