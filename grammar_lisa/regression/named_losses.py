"""Losses by the names that command lines and parameters give them."""

from __future__ import annotations

from pathlib import Path

from grammar_lisa.regression.fits.losses import LOSSES, Loss
from grammar_lisa.regression.fits.user_loss import user_loss


def loss_named(name: str) -> Loss:
    """Return a loss: one of `LOSSES`, or a function of the user's, ``package.module:function``.

    Raises:
        LisaError: The text names no function.
    """
    return user_loss(name, str(Path.cwd())) if ":" in name else LOSSES[name]
