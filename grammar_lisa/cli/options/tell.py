"""What `grammar-lisa tell --state FOLDER scores.csv` takes."""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import tyro

from shared.cli.terminal import Output


@dataclass(frozen=True, kw_only=True)
class Options(Output):
    """Tell a search by hand the scores of sentences, whether it asked for them or not.

    Attributes:
        file: A .csv or .tsv file with the columns sentence and score; a score that is empty or nan
            says that a sentence could not be scored.
        state: The folder of the search, which 'ask' makes.
        sentence: One sentence, in place of a file.
        score: Its score; nan where it could not be scored.
    """

    inputs: ClassVar[tuple[str, ...]] = ("file",)

    file: tyro.conf.Positional[Path | None] = None
    state: Path
    sentence: str | None = None
    score: str | None = None
