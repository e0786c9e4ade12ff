"""What `grammar-lisa info RUN` takes."""

from dataclasses import dataclass
from pathlib import Path

import tyro

from shared.cli.terminal import Output


@dataclass(frozen=True, kw_only=True)
class Options(Output):
    """Tell what a run is and how good.

    Attributes:
        run: The folder of the run.
    """

    run: tyro.conf.Positional[Path]
