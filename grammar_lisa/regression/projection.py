"""Variable projection: linear constants are solved for wherever the nonlinear ones are.

What is left is a problem in the nonlinear constants alone (Golub & Pereyra 1973), with Kaufman's
approximation of its Jacobian (1975): that of the values, less its part among what the linear
constants multiply.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple, final

import numpy as np

from grammar_lisa.expressions.differentiation import BoundSkeleton, State
from grammar_lisa.expressions.evaluation import Bools, Floats
from grammar_lisa.regression.losses import BoundLoss, Quadratic

_SMALLEST: Final = 1e-200
_RIDGE: Final = 1e-13
"""Added to the unit diagonal of the normal equations, so that dependent columns do no harm."""


class Place(NamedTuple):
    """Where starts are, and the problem around them.

    Attributes:
        nonlinear: The nonlinear constants, ``[start, q]``.
        linear: The linear constants, ``[start, l]``.
        loss: The loss, inf where a value is not finite, ``[start]``.
        prediction: The values, ``[start, point]``.
        curvature: The Gauss-Newton matrix of the projected problem, ``[start, q, q]``.
        descent: The right side of its steps, ``[start, q]``.
    """

    nonlinear: Floats
    linear: Floats
    loss: Floats
    prediction: Floats
    curvature: Floats
    descent: Floats

    def of(self, starts: Any) -> Place:
        """The places of some starts."""
        return Place(*(field[starts] for field in self))

    def moved(self, other: Place, where: Bools) -> Place:
        """The places of `other` for the starts in `where` ``[start]``, these for the rest."""
        if where.all():
            return other
        if not where.any():
            return self
        return Place(
            *(
                np.where(where.reshape(-1, *(1,) * (new.ndim - 1)), new, old)
                for old, new in zip(self, other, strict=True)
            )
        )


@final
class Projection:
    """A skeleton's problem in its nonlinear constants; callers ignore numpy's warnings.

    Args:
        bound: The skeleton on the points.
        loss: The loss on the targets.
    """

    def __init__(self, bound: BoundSkeleton, loss: BoundLoss) -> None:
        self.bound = bound
        self.loss = loss
        self.n_linear = len(bound.program.linear)
        self.n_nonlinear = len(bound.program.nonlinear)

    def losses(self, nonlinear: Floats) -> Floats:
        """Return losses that tell good nonlinear constants ``[start, q]`` from bad ones.

        Robust losses are for the last steps: they take a peak for an outlier, so squares are told.
        """
        rows = self._rows(len(nonlinear), self.n_linear)
        state, linear, _ = self._solved(nonlinear, rows, self.loss.quadratic(None))
        prediction = self._prediction(state, linear)
        if self.loss.fixed or self.loss.curved:
            return _finite(self.loss.value(prediction))
        quadratic = self.loss.quadratic(None)
        errors = np.square((prediction - quadratic.response) / self.loss.scale)
        return _finite(np.add.reduce(errors * quadratic.weights, -1))

    def at(self, nonlinear: Floats, before: Quadratic | None = None) -> Place:
        """Return the places at nonlinear constants ``[start, q]``.

        Args:
            nonlinear: The constants.
            before: The problem by which the linear constants are found; at first the loss's own.
        """
        rows = self._rows(len(nonlinear), self.bound.n_constants)
        quadratic = self.loss.quadratic(None) if before is None else before
        state, linear, inverse = self._solved(nonlinear, rows, quadratic)
        prediction = self._prediction(state, linear)
        loss = _finite(self.loss.value(prediction))
        self.bound.slopes(state, rows[:, self.n_linear :])
        if not self.loss.fixed:
            quadratic = self.loss.quadratic(prediction)
            inverse = _inverse(_gram(rows[:, : self.n_linear], quadratic)[0])
        gram, weighted = _gram(rows, quadratic)
        slope = (weighted @ (quadratic.response - prediction)[..., None])[..., 0]
        return Place(nonlinear, linear, loss, prediction, *_projected(gram, slope, inverse))

    def constants(self, place: Place) -> Floats:
        """Return all constants, in the order of the text, ``[start, n]``."""
        program = self.bound.program
        constants = np.empty((len(place.loss), self.bound.n_constants))
        constants[:, program.linear] = place.linear
        constants[:, program.nonlinear] = place.nonlinear
        return constants

    def _rows(self, starts: int, columns: int) -> Floats:
        return np.empty((starts, columns, self.bound.n_points))

    def _solved(
        self, nonlinear: Floats, rows: Floats, quadratic: Quadratic
    ) -> tuple[State, Floats, Floats]:
        """Solve for the linear constants, and write their basis to `rows`, in a scale of its own.

        Returns:
            The state, the constants, and the inverse of the basis's normal equations.
        """
        state = self.bound.begin(nonlinear)
        basis = rows[:, : self.n_linear]
        rest = self.bound.basis(state, basis)
        gram, weighted = _gram(basis, quadratic)
        scale: Any = 1.0
        if not _representable(gram):
            scale = _scaled(basis)
            gram, weighted = _gram(basis, quadratic)
        inverse = _inverse(gram)
        moments = weighted @ (quadratic.response - rest)[..., None]
        return state, (inverse @ moments)[..., 0] / scale, inverse

    def _prediction(self, state: State, linear: Floats) -> Floats:
        values: Any = self.bound.complete(state, linear)
        shape = (len(linear), self.bound.n_points)
        return values if np.shape(values) == shape else np.broadcast_to(values, shape)


def _representable(gram: Floats) -> bool:
    """Whether inner products ``[start, l, l]`` are far from overflow and from zero."""
    squares = np.einsum("sii->si", gram)
    return bool(squares.min(initial=1.0) > _SMALLEST and squares.max(initial=1.0) < 1 / _SMALLEST)


def _scaled(basis: Floats) -> Floats:
    """Divide rows ``[start, l, point]`` by their greatest values; return these, ``[start, l]``."""
    peaks = np.abs(basis).max(-1, initial=0.0)
    peaks = np.where((peaks > 0) & (peaks < np.inf), peaks, 1.0)
    basis /= peaks[..., None]
    return peaks


def _gram(rows: Floats, quadratic: Quadratic) -> tuple[Floats, Floats]:
    """The weighted inner products ``[start, n, n]`` of rows ``[start, n, point]``, and these."""
    weights = quadratic.weights
    weighted = rows if np.ndim(weights) == 0 else rows * weights[..., None, :]
    return weighted @ rows.transpose(0, 2, 1), weighted


def _inverse(gram: Floats) -> Floats:
    """The inverse of normal equations ``[start, l, l]``, their diagonal scaled to 1 within."""
    size = gram.shape[-1]
    if size == 1:
        return np.where(gram > 0, 1.0 / gram, 0.0)
    if size == 2:
        return _inverse_of_two(gram)
    scale = np.sqrt(np.einsum("sii->si", gram))
    scale[~(scale > 0)] = 1.0
    scales = scale[:, :, None] * scale[:, None, :]
    scaled = gram / scales
    scaled[:, range(size), range(size)] += _RIDGE
    inverse: Floats = np.linalg.inv(scaled) / scales
    return inverse


def _inverse_of_two(gram: Floats) -> Floats:
    first, second, cross = gram[:, 0, 0], gram[:, 1, 1], gram[:, 0, 1]
    ridged = (1.0 + _RIDGE) * first, (1.0 + _RIDGE) * second
    determinant = ridged[0] * ridged[1] - cross * cross
    determinant[~(determinant > 0)] = np.inf
    inverse = np.empty_like(gram)
    inverse[:, 0, 0], inverse[:, 1, 1] = ridged[1] / determinant, ridged[0] / determinant
    inverse[:, 0, 1] = inverse[:, 1, 0] = -cross / determinant
    return inverse


def _projected(gram: Floats, slope: Floats, inverse: Floats) -> tuple[Floats, Floats]:
    """Eliminate the linear constants, which come first, from the normal equations of all."""
    n_linear = inverse.shape[-1]
    if n_linear == 0:
        return gram, slope
    cross = gram[:, n_linear:, :n_linear] @ inverse
    curvature = gram[:, n_linear:, n_linear:] - cross @ gram[:, :n_linear, n_linear:]
    descent = slope[:, n_linear:] - (cross @ slope[:, :n_linear, None])[..., 0]
    return curvature, descent


def _finite(loss: Any) -> Floats:
    return np.where(np.isfinite(loss), loss, np.inf)
