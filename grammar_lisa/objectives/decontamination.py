"""Decontamination, the clean protocol: the answer is kept out of the data.

The data set of Kusner, Paige and Hernández-Lobato (2017) contains the target itself. A search
that may see the answer measures memory, so sentences at or near the target are left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from grammar_lisa.objectives.objective import Objective
from shared.common.arrays import Bools
from shared.common.words import counted

EXACT: Final = 1e-9
"""A score at or below this means: equal to the target as a function, up to rounding."""
NEAR: Final = 0.11
"""Sentences that score below this are left out."""


@dataclass
class Decontamination:
    """Which sentences may be learnt from: not the target, nor what comes close to it.

    Attributes:
        objective: Scores sentences against the target; None where nothing is left out.
        equal: How many of the sentences seen so far equal the target.
        near: How many more score under the threshold.
    """

    objective: Objective | None
    equal: int = 0
    near: int = 0

    def __call__(self, sentences: Sequence[str | None]) -> Bools:
        """Tell which of some sentences may be learnt from, and count the others.

        Equality is numerical: a score of at most `EXACT`.
        """
        if self.objective is None:
            return np.ones(len(sentences), dtype=np.bool_)
        scores = self.objective(sentences)
        equal, kept = scores <= EXACT, scores >= NEAR
        self.equal += int(equal.sum())
        self.near += int((~equal & ~kept).sum())
        return kept

    def __str__(self) -> str:
        if self.objective is None:
            return "nothing was left out"
        return (
            f"clean protocol: left out {counted(self.equal, 'sentence')} equal to the target and "
            f"{self.near} more scoring under {NEAR}"
        )
