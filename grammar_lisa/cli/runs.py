"""Opening the run that a command works on."""

from collections.abc import Sequence

from grammar_lisa.grammar.restrictions import Restrictions
from grammar_lisa.models.load import load_model
from grammar_lisa.models.names import TOOL
from grammar_lisa.models.sentence_model import SentenceModel
from shared.cli.option_groups import RunOptions
from shared.cli.terminal import Terminal
from shared.runs.run import Run


def open_model(
    options: RunOptions, restrictions: Restrictions | None = None
) -> tuple[Run, SentenceModel]:
    """Open the run that options name, or the newest one, and load its model, perhaps restricted."""
    run = options.chosen(TOOL)
    return run, load_model(run).obeying(restrictions)


def note_invalid(model: SentenceModel, texts: Sequence[str], terminal: Terminal) -> None:
    """Say how many of the texts that a model decoded are no sentences of its grammar."""
    wrong = int((~model.valid(texts)).sum())
    if wrong:
        terminal.note(
            f"{wrong:,} of {len(texts):,} texts are no sentences of {model.grammar.source}"
        )
