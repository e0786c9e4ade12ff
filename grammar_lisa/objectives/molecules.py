"""Objectives for molecules that are at hand: `bo --objective molecules:qed` and its siblings."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from grammar_lisa.expressions.language import Language
from grammar_lisa.molecules import properties
from grammar_lisa.molecules.language import Molecules
from grammar_lisa.molecules.reading import check_installed
from grammar_lisa.objectives.external import CallableObjective
from shared.common.errors import LisaError
from shared.common.words import unknown

PREFIX: Final = "molecules:"
"""How the names of these objectives begin."""
FULL_PREFIX: Final = f"{__name__}:"
"""How names begin that say where their functions are, whatever modules a user has."""
FUNCTIONS: Final = MappingProxyType(
    {"penalised-logp": "penalised_logp", "qed": "qed", "logp": "logp", "sa": "sa"}
)
"""The functions of this module, by the names that commands know them by."""


class MoleculeObjective(CallableObjective):
    """A property of molecules, as a score: the better the molecule, the smaller.

    Molecules are told apart by their canonical SMILES; what is none has no score.
    """

    def __init__(self, name: str, seconds_each: float | None = None) -> None:
        """Find the property.

        Args:
            name: `molecules:penalised-logp`, `molecules:qed`, `molecules:logp` or `molecules:sa`;
                or the full name of one of this module's functions, behind `FULL_PREFIX`.
            seconds_each: The time for each sentence; None for no limit.

        Raises:
            LisaError: There is none of that name, RDKit is not installed, or the time is no
                positive number.
        """
        places = {PREFIX + known: FULL_PREFIX + function for known, function in FUNCTIONS.items()}
        place = name if name in places.values() else places.get(name)
        if place is None:
            raise LisaError(unknown("objective", name, places))
        check_installed()
        super().__init__(place, seconds_each)

    @property
    def language(self) -> Language:
        """Sentences are molecules."""
        return Molecules()


def penalised_logp(sentence: str) -> float:
    """Return −(logP − SA − large rings, each standardised)."""
    return -properties.penalised_logp(sentence)


def qed(sentence: str) -> float:
    """Return −QED, from −1, like a drug, to 0."""
    return -properties.qed(sentence)


def logp(sentence: str) -> float:
    """Return −logP."""
    return -properties.logp(sentence)


def sa(sentence: str) -> float:
    """Return how hard a molecule is to make, from 1, easy, to 10."""
    return properties.sa(sentence)
