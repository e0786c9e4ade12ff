"""Losses of predictions against targets, without unit, and their local least-squares problems.

One Levenberg-Marquardt serves them all: near a prediction each loss is a weighted sum of squared
distances to a *response*, the iteratively reweighted least squares of generalised linear models
(McCullagh & Nelder 1989, section 2.5; Holland & Welsch 1977 for robust losses).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final, NamedTuple, final

import numpy as np

from shared.common.arrays import Bools, Floats
from shared.common.errors import LisaError

_CONSTANT: Final = 1e-12
"""Targets that spread less than this share of their size count as constant."""
_ZERO: Final = 1e-8
"""Absolute errors below this share of the scale weigh as much as it."""
_SMALL: Final = 1e-3
"""Targets below this share of the mean absolute target count as it in relative errors."""
_FLOOR: Final = 1e-9
"""Predictions below this share of the target count as it in logarithmic errors."""
_NORMAL: Final = 1.4826
"""The standard deviation of normal errors over the median of their sizes."""
_OUTLYING: Final = 4.0
"""Standard deviations beyond which an error is an outlier of a robust loss."""


class Quadratic(NamedTuple):
    """A loss near predictions: ``sum of weights * (prediction - response)**2``, up to a constant.

    Attributes:
        response: What the least-squares problem fits, broadcasts to ``[.., point]``.
        weights: Its weights up to one factor; a single number where all are equal.
    """

    response: Any
    weights: Any


class BoundLoss(ABC):
    """A loss on given targets and weights.

    Attributes:
        y: The targets, ``[point]``.
        weights: The weights, summing to 1, ``[point]``; None where all are equal.
        mean: The weighted mean of y.
        scale: The weighted standard deviation of y; of constant targets the size, 1 for zeros.
        fixed: Whether the quadratic is the same near every prediction.
        curved: Whether a step to the minimum of the quadratic may overshoot.
        exact: A loss at the level of rounding.
        robust: Whether outliers count less than by their squares.
        met: The share of the scale up to which an error is none of an outlier.
    """

    robust: bool = False
    met: float = 1e-2
    fixed: bool = False
    curved: bool = False
    exact: float = 1e-24

    def __init__(self, y: Floats, weights: Floats | None = None) -> None:
        self.y = y
        self.weights = _normalised(y, weights)
        self.mean = float(self._mean(y))
        spread = float(np.sqrt(self._mean(np.square(y - self.mean))))
        size = float(np.max(np.abs(y)))
        self.scale = spread if spread > _CONSTANT * size else size or 1.0

    def value(self, prediction: Floats) -> Any:
        """Return the loss of predictions ``[.., point]``, ``[..]``; NaN where one is not finite."""
        return self._mean(self.of_points(prediction))

    @abstractmethod
    def of_points(self, prediction: Floats) -> Any:
        """Return what each point adds to the loss of predictions, ``[.., point]``."""

    def deviation(self, prediction: Floats) -> float:
        """Return the deviation of normal errors with the same median of sizes."""
        return _NORMAL * float(np.median(np.abs(prediction - self.y)))

    def most_error(self, deviation: float) -> float:
        """Return the greatest error that is none of an outlier.

        It is `_OUTLYING` deviations, and at least the share `met` of the scale: where most targets
        are met, the deviation is next to nothing.
        """
        return max(_OUTLYING * deviation, self.met * self.scale)

    def outlying(self, prediction: Floats) -> Bools:
        """Tell which points are outliers of a robust loss: off by more than `most_error`."""
        limit = self.most_error(self.deviation(prediction))
        found: Bools = np.logical_and(self.robust, np.abs(prediction - self.y) > limit)
        return found

    def effective_rows(self, prediction: Floats) -> float:
        """Return how many rows the squared errors of a prediction count as, at most all of them.

        3·(Σe²)²/Σe⁴ (Satterthwaite 1946): normal errors of one size count each; where few errors
        are great, as where noise grows with the target, these few decide. Outliers of a robust
        loss do not count.
        """
        with np.errstate(all="ignore"):
            near = self.quadratic(prediction)
            squares = near.weights * np.square(prediction - near.response)
        squares = np.where(self.outlying(prediction), 0.0, squares)
        most = float(squares.max(initial=0.0))
        if not 0 < most < np.inf:
            return float(len(squares))
        shares = squares / most
        return min(3.0 * float(shares.sum()) ** 2 / float(shares @ shares), float(len(squares)))

    def noise(self, prediction: Floats) -> float:
        """Return the loss of a prediction, less what outliers of a robust loss add to it."""
        with np.errstate(all="ignore"):
            points = self.of_points(prediction)
            return float(self._mean(np.where(self.outlying(prediction), 0.0, points)))

    def capped(self, prediction: Floats, deviation: float) -> float:
        """Return the loss of a prediction whose errors count as `most_error` at most."""
        with np.errstate(all="ignore"):
            most = self.of_points(self.y + self.most_error(deviation))
            loss = float(self._mean(np.minimum(self.of_points(prediction), most)))
        return loss if np.isfinite(loss) else np.inf

    @abstractmethod
    def quadratic(self, prediction: Floats | None) -> Quadratic:
        """Return the least-squares problem near predictions, or to begin with."""

    def _mean(self, errors: Floats) -> Any:
        if self.weights is None:
            return np.add.reduce(errors, -1) / errors.shape[-1]
        return errors @ self.weights

    def _or_one(self) -> Any:
        return 1.0 if self.weights is None else self.weights


@final
@dataclass(frozen=True)
class Loss:
    """What makes one number of predictions and targets; smaller is better, 0 is exact.

    Attributes:
        name: Its name on the command line.
        bind: Prepares the loss for targets and weights, each ``[point]``; raises `LisaError` where
            they are unfit for it.
    """

    name: str
    bind: Callable[[Floats, Floats | None], BoundLoss]

    def value(self, prediction: Floats, y: Floats, weights: Floats | None = None) -> Any:
        """Return the loss of predictions ``[.., point]``, ``[..]``.

        Raises:
            LisaError: The targets or weights are unfit for the loss.
        """
        with np.errstate(all="ignore"):
            return self.bind(y, weights).value(prediction)


class _Squared(BoundLoss):
    """The mean squared error over the variance of the targets (NMSE): 1 - R² of the data."""

    fixed = True

    def of_points(self, prediction: Floats) -> Any:
        return np.square((prediction - self.y) / self.scale)

    def quadratic(self, prediction: Floats | None) -> Quadratic:
        return Quadratic(self.y, self._or_one())


class _Absolute(BoundLoss):
    """The mean absolute error over the standard deviation of the targets."""

    exact = 1e-12
    robust = True

    def of_points(self, prediction: Floats) -> Any:
        return np.abs((prediction - self.y) / self.scale)

    def quadratic(self, prediction: Floats | None) -> Quadratic:
        if prediction is None:
            return Quadratic(self.y, self._or_one())
        errors = np.abs((prediction - self.y) / self.scale)
        return Quadratic(self.y, self._or_one() / np.maximum(errors, _ZERO))


class _Huber(BoundLoss):
    """Squared errors up to a tenth of the targets' deviation, absolute ones beyond (Huber 1964)."""

    robust = True
    met = 0.1

    def of_points(self, prediction: Floats) -> Any:
        errors = np.abs((prediction - self.y) / self.scale)
        clipped = np.minimum(errors, self.met)
        return clipped * (2.0 * errors - clipped)

    def quadratic(self, prediction: Floats | None) -> Quadratic:
        if prediction is None:
            return Quadratic(self.y, self._or_one())
        errors = np.abs((prediction - self.y) / self.scale)
        shares = self.met / np.maximum(errors, self.met)
        return Quadratic(self.y, self._or_one() * shares)


class _Relative(BoundLoss):
    """The mean squared relative error; targets near zero count as a thousandth of the mean."""

    fixed = True

    def __init__(self, y: Floats, weights: Floats | None = None) -> None:
        super().__init__(y, weights)
        sizes = np.abs(y)
        self._sizes = np.maximum(sizes, _SMALL * self._mean(sizes) or 1.0)

    def of_points(self, prediction: Floats) -> Any:
        return np.square((prediction - self.y) / self._sizes)

    def quadratic(self, prediction: Floats | None) -> Quadratic:
        # Relative to the scale, as squares of small units would underflow.
        return Quadratic(self.y, self._or_one() * np.square(self.scale / self._sizes))


class _Logarithmic(BoundLoss):
    """The mean squared error of logarithms over the variance of the targets' logarithms.

    For targets above 0 that span decades. A prediction that is not above 0 counts as a billionth
    of its target.
    """

    curved = True

    def __init__(self, y: Floats, weights: Floats | None = None) -> None:
        if not np.all(y > 0):
            row = int(np.argmin(y > 0))
            raise LisaError(
                f"the loss log needs targets above 0; the target of row {row + 1} is {y[row]:g}"
            )
        super().__init__(y, weights)
        logs = np.log(y)
        spread = float(np.sqrt(self._mean(np.square(logs - self._mean(logs)))))
        self._spread = spread if spread > _CONSTANT else 1.0

    def of_points(self, prediction: Floats) -> Any:
        ratios = np.maximum(prediction / self.y, _FLOOR)
        return np.square(np.log(ratios) / self._spread)

    def quadratic(self, prediction: Floats | None) -> Quadratic:
        if prediction is None:
            return Quadratic(self.y, self._or_one() * np.square(self.scale / self.y))
        ratios = prediction / self.y
        below = ratios <= _FLOOR
        ratios = np.where(below, 1.0, ratios)
        response = prediction - np.where(below, prediction - self.y, prediction * np.log(ratios))
        return Quadratic(response, self._or_one() * np.square(self.scale / (self.y * ratios)))


def _normalised(y: Floats, weights: Floats | None) -> Floats | None:
    """Weights that sum to 1; None where all are equal.

    Raises:
        LisaError: They do not match y, or are negative, not finite or all zero.
    """
    if weights is None:
        return None
    if weights.shape != y.shape:
        raise LisaError(f"weights have shape {weights.shape}, targets {y.shape}; give one a target")
    total = float(weights.sum())
    if not (np.all(weights >= 0) and 0 < total < np.inf):
        raise LisaError("weights must be finite numbers of at least 0, and not all of them 0")
    if np.all(weights == weights[0]):
        return None
    return weights / total


MSE: Final = Loss("mse", _Squared)
LOSSES: Final[Mapping[str, Loss]] = MappingProxyType(
    {
        loss.name: loss
        for loss in (
            MSE,
            Loss("mae", _Absolute),
            Loss("huber", _Huber),
            Loss("relative", _Relative),
            Loss("log", _Logarithmic),
        )
    }
)
"""The losses by name."""
