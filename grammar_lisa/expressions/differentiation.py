"""Values of a formula and their derivatives by its open constants, over starts and points.

Every open constant occurs once, so the nodes that depend on constants form a tree: a constant's
derivative is the product of the local derivatives on its way to the root. The products are taken
from the root down, which costs one multiplication a node whatever the number of constants
(reverse accumulation; Griewank & Walther 2008, chapter 3).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final, NamedTuple, final

import numpy as np
import numpy.typing as npt

from grammar_lisa.expressions.evaluation import FUNCTIONS, Floats
from grammar_lisa.expressions.expression import NEGATION, OPEN, POWER, VARIABLE, Node
from shared.common.errors import LisaError

_Rule = Callable[[Any, Any, Any, Any], Any]


def _power_by_exponent(s: Any, a: Any, b: Any, v: Any) -> Any:
    # 0 to any positive power is 0, where v log(a) would be NaN.
    slope = np.where(v == 0, 0.0, v * np.log(a))
    below = np.atleast_1d(a) < 0
    if below.any():
        # Powers of what is below zero are defined for integers alone, so the exponent stays.
        slope = np.where(below.any(-1, keepdims=True), 0.0, slope)
    return s * slope


_LN2: Final = float(np.log(2.0))
_LN10: Final = float(np.log(10.0))
_BY_FIRST: Final[Mapping[str, _Rule]] = MappingProxyType(
    {
        "+": lambda s, a, b, v: s,
        "-": lambda s, a, b, v: s,
        "*": lambda s, a, b, v: s * b,
        "/": lambda s, a, b, v: s / b,
        POWER: lambda s, a, b, v: s * b * np.power(a, b - 1.0),
        NEGATION: lambda s, a, b, v: -s,
        "abs": lambda s, a, b, v: s * np.sign(a),
        "sqrt": lambda s, a, b, v: s * 0.5 / v,
        "sin": lambda s, a, b, v: s * np.cos(a),
        "cos": lambda s, a, b, v: -s * np.sin(a),
        "tan": lambda s, a, b, v: s * (1.0 + v * v),
        "asin": lambda s, a, b, v: s / np.sqrt(1.0 - a * a),
        "acos": lambda s, a, b, v: -s / np.sqrt(1.0 - a * a),
        "atan": lambda s, a, b, v: s / (1.0 + a * a),
        "sinh": lambda s, a, b, v: s * np.cosh(a),
        "cosh": lambda s, a, b, v: s * np.sinh(a),
        "tanh": lambda s, a, b, v: s * (1.0 - v * v),
        "exp": lambda s, a, b, v: s * v,
        "log": lambda s, a, b, v: s / a,
        "log2": lambda s, a, b, v: s / (_LN2 * a),
        "log10": lambda s, a, b, v: s / (_LN10 * a),
    }
)
"""The derivative by an operator's first operand a times s, given the second b and the value v."""
_BY_SECOND: Final[Mapping[str, _Rule]] = MappingProxyType(
    {
        "+": lambda s, a, b, v: s,
        "-": lambda s, a, b, v: -s,
        "*": lambda s, a, b, v: s * a,
        "/": lambda s, a, b, v: -s * v / b,
        POWER: _power_by_exponent,
    }
)


class Step(NamedTuple):
    """Compute one node from its operands; `second` is -1 where there is one operand."""

    node: int
    function: Callable[..., Any]
    first: int
    second: int


class _Descent(NamedTuple):
    """Compute the derivative of the root by one operand of a node from that by the node."""

    rule: _Rule
    node: int
    operand: int
    first: int
    second: int


@final
class Program:
    """The order in which a skeleton's nodes are evaluated and differentiated.

    Attributes:
        nodes: The nodes; the last is the root.
        constants: The nodes of the open constants, in their order.
        linear: The positions in `constants` of those that enter linearly, jointly.
        nonlinear: The positions of the others.
        offset: Whether the value has a part that no linear constant multiplies.
        free: Steps that depend on no constant.
        inner: Steps that depend on nonlinear constants alone.
        outer: Steps that depend on linear constants.
    """

    def __init__(self, nodes: Sequence[Node]) -> None:
        self.nodes = tuple(nodes)
        self.constants = [n for n, node in enumerate(nodes) if node.operator == OPEN]
        depends = _dependent(nodes)
        on_linear, self.offset = _linear_nodes(nodes)
        places = {node: k for k, node in enumerate(self.constants)}
        self.linear = tuple(places[n] for n in self.constants if n in on_linear)
        self.nonlinear = tuple(places[n] for n in self.constants if n not in on_linear)
        self.free: list[Step] = []
        self.inner: list[Step] = []
        self.outer: list[Step] = []
        for number, node in enumerate(nodes):
            if node.operands:
                steps = self.inner if depends[number] else self.free
                (self.outer if number in on_linear else steps).append(_step(number, node))
        self.kept = _operands_of([*self.inner, *self.outer]) | {len(nodes) - 1}
        descents = [
            descent
            for number in reversed(range(len(nodes)))
            for descent in _descents(number, nodes[number])
            if depends[descent.operand]
        ]
        self.to_linear = [d for d in descents if d.operand in on_linear]
        self.to_nonlinear = [d for d in descents if d.operand not in on_linear]
        self.linear_nodes = [self.constants[k] for k in self.linear]
        self.nonlinear_nodes = [self.constants[k] for k in self.nonlinear]


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


def _descend(descent: _Descent, state: State) -> None:
    rule, node, operand, first, second = descent
    values, slopes = state
    slopes[operand] = rule(slopes[node], values[first], values[second], values[node])


def _step(number: int, node: Node) -> Step:
    first, second = (*node.operands, -1)[:2]
    return Step(number, FUNCTIONS[node.operator], first, second)


def _descents(number: int, node: Node) -> list[_Descent]:
    rules = (_BY_FIRST, _BY_SECOND)
    first, second = (*node.operands, 0, 0)[:2]
    return [
        _Descent(rules[place][node.operator], number, operand, first, second)
        for place, operand in enumerate(node.operands)
    ]


def _operands_of(steps: Sequence[Step]) -> set[int]:
    return {operand for step in steps for operand in (step.first, step.second) if operand >= 0}


def _dependent(nodes: Sequence[Node]) -> list[bool]:
    """Whether each node depends on an open constant."""
    depends: list[bool] = []
    for node in nodes:
        depends.append(node.operator == OPEN or any(depends[o] for o in node.operands))
    return depends


def _linear_nodes(nodes: Sequence[Node]) -> tuple[set[int], bool]:
    """The nodes between the root and the linear constants, and whether there is an offset."""
    counts: list[int] = []
    for node in nodes:
        counts.append(_linear_count(node, [counts[operand] for operand in node.operands]))
    root = len(nodes) - 1
    found: set[int] = set()
    pending = [root] if counts[root] else []
    offset = not counts[root]
    while pending:
        number = pending.pop()
        found.add(number)
        node = nodes[number]
        if node.operator in "+-":
            offset |= any(not counts[operand] for operand in node.operands)
            pending.extend(operand for operand in node.operands if counts[operand])
        elif node.operator == "*":
            pending.append(max(node.operands, key=lambda operand: counts[operand]))
        else:
            pending.extend(node.operands[:1])
    return found, offset


def _linear_count(node: Node, operands: list[int]) -> int:
    """How many constants enter a node linearly, from how many enter its operands so."""
    match node.operator:
        case "+" | "-":
            return sum(operands)
        case "*":
            return max(operands)
        case "/" | "negation":
            return operands[0]
    return int(node.operator == OPEN)
