"""What `grammar-lisa score TABLE --expression "…"` takes."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, Literal

import tyro

from grammar_lisa.regression.tables.table_options import TableOptions
from shared.cli.terminal import Output, Ranges


@dataclass(frozen=True, kw_only=True)
class Options(Output):
    """Tell how well a formula fits a table of data, in the unit of the table.

    Attributes:
        table: The table: a .csv, .tsv or .txt file, perhaps zipped (.gz), or .parquet or .feather.
        expression: The formula, over the columns of the table; each c in it stands for a number of
            its own, which is fitted.
        loss: What is made small where numbers are fitted.
        digits: The most significant digits of a fitted number; by default what the data bear.
        data: How the table is read.
        seed: Of the starts of a fit and the rows of a test.
    """

    inputs: ClassVar[tuple[str, ...]] = ("table",)
    ranges: ClassVar[Ranges] = {"digits": (1, 17)}

    table: tyro.conf.Positional[Path]
    expression: str
    loss: Literal["mse", "mae", "huber", "relative", "log"] = "mse"
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
