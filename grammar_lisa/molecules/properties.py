"""Properties of molecules that searches are compared by: logP, SA, QED, penalised logP."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from grammar_lisa.molecules.reading import molecule

_LARGEST_FREE: Final = 6
"""Atoms of the largest ring that is not penalised."""


@dataclass(frozen=True)
class PropertyScale:
    """The mean and the standard deviation of a property over a set of molecules."""

    mean: float
    deviation: float

    def __call__(self, value: float) -> float:
        """Return a value in deviations from the mean."""
        return (value - self.mean) / self.deviation


LOGP_SCALE: Final = PropertyScale(2.4467468255266938, 1.4395125472121695)
SA_SCALE: Final = PropertyScale(3.054020703762757, 0.8368838091856339)
RINGS_SCALE: Final = PropertyScale(0.038085498056862344, 0.21779519610325662)
"""Of 24,445 molecules of ZINC, as `scripts/molecule_scales.py` computes them.

Published systems take those of 250,000 molecules of ZINC: 2.457 and 1.434, 3.053 and 0.834, 0.0486
and 0.2860, rings found in another way.
"""


def logp(smiles: str) -> float:
    """Return Crippen's logP of a molecule: how much better it dissolves in octanol than in water.

    Raises:
        MoleculeError: The text is no molecule.

    References:
        Wildman and Crippen, Prediction of Physicochemical Parameters by Atomic Contributions, 1999.
    """
    return _logp(molecule(smiles))


def sa(smiles: str) -> float:
    """Return how hard a molecule is to make, from 1, easy, to 10.

    Raises:
        MoleculeError: The text is no molecule.

    References:
        Ertl and Schuffenhauer, Estimation of Synthetic Accessibility Score of Drug-like Molecules,
        2009; computed by RDKit's contribution `SA_Score`.
    """
    return _sa(molecule(smiles))


def qed(smiles: str) -> float:
    """Return how much like a drug a molecule is, from 0 to 1.

    Raises:
        MoleculeError: The text is no molecule.

    References:
        Bickerton et al., Quantifying the chemical beauty of drugs, 2012.
    """
    from rdkit.Chem import QED

    return float(QED.qed(molecule(smiles)))


def large_rings(smiles: str) -> int:
    """Return how many atoms more than six the largest ring of a molecule has, 0 for none.

    Raises:
        MoleculeError: The text is no molecule.
    """
    return _large_rings(molecule(smiles))


def penalised_logp(smiles: str) -> float:
    """Return logP − SA − atoms of the largest ring above six, each standardised on ZINC.

    Raises:
        MoleculeError: The text is no molecule.

    References:
        Gómez-Bombarelli et al., Automatic Chemical Design Using a Data-Driven Continuous
        Representation of Molecules, 2018; standardised as by Kusner, Paige and
        Hernández-Lobato, Grammar Variational Autoencoder, 2017.
    """
    found = molecule(smiles)
    return LOGP_SCALE(_logp(found)) - SA_SCALE(_sa(found)) - RINGS_SCALE(_large_rings(found))


PROPERTIES: Final[Mapping[str, Callable[[str], float]]] = MappingProxyType(
    {"logp": logp, "sa": sa, "qed": qed, "penalised-logp": penalised_logp}
)
"""By the names that commands know them by."""


def _logp(found: Any) -> float:
    from rdkit.Chem import Crippen

    return float(Crippen.MolLogP(found))


def _sa(found: Any) -> float:
    from rdkit.Contrib.SA_Score import sascorer

    return float(sascorer.calculateScore(found))


def _large_rings(found: Any) -> int:
    sizes = (len(ring) for ring in found.GetRingInfo().AtomRings())
    return max(0, max(sizes, default=0) - _LARGEST_FREE)
