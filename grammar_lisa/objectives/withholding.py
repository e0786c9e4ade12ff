"""The clean protocol, as commands apply it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from grammar_lisa.objectives.protocol import NEAR, Split, split_clean
from grammar_lisa.objectives.regression import Regression


@dataclass
class Withhold:
    """Which sentences may be learnt from: not the target, nor what comes close to it.

    Attributes:
        objective: scores sentences against the target; None where nothing is withheld.
        equal: how many of the sentences seen so far equal the target.
        near: how many more score under the threshold.
    """

    objective: Regression | None
    equal: int = 0
    near: int = 0

    def __call__(self, sentences: Sequence[str]) -> NDArray[np.bool_]:
        """Which of some sentences may be learnt from."""
        if self.objective is None:
            return np.ones(len(sentences), dtype=np.bool_)
        found: Split = split_clean(sentences, self.objective)
        self.equal += found.equal
        self.near += found.near
        return found.kept

    def __str__(self) -> str:
        if self.objective is None:
            return "nothing was withheld"
        return (
            f"clean protocol: left out {self.equal} sentences that equal the target and "
            f"{self.near} more that score under {NEAR}"
        )
