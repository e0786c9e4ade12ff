"""Properties of decoded sentences: their length, their rules, a molecule's, a function's value."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from grammar_lisa.models.sentence_model import SentenceModel
from grammar_lisa.molecules import PROPERTIES, check_installed
from grammar_lisa.objectives.objective import Evaluated
from grammar_lisa.objectives.user_function import call, hosting, resolve
from shared.common.errors import LisaError
from shared.common.words import unknown

LENGTH: Final = "length"
"""The characters of a text."""
RULES: Final = "rules"
"""The rules of a derivation."""
_REMEMBERED: Final = 1 << 16
"""Texts whose value of a function is remembered."""


@dataclass(frozen=True)
class Decoded:
    """What a model decoded.

    Attributes:
        rows: What its network wrote, ``[n, step]``.
        texts: What these say, `n`.
    """

    rows: NDArray[np.signedinteger]
    texts: list[str]

    @classmethod
    def of(cls, model: SentenceModel, rows: NDArray[np.signedinteger]) -> Decoded:
        """Return rows with their texts."""
        return cls(rows, model.texts(rows))

    def chosen(self, which: Sequence[int]) -> Decoded:
        """Return some of them."""
        return Decoded(self.rows[list(which)], [self.texts[place] for place in which])


Measure = Callable[[Decoded], list[Evaluated]]
"""Gives the value of a property for each text, or says why it has none."""


def measured(name: str, model: SentenceModel) -> Measure:
    """Return what measures a property of what a model decodes.

    Args:
        name: ``length``, the characters of the text; ``rules``, how many its derivation has; of
            molecules, by RDKit, ``logp``, ``sa``, ``qed`` or ``penalised-logp``, as they are, not
            as an objective to be minimised; or a Python function of a text that returns a number,
            ``package.module:function``.
        model: Decodes.

    Raises:
        LisaError: There is no such property, or RDKit is not installed.
    """
    if name == LENGTH:
        return lambda decoded: [Evaluated(text, float(len(text))) for text in decoded.texts]
    if name == RULES:
        return lambda decoded: _rules(model, decoded)
    if name in PROPERTIES:
        check_installed()
        return _by_function(PROPERTIES[name], str(Path.cwd()))
    if ":" in name:
        folder = str(Path.cwd())
        with hosting(folder):
            function = resolve(name, folder, "property")
        return _by_function(function, folder)
    known = [LENGTH, RULES, *PROPERTIES]
    raise LisaError(f"{unknown('property', name, known)}, or a function package.module:function")


def _rules(model: SentenceModel, decoded: Decoded) -> list[Evaluated]:
    derivations, readable = model.derivations(decoded.rows)
    counts = iter((derivations != len(model.grammar.rules)).sum(axis=1).tolist())
    return [
        Evaluated(text, float(next(counts))) if good else Evaluated(text, None, "no sentence")
        for text, good in zip(decoded.texts, readable.tolist(), strict=True)
    ]


def _by_function(function: Callable[[str], object], folder: str) -> Measure:
    """Return the measure by a function, which is called once for each text."""

    @lru_cache(maxsize=_REMEMBERED)
    def value(text: str) -> Evaluated:
        return Evaluated(text, *call(function, text))

    def measure(decoded: Decoded) -> list[Evaluated]:
        with hosting(folder):
            return [value(text) for text in decoded.texts]

    return measure
