"""How much each round of a search looks at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Scale:
    """How much a round looks at.

    Attributes:
        entries: Of the library.
        wide: Contexts that powers and polynomials of all variables are tried in.
        contexts: Contexts that subexpressions are tried in.
        weighted: Contexts in which errors are weighed as the whole formula changes with them.
        paired: Contexts for which pairs are tried.
        pair_entries: Subexpressions that pairs are made of.
        arguments: Subexpressions that functions of the dictionary are of.
        polynomials: Contexts that polynomials of few terms are told for.
        quotients: Contexts that quotients of polynomials are tried in.
        features: Functions that are features of polynomials.
    """

    entries: int
    wide: int
    contexts: int
    weighted: int
    paired: int
    pair_entries: int
    arguments: int
    polynomials: int
    quotients: int
    features: int


SCALES: Final = (
    Scale(1200, 4000, 400, 200, 12, 1000, 6, 20, 1, 20),
    Scale(4000, 20000, 1500, 300, 30, 1500, 16, 40, 10, 60),
    Scale(12000, 60000, 6000, 1000, 100, 3000, 24, 80, 25, 100),
)
SUBPROBLEM_SCALES: Final = (Scale(400, 1000, 120, 60, 8, 300, 3, 12, 2, 20), *SCALES[:2])
"""Of subproblems, beside each of `SCALES`: what stands in few inputs is simpler."""
