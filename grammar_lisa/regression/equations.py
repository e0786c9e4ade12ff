"""The formulas found for a table: the best of each complexity, and the one to take."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, overload

from shared.common.errors import LisaError

if TYPE_CHECKING:
    import numpy.typing as npt
    import pandas as pd
    import sympy

    from shared.common.arrays import Floats

EXACT: Final = 1e-14
"""The part of the greatest loss below which losses do not differ: rounding."""
MOST_FACTOR: Final = 1.5
"""How many times the least loss the recommended formula may have at most."""
_LEAST_FACTOR: Final = 1.02
_DEVIATIONS: Final = 3.0
_SHORT: Final = 5
_COLUMNS: Final = (
    *("complexity", "loss", "gain", "r2", "r2_test", "recommended", "known", "formula"),
)


class NoFormulaError(LisaError):
    """There is no formula with a finite value in each row."""


@dataclass(frozen=True)
class Equation:
    """One formula.

    Attributes:
        text: Over the safe names of a table's columns, its constants as numbers.
        complexity: How many operations, variables and numbers it is made of.
        loss: What the search made small, 0 or above; smaller is better. Of a robust loss each row
            counts as an error of four deviations at most.
        r2: On the rows it was found with.
        r2_test: On rows kept for a test; None where there are none.
        known: Whether it was given at the start.
        recommended: Whether it is the one to take.
    """

    text: str
    complexity: int
    loss: float
    r2: float
    r2_test: float | None = None
    known: bool = False
    recommended: bool = False

    def predict(self, features: Mapping[str, npt.ArrayLike]) -> Floats:
        """Return the values on data, ``[row]``; infinite or NaN where there is none.

        Args:
            features: The inputs by their safe names, each ``[row]``.

        Raises:
            LisaError: An input is missing, or the data are unfit.
        """
        from grammar_lisa.expressions.evaluation import evaluate

        values: Floats = evaluate([self.text], features)[0]
        return values

    def sympy(self, variables: Sequence[str]) -> sympy.Expr:
        """Return the formula in sympy: real symbols, short fractions exact, decimals as they are.

        Args:
            variables: The safe names of the inputs.
        """
        import sympy

        from grammar_lisa.expressions.algebra import to_sympy

        expression = to_sympy(self.text, variables)
        decimals = [
            number
            for number in expression.atoms(sympy.Rational)
            if number.q > _SHORT and 10**17 % number.q == 0
        ]
        return expression.xreplace({number: sympy.Float(float(number)) for number in decimals})

    def latex(self, names: Mapping[str, str]) -> str:
        """Return the formula in LaTeX, without surrounding dollar signs.

        Args:
            names: What the inputs are called there, by their safe names; any text.
        """
        from grammar_lisa.expressions.latex import latex

        return latex(self.text, names)


class Equations(Sequence[Equation]):
    """The formulas that no simpler one beats, the simplest first, one of them recommended.

    The rule is PySR's "best" (Cranmer 2023, arXiv:2305.01582) with an allowance that knows the
    noise, as in the one-standard-error rule (Breiman et al. 1984). Among the formulas with a loss
    of at most f times the least, it takes the one whose loss falls most, per unit of complexity,
    from the formula before it: −Δ log(loss)/Δ complexity. For n rows f is exp(9/n), but at least
    1.02 and at most 1.5: all meet the same rows, so a formula whose loss is f times as great is 3
    standard deviations behind by the ratio of likelihoods; a fiftieth matters to nobody. Losses
    below 1e-14 of the greatest count as equal, so that rounding chooses nothing.

    Args:
        equations: Any formulas; those that a simpler one beats are left out.
        n_rows: The number of rows that the losses are means over.

    Raises:
        NoFormulaError: There is none with a finite loss.
    """

    def __init__(self, equations: Iterable[Equation], n_rows: int) -> None:
        front = _front(equations)
        if not front:
            raise NoFormulaError("no formula has been found that is finite in each row")
        self.n_rows = n_rows
        ahead = min(_DEVIATIONS**2 / max(1, n_rows), math.log(MOST_FACTOR))
        self.factor = max(math.exp(ahead), _LEAST_FACTOR)
        losses = _without_rounding(front)
        self._gains = _gains(front, losses)
        within = [i for i, loss in enumerate(losses) if loss <= self.factor * min(losses)]
        self._chosen = max(within, key=lambda place: (self._gains[place], -place))
        self._front = tuple(
            replace(each, recommended=place == self._chosen) for place, each in enumerate(front)
        )
        self._within = len(within)

    @property
    def recommended(self) -> Equation:
        """The formula to take."""
        return self._front[self._chosen]

    @property
    def reason(self) -> str:
        """Why it is recommended, in one sentence."""
        near = f"{self.factor:.3g} times the least loss"
        if len(self._front) == 1:
            return "it is the only one"
        if self._within == 1:
            return f"no simpler formula comes within {near}"
        return (
            f"of the {self._within} formulas within {near}, its loss falls most per unit of "
            "complexity"
        )

    def frame(self) -> pd.DataFrame:
        """Return the formulas as a DataFrame: a row each, the simplest first.

        Columns: complexity, loss, gain (the fall of the log of the loss per unit of complexity),
        r2, r2_test, recommended, known, formula.
        """
        import pandas as pd

        frame = pd.DataFrame(list(map(vars, self._front))).rename(columns={"text": "formula"})
        frame = frame.assign(gain=self._gains, r2_test=frame["r2_test"].astype(float))
        return frame[list(_COLUMNS)]

    def __len__(self) -> int:
        return len(self._front)

    @overload
    def __getitem__(self, place: int) -> Equation: ...
    @overload
    def __getitem__(self, place: slice) -> tuple[Equation, ...]: ...
    def __getitem__(self, place: int | slice) -> Equation | tuple[Equation, ...]:
        return self._front[place]

    def __repr__(self) -> str:
        return f"Equations({len(self)}, recommended: {self.recommended.text})"


def _front(equations: Iterable[Equation]) -> list[Equation]:
    """Return the formulas that none as simple or simpler equals, the simplest first."""
    finite = [each for each in equations if math.isfinite(each.loss) and each.loss >= 0]
    finite.sort(key=lambda each: (each.complexity, each.loss, not each.known, each.text))
    front: list[Equation] = []
    for each in finite:
        if not front or each.loss < front[-1].loss:
            front.append(each)
    return front


def _without_rounding(front: Sequence[Equation]) -> list[float]:
    least = max(EXACT * front[0].loss, math.ulp(0.0))
    return [max(each.loss, least) for each in front]


def _gains(front: Sequence[Equation], losses: Sequence[float]) -> list[float]:
    """Return the fall of the log of the loss per unit of complexity; 0 for the first."""
    gains = [0.0]
    for place in range(1, len(front)):
        step = front[place].complexity - front[place - 1].complexity
        gains.append(math.log(losses[place - 1] / losses[place]) / step)
    return gains
