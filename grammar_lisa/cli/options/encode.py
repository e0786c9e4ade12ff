"""What `grammar-lisa encode` takes."""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import tyro

from grammar_lisa.grammar.sentence_files import check_column
from grammar_lisa.models.names import REFINE_WORK
from shared.cli.option_groups import OutOptions, RunCommandOptions
from shared.cli.terminal import Ranges

REFINE_WORKS = (0, 1_000_000)
"""The work of refining codes that can be asked for."""


@dataclass(frozen=True, kw_only=True)
class Options(RunCommandOptions, OutOptions):
    """Turn sentences into codes.

    Attributes:
        sentences: The sentences, each in quotes.
        file: A file of sentences, in place of or after those given: one a line, plain or gzipped; a
            table (.csv, .tsv, .parquet); or molecules with their names (.smi).
        column: Of a table, that of the sentences; by default that which holds most.
        out: Where the codes go, a .csv, .npy or .parquet file; without it they are printed.
        directions: Give what the decoder sees in place of codes: unit vectors where the method of
            the run is spherical.
        refine: Leave every code as the encoder gives it. Without --no-refine the code of a
            sentence that does not come back from the decoder is moved until it does.
        refine_work: The most work of that, in billions of floating-point operations; the default
            takes some seconds of one core, and gives the same on a slow machine as on a fast one.
    """

    inputs: ClassVar[tuple[str, ...]] = ("file",)
    ranges: ClassVar[Ranges] = {"refine_work": REFINE_WORKS}

    sentences: tyro.conf.Positional[tuple[str, ...]] = ()
    file: Path | None = None
    column: str | None = None
    out: Path | None = None
    directions: bool = False
    refine: bool = True
    refine_work: float = REFINE_WORK

    def check(self) -> None:
        """Refuse a column of no file, and what all commands refuse.

        Raises:
            LisaError: Naming it.
        """
        super().check()
        check_column(self.column, self.file, "--file")
