"""What a benchmark has found: tables, numbers, and what a reader must know of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from shared.common.tables import csv_table, markdown_table
from shared.jobs.folder import JobFolder

RESULTS = "results.json"


@dataclass(frozen=True)
class ResultTable:
    """A table of texts.

    Attributes:
        heads: Of its columns.
        cells: Row by row.
        heading: What stands above it; nothing above the first of a page.
        printed: Whether a command prints it, too.
    """

    heads: Sequence[str]
    cells: Sequence[Sequence[str]]
    heading: str = ""
    printed: bool = True

    def lines(self) -> list[str]:
        """Return the table in Markdown, below its heading."""
        heading = [f"## {self.heading}", ""] if self.heading else []
        return [*heading, *markdown_table(self.heads, self.cells), ""]


@dataclass(frozen=True)
class BenchmarkResults:
    """What a benchmark has found.

    Attributes:
        stem: How the names of its files begin.
        title: Of the page of tables.
        tables: On that page.
        notes: What a reader must know of them.
        numbers: The rows of the file of numbers, each with the same columns.
        record: What is kept as JSON.
        failed: Why jobs failed, by their names.
        columns: Of the file of numbers where there are no rows.
        notes_last: Whether notes stand behind all tables, and not behind the first.
    """

    stem: str
    title: str
    tables: Sequence[ResultTable]
    notes: Sequence[str]
    numbers: Sequence[Mapping[str, Any]]
    record: dict[str, Any]
    failed: Mapping[str, str] = field(default_factory=dict)
    columns: Sequence[str] = ()
    notes_last: bool = False

    @property
    def files(self) -> tuple[str, str, str]:
        """The names of its files: the page, the numbers, the record."""
        return f"{self.stem}.md", f"{self.stem}.csv", RESULTS

    def markdown(self) -> str:
        """Return the page."""
        lines = [f"# {self.title}", ""] if self.title else []
        notes = [*(f"- {note}" for note in self.notes), ""]
        first = len(self.tables) if self.notes_last else 1
        for table in self.tables[:first]:
            lines += table.lines()
        lines += notes
        for table in self.tables[first:]:
            lines += table.lines()
        return "\n".join(lines)

    def write(self, folder: JobFolder) -> None:
        """Write the three files."""
        page, numbers, record = self.files
        columns = tuple(self.numbers[0]) if self.numbers else tuple(self.columns)
        rows = [tuple(row.values()) for row in self.numbers]
        folder.folder.write_text(page, self.markdown())
        folder.folder.write_text(numbers, csv_table(columns, rows))
        folder.write_results(record, self.record)
