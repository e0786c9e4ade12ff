"""From SMILES to molecules of RDKit, an extra: what is none says why."""

from __future__ import annotations

from functools import lru_cache
from types import MappingProxyType
from typing import Any, Final

from shared.common.errors import LisaError
from shared.common.extras import check_extra

_REMEMBERED: Final = 1 << 14
"""Molecules that are kept, so that a sentence is read once."""
_REASONS: Final = MappingProxyType(
    {
        "AtomValenceException": "an atom has more bonds than its valence permits",
        "AtomKekulizeException": "aromatic atoms are not in aromatic rings",
        "KekulizeException": "aromatic bonds cannot be made single and double",
    }
)
_AROMATIC: Final = 1.5
"""How many bonds an aromatic one counts as."""
_UNREAD: Final = "rings stay open or are opened twice, or it is no SMILES at all"


class MoleculeError(LisaError):
    """A text that is no molecule; the message says why."""


def check_installed() -> None:
    """Refuse to go on without RDKit.

    Raises:
        LisaError: It is not installed.
    """
    check_extra("molecules", "rdkit")


def molecule(smiles: str) -> Any:
    """Return RDKit's molecule of a SMILES, which is not to be changed.

    RDKit also reads aromatic bonds outside rings, as in ``CC=S:F``, which no chemist can make; that
    is no molecule here.

    Raises:
        MoleculeError: RDKit reads none, by its rules of valences, rings and aromatic atoms, or it
            has such a bond.
        LisaError: RDKit is not installed.
    """
    found, reason = _read(smiles)
    if found is None:
        raise MoleculeError(f"no molecule: {reason}")
    return found


def canonical_smiles(smiles: str, *, stereo: bool = True) -> str | None:
    """Return the one SMILES that all texts of a molecule share; None for what is no molecule.

    Args:
        smiles: The text.
        stereo: Whether molecules that differ in stereochemistry alone, or in isotopes, are two.

    Raises:
        LisaError: RDKit is not installed.
    """
    found, _ = _read(smiles)
    if found is None:
        return None
    from rdkit import Chem

    return str(Chem.MolToSmiles(found, isomericSmiles=stereo))


@lru_cache(_REMEMBERED)
def _read(smiles: str) -> tuple[Any, str]:
    """Return the molecule, or None and the reason."""
    check_installed()
    from rdkit import Chem, rdBase

    # RDKit takes what stands behind a space for a name, and nothing for no atoms.
    if smiles.split() != [smiles]:
        return None, "it is empty or has spaces"
    with rdBase.BlockLogs():
        found = Chem.MolFromSmiles(smiles)
        reason = "" if found is not None else _reason(smiles)
    if reason:
        return None, reason
    outside = (bond for bond in found.GetBonds() if not bond.IsInRing())
    if any(bond.GetBondTypeAsDouble() == _AROMATIC for bond in outside):
        return None, "an aromatic bond stands outside rings"
    return found, ""


def _reason(smiles: str) -> str:
    """Say why RDKit reads no molecule."""
    from rdkit import Chem

    loose = Chem.MolFromSmiles(smiles, sanitize=False)
    if loose is None:
        return _UNREAD
    problems = [problem.GetType() for problem in Chem.DetectChemistryProblems(loose)]
    return _REASONS.get(problems[0], problems[0]) if problems else _UNREAD
