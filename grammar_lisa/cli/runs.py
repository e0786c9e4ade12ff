"""Opening the run that a command works on."""

from collections.abc import Sequence

from grammar_lisa.models.load import load_model
from grammar_lisa.models.names import TOOL
from grammar_lisa.models.sentence_model import SentenceModel
from shared.cli.option_groups import RunOptions
from shared.cli.terminal import Terminal
from shared.runs.run import Run


def open_model(options: RunOptions) -> tuple[Run, SentenceModel]:
    """Open the run that options name, or the newest one, and load its model."""
    run = options.chosen(TOOL)
    return run, load_model(run)


def note_invalid(model: SentenceModel, texts: Sequence[str], terminal: Terminal) -> None:
    """Say how many of the texts that a model decoded are no sentences of its grammar."""
    wrong = int((~model.valid(texts)).sum())
    if wrong:
        terminal.note(
            f"{wrong:,} of {len(texts):,} texts are no sentences of {model.grammar.source}"
        )
