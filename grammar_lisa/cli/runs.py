"""Opening the run that a command works on."""

from collections.abc import Sequence
from pathlib import Path

from grammar_lisa.models.load import load_model
from grammar_lisa.models.names import TOOL
from grammar_lisa.models.sentence_model import SentenceModel
from shared.cli.terminal import Terminal
from shared.runs.run import Run, newest_run, open_run


def open_model(path: Path | None, root: Path) -> tuple[Run, SentenceModel]:
    """The run at `path`, or the newest below `root`, and its model."""
    folder = newest_run(root, TOOL) if path is None else open_run(path, TOOL)
    return folder, load_model(folder)


def note_invalid(model: SentenceModel, texts: Sequence[str], terminal: Terminal) -> None:
    """Say how many of the texts that a model decoded are no sentences of its grammar."""
    wrong = int((~model.valid(texts)).sum())
    if wrong:
        terminal.note(
            f"{wrong:,} of {len(texts):,} texts are no sentences of {model.grammar.source}"
        )
