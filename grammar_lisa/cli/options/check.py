"""What `grammar-lisa check GRAMMAR` takes."""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from grammar_lisa.cli.options.grammar_file import GrammarOptions
from grammar_lisa.grammar.sentence_files import check_column
from shared.cli.option_groups import OutOptions
from shared.cli.terminal import Ranges

LENGTHS = (1, 2000)
"""The numbers of rules that can be asked for: counting takes time as their square."""


@dataclass(frozen=True, kw_only=True)
class Options(GrammarOptions, OutOptions):
    """Lint a grammar, count its derivations and its sentences, and show some.

    Attributes:
        data: Sentences, to look for those that are none and for ambiguous ones: one a line, plain
            or gzipped; a table (.csv, .tsv, .parquet); or molecules with their names (.smi).
        column: Of a table, that of the sentences; by default that which holds most.
        out: A file to write the grammar to, in the notation that its ending tells.
        max_rules: Look at derivations of at most so many rules; by default 15, or three times
            the shortest sentence where that is more.
        samples: How many sentences to show.
        seed: Of the sentences shown.
    """

    inputs: ClassVar[tuple[str, ...]] = ("data",)
    ranges: ClassVar[Ranges] = {"max_rules": LENGTHS, "samples": (0, 100_000)}

    data: Path | None = None
    column: str | None = None
    out: Path | None = None
    max_rules: int | None = None
    samples: int = 5
    seed: int = 0

    def check(self) -> None:
        """Refuse a column of no data, and what other options refuse.

        Raises:
            LisaError: Naming it.
        """
        super().check()
        check_column(self.column, self.data, "--data")
