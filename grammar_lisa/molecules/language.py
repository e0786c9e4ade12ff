"""What sentences that are SMILES mean: which are molecules, and which are the same one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from grammar_lisa.expressions.canonical import Canonical
from grammar_lisa.expressions.canonical_forms import CanonicalForms, text_forms
from grammar_lisa.expressions.language import Language
from grammar_lisa.molecules.reading import canonical_smiles
from shared.common.arrays import Bools


@dataclass(frozen=True)
class Molecules(Language):
    """Sentences that are molecules; what is none equals its own text only.

    What has an atom of no element, ``*``, is a part of molecules, and is not searched for.
    """

    has_terms: ClassVar[bool] = False

    def __str__(self) -> str:
        return "molecules"

    def canonical_forms(self, sentences: Sequence[str]) -> CanonicalForms:
        """Return hashes of canonical SMILES."""
        forms = text_forms([canonical_smiles(text) or text for text in sentences])
        return replace(forms, readable=self.readable(sentences))

    def canonical(self, sentences: Sequence[str]) -> list[Canonical]:
        """Return canonical SMILES, with those without stereochemistry as skeletons."""
        return [
            Canonical(canonical_smiles(text) or text, canonical_smiles(text, stereo=False) or text)
            for text in sentences
        ]

    def readable(self, sentences: Sequence[str]) -> Bools:
        """Tell which sentences are molecules whose atoms are all of an element."""
        valid = ("*" not in text and canonical_smiles(text) is not None for text in sentences)
        return np.fromiter(valid, np.bool_, len(sentences))
