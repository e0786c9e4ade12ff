"""Losses by name, and a user's own ones."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np

from grammar_lisa.objectives.user_function import describe_error, hosting, resolve
from grammar_lisa.regression.fits.losses import LOSSES, BoundLoss, Loss, Quadratic
from shared.common.arrays import Floats
from shared.common.errors import LisaError

_NEAREST: Final = 1e-4
"""Errors below this share of the scale weigh as one of this size."""
_STEP: Final = 1e-3
"""The step of the numerical derivative, as a share of the error."""


def function_loss(function: Callable[..., object], name: str) -> Loss:
    """Return the mean of what a function says of each point, over that of the mean as prediction.

    Args:
        function: From the targets and a prediction, each ``[point]``, to losses ``[point]``,
            least where the prediction is the target.
        name: Its name in messages.
    """
    return Loss(name, partial(_User, function=function, name=name))


def user_loss(text: str, folder: str) -> Loss:
    """Return the loss that ``package.module:function`` names, imported from `folder` first.

    Raises:
        LisaError: The text names no function.
    """
    with hosting(folder):
        return function_loss(resolve(text, folder, "loss"), text)


def loss_named(name: str) -> Loss:
    """Return a loss: one of `LOSSES`, or a function of the user's, ``package.module:function``.

    Raises:
        LisaError: The text names no function.
    """
    return user_loss(name, str(Path.cwd())) if ":" in name else LOSSES[name]


class _User(BoundLoss):
    """What a function says of each point; `bind` raises where it fails on the mean."""

    robust = True

    def __init__(
        self, y: Floats, weights: Floats | None, function: Callable[..., object], name: str
    ) -> None:
        super().__init__(y, weights)
        self._function = function
        self._unit = 1.0
        constant = float(self._mean(self._checked(np.full_like(y, self.mean), name)))
        if np.isfinite(constant) and constant > 0:
            self._unit = constant

    def of_points(self, prediction: Floats) -> Any:
        return self._losses(prediction) / self._unit

    def quadratic(self, prediction: Floats | None) -> Quadratic:
        if prediction is None:
            return Quadratic(self.y, self._or_one())
        errors = prediction - self.y
        least = _NEAREST * self.scale
        errors = np.where(np.abs(errors) < least, np.copysign(least, errors), errors)
        steps = _STEP * errors
        rise = self._losses(self.y + errors + steps) - self._losses(self.y + errors - steps)
        weights = np.maximum(rise / (4.0 * steps * errors), 0.0) * self.scale**2 / self._unit
        return Quadratic(self.y, self._or_one() * weights)

    def _losses(self, prediction: Floats) -> Floats:
        """Return the losses of predictions ``[.., point]``; NaN where the function fails."""
        losses = np.full(prediction.shape, np.nan)
        for place in np.ndindex(prediction.shape[:-1]):
            # One prediction that it cannot judge must not end a search.
            with contextlib.suppress(Exception):
                losses[place] = np.asarray(self._function(self.y, prediction[place]))
        return losses

    def _checked(self, prediction: Floats, name: str) -> Floats:
        try:
            losses = np.asarray(self._function(self.y, prediction), dtype=np.float64)
        except Exception as error:
            raise LisaError(
                f"loss {name!r} failed on the mean as prediction with {describe_error(error)}"
            ) from error
        if losses.shape != self.y.shape:
            raise LisaError(
                f"loss {name!r} returned shape {losses.shape} for {self.y.shape[0]} points; "
                "it takes targets and predictions and returns one loss a point, not their mean"
            )
        return losses
