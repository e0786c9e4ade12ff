"""What `grammar-lisa ask --run RUN --state FOLDER` takes."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, ClassVar

import tyro

from grammar_lisa.cli.options.search import with_system
from grammar_lisa.cli.options.search_setup import SetupOptions, recorded_setup
from shared.cli.records import flag_value
from shared.cli.terminal import Output, Ranges


@dataclass(frozen=True, kw_only=True)
class Options(Output):
    """Ask which sentences to score next, one a line; the scores are made elsewhere.

    The first ask begins a search in a folder, and 'tell' gives it scores. Until two sentences have
    one, it asks for sentences of the training data. Without new scores it asks for the same again.

    Attributes:
        state: The folder of the search.
        initial: Scores that are known before the search begins: a .csv or .tsv file with the
            columns sentence and score.
        q: How many sentences to ask for; by default the --batch of the search.
        setup: What the first ask settles.
    """

    ranges: ClassVar[Ranges] = {"q": (1, 10_000)}

    state: Path
    initial: Path | None = None
    q: Annotated[int | None, tyro.conf.arg(aliases=["-q"])] = None
    setup: SetupOptions = field(default_factory=SetupOptions)


def default_options(words: Sequence[str]) -> Options:
    """Return the defaults of a command line: those that a search was begun with, or a system's."""
    folder = flag_value(words, "state")
    setup = None if folder is None else recorded_setup(Path(folder))
    if setup is None:
        setup = with_system(SetupOptions, words)
    # What is said is appended to a default.
    setup = replace(setup, forbid=(), at_most=())
    return Options(state=tyro.MISSING, setup=setup)
