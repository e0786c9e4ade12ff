"""The model of a run of either kind."""

from pathlib import Path

from grammar_lisa.models.character_model import CharacterModel
from grammar_lisa.models.grammar_model import GrammarModel
from grammar_lisa.models.names import TOOL
from grammar_lisa.models.run import run_architecture
from grammar_lisa.models.sentence_model import SentenceModel
from shared.runs.run import Run, open_run


def load(path: Path | str) -> SentenceModel:
    """Load the model of a finished run.

    >>> import grammar_lisa as gl
    >>> model = gl.load("runs/demo")
    >>> model.decode(model.encode(["x+1", "sin(x*x)"]))
    ['x+1', 'sin(x*x)']

    Args:
        path: The folder of the run.

    Raises:
        LisaError: There is no such run, it is another tool's or not finished, or a file in it is
            damaged.
    """
    return load_model(open_run(Path(path), TOOL))


def load_model(run: Run) -> SentenceModel:
    """Return the model of a finished run: a `GrammarModel`, or a `CharacterModel`.

    Raises:
        LisaError: The training did not finish, or a file is missing, damaged or changed.
    """
    on_rules = run_architecture(run).tokenizer is None
    return GrammarModel.load(run) if on_rules else CharacterModel.load(run)
