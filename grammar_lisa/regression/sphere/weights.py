"""Trained spheres: those of the default grammar, which ship with the package."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from grammar_lisa.models.names import TOOL
from grammar_lisa.regression.sphere.skeleton_grammar import skeleton_grammar
from shared.common.errors import LisaError
from shared.runs.run import open_run

if TYPE_CHECKING:
    from grammar_lisa.models.sentence_model import SentenceModel

SHIPPED: Final = ("config.json", "grammar.cfg", "metrics.csv", "model.safetensors", "summary.json")
"""The files of a run that ship: its weights and the record of its training."""


def shipped_folder(n_variables: int) -> Path:
    """Return where the sphere of skeletons in so many variables lies."""
    return Path(__file__).parent / "weights" / f"skeletons-{n_variables}"


@cache
def shipped_model(n_variables: int, *, untrained: bool = False) -> SentenceModel:
    """Return the model of skeletons in so many variables, by the names x1, x2, ….

    Args:
        n_variables: How many; 1, 2 or 3.
        untrained: Whether its weights are those that its training began from.

    Raises:
        LisaError: The weights are missing, damaged, or those of another grammar.
    """
    from grammar_lisa.models.grammar_model import GrammarModel

    folder = shipped_folder(n_variables)
    model = GrammarModel.load(open_run(folder, TOOL))
    if model.grammar.text != skeleton_grammar(n_variables).text:
        raise LisaError(
            f"{folder} holds the weights of another grammar than this version's; install the "
            "package anew"
        )
    return model.untrained() if untrained else model
