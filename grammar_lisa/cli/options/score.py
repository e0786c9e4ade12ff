"""What `grammar-lisa score TABLE --expression "…"` takes."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

import tyro

from grammar_lisa.regression.fit_config import check_loss
from grammar_lisa.regression.tables.table_options import SEVERAL_MISSING, TableOptions
from shared.cli.records import check_once
from shared.cli.terminal import Output, Ranges


@dataclass(frozen=True, kw_only=True)
class Options(Output):
    """Tell how well a formula fits a table of data, in the unit of the table.

    Attributes:
        table: The table: a .csv, .tsv or .txt file, perhaps zipped (.gz, .bz2, .xz, .zip), or
            .parquet or .feather; - for standard input.
        expression: The formula, over the columns of the table; each c in it stands for a number of
            its own, which is fitted.
        loss: What is made small where numbers are fitted, and told: mse, mae, huber, relative, log,
            or a Python function from targets and predictions to a loss for each,
            package.module:function.
        digits: The most significant digits of a fitted number; by default what the data bear.
        data: How the table is read.
        seed: Of the starts of a fit and the rows of a test.
    """

    inputs: ClassVar[tuple[str, ...]] = ("table",)
    ranges: ClassVar[Ranges] = {"digits": (1, 17)}

    table: tyro.conf.Positional[Path]
    expression: str
    loss: str = "mse"
    digits: int | None = None
    data: TableOptions = field(default_factory=TableOptions)
    seed: int = 0

    def check(self) -> None:
        """Refuse options that contradict each other or make no sense.

        Raises:
            LisaError: Naming the first.
        """
        super().check()
        self.data.check()
        check_loss(self.loss)


def check_words(words: Sequence[str]) -> None:
    """Refuse an option that is given several times, of which the last alone would count.

    Raises:
        LisaError: Naming it.
    """
    check_once(words, expression="score one formula at a time", missing=SEVERAL_MISSING)
