"""Variable projection: linear constants are solved for wherever the nonlinear ones are.

What is left is a problem in the nonlinear constants alone (Golub & Pereyra 1973), with Kaufman's
approximation of its Jacobian (1975): that of the values, less its part among what the linear
constants multiply.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple, final

import numpy as np

from grammar_lisa.expressions.differentiation import BoundSkeleton, State
from grammar_lisa.regression.fits.losses import BoundLoss, Quadratic
from shared.common.arrays import Bools, Floats

_SMALLEST: Final = 1e-200
_DEPENDENT: Final = 1e-13
"""Directions of so small a share of the rows' squares count as dependent."""
_OF_TWO: Final = np.array([[1.0, 1.0], [1.0, -1.0]])
"""The directions of two rows of equal length: their sum and their difference."""


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
        """Return the places of some starts."""
        return Place(*(field[starts] for field in self))

    def moved(self, other: Place, where: Bools) -> Place:
        """Return the places of `other` for the starts in `where` ``[start]``, else these."""
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
        state, linear, whitening = self._solved(nonlinear, rows, quadratic)
        prediction = self._prediction(state, linear)
        loss = _finite(self.loss.value(prediction))
        self.bound.slopes(state, rows[:, self.n_linear :])
        if not self.loss.fixed:
            quadratic = self.loss.quadratic(prediction)
            whitening = _whitening(_gram(rows[:, : self.n_linear], quadratic)[0])
        gram, weighted = _gram(rows, quadratic)
        slope = (weighted @ (quadratic.response - prediction)[..., None])[..., 0]
        return Place(nonlinear, linear, loss, prediction, *_projected(gram, slope, whitening))

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
            The state, the constants, and the whitening of the basis.
        """
        state = self.bound.begin(nonlinear)
        basis = rows[:, : self.n_linear]
        rest = self.bound.basis(state, basis)
        gram, weighted = _gram(basis, quadratic)
        scale: Any = 1.0
        if not _representable(gram):
            scale = _scaled(basis)
            gram, weighted = _gram(basis, quadratic)
        whitening = _whitening(gram)
        moments = weighted @ (quadratic.response - rest)[..., None]
        linear = whitening @ (whitening.transpose(0, 2, 1) @ moments)
        return state, linear[..., 0] / scale, whitening

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
    """Return the weighted inner products ``[start, n, n]`` of rows ``[start, n, point]``."""
    weights = quadratic.weights
    weighted = rows if np.ndim(weights) == 0 else rows * weights[..., None, :]
    return weighted @ rows.transpose(0, 2, 1), weighted


def _whitening(gram: Floats) -> Floats:
    """Return W ``[start, l, l]`` such that W W' is the inverse of a Gram matrix.

    Kept as a factor, as products with the inverse itself lose digits where rows nearly depend on
    each other. Directions in which they do are left out.
    """
    size = gram.shape[-1]
    squares = np.einsum("sii->si", gram)
    scale = np.sqrt(squares)
    scale[~(scale > 0)] = 1.0
    if size == 1:
        return np.where(squares > 0, 1.0 / scale, 0.0)[..., None]
    scaled = gram / (scale[:, :, None] * scale[:, None, :])
    if size == 2:
        roots, vectors = 1.0 + scaled[:, :1, 1] * _OF_TWO[1], _OF_TWO / np.sqrt(2.0)
    else:
        scaled[~np.isfinite(scaled)] = 0.0
        roots, vectors = np.linalg.eigh(scaled)
    factors = 1.0 / np.sqrt(np.where(roots > _DEPENDENT, roots, np.inf))
    whitening: Floats = vectors * factors[:, None, :] / scale[:, :, None]
    return whitening


def _projected(gram: Floats, slope: Floats, whitening: Floats) -> tuple[Floats, Floats]:
    """Eliminate the linear constants, which come first, from the normal equations of all."""
    n_linear = whitening.shape[-1]
    if n_linear == 0:
        return gram, slope
    cross = gram[:, n_linear:, :n_linear] @ whitening
    curvature = gram[:, n_linear:, n_linear:] - cross @ cross.transpose(0, 2, 1)
    white = whitening.transpose(0, 2, 1) @ slope[:, :n_linear, None]
    return curvature, slope[:, n_linear:] - (cross @ white)[..., 0]


def _finite(loss: Any) -> Floats:
    return np.where(np.isfinite(loss), loss, np.inf)
