"""Opening the run that a command works on."""

from pathlib import Path

from grammar_lisa.model import TOOL, GrammarModel
from shared.runs import Run, newest_run, open_run


def open_model(path: Path | None, root: Path) -> tuple[Run, GrammarModel]:
    """The run at `path`, or the newest below `root`, and its model."""
    folder = newest_run(root, TOOL) if path is None else open_run(path, TOOL)
    return folder, GrammarModel.load(folder)
