"""Levenberg-Marquardt in the nonlinear constants, all starts at once.

Steps are damped by the diagonal of the Gauss-Newton matrix (Marquardt 1963), so that constants of
any size step alike. Losses other than squares are taken as squares near each place.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

import numpy as np

from grammar_lisa.regression.fits.losses import Quadratic
from grammar_lisa.regression.fits.projection import Place, Projection
from shared.common.arrays import Floats

Late = Callable[[], bool]
"""Tells whether time is over."""


def never() -> bool:
    """Tell that time is not over."""
    return False


_DAMPING: Final = 1e-2
_LEAST_DAMPING: Final = 1e-14
_FELT: Final = 1e-6
"""What damping is set to at least where a step failed."""
_MOST_DAMPING: Final = 1e5
_EASED: Final = 0.1
_TIGHTENED: Final = 6.0
_STALLED: Final = 1e-8
"""A smaller relative gain ends a start."""
_BEYOND: Final = 1e-4
"""Steps go on until a loss is so small a share of the level of rounding."""
_SLOW: Final = 1e-2
_BEHIND: Final = 2.0
"""A start whose loss is so much larger than the best ends already where its gains are slow."""


def descend(problem: Projection, nonlinear: Floats, steps: int, late: Late) -> Place:
    """Return the best place that the starts reach, by Levenberg-Marquardt, all starts at once."""
    here = problem.at(nonlinear)
    best = here.of([np.argmin(here.loss)])
    if problem.loss.fixed and not problem.n_nonlinear:
        return best
    damping = np.full(len(nonlinear), _DAMPING)
    share = np.ones(len(nonlinear))
    active = np.isfinite(here.loss)
    for step in range(steps):
        if not active.all():
            here, damping, share = here.of(active), damping[active], share[active]
        if not len(damping) or _ended(problem, best, late):
            break
        if len(damping) == 1:
            state = _One(float(damping[0]), float(share[0]))
            alone = _descend_one(problem, here, state, steps - step, late)
            return alone if alone.loss[0] < best.loss[0] else best
        there = problem.at(here.nonlinear + _step(here, damping), _local(problem, here, share))
        better = there.loss < here.loss
        gain = np.where(better, 1.0 - there.loss / here.loss, 1.0)
        here = here.moved(there, better)
        eased = np.maximum(damping * _EASED, _LEAST_DAMPING)
        damping = np.where(better, eased, np.maximum(damping, _FELT) * _TIGHTENED)
        share = np.where(better, np.minimum(2.0 * share, 1.0), 0.5 * share)
        done = ~better & (here.loss < problem.loss.exact)
        behind = (gain < _SLOW) & (here.loss > _BEHIND * best.loss[0])
        active = (gain > _STALLED) & (damping < _MOST_DAMPING) & ~behind & ~done
        first = int(np.argmin(here.loss))
        if here.loss[first] < best.loss[0]:
            best = here.of([first])
    return best


class _One(NamedTuple):
    """How a single start steps.

    Attributes:
        damping: The damping of its next step.
        share: The share of the way to the response that it takes, where losses are curved.
    """

    damping: float
    share: float


def _descend_one(problem: Projection, here: Place, state: _One, steps: int, late: Late) -> Place:
    """As `descend` for one start, without the cost of arrays of one."""
    damping, share = state
    for _ in range(steps):
        if _ended(problem, here, late):
            break
        step = _step(here, np.full(1, damping))
        there = problem.at(here.nonlinear + step, _local(problem, here, np.full(1, share)))
        before, after = float(here.loss[0]), float(there.loss[0])
        if after < before:
            here = there
            damping, share = max(damping * _EASED, _LEAST_DAMPING), min(2.0 * share, 1.0)
            if 1.0 - after / before <= _STALLED:
                break
        else:
            damping, share = max(damping, _FELT) * _TIGHTENED, 0.5 * share
            if damping >= _MOST_DAMPING or before < problem.loss.exact:
                break
    return here


def _ended(problem: Projection, best: Place, late: Late) -> bool:
    """Whether a place is exact beyond rounding, or time is over."""
    exact = bool(best.loss[0] < _BEYOND * problem.loss.exact)
    return exact or late()


def _local(problem: Projection, here: Place, share: Floats) -> Quadratic | None:
    """Return the least-squares problem near places, or a share of the way where steps overshot."""
    if problem.loss.fixed:
        return None
    quadratic = problem.loss.quadratic(here.prediction)
    if not problem.loss.curved:
        return quadratic
    way = share[:, None] * (quadratic.response - here.prediction)
    return quadratic._replace(response=here.prediction + way)


def _step(here: Place, damping: Floats) -> Floats:
    """Return the damped steps, ``[start, q]``, by Marquardt's scaling."""
    q = here.nonlinear.shape[1]
    squares = np.einsum("sii->si", here.curvature)
    if q == 1:
        return here.descent / np.where(squares > 0, squares * (1.0 + damping[:, None]), 1.0)
    if q == 2:
        return _step_of_two(here, squares * (1.0 + damping[:, None]))
    scale = np.sqrt(squares)
    scale[~(scale > 0)] = 1.0
    scaled = here.curvature / (scale[:, :, None] * scale[:, None, :])
    scaled[:, range(q), range(q)] += damping[:, None]
    try:
        steps: Floats = np.linalg.solve(scaled, (here.descent / scale)[..., None])[..., 0] / scale
    except np.linalg.LinAlgError:
        # Beside a pole rounding may be all there is: each constant steps by itself.
        steps = here.descent / (np.square(scale) * (1.0 + damping[:, None]))
    return steps


def _step_of_two(here: Place, squares: Floats) -> Floats:
    squares[~(squares > 0)] = 1.0
    cross, descent = here.curvature[:, 0, 1], here.descent
    determinant = squares[:, 0] * squares[:, 1] - cross * cross
    moves: Floats = squares[:, ::-1] * descent - cross[:, None] * descent[:, ::-1]
    return moves / determinant[:, None]
