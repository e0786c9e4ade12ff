"""What `grammar-lisa learn-weights GRAMMAR --data SENTENCES` takes."""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from grammar_lisa.cli.options.grammar_file import GrammarOptions
from shared.cli.option_groups import OutOptions
from shared.cli.terminal import Ranges


@dataclass(frozen=True, kw_only=True)
class Options(GrammarOptions, OutOptions):
    """Learn the weights of a grammar's rules from sentences; sample --draw weighted draws by them.

    Attributes:
        data: The sentences: one a line, plain or gzipped; a table (.csv, .tsv, .parquet); or
            molecules with their names (.smi). One that comes twice counts twice. Of an ambiguous
            sentence the parser's derivation counts, the same each time.
        column: Of a table, that of the sentences; by default that which holds most.
        out: The file for the weighted grammar, in .cfg syntax; by default it is printed.
        by_parent: Tell symbols apart by the rule that they stand in, and let each have weights of
            its own: the grammar is larger and its samples are more like the sentences.
        smoothing: What is added to the count of each rule, so that none loses its share; by parent
            it is shared out as the weights without the parent are.
        held_out: The share of the sentences on which the weights of the others are tried.
        seed: Of which are held out.
    """

    inputs: ClassVar[tuple[str, ...]] = ("data",)
    ranges: ClassVar[Ranges] = {"smoothing": (1e-6, 1e6), "held_out": (0, 0.9)}

    data: Path
    column: str | None = None
    out: Path | None = None
    by_parent: bool = False
    smoothing: float = 1.0
    held_out: float = 0.1
    seed: int = 0
