"""What `grammar-lisa check FILE` takes."""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import tyro

from shared.cli.terminal import Output, Ranges

LENGTHS = (1, 2000)
"""The numbers of rules that can be asked for: counting takes time as their square."""


@dataclass(frozen=True, kw_only=True)
class Options(Output):
    """Lint a grammar, count its derivations and show sample sentences.

    Attributes:
        file: The grammar, in nltk's .cfg syntax.
        max_rules: Look at derivations of at most so many rules; by default 15, or three times
            the shortest sentence where that is more.
        samples: How many sentences to show.
        seed: Of the sentences shown.
    """

    ranges: ClassVar[Ranges] = {"max_rules": LENGTHS, "samples": (0, 100_000)}

    file: tyro.conf.Positional[Path]
    max_rules: int | None = None
    samples: int = 5
    seed: int = 0
