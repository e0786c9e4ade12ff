"""What the first `grammar-lisa ask` settles of a search."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from grammar_lisa.cli.options.search import (
    DEFAULT_SYSTEM,
    title_of,
)
from grammar_lisa.models.names import TOOL
from grammar_lisa.optimize.config import SearchConfig
from shared.cli.records import options_from_record
from shared.runs.run import CONFIG, open_run

ASK_TOOL = f"{TOOL} ask"


@dataclass(frozen=True, kw_only=True)
class SetupOptions:
    """What the first ask settles: a later one has to say the same, or nothing.

    Attributes:
        run: The folder of the run; by default the newest in --runs.
        runs: The folder that runs are kept in.
        language: text tells sentences apart by their text; expressions are told apart by the
            rules of algebra, so that none is asked for that equals a known one.
        seed: Of everything random.
        system: What searches, and the default of each option of the search: lisa, latent,
            lsbo, turbo, weighted-retraining, lol-bo, evolution, structure, random-space or
            random-grammar.
        search: What the search consists of.
    """

    run: Path | None = None
    runs: Path = Path("runs")
    language: Literal["text", "expressions"] = "text"
    seed: int = 0
    system: str = DEFAULT_SYSTEM
    search: SearchConfig = field(default_factory=SearchConfig)

    @property
    def title(self) -> str:
        """The system, and what was changed of it."""
        return title_of(self.system, self.search)


def recorded_setup(folder: Path) -> SetupOptions | None:
    """Return the options that a search in a folder was begun with; None where there is no search.

    Raises:
        LisaError: The folder holds something else, or its configuration is damaged.
    """
    if not (folder / CONFIG).is_file():
        return None
    record = open_run(folder, ASK_TOOL).config.get("options")
    return options_from_record(SetupOptions, record, str(folder / CONFIG))
