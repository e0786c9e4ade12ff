"""Molecules as vectors of numbers, for `train --semantics`: fingerprints and descriptors."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, Final

import numpy as np

from grammar_lisa.molecules.reading import molecule
from shared.common.arrays import Floats

BITS: Final = 256
"""Numbers of a fingerprint."""
_RADIUS: Final = 2


def fingerprint(smiles: str) -> Floats:
    """Return how often a molecule has each kind of surroundings of an atom, ``[BITS]``.

    Morgan's counts of radius 2, folded and as log(1 + count).

    Raises:
        MoleculeError: The text is no molecule.

    References:
        Rogers and Hahn, Extended-Connectivity Fingerprints, 2010.
    """
    counts = _generator().GetCountFingerprintAsNumPy(molecule(smiles))
    return np.log1p(np.asarray(counts, dtype=np.float64))


def descriptors(smiles: str) -> Floats:
    """Return what a chemist would first tell of a molecule, ``[14]``.

    In this order: heavy atoms, exact weight, logP, molar refractivity, polar surface, donors and
    acceptors of hydrogen bonds, rotatable bonds, rings, aromatic rings, heteroatoms, the fraction
    of saturated carbons, stereocentres, charge.

    Raises:
        MoleculeError: The text is no molecule.
    """
    found = molecule(smiles)
    return np.array([describe(found) for describe in _describing()], dtype=np.float64)


@cache
def _generator() -> Any:
    from rdkit.Chem import rdFingerprintGenerator

    return rdFingerprintGenerator.GetMorganGenerator(radius=_RADIUS, fpSize=BITS)


@cache
def _describing() -> tuple[Callable[[Any], float], ...]:
    from rdkit.Chem import Crippen, GetFormalCharge, rdMolDescriptors

    return (
        rdMolDescriptors.CalcNumHeavyAtoms,
        rdMolDescriptors.CalcExactMolWt,
        Crippen.MolLogP,
        Crippen.MolMR,
        rdMolDescriptors.CalcTPSA,
        rdMolDescriptors.CalcNumHBD,
        rdMolDescriptors.CalcNumHBA,
        rdMolDescriptors.CalcNumRotatableBonds,
        rdMolDescriptors.CalcNumRings,
        rdMolDescriptors.CalcNumAromaticRings,
        rdMolDescriptors.CalcNumHeteroatoms,
        rdMolDescriptors.CalcFractionCSP3,
        rdMolDescriptors.CalcNumAtomStereoCenters,
        GetFormalCharge,
    )
