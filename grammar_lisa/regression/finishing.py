"""The last step of a search: constants fitted on all rows, rounded, and measured."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final, NamedTuple, Self

import numpy as np

from grammar_lisa.expressions.expression import (
    CONSTANT_TERMINAL,
    NEGATION,
    NUMBER,
    POWER,
    Node,
    Pool,
)
from grammar_lisa.expressions.skeleton import Skeleton
from grammar_lisa.regression.equations import EXACT, Equation, Equations
from grammar_lisa.regression.fits.constants import polish
from grammar_lisa.regression.fits.losses import BoundLoss, Loss
from grammar_lisa.regression.fits.rounding import simplify_constants
from grammar_lisa.regression.measures import measure_values, predict
from grammar_lisa.regression.search.tree import significant_digits, tree_of
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
"""Significant digits of a formula whose search goes on."""
_WORSE: Final = 0.02
"""The share by which rounding on some rows may make the loss on all rows worse."""
_NODE: Final = float(np.log(20.0))
_DIGIT: Final = float(np.log(10.0)) / 2
"""What a unit of complexity beyond `_SHORT`, and a digit, cost in nats."""
_SHORT: Final = 5
_SQUARED: Final = frozenset({"mse", "relative", "log"})
_SIGNS: Final = frozenset({"-", NEGATION})


class Member(NamedTuple):
    """A formula to be finished.

    Attributes:
        skeleton: The formula, its constants open.
        constants: Their values, ``[n]``.
        known: Whether it was given at the start.
    """

    skeleton: Skeleton
    constants: tuple[float, ...] = ()
    known: bool = False

    @classmethod
    def read(cls, text: str, variables: Sequence[str], *, known: bool = False) -> Self:
        """Read a formula whose numbers stay as they are.

        Raises:
            LisaError: The text is no formula over the variables, or has an open constant.
        """
        return cls(Skeleton.read(text, variables, CONSTANT_TERMINAL), (), known)


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

    def finished(self, members: Iterable[Member]) -> Equations:
        """Fit the constants of each formula on the rows, round them, and measure.

        After Ctrl-C the constants of what is left are taken as they are.

        Raises:
            LisaError: None of the formulas has a finite value in each row.
        """
        interrupted = False
        equations: list[Equation] = []
        rows: list[float] = []
        for member in members:
            try:
                text = self.unrounded(member) if interrupted else self.text_of(member)
            except KeyboardInterrupt:
                interrupted = True
                text = self.unrounded(member)
            equations.append(self.equation(text, known=member.known))
            rows.append(self._bound.effective_rows(predict(text, self.table)))
        # The shortest form of what was given at the start was given too.
        given = {self._shortest(each.text) for each in equations if each.known}
        equations = [replace(each, known=each.known or each.text in given) for each in equations]
        squared = self.loss.name in _SQUARED
        equations = self._without_outliers(equations)
        worth = worth_their_length(equations, rows, squared=squared)
        return Equations(worth, len(self.table))

    def sketch(self, members: Iterable[Member]) -> Equations:
        """Return the formulas with their constants as they are: quick, while a search goes on.

        Raises:
            LisaError: None of the formulas has a finite value in each row.
        """
        equations = [self.equation(self.unrounded(each), known=each.known) for each in members]
        return Equations(equations, len(self.table))

    def text_of(self, member: Member) -> str:
        """Return a formula with its constants fitted on the rows and rounded, in its shortest form.

        What was given at the start keeps its form.
        """
        text = self._rounded(member)
        return text if member.known else self._shortest(text)

    def _rounded(self, member: Member) -> str:
        skeleton = member.skeleton
        if not skeleton.n_constants:
            return skeleton.text
        fitted = self._fitted(member)
        exact = self._written(skeleton, fitted)
        rows = self.table.spread(ROUNDED_ROWS)
        rounded = simplify_constants(
            skeleton, rows.features, fitted, rows.target, rows.weights, self.loss, self.digits
        )
        text = self._written(skeleton, rounded.texts)
        if self.digits is not None or len(rows) == len(self.table) or exact is None:
            return text or exact or self.unrounded(member)
        least = max(self.loss_of(exact), self._bound.exact)
        worse = text is None or not self.loss_of(text) <= (1 + _WORSE) * least
        return exact if worse else text or exact

    def _shortest(self, text: str) -> str:
        """Return the shortest form of a formula with numbers, if it has the same values."""
        variables = self.table.variables
        skeleton = Skeleton.read(text, variables, CONSTANT_TERMINAL)
        if self.operators is None:
            return text
        tree = tidied(tree_of(skeleton, ()))
        if len(skeleton.nodes) >= _LEAST_NODES:
            from grammar_lisa.regression.polynomial_forms import shortest_form

            tree = shortest_form(tree)
        shorter = tree.skeleton(variables)
        allowed = made_with(shorter.nodes, self.operators)
        if not allowed or complexity(shorter) > complexity(skeleton):
            return text
        rows = self.table.spread(ROUNDED_ROWS)
        given, values = predict(text, rows), predict(shorter.text, rows)
        with np.errstate(invalid="ignore"):
            equal = np.all(np.abs(values - given) <= _EQUAL * np.abs(given).max())
        return shorter.text if equal else text

    def unrounded(self, member: Member) -> str:
        """Return a formula with the constants that it has now."""
        skeleton = member.skeleton
        if not skeleton.n_constants:
            return skeleton.text
        return skeleton.with_constants(list(member.constants), self.digits or _DIGITS)

    def equation(self, text: str, *, known: bool = False) -> Equation:
        """Measure a formula with numbers on all rows."""
        values = predict(text, self.table)
        return Equation(
            text,
            complexity(Skeleton.read(text, self.table.variables, CONSTANT_TERMINAL)),
            self._value(values),
            measure_values(values, self.table).r2,
            None if self.test is None else measure_values(predict(text, self.test), self.test).r2,
            known,
        )

    def loss_of(self, text: str) -> float:
        """Return the loss of a formula with numbers on all rows; 0 at the level of rounding."""
        return self._value(predict(text, self.table))

    def _without_outliers(self, equations: list[Equation]) -> list[Equation]:
        """Return formulas with losses to which no row adds more than an error of some deviations.

        Else a formula with a pole at an outlier of a robust loss would be taken for better.
        """
        bound = self._bound
        if not bound.robust:
            return equations
        best = min(equations, key=lambda each: each.loss)
        deviation = bound.deviation(predict(best.text, self.table))
        values = (predict(each.text, self.table) for each in equations)
        losses = [bound.capped(each, deviation) for each in values]
        return [replace(each, loss=loss) for each, loss in zip(equations, losses, strict=True)]

    @property
    def _bound(self) -> BoundLoss:
        return self.loss.bind(self.table.target, self.table.weights)

    def _value(self, values: Floats) -> float:
        bound = self._bound
        with np.errstate(all="ignore"):
            loss = float(bound.value(values))
        if not np.isfinite(loss):
            return np.inf
        return 0.0 if loss <= bound.exact else loss

    def _fitted(self, member: Member) -> Floats:
        """Return the constants fitted on the rows, or as they were where that fails."""
        rows = self.table.spread(FITTED_ROWS)
        given = np.array(member.constants)
        bound = member.skeleton.bind(rows.features)
        fit = polish(bound, rows.target, rows.weights, self.loss, given, _STEPS)
        return fit.constants if np.isfinite(fit.loss) else given

    def _written(self, skeleton: Skeleton, constants: Sequence[str] | Floats) -> str | None:
        """Return the text with constants; None where one cannot be written."""
        try:
            return skeleton.with_constants(list(constants), neutral=False)
        except LisaError:
            return None


def complexity(formula: Skeleton) -> int:
    """Return how many operations, variables and numbers a formula has; signs of numbers are free.

    So ``-4.9*t**2+2`` is as complex as ``2-4.9*t**2``.
    """
    sizes: list[int] = []
    led: list[bool] = []
    for node in formula.nodes:
        first = bool(node.operands) and led[node.operands[0]]
        led.append(node.operator == NUMBER or (first and node.operator in {"*", "/"}))
        free = node.operator == NEGATION and first
        sizes.append((not free) + sum(sizes[operand] for operand in node.operands))
    return sizes[-1]


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


def worth_their_length(
    equations: Iterable[Equation], rows: Iterable[float], *, squared: bool = True
) -> list[Equation]:
    """Leave out formulas that gain less than their length costs; known ones stay.

    With few rows, and many formulas tried, long ones meet them by chance. The description of a
    formula costs 1 nat for each unit of complexity up to 5, log 20 for each further one, as there
    are ever more formulas of a length, and half of log 10 for each digit of its numbers. Beside a
    simpler one it gains m/2·log of the quotient of their losses where errors are squared, and m·log
    where they are absolute (minimum description length, Rissanen 1978). m is the number of rows
    that decide between the two, the greater of their `effective_rows`, less the numbers of the
    formula, which take up as many. Each that is kept comes out ahead of all simpler ones.

    Args:
        equations: The formulas.
        rows: How many rows the errors of each count as.
        squared: Whether the loss is a mean of squares.
    """
    described = [
        _Described(each, count, *_description(each))
        for each, count in zip(equations, rows, strict=True)
        if np.isfinite(each.loss)
    ]
    described.sort(key=lambda d: (d.equation.complexity, d.equation.loss, not d.equation.known))
    greatest = max((each.equation.loss for each in described), default=1.0)
    floor = max(EXACT * greatest, np.finfo(float).tiny)
    kept: list[_Described] = []
    for each in described:
        ahead = all(
            each.gain(other, floor, squared=squared) > each.cost - other.cost for other in kept
        )
        if ahead or each.equation.known:
            kept.append(each)
    return [each.equation for each in kept]


class _Described(NamedTuple):
    """A formula and what it takes to describe it.

    Attributes:
        equation: The formula.
        rows: How many rows its errors count as.
        cost: Of its description, in nats.
        numbers: How many numbers it has.
    """

    equation: Equation
    rows: float
    cost: float
    numbers: int

    def gain(self, other: _Described, floor: float, *, squared: bool) -> float:
        """Return what it gains beside a simpler formula, in nats; losses below a floor are it."""
        quotient = max(other.equation.loss, floor) / max(self.equation.loss, floor)
        rows = max(self.rows - self.numbers, other.rows - self.numbers, 1.0)
        return float(rows * np.log(quotient) / (2 if squared else 1))


def _description(equation: Equation) -> tuple[float, int]:
    """Return what the description of a formula costs, in nats, and how many numbers it has."""
    pool = Pool(None)
    pool.add(equation.text)
    numbers = [node.value for node in pool.nodes if node.operator == NUMBER]
    cost = equation.complexity + (_NODE - 1) * max(equation.complexity - _SHORT, 0)
    return cost + _DIGIT * sum(map(significant_digits, numbers)), len(numbers)
