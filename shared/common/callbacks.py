"""Who hears how work goes."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

Notify = Callable[[str], None]
"""Hears in words what is being done, or was found."""
MetricsRow = dict[str, float]
"""The metrics of an epoch, by name."""


def silent(text: str) -> None:
    """Hear nothing."""


@dataclass(frozen=True)
class Callbacks:
    """Who is told how a training goes.

    Attributes:
        note: Hears sentences.
        step: Hears the steps done, the steps in all, and examples a second.
        epoch: Hears each epoch's row of metrics.
        curves: Hears all rows at the end, before the model is written.
    """

    note: Notify = silent
    step: Callable[[int, int, float], None] = lambda step, steps, rate: None
    epoch: Callable[[MetricsRow], None] = lambda row: None
    curves: Callable[[Sequence[MetricsRow]], None] = lambda rows: None
