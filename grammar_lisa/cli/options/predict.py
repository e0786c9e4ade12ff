"""What `grammar-lisa predict RUN NEW --out FILE` takes."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

import tyro

from grammar_lisa.regression.tables.table_options import SEVERAL_MISSING, ReadOptions
from shared.cli.records import check_once
from shared.cli.terminal import Output


@dataclass(frozen=True, kw_only=True)
class Options(Output):
    """Write a new table with the values of a found formula as its last column.

    The columns that the formula needs are found by their names, in any order; all others, and
    comments, are kept.

    Attributes:
        run: The folder of the run that found the formula.
        table: The new table: a .csv, .tsv or .txt file, perhaps zipped; - for standard input.
        out: The file to write; in the form of the new table.
        index: Another formula than the recommended one: its row in equations.csv, from 0;
            -1 is the last.
        overwrite: Replace it if it is there.
        reading: How the new table is read.
    """

    inputs: ClassVar[tuple[str, ...]] = ("run", "table")

    run: tyro.conf.Positional[Path]
    table: tyro.conf.Positional[Path]
    out: Path
    index: int | None = None
    overwrite: bool = False
    reading: ReadOptions = field(default_factory=ReadOptions)

    def check(self) -> None:
        """Refuse options that make no sense.

        Raises:
            LisaError: Naming the first.
        """
        super().check()
        self.reading.check()


def check_words(words: Sequence[str]) -> None:
    """Refuse an option that is given several times, of which the last alone would count.

    Raises:
        LisaError: Naming it.
    """
    check_once(words, missing=SEVERAL_MISSING)
