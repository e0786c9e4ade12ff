"""Fit the open constants of a formula: variable projection within Levenberg-Marquardt."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from grammar_lisa.expressions.differentiation import BoundSkeleton
from grammar_lisa.regression.fits.levenberg_marquardt import Late, descend, never
from grammar_lisa.regression.fits.losses import BoundLoss, Loss
from grammar_lisa.regression.fits.projection import Place, Projection
from grammar_lisa.regression.fits.starts import draw_starts
from shared.common.arrays import Floats
from shared.common.errors import LisaError

STARTS: Final = 6
STEPS: Final = 20

_SCREENED: Final = 16
"""Draws a start: the best ones are started from."""
_SCREENED_VALUES: Final = 2**22


class Fit(NamedTuple):
    """Constants of a formula.

    Attributes:
        constants: The constants in the order of the text, ``[n]``; NaN where no start was finite.
        loss: Their loss, without unit; inf where no start was finite.
        values: The formula's values, ``[point]``.
    """

    constants: Floats
    loss: float
    values: Floats


def fit_constants(
    bound: BoundSkeleton,
    y: Floats,
    weights: Floats | None,
    loss: Loss,
    generator: np.random.Generator,
    starts: int = STARTS,
    steps: int = STEPS,
    late: Late = never,
) -> Fit:
    """Fit the constants of a skeleton from several starts.

    The starts are the best among ones and a larger number of draws, whose sizes follow the ranges
    of what the constants multiply.

    Args:
        bound: The skeleton on the points.
        y: The targets, ``[point]``.
        weights: Their weights, ``[point]``; None for equal ones.
        loss: What is minimised.
        generator: Draws the starts.
        starts: The number of starts.
        steps: The most steps of each.
        late: Tells whether to stop with what there is.

    Raises:
        LisaError: The targets or weights are unfit.
    """
    problem = Projection(bound, loss.bind(y, weights))
    with np.errstate(all="ignore"):
        nonlinear = _starts(problem, generator, max(starts, 1))
        return _finished(problem, descend(problem, nonlinear, steps, late))


def polish(
    bound: BoundSkeleton,
    y: Floats,
    weights: Floats | None,
    loss: Loss,
    constants: npt.ArrayLike,
    steps: int = 5,
    late: Late = never,
) -> Fit:
    """Improve given constants ``[n]`` by a few steps; as `fit_constants` from this start alone.

    Raises:
        LisaError: The targets, weights or constants are unfit.
    """
    problem = Projection(bound, loss.bind(y, weights))
    given = np.asarray(constants, dtype=np.float64)
    if given.shape != (bound.n_constants,):
        raise LisaError(f"{bound.n_constants} constants are needed, not an array {given.shape}")
    initial = given[None, bound.program.nonlinear]
    with np.errstate(all="ignore"):
        return _finished(problem, descend(problem, initial, steps, late))


def _starts(problem: Projection, generator: np.random.Generator, count: int) -> Floats:
    """Return the nonlinear constants to start from, ``[start, q]``; one where there are none."""
    if not problem.n_nonlinear:
        return np.empty((1, 0))
    draws = draw_starts(problem.bound, problem.loss, _affordable(problem, count), generator)
    fresh = 2 * len(draws) // 3
    ones = np.ones((1, problem.n_nonlinear))
    pool, losses = _fittest(problem, np.concatenate([ones, draws[:fresh]]), len(draws))
    varied, varied_losses = _fittest(problem, _varied(pool[:count], draws[fresh:]), len(draws))
    pool = np.concatenate([pool, varied])
    chosen = _diverse(pool, np.concatenate([losses, varied_losses]), count)
    if count > 2:
        chosen[-1] = 1.0
    return chosen


def _diverse(nonlinear: Floats, losses: Floats, count: int) -> Floats:
    """Choose points: half of them the best, half the best of other patterns of signs.

    The best of all tend to lie in one basin; those of other signs seldom do.
    """
    ordered = nonlinear[np.argsort(losses, kind="stable")]
    patterns = [row.tobytes() for row in ordered > 0]
    firsts = {pattern: rank for rank, pattern in reversed(list(enumerate(patterns)))}
    early = {*firsts.values(), *range((count + 1) // 2)}
    ranks = sorted(range(len(ordered)), key=lambda rank: (rank not in early, rank))
    return ordered[ranks[:count]]


def _affordable(problem: Projection, missing: int) -> int:
    """How many draws are screened for so many starts."""
    most = _SCREENED_VALUES // (problem.bound.n_points * (problem.n_linear + 1))
    return max(min(_SCREENED * missing, most), missing, 2)


def _varied(pool: Floats, draws: Floats) -> Floats:
    """Return the points of a pool, each draw's with one of its constants, ``[draw, q]``."""
    places = np.arange(len(draws))
    changed = places[:, None] // len(pool) % draws.shape[1] == np.arange(draws.shape[1])
    varied: Floats = np.where(changed, draws, pool[places % len(pool)])
    return varied


def _fittest(problem: Projection, nonlinear: Floats, count: int) -> tuple[Floats, Floats]:
    """Return the nonlinear constants of least loss, and their losses."""
    losses = problem.losses(nonlinear)
    best = np.argsort(losses, kind="stable")[:count]
    return nonlinear[best], losses[best]


def _finished(problem: Projection, best: Place) -> Fit:
    """Return the fit of the best place, with its linear constants solved for once more by SVD."""
    if not np.isfinite(best.loss[0]):
        missing = np.full(problem.bound.n_constants, np.nan)
        return Fit(missing, np.inf, best.prediction[0].copy())
    constants = problem.constants(best)[0]
    fit = Fit(constants, float(best.loss[0]), best.prediction[0].copy())
    return _refined(problem, fit) if problem.n_linear > 1 else fit


def _refined(problem: Projection, fit: Fit) -> Fit:
    """Correct the linear constants for what the normal equations lose to rounding."""
    program = problem.bound.program
    basis = np.empty((1, problem.n_linear, problem.bound.n_points))
    problem.bound.basis(problem.bound.begin(fit.constants[None, program.nonlinear]), basis)
    loss: BoundLoss = problem.loss
    quadratic = loss.quadratic(fit.values)
    roots = np.sqrt(quadratic.weights)
    columns = (basis[0] * roots).T
    scale = np.abs(columns).max(0)
    scale[~(scale > 0)] = 1.0
    wanted = (quadratic.response - fit.values) * roots
    try:
        moves = np.linalg.lstsq(columns / scale, wanted, rcond=None)[0] / scale
    except np.linalg.LinAlgError:
        return fit
    constants = fit.constants.copy()
    constants[list(program.linear)] += moves
    values = problem.bound.values(constants)
    value = float(loss.value(values))
    return Fit(constants, value, values) if value < fit.loss else fit
