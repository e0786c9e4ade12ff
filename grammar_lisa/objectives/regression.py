"""Symbolic regression: how far an expression is from data, on a logarithmic scale."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Final, Literal, Self

import numpy as np
import numpy.typing as npt

from grammar_lisa.expressions.evaluation import (
    as_points,
    as_vector,
    evaluate,
    fold,
    parsable,
    spread_evenly,
)
from grammar_lisa.expressions.language import Expressions
from grammar_lisa.objectives.composite import SquaredErrors
from grammar_lisa.objectives.objective import Evaluated, Objective
from shared.common.arrays import Bools, Floats
from shared.common.errors import LisaError

MOST_POINTS: Final = 200
"""The most points at which outputs are modelled."""

CLIP: Final = 1000.0
"""The largest squared error a point can cost, where nothing else is said."""

_LARGEST_CAP: Final = 700.0
"""exp of a larger one is no float64."""

Spacing = Literal["grid", "uniform"]


class Regression(Objective):
    """The objective log(1 + mean over points of min((f − y)², clip)), smaller is better.

    The score of Kusner, Paige and Hernández-Lobato (2017) with true division: the squared error
    is clipped point by point, so that an overflow costs `clip` at that point. A sentence that is
    None or no expression, or that is NaN at any point, scores `worst`.

    With a cap the score is min(cap, log(1 + MSE)) instead, as later work on this task has it (with
    cap 7): no point is clipped, `clip` is infinite, and a sentence that is not finite at one point
    scores the cap.

    Args:
        data: The variables, each ``[point]``.
        y: The values to meet, ``[point]``.
        clip: The largest squared error a point can cost.
        cap: The largest score, where no point is to be clipped.

    Raises:
        LisaError: The data are not finite vectors of one length, `clip` or `cap` is not positive,
            or both are given.
    """

    def __init__(
        self,
        data: Mapping[str, npt.ArrayLike],
        y: npt.ArrayLike,
        clip: float = CLIP,
        cap: float | None = None,
    ) -> None:
        self.data: Mapping[str, Floats] = as_points(data)
        self.y: Floats = as_vector(y, "the target")
        _check_bounds(clip, cap)
        self.cap = None if cap is None else float(cap)
        self.clip = float(clip) if cap is None else math.inf
        for name, values in {**self.data, "the target": self.y}.items():
            _check_finite(name, values, len(self.y))

    @classmethod
    def target(
        cls,
        expression: str,
        variables: Sequence[str] = ("x",),
        points: int = 1000,
        low: float = -10.0,
        high: float = 10.0,
        seed: int = 0,
        spacing: Spacing | None = None,
        clip: float = CLIP,
        cap: float | None = None,
    ) -> Self:
        """Return the objective whose best score, 0, is that of a known expression.

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
            cap: The largest score, where no point is to be clipped.

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
        return cls(data, y, clip, cap)

    @property
    def variables(self) -> tuple[str, ...]:
        """The names of the variables."""
        return tuple(self.data)

    @property
    def worst(self) -> float:
        """The score of a sentence that cannot be scored: the cap, or log(1 + clip)."""
        return math.log1p(self.clip) if self.cap is None else self.cap

    def __call__(self, sentences: Sequence[str | None], /) -> Floats:
        """Return the scores, ``[sentence]``; see `score`."""
        return self.score(sentences)

    def score(self, sentences: Sequence[str | None]) -> Floats:
        """Return the scores, ``[sentence]``, in [0, `worst`]; the class says what they are."""
        totals = fold(sentences, self.data, self._clipped_errors, np.add)
        scores = np.log1p(totals / len(self.y))
        return np.where(np.isnan(scores), self.worst, np.minimum(scores, self.worst))

    def valid(self, sentences: Sequence[str | None]) -> Bools:
        """Tell which sentences are expressions over the variables, ``[sentence]``."""
        return parsable(sentences, self.data)

    def finite(self, sentences: Sequence[str | None], scores: Floats | None = None) -> Bools:
        """Tell which sentences are expressions with a finite value at every point."""
        finite: Bools = fold(sentences, self.data, _all_finite, np.minimum) == 1.0
        return finite

    def evaluate(self, sentences: Sequence[str]) -> list[Evaluated]:
        """Score sentences; each has a score."""
        scores = self.score(sentences).tolist()
        return [Evaluated(text, score) for text, score in zip(sentences, scores, strict=True)]

    @property
    def language(self) -> Expressions:
        """That of expressions in the variables."""
        return Expressions(self.variables)

    def composite(self) -> SquaredErrors:
        """Return how outputs at `MOST_POINTS` of the points, or fewer, make the score.

        An error counts for at most √clip; with a cap, for what alone, at one of these points,
        reaches the cap.
        """
        some = spread_evenly(len(self.y), MOST_POINTS)
        square = self.clip if self.cap is None else math.expm1(self.cap) * len(some)
        points = {name: values[some] for name, values in self.data.items()}
        unit = float(np.std(self.y)) or 1.0
        return SquaredErrors(points, self.y[some], unit, math.sqrt(square))

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
    """Return values for each variable, ``[point]``: a grid or independent uniform draws.

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


def _check_bounds(clip: float, cap: float | None) -> None:
    if not (clip > 0 and math.isfinite(clip)):
        raise LisaError(f"clip is {clip}; it must be a positive number")
    if cap is None:
        return
    if clip != CLIP:
        raise LisaError(
            f"clip is {clip} and cap is {cap}; under a cap no point is clipped: give one of them"
        )
    if not 0 < cap <= _LARGEST_CAP:
        raise LisaError(f"cap is {cap}; it must be a positive number up to {_LARGEST_CAP:g}")


def _check_finite(name: str, values: Floats, length: int) -> None:
    if len(values) != length:
        raise LisaError(f"{name} has {len(values)} points but the target has {length}")
    if not np.isfinite(values).all():
        bad = int(np.argmin(np.isfinite(values)))
        raise LisaError(f"{name} is {values[bad]} at point {bad + 1}; finite numbers are needed")
