"""What a function does, as far as arguments and values of it have been met."""

import copy
from typing import Final

import numpy as np

from grammar_lisa.objectives.evaluation import Floats

_CELLS: Final = 1e4
"""Cells a unit of arcsinh(argument), of each of which one argument is kept."""
_SAME: Final = 1e-9
"""How near, relatively and near zero, an argument counts as one that was met."""
_SMOOTH: Final = 1e-3
"""How far curves through neighbours may be from the line, relatively and in typical values."""
_NEIGHBOURS: Final = 4


class Table:
    """Pairs of an argument and a value of one function, between which values are interpolated.

    Nothing is presumed of the function but that it is smooth where the table is dense: between two
    arguments a value is told only where the line through these, the parabola through three and the
    cubic through four neighbours all but agree.

    Attributes:
        arguments: that were met, ascending, ``[n]``.
        values: of them, ``[n]``.
    """

    def __init__(self) -> None:
        self.arguments: Floats = np.empty(0)
        self.values: Floats = np.empty(0)
        self._typical = 1.0
        self._differences: Floats = np.empty((0, _NEIGHBOURS))

    def __len__(self) -> int:
        return len(self.arguments)

    def copy(self) -> "Table":
        """What is known now, whatever is added later."""
        return copy.copy(self)

    def add(self, arguments: Floats, values: Floats) -> int:
        """Keep pairs whose arguments lie in no cell that holds one; how many were kept.

        Args:
            arguments: finite, ``[n]``.
            values: finite, ``[n]``.
        """
        joined = np.concatenate([self.arguments, arguments])
        cells = np.floor(np.arcsinh(joined) * _CELLS)
        _, first = np.unique(cells, return_index=True)
        added = len(first) - len(self)
        if added:
            order = first[np.argsort(joined[first], kind="stable")]
            self.arguments = joined[order]
            self.values = np.concatenate([self.values, values])[order]
            self._typical = float(np.median(np.abs(self.values)))
            self._differences = _divided_differences(self.arguments, self.values)
        return added

    def __call__(self, arguments: Floats, *, between: bool = True) -> Floats:
        """The values at arguments of any shape; NaN where they are not known.

        Args:
            arguments: NaN where there is none.
            between: whether to interpolate, too.
        """
        asked = arguments.ravel()
        found = np.full(len(asked), np.nan)
        some = np.flatnonzero(np.isfinite(asked))
        if len(self) and len(some):
            found[some] = self._looked_up(asked[some], between)
        return found.reshape(arguments.shape)

    def _looked_up(self, asked: Floats, between: bool) -> Floats:
        last = len(self) - 1
        place = np.searchsorted(self.arguments, asked)
        below, above = np.maximum(place - 1, 0), np.minimum(place, last)
        to_below = np.abs(asked - self.arguments[below])
        to_above = np.abs(asked - self.arguments[above])
        nearest = np.where(to_below <= to_above, below, above)
        reach = _SAME * np.maximum(1.0, np.abs(asked))
        found = np.where(np.minimum(to_below, to_above) <= reach, self.values[nearest], np.nan)
        if between:
            enough = len(self) >= _NEIGHBOURS
            inner = np.flatnonzero(np.isnan(found) & (place >= 1) & (place <= last) & enough)
            found[inner] = self._interpolated(asked[inner], place[inner])
        return found

    def _interpolated(self, asked: Floats, place: np.ndarray) -> Floats:
        first = np.clip(place - 2, 0, len(self) - _NEIGHBOURS)
        x0, x1, x2 = (self.arguments[first + n] for n in range(3))
        c0, c1, c2, c3 = self._differences[first].T
        square = c0 + (asked - x0) * (c1 + (asked - x1) * c2)
        cubic = square + (asked - x0) * (asked - x1) * (asked - x2) * c3
        low, high = self.values[place - 1], self.values[place]
        start, end = self.arguments[place - 1], self.arguments[place]
        line = low + (asked - start) * ((high - low) / (end - start))
        apart = np.maximum(np.abs(cubic - line), np.abs(square - line))
        near = apart <= _SMOOTH * (np.abs(line) + self._typical)
        values: Floats = np.where(near, cubic, np.nan)
        return values


def _divided_differences(arguments: Floats, values: Floats) -> Floats:
    """Newton's coefficients of the cubic through each four pairs in a row, ``[n - 3, 4]``."""
    count = max(0, len(values) - _NEIGHBOURS + 1)
    columns, level = [values[:count]], values
    for order in range(1, _NEIGHBOURS):
        level = np.diff(level) / (arguments[order:] - arguments[:-order])
        columns.append(level[:count])
    return np.stack(columns, axis=1)
