"""How drawn molecules compare with those that were learnt from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.stats import wasserstein_distance

from grammar_lisa.molecules.properties import PROPERTIES
from grammar_lisa.molecules.reading import MoleculeError, canonical_smiles, molecule
from shared.common.arrays import Floats
from shared.common.errors import LisaError

COMPARED: Final = ("logp", "sa", "qed")
"""The properties whose distributions are compared."""
QUANTILES: Final = (0.05, 0.25, 0.5, 0.75, 0.95)


@dataclass(frozen=True)
class Comparison:
    """The distribution of a property over the data and over what was drawn.

    Attributes:
        data: Its `QUANTILES` over the data.
        drawn: Those over the drawn molecules; None where there is none.
        wasserstein: The 1-Wasserstein distance of the two, in the unit of the property; None too.
    """

    data: tuple[float, ...]
    drawn: tuple[float, ...] | None
    wasserstein: float | None


@dataclass(frozen=True)
class Judgement:
    """What drawn texts are.

    Attributes:
        draws: How many texts were drawn.
        sentences: How many are sentences of the grammar.
        molecules: How many are molecules; see `molecule`.
        distinct: How many different molecules these are.
        novel: How many of the different ones are not in the data.
        failures: Why texts are no molecules, and how many each, most first.
        properties: The comparisons, by the name of the property.
        novel_molecules: The canonical SMILES of the novel ones, in the order of drawing.
    """

    draws: int
    sentences: int
    molecules: int
    distinct: int
    novel: int
    failures: Mapping[str, int]
    properties: Mapping[str, Comparison]
    novel_molecules: Sequence[str]

    @property
    def fractions(self) -> dict[str, float]:
        """Return sentences and molecules among draws, distinct among those, novel among these."""
        return {
            "sentences": self.sentences / self.draws,
            "valid": self.molecules / self.draws,
            "unique": self.distinct / max(1, self.molecules),
            "novel": self.novel / max(1, self.distinct),
        }


def judge(
    drawn: Sequence[str], sentences: int, data: Sequence[str], compared_with: Sequence[str]
) -> Judgement:
    """Compare drawn texts with the data.

    Args:
        drawn: The texts.
        sentences: How many of them are sentences of the grammar.
        data: The texts that are not novel; what is no molecule among them is left out.
        compared_with: Those of the data whose properties are taken.

    Raises:
        LisaError: Nothing was drawn, none of the data is a molecule, or RDKit is not installed.
    """
    if not drawn:
        raise LisaError("nothing was drawn, so there is nothing to judge; ask for one draw or more")
    valid = [canonical for canonical in map(canonical_smiles, drawn) if canonical is not None]
    distinct = list(dict.fromkeys(valid))
    known = {canonical_smiles(text) for text in data}
    novel = [text for text in distinct if text not in known]
    return Judgement(
        draws=len(drawn),
        sentences=sentences,
        molecules=len(valid),
        distinct=len(distinct),
        novel=len(novel),
        failures=_failures(drawn),
        properties=compare(valid, compared_with),
        novel_molecules=novel,
    )


def compare(drawn: Sequence[str], data: Sequence[str]) -> dict[str, Comparison]:
    """Compare the distributions of properties over two sets of molecules, repeats included.

    Args:
        drawn: Molecules; there may be none.
        data: Texts, of which those that are no molecules are left out.

    Raises:
        LisaError: None of the data is a molecule.
    """
    known = [text for text in data if canonical_smiles(text) is not None]
    if not known:
        shown = f", such as this one: {data[0]}" if data else ""
        raise LisaError(f"no sentence of the data is a molecule to RDKit{shown}")
    return {name: _compared(_values(name, drawn), _values(name, known)) for name in COMPARED}


def _values(name: str, molecules: Sequence[str]) -> Floats:
    values = {text: PROPERTIES[name](text) for text in dict.fromkeys(molecules)}
    return np.array([values[text] for text in molecules], dtype=np.float64)


def _compared(drawn: Floats, data: Floats) -> Comparison:
    known = _quantiles(data)
    if not len(drawn):
        return Comparison(known, None, None)
    return Comparison(known, _quantiles(drawn), float(wasserstein_distance(drawn, data)))


def _quantiles(values: Floats) -> tuple[float, ...]:
    return tuple(float(value) for value in np.quantile(values, QUANTILES))


def _failures(texts: Sequence[str]) -> dict[str, int]:
    reasons: Counter[str] = Counter()
    for text in texts:
        try:
            molecule(text)
        except MoleculeError as error:
            reasons[str(error).removeprefix("no molecule: ")] += 1
    return dict(reasons.most_common())
