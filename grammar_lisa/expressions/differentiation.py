"""Values of a formula on points, and their derivatives by its open constants, for many starts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, final

import numpy as np
import numpy.typing as npt

from grammar_lisa.expressions.expression import OPEN, VARIABLE, Node
from grammar_lisa.expressions.program import Descent, Program, Step
from shared.common.arrays import Floats
from shared.common.errors import LisaError


class State(NamedTuple):
    """What one evaluation knows: values by node, and derivatives of the root by node."""

    values: list[Any]
    slopes: list[Any]


@final
class BoundSkeleton:
    """A skeleton on given points, where all that depends on no constant is computed already.

    Attributes:
        program: The order of the computation.
        points: The variables, each ``[point]``.
        n_points: The number of points.
        n_constants: The number of open constants, n.
    """

    def __init__(self, program: Program, points: Mapping[str, Floats]) -> None:
        self.program = program
        self.points = points
        self.n_points = len(next(iter(points.values())))
        self.n_constants = len(program.constants)
        values = [_leaf(node, points) for node in program.nodes]
        with np.errstate(all="ignore"):
            _run(program.free, values)
        self._values = [v if n in program.kept else None for n, v in enumerate(values)]

    @property
    def free_values(self) -> list[Any]:
        """The values of the nodes that depend on no constant and matter; None for others."""
        return self._values

    def values(self, constants: npt.ArrayLike) -> Floats:
        """Return the values ``[point]``, for constants ``[start, n]`` ``[start, point]``.

        Raises:
            LisaError: The number of constants is not n.
        """
        rows, single = self._rows(constants)
        with np.errstate(all="ignore"):
            values = self._root(self._evaluated(rows), len(rows))
        return values[0] if single else values

    def values_and_jacobian(self, constants: npt.ArrayLike) -> tuple[Floats, Floats]:
        """Return the values as `values` does, and their derivatives ``[.., n, point]``.

        Raises:
            LisaError: The number of constants is not n.
        """
        rows, single = self._rows(constants)
        jacobian = np.empty((len(rows), self.n_constants, self.n_points))
        with np.errstate(all="ignore"):
            state = self._evaluated(rows)
            for descent in (*self.program.to_linear, *self.program.to_nonlinear):
                _descend(descent, state)
        for place, node in enumerate(self.program.constants):
            jacobian[:, place] = state.slopes[node]
        values = self._root(state, len(rows))
        return (values[0], jacobian[0]) if single else (values, jacobian)

    def begin(self, nonlinear: Floats) -> State:
        """Evaluate what depends on no linear constant; the caller ignores numpy's warnings.

        Args:
            nonlinear: The nonlinear constants, ``[start, q]``.
        """
        values = self._values.copy()
        for place, node in enumerate(self.program.nonlinear_nodes):
            values[node] = nonlinear[:, place, None]
        _run(self.program.inner, values)
        slopes: list[Any] = [None] * len(values)
        slopes[-1] = 1.0
        return State(values, slopes)

    def basis(self, state: State, out: Floats) -> Any:
        """Write what the linear constants multiply to `out` ``[start, l, point]``.

        Returns:
            The rest of the value, which broadcasts to ``[start, point]``; 0 where there is none.
        """
        program = self.program
        for descent in program.to_linear:
            _descend(descent, state)
        for place, node in enumerate(program.linear_nodes):
            out[:, place] = state.slopes[node]
            state.values[node] = 0.0
        if not program.offset:
            return 0.0
        _run(program.outer, state.values)
        return state.values[-1]

    def complete(self, state: State, linear: Floats) -> Any:
        """Return the values for linear constants ``[start, l]``, after `begin` and `basis`.

        They broadcast to ``[start, point]``.
        """
        for place, node in enumerate(self.program.linear_nodes):
            state.values[node] = linear[:, place, None]
        _run(self.program.outer, state.values)
        return state.values[-1]

    def slopes(self, state: State, out: Floats) -> None:
        """Write the derivatives by the nonlinear constants to `out` ``[start, q, point]``.

        After `complete`.
        """
        program = self.program
        for descent in program.to_nonlinear:
            _descend(descent, state)
        for place, node in enumerate(program.nonlinear_nodes):
            out[:, place] = state.slopes[node]

    def _rows(self, constants: npt.ArrayLike) -> tuple[Floats, bool]:
        array = np.asarray(constants, dtype=np.float64)
        if array.ndim not in (1, 2) or array.shape[-1] != self.n_constants:
            raise LisaError(
                f"constants have shape {array.shape}; [{self.n_constants}] or "
                f"[start, {self.n_constants}] is needed"
            )
        return np.atleast_2d(array), array.ndim == 1

    def _evaluated(self, rows: Floats) -> State:
        program = self.program
        state = self.begin(rows[:, program.nonlinear])
        for place, node in zip(program.linear, program.linear_nodes, strict=True):
            state.values[node] = rows[:, place, None]
        _run(program.outer, state.values)
        return state

    def _root(self, state: State, starts: int) -> Floats:
        values = np.empty((starts, self.n_points))
        values[:] = state.values[-1]
        return values


def _leaf(node: Node, points: Mapping[str, Floats]) -> Any:
    if node.operands or node.operator == OPEN:
        return None
    return points[node.name] if node.operator == VARIABLE else np.float64(node.value)


def _run(steps: Sequence[Step], values: list[Any]) -> None:
    for node, function, first, second in steps:
        if second < 0:
            values[node] = function(values[first])
        else:
            values[node] = function(values[first], values[second])


def _descend(descent: Descent, state: State) -> None:
    rule, node, operand, first, second = descent
    values, slopes = state
    slopes[operand] = rule(slopes[node], values[first], values[second], values[node])
