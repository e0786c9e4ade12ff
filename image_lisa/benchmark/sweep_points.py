"""A point of a sweep, and what was measured of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from image_lisa.reports.table import Statistic
from shared.methods import (
    Method,
)


@dataclass(frozen=True)
class Point:
    """A point of the grid.

    Attributes:
        values: of the hyperparameters, by name.
        method: with these values.
    """

    values: Mapping[str, Any]
    method: Method


@dataclass(frozen=True)
class MeasuredPoint:
    """What a point came to.

    Attributes:
        point: which.
        numbers: the `NUMBERS` over seeds.
        records: of the single runs.
    """

    point: Point
    numbers: Mapping[str, Statistic]
    records: Sequence[Mapping[str, Any]]
