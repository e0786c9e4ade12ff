"""The order in which a formula with open constants is evaluated and differentiated.

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

from grammar_lisa.expressions.evaluation import FUNCTIONS
from grammar_lisa.expressions.expression import NEGATION, OPEN, POWER, Node

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


class Descent(NamedTuple):
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


def _step(number: int, node: Node) -> Step:
    first, second = (*node.operands, -1)[:2]
    return Step(number, FUNCTIONS[node.operator], first, second)


def _descents(number: int, node: Node) -> list[Descent]:
    rules = (_BY_FIRST, _BY_SECOND)
    first, second = (*node.operands, 0, 0)[:2]
    return [
        Descent(rules[place][node.operator], number, operand, first, second)
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
    """Return the nodes from the root to the linear constants, and whether there is an offset."""
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
