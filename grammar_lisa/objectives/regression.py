"""Symbolic regression: how far an expression is from data, on a logarithmic scale."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, Literal, Self

import numpy as np
import numpy.typing as npt

from grammar_lisa.objectives.csv_data import read_columns, split_target
from grammar_lisa.objectives.evaluation import (
    Bools,
    Floats,
    Integers,
    as_points,
    as_vector,
    evaluate,
    evaluate_readable,
    fold,
    parsable,
    spread_evenly,
)
from grammar_lisa.objectives.foresight import ExpressionForesight
from grammar_lisa.objectives.forms import forms_of
from grammar_lisa.objectives.objective import Foresight, Forms, Outputs
from shared.errors import LisaError

KUSNER_TARGET: Final = "1/3 + x + sin(x*x)"
"""The target of Kusner, Paige and Hernández-Lobato (2017), Grammar Variational Autoencoder."""

MOST_POINTS: Final = 200
"""The most points at which outputs are modelled."""

MOST_SCORED: Final = 1000
"""The most points at which is learnt from what scored sentences come to."""

LARGEST_ERROR: Final = 1e6
"""The largest error that is told of an output."""

Spacing = Literal["grid", "uniform"]


class Regression:
    """The objective log(1 + mean over points of min((f − y)², clip)), smaller is better.

    The score of Kusner, Paige and Hernández-Lobato (2017) with true division: the squared error
    is clipped point by point, so that an overflow costs `clip` at that point. A sentence that is
    None or no expression, or that is NaN at any point, scores `worst`.

    Args:
        data: The variables, each ``[point]``.
        y: The values to meet, ``[point]``.
        clip: The largest squared error a point can cost.

    Raises:
        LisaError: The data are not finite vectors of one length, or `clip` is not positive.
    """

    def __init__(
        self, data: Mapping[str, npt.ArrayLike], y: npt.ArrayLike, clip: float = 1000.0
    ) -> None:
        self.data: Mapping[str, Floats] = as_points(data)
        self.y: Floats = as_vector(y, "the target")
        self.clip = float(clip)
        if not (self.clip > 0 and math.isfinite(self.clip)):
            raise LisaError(f"clip is {clip}; it must be a positive number")
        for name, values in {**self.data, "the target": self.y}.items():
            _check_finite(name, values, len(self.y))

    @classmethod
    def from_target(
        cls,
        expression: str,
        variables: Sequence[str] = ("x",),
        points: int = 1000,
        low: float = -10.0,
        high: float = 10.0,
        seed: int = 0,
        spacing: Spacing | None = None,
        clip: float = 1000.0,
    ) -> Self:
        """The objective whose best score, 0, is that of a known expression.

        Args:
            expression: The target.
            variables: Its variables.
            points: The number of points.
            low: The smallest value of a variable.
            high: The largest value of a variable.
            seed: Seeds a uniform draw.
            spacing: ``"grid"`` takes equal steps from `low` to `high` (one variable only),
                ``"uniform"`` draws every variable independently. By default a grid for one
                variable and a draw for several.
            clip: The largest squared error a point can cost.

        Raises:
            LisaError: The target cannot be read or is not finite at every point, or the points
                asked for make no sense.
        """
        data = sample_points(variables, points, low, high, seed, spacing)
        y = evaluate([expression], data)[0]
        if not np.isfinite(y).all():
            bad = int(np.argmin(np.isfinite(y)))
            where = ", ".join(f"{name} = {values[bad]:.4g}" for name, values in data.items())
            raise LisaError(
                f"the target {expression} is {y[bad]} at {where}; choose a range on which it is "
                "finite"
            )
        return cls(data, y, clip)

    @classmethod
    def from_csv(
        cls, path: Path | str, target_column: str | None = None, clip: float = 1000.0
    ) -> Self:
        """The objective that a comma-separated file states.

        Args:
            path: A file with a header row. Every column but the target's is a variable.
            target_column: The name of the target's column, the last one by default.
            clip: The largest squared error a point can cost.

        Raises:
            LisaError: The file is unfit; the message names file, row and column.
        """
        data, y = split_target(path, read_columns(path), target_column)
        return cls(data, y, clip)

    @property
    def variables(self) -> tuple[str, ...]:
        """The names of the variables."""
        return tuple(self.data)

    @property
    def worst(self) -> float:
        """log(1 + clip): the score of a sentence that cannot be scored."""
        return math.log1p(self.clip)

    def __call__(self, sentences: Sequence[str | None], /) -> Floats:
        """The scores, ``[sentence]``; see `score`."""
        return self.score(sentences)

    def score(self, sentences: Sequence[str | None]) -> Floats:
        """The scores log(1 + mean clipped squared error), ``[sentence]``, in [0, `worst`]."""
        totals = fold(sentences, self.data, self._clipped_errors, np.add)
        scores = np.log1p(totals / len(self.y))
        return np.where(np.isnan(scores), self.worst, np.minimum(scores, self.worst))

    def valid(self, sentences: Sequence[str | None]) -> Bools:
        """Which sentences are expressions over the variables, ``[sentence]``."""
        return parsable(sentences, self.data)

    def finite(self, sentences: Sequence[str | None]) -> Bools:
        """Which sentences are expressions with a finite value at every point, ``[sentence]``."""
        finite: Bools = fold(sentences, self.data, _all_finite, np.minimum) == 1.0
        return finite

    @property
    def bound(self) -> float:
        """The largest error that counts at a point: √clip, in deviations of y."""
        return math.sqrt(self.clip) / self._unit

    def outputs(self, sentences: Sequence[str | None]) -> Outputs:
        """Errors and shapes of sentences at `MOST_POINTS` of the points or fewer; see `Outputs`.

        The unit of errors is the deviation of y. An error counts as √clip where there is no
        number, and has at most `LARGEST_ERROR` units.
        """
        values = evaluate_readable(sentences, self._points)
        finite = np.isfinite(values)
        with np.errstate(invalid="ignore", over="ignore"):
            errors = np.where(finite, (values - self.y[self._some]) / self._unit, self.bound)
        values = np.where(finite.all(axis=1, keepdims=True), values, 0.0)
        sizes = np.abs(values).max(axis=1, keepdims=True)
        return Outputs(
            np.clip(errors, -LARGEST_ERROR, LARGEST_ERROR),
            values / np.where(sizes > 0, sizes, 1.0),
        )

    def forms(self, sentences: Sequence[str | None]) -> Forms:
        """The sums that sentences are by the rules of algebra; see `Forms` and `Sums`.

        A sentence that is no expression comes to the same as its own text only.
        """
        return forms_of(sentences, self.variables)

    def target(self) -> Floats:
        """The values to meet at the points of `outputs`, in deviations of y, ``[point]``."""
        values: Floats = self.y[self._some] / self._unit
        return values

    def foresight(self) -> Foresight:
        """Foresees expressions at the points of `outputs`; see `ExpressionForesight`."""
        scored = self._at(spread_evenly(len(self.y), MOST_SCORED))
        wanted = self.y[self._some]
        return ExpressionForesight(self._points, wanted, self._unit, self.bound, scored)

    @property
    def _unit(self) -> float:
        """The deviation of y; 1 where y is constant."""
        return float(np.std(self.y)) or 1.0

    @property
    def _some(self) -> Integers:
        """Where outputs are modelled: points spread evenly over all."""
        return spread_evenly(len(self.y), MOST_POINTS)

    @property
    def _points(self) -> dict[str, Floats]:
        """The variables there, each ``[point]``."""
        return self._at(self._some)

    def _at(self, rows: Integers) -> dict[str, Floats]:
        return {name: values[rows] for name, values in self.data.items()}

    def _clipped_errors(self, values: Floats, stretch: slice) -> Floats:
        values -= self.y[stretch]
        np.square(values, out=values)
        np.minimum(values, self.clip, out=values)
        total: Floats = values.sum(axis=1)
        return total


def sample_points(
    variables: Sequence[str],
    points: int,
    low: float,
    high: float,
    seed: int = 0,
    spacing: Spacing | None = None,
) -> dict[str, Floats]:
    """Values for each variable, ``[point]``: a grid or independent uniform draws.

    Raises:
        LisaError: No variable, no point, an empty or infinite range, or a grid for several
            variables.
    """
    if not variables:
        raise LisaError("no variable is named; give at least one, such as x")
    if points < 1:
        raise LisaError(f"{points} points were asked for; at least 1 is needed")
    if not (low < high and math.isfinite(low) and math.isfinite(high)):
        raise LisaError(f"the range from {low} to {high} is empty or infinite")
    if (spacing or ("grid" if len(variables) == 1 else "uniform")) == "grid":
        if len(variables) > 1:
            raise LisaError("a grid takes one variable; draw several with spacing uniform")
        return {variables[0]: np.linspace(low, high, points)}
    generator = np.random.default_rng(seed)
    return {name: generator.uniform(low, high, points) for name in variables}


def _all_finite(values: Floats, _: slice) -> Floats:
    return np.asarray(np.isfinite(values).all(axis=1), dtype=np.float64)


def _check_finite(name: str, values: Floats, length: int) -> None:
    if len(values) != length:
        raise LisaError(f"{name} has {len(values)} points but the target has {length}")
    if not np.isfinite(values).all():
        bad = int(np.argmin(np.isfinite(values)))
        raise LisaError(f"{name} is {values[bad]} at point {bad + 1}; finite numbers are needed")
