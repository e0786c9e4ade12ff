"""The last step of a search: constants fitted on all rows, rounded, and measured."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Final, NamedTuple, Self

import numpy as np

from grammar_lisa.expressions.expression import (
    CONSTANT_TERMINAL,
    NEGATION,
    NUMBER,
    POWER,
    Node,
)
from grammar_lisa.expressions.skeleton import Skeleton
from grammar_lisa.regression.description_length import complexity, worth_their_length
from grammar_lisa.regression.equations import Equation, Equations
from grammar_lisa.regression.fits.constants import polish
from grammar_lisa.regression.fits.levenberg_marquardt import Late, never
from grammar_lisa.regression.fits.losses import BoundLoss, Loss
from grammar_lisa.regression.fits.rounding import simplify_constants
from grammar_lisa.regression.measures import measure, predict
from grammar_lisa.regression.search.tree import tree_of
from grammar_lisa.regression.tables.table import Table
from grammar_lisa.regression.tidying import tidied
from shared.common.arrays import Floats
from shared.common.errors import LisaError

FITTED_ROWS: Final = 50_000
"""The most rows that constants are fitted on at the end; losses and R² are of all rows."""
ROUNDED_ROWS: Final = 2_000
"""The most rows that decide how far constants are rounded."""
_STEPS: Final = 20
_LEAST_NODES: Final = 5
"""Formulas of fewer different parts have no shorter form."""
_EQUAL: Final = 1e-12
"""The share of the greatest value by which forms of one formula may differ."""
_DIGITS: Final = 7
"""Significant digits of a formula whose search goes on, or whose time was over."""
_WORSE: Final = 0.02
"""The share by which rounding on some rows may make the loss on all rows worse."""
_SQUARED: Final = frozenset({"mse", "relative", "log"})
_SIGNS: Final = frozenset({"-", NEGATION})


class Draft(NamedTuple):
    """A formula to be finished.

    Attributes:
        skeleton: The formula, its constants open.
        constants: Their values, ``[n]``.
        known: Whether it was given at the start.
        loss: With these constants, as the search told it; NaN where it told none.
    """

    skeleton: Skeleton
    constants: tuple[float, ...] = ()
    known: bool = False
    loss: float = float("nan")

    @classmethod
    def read(cls, text: str, variables: Sequence[str], *, known: bool = False) -> Self:
        """Read a formula whose numbers stay as they are.

        Raises:
            LisaError: The text is no formula over the variables, or has an open constant.
        """
        return cls(Skeleton.read(text, variables, CONSTANT_TERMINAL), (), known)


class _Measured(NamedTuple):
    """A formula on all rows.

    Attributes:
        equation: The formula.
        rows: How many rows its errors count as.
        values: Its predictions where the loss is robust, ``[row]``; else None.
    """

    equation: Equation
    rows: float
    values: Floats | None


@dataclass(frozen=True)
class Finishing:
    """Makes formulas with numbers of skeletons with constants.

    Attributes:
        table: The rows that are explained.
        test: The rows that formulas are judged on; None where there are none.
        loss: What is made small.
        digits: The most significant digits of a number; None lets the data decide.
        operators: What formulas may be made with; None where they keep the forms that they have.
    """

    table: Table
    test: Table | None
    loss: Loss
    digits: int | None = None
    operators: tuple[str, ...] | None = None

    def finished(self, drafts: Iterable[Draft], late: Late = never) -> Equations:
        """Fit the constants of each formula on the rows, round them, and measure.

        Where time is over, or after Ctrl-C, constants are taken as far as they are rounded by then;
        the formula that the search would recommend comes first.

        Args:
            drafts: The formulas.
            late: Tells whether time is over.

        Raises:
            NoFormulaError: None of the formulas has a finite value in each row.
        """
        drafts, interrupted = list(drafts), False
        measured = dict[int, _Measured]()

        def over() -> bool:
            return interrupted or late()

        for place in _likely_first(drafts, len(self.table)):
            draft = drafts[place]
            try:
                text = self._text(draft, over)
            except KeyboardInterrupt:
                interrupted = True
                text = self.unrounded(draft)
            measured[place] = self._measured(text, known=draft.known)
        return self._worthy([measured[place] for place in range(len(drafts))], late)

    def sketch(self, drafts: Iterable[Draft]) -> Equations:
        """Return the formulas with their constants as they are: quick, while a search goes on.

        Raises:
            NoFormulaError: None of the formulas has a finite value in each row.
        """
        found = [self._measured(self.unrounded(each), known=each.known) for each in drafts]
        return Equations([each.equation for each in found], len(self.table))

    def unrounded(self, draft: Draft) -> str:
        """Return a formula with the constants that it has now."""
        skeleton = draft.skeleton
        if not skeleton.n_constants:
            return skeleton.text
        return skeleton.with_constants(list(draft.constants), self.digits or _DIGITS)

    def _worthy(self, measured: Sequence[_Measured], late: Late) -> Equations:
        """Return the formulas that are worth their length."""
        equations = self._without_outliers(measured)
        # The shortest form of what was given at the start was given too.
        given = {self._shortest(each.text, late) for each in equations if each.known}
        equations = [replace(each, known=each.known or each.text in given) for each in equations]
        rows = [each.rows for each in measured]
        worth = worth_their_length(equations, rows, squared=self.loss.name in _SQUARED)
        return Equations(worth, len(self.table))

    def _text(self, draft: Draft, late: Late) -> str:
        """Return a formula with its constants fitted on the rows and rounded, in its shortest form.

        What was given at the start keeps its form.
        """
        text = self._rounded(draft, late)
        return text if draft.known else self._shortest(text, late)

    def _rounded(self, draft: Draft, late: Late) -> str:
        skeleton = draft.skeleton
        if not skeleton.n_constants or late():
            return self.unrounded(draft)
        fitted = self._fitted(draft, late)
        exact = _written(skeleton, fitted)
        some = self._some
        rounded = simplify_constants(
            skeleton,
            some.features,
            fitted,
            some.target,
            some.weights,
            self.loss,
            self.digits,
            late=late,
        )
        text = _written(skeleton, rounded.texts)
        if self.digits is not None or some is self.table or exact is None:
            return text or exact or self.unrounded(draft)
        least = max(self._loss_of(exact), self._bound.exact)
        worse = text is None or not self._loss_of(text) <= (1 + _WORSE) * least
        return exact if worse else text or exact

    def _shortest(self, text: str, late: Late) -> str:
        """Return the shortest form of a formula with numbers, if it has the same values."""
        if self.operators is None or late():
            return text
        variables = self.table.variables
        skeleton = Skeleton.read(text, variables, CONSTANT_TERMINAL)
        tree = tidied(tree_of(skeleton, ()))
        if len(skeleton.nodes) >= _LEAST_NODES:
            from grammar_lisa.regression.polynomial_forms import shortest_form

            tree = shortest_form(tree, late)
        shorter = tree.skeleton(variables)
        allowed = made_with(shorter.nodes, self.operators)
        if not allowed or complexity(shorter) > complexity(skeleton):
            return text
        predicted = self._predicted if self._some is self.table else self._predicted_some
        given, values = predicted(text), predicted(shorter.text)
        with np.errstate(invalid="ignore"):
            equal = np.all(np.abs(values - given) <= _EQUAL * np.abs(given).max())
        return shorter.text if equal else text

    def _measured(self, text: str, *, known: bool = False) -> _Measured:
        """Measure a formula with numbers on all rows."""
        values = self._predicted(text)
        equation = Equation(
            text,
            complexity(Skeleton.read(text, self.table.variables, CONSTANT_TERMINAL)),
            self._loss_of(text),
            measure(values, self.table.target, self.table.weights).r2,
            self._r2_test(text),
            known,
        )
        rows = self._bound.effective_rows(values)
        return _Measured(equation, rows, values if self._bound.robust else None)

    def _r2_test(self, text: str) -> float | None:
        """Return R² on the rows kept for a test; None where there are none."""
        test = self.test
        return None if test is None else measure(predict(text, test), test.target, test.weights).r2

    def _without_outliers(self, measured: Sequence[_Measured]) -> list[Equation]:
        """Return formulas with losses to which no row adds more than an error of some deviations.

        Else a formula with a pole at an outlier of a robust loss would be taken for better.
        """
        best = min(measured, key=lambda each: each.equation.loss, default=None)
        if best is None or best.values is None:
            return [each.equation for each in measured]
        deviation = self._bound.deviation(best.values)
        return [
            replace(each.equation, loss=self._bound.capped(each.values, deviation))
            for each in measured
            if each.values is not None
        ]

    @cached_property
    def _bound(self) -> BoundLoss:
        return self.loss.bind(self.table.target, self.table.weights)

    @cached_property
    def _some(self) -> Table:
        """The rows that decide about digits and forms; the table itself where it has no more."""
        return self.table if len(self.table) <= ROUNDED_ROWS else self.table.spread(ROUNDED_ROWS)

    @cached_property
    def _predicted(self) -> Callable[[str], Floats]:
        """From a formula to its values on all rows; of the last few they are remembered."""
        return lru_cache(maxsize=4)(lambda text: predict(text, self.table))

    def _predicted_some(self, text: str) -> Floats:
        return predict(text, self._some)

    def _loss_of(self, text: str) -> float:
        """Return the loss of a formula with numbers on all rows; 0 at the level of rounding."""
        with np.errstate(all="ignore"):
            loss = float(self._bound.value(self._predicted(text)))
        if not np.isfinite(loss):
            return np.inf
        return 0.0 if loss <= self._bound.exact else loss

    def _fitted(self, draft: Draft, late: Late) -> Floats:
        """Return the constants fitted on the rows, or as they were where that fails."""
        rows = self.table.spread(FITTED_ROWS)
        given = np.array(draft.constants)
        bound = draft.skeleton.bind(rows.features)
        fit = polish(bound, rows.target, rows.weights, self.loss, given, _STEPS, late)
        return fit.constants if np.isfinite(fit.loss) else given


def _likely_first(drafts: Sequence[Draft], n_rows: int) -> list[int]:
    """Return the places of formulas, that of the one first that their losses recommend."""
    equations = [
        Equation(str(place), complexity(each.skeleton), each.loss, float("nan"))
        for place, each in enumerate(drafts)
        if np.isfinite(each.loss)
    ]
    likely = int(Equations(equations, n_rows).recommended.text) if equations else 0
    return sorted(range(len(drafts)), key=lambda place: (place != likely, place))


def _written(skeleton: Skeleton, constants: Sequence[str] | Floats) -> str | None:
    """Return the text of a formula with constants; None where one cannot be written."""
    try:
        return skeleton.with_constants(list(constants), neutral=False)
    except LisaError:
        return None


def made_with(nodes: Sequence[Node], operators: Sequence[str]) -> bool:
    """Tell whether a formula is made with operators alone; signs and squares of products are free.

    Args:
        nodes: Of the formula, operands first.
        operators: The names of the operators.
    """
    used = {node.operator for node in nodes if node.operands} - _SIGNS
    if "pow" not in operators and "*" in operators and _whole_powers(nodes):
        used.discard(POWER)
    allowed = {POWER if name == "pow" else name for name in operators}
    if "-" in operators:
        allowed.add("+")
    return used <= allowed


def _whole_powers(nodes: Sequence[Node]) -> bool:
    """Tell whether each power is a product: by a whole number above 0."""
    exponents = (nodes[node.operands[1]] for node in nodes if node.operator == POWER)
    return all(
        each.operator == NUMBER and each.value > 0 and each.value.is_integer() for each in exponents
    )
