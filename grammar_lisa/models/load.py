"""The model of a run of either kind."""

from grammar_lisa.models.character_model import CharacterModel
from grammar_lisa.models.grammar_model import GrammarModel
from grammar_lisa.models.run import run_architecture
from grammar_lisa.models.sentence_model import SentenceModel
from shared.runs.run import Run


def load_model(run: Run) -> SentenceModel:
    """The model of a finished run: a `GrammarModel`, or a `CharacterModel`.

    Raises:
        LisaError: if the training did not finish, or a file is missing, damaged or changed.
    """
    on_rules = run_architecture(run).alphabet is None
    return GrammarModel.load(run) if on_rules else CharacterModel.load(run)
