"""What `image-lisa info RUN` takes."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from shared.cli.terminal import Output


@dataclass(frozen=True, kw_only=True)
class Options(Output):
    """Show what a run is and how far it came.

    Attributes:
        run: The folder of the run; by default the newest finished one in --runs.
        runs: The folder that runs are kept in.
    """

    run: Annotated[Path | None, tyro.conf.Positional] = None
    runs: Path = Path("runs")
