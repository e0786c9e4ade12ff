"""What the first `grammar-lisa ask` settles of a search."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from grammar_lisa.cli.options.restrictions import RestrictionFlags
from grammar_lisa.cli.options.search import SystemOptions
from grammar_lisa.models.names import TOOL
from shared.cli.option_groups import RunOptions
from shared.cli.records import options_from_record
from shared.runs.run import CONFIG, open_run

ASK_TOOL = f"{TOOL} ask"


@dataclass(frozen=True, kw_only=True)
class SetupOptions(RunOptions, SystemOptions, RestrictionFlags):
    """What the first ask settles: a later one has to say the same, or nothing.

    Attributes:
        language: What is equal: text tells sentences apart by their text; expressions by
            the rules of algebra, molecules by canonical SMILES, so that none is asked for that
            equals a known one.
        seed: Of everything random.
    """

    language: Literal["text", "expressions", "molecules"] = "text"
    seed: int = 0


def recorded_setup(folder: Path) -> SetupOptions | None:
    """Return the options that a search in a folder was begun with; None where there is no search.

    Raises:
        LisaError: The folder holds something else, or its configuration is damaged.
    """
    if not (folder / CONFIG).is_file():
        return None
    record = open_run(folder, ASK_TOOL).config.get("options")
    return options_from_record(SetupOptions, record, str(folder / CONFIG))
