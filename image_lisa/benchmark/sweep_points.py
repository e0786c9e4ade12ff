"""A point of a sweep, and what was measured of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from image_lisa.reports.table import Statistic
from shared.methods import Method


@dataclass(frozen=True)
class Point:
    """A point of the grid.

    Attributes:
        values: Of the hyperparameters, by name.
        method: With these values.
    """

    values: Mapping[str, Any]
    method: Method


@dataclass(frozen=True)
class MeasuredPoint:
    """What a point came to.

    Attributes:
        point: Which.
        numbers: The `NUMBERS` over seeds.
        records: Of the single runs.
    """

    point: Point
    numbers: Mapping[str, Statistic]
    records: Sequence[Mapping[str, Any]]
