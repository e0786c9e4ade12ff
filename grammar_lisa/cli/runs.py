"""Opening the run that a command works on."""

from collections.abc import Sequence
from pathlib import Path

from grammar_lisa.datasets import Split
from grammar_lisa.model import DATA, TOOL, SentenceModel, load_model
from shared.cli import Terminal
from shared.errors import LisaError
from shared.runs import Run, newest_run, open_run

TEMPERATURES = (0, 1_000_000)
"""The temperatures of decoding that can be asked for."""


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


def read_data(folder: Run) -> Split:
    """The data that a run was trained and tested on.

    Raises:
        LisaError: if the file is missing, damaged, or holds something else.
    """
    tensors, record = folder.read_tensors(DATA)
    try:
        train, valid, test = (tensors[name].numpy() for name in ("train", "valid", "test"))
        return Split(train, valid, test, record["withheld"])
    except KeyError as error:
        raise LisaError(
            f"{folder.path / DATA} holds no training data: there is no {error} in it; restore it "
            "from a copy or train again"
        ) from error
