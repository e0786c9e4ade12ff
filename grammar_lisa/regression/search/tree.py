"""Formulas in the making: trees whose open constants hold the values that they have now."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

import numpy as np

from grammar_lisa.expressions.evaluation import FUNCTIONS
from grammar_lisa.expressions.expression import NEGATION, NUMBER, OPEN, POWER, VARIABLE, Node
from grammar_lisa.expressions.skeleton import Skeleton
from grammar_lisa.expressions.writing import write
from shared.common.arrays import Floats

CONSTANT: Final = "c"
"""What stands for an open constant in texts."""

Path = tuple[int, ...]
"""The way from the root to a part of a tree: which operand, again and again."""


class Tree(NamedTuple):
    """A formula, or a part of one.

    Attributes:
        operator: `NUMBER`, `CONSTANT`, `VARIABLE`, `OPEN`, `NEGATION`, an operator or a function.
        operands: What it is applied to.
        name: The name of a variable or a known constant.
        value: The value of a number, of a known constant, or of an open constant for now.
    """

    operator: str
    operands: tuple[Tree, ...] = ()
    name: str = ""
    value: float = math.nan

    @property
    def size(self) -> int:
        """The number of operators and operands: the complexity of the formula."""
        return 1 + sum(operand.size for operand in self.operands)

    def constants(self) -> list[float]:
        """Return the values of the open constants, left to right."""
        if self.operator == OPEN:
            return [self.value]
        return [value for operand in self.operands for value in operand.constants()]

    def with_constants(self, constants: Sequence[float] | Floats) -> Tree:
        """Return the same formula with other values of its open constants, left to right."""
        return self._filled(iter(constants))

    def _filled(self, values: Iterator[Any]) -> Tree:
        if self.operator == OPEN:
            return self._replace(value=float(next(values)))
        operands = tuple(operand._filled(values) for operand in self.operands)
        return self._replace(operands=operands) if operands else self

    def paths(self) -> Iterator[tuple[Path, Tree]]:
        """Yield every part with the way to it, the whole first."""
        yield (), self
        for place, operand in enumerate(self.operands):
            for path, part in operand.paths():
                yield (place, *path), part

    def replaced(self, path: Path, part: Tree) -> Tree:
        """Return the formula with another part at a place."""
        if not path:
            return part
        operands = list(self.operands)
        operands[path[0]] = operands[path[0]].replaced(path[1:], part)
        return make(self.operator, *operands)

    def values(self, points: Mapping[str, Floats]) -> Any:
        """Return its values on points, ``[point]``, or a number where it has no variable."""
        if self.operator == VARIABLE:
            return points[self.name]
        if not self.operands:
            return np.float64(self.value)
        with np.errstate(all="ignore"):
            return FUNCTIONS[self.operator](*(each.values(points) for each in self.operands))

    def skeleton(self, variables: tuple[str, ...]) -> Skeleton:
        """Return the formula with its constants open."""
        nodes: list[Node] = []
        _add(self, nodes, {})
        return Skeleton(nodes, write(nodes), variables)

    @property
    def text(self) -> str:
        """The formula with `c` for each open constant."""
        nodes: list[Node] = []
        _add(self, nodes, {})
        return write(nodes)


def variable(name: str) -> Tree:
    """Return a variable."""
    return Tree(VARIABLE, (), name)


def number(value: float) -> Tree:
    """Return a number that stays as it is."""
    return Tree(NUMBER, (), "", float(value))


def open_constant(value: float) -> Tree:
    """Return a constant that is to be fitted."""
    return Tree(OPEN, (), CONSTANT, float(value))


def tree_of(skeleton: Skeleton, constants: Sequence[float] | Floats) -> Tree:
    """Return the tree of a skeleton with values for its constants."""
    built: list[Tree] = []
    for node in skeleton.nodes:
        operands = tuple(built[operand] for operand in node.operands)
        built.append(Tree(node.operator, operands, node.name, node.value))
    return built[-1].with_constants(constants)


def make(operator: str, *operands: Tree) -> Tree:
    """Return an operator applied to operands, with constants folded and neutral numbers dropped."""
    if all(each.operator == OPEN for each in operands):
        with np.errstate(all="ignore"):
            value = float(FUNCTIONS[operator](*(np.float64(each.value) for each in operands)))
        return open_constant(value)
    rule = _RULES.get(operator)
    simpler = None if rule is None else rule(*operands)
    return Tree(operator, operands) if simpler is None else simpler


def product(*factors: Tree) -> Tree:
    """Return the product of factors, left to right."""
    result = factors[0]
    for factor in factors[1:]:
        result = make("*", result, factor)
    return result


def total(*terms: Tree) -> Tree:
    """Return the sum of terms, left to right."""
    result = terms[0]
    for term in terms[1:]:
        result = make("+", result, term)
    return result


def power(base: Tree, exponent: float, *, root: bool = True) -> Tree:
    """Return a power by a number: ``1/x``, ``sqrt(x)`` and the like where there is such a form.

    Args:
        base: What is raised.
        exponent: A multiple of one half stays a number; any other is a constant to be fitted.
        root: Whether square roots may be taken.
    """
    if exponent < 0:
        return make("/", number(1), power(base, -exponent, root=root))
    if exponent == 1:
        return base
    if exponent == 0.5 and root:
        return make("sqrt", base)
    if exponent == 1.5 and root:
        return make("*", base, make("sqrt", base))
    fixed = 2 * exponent == round(2 * exponent)
    return make(POWER, base, number(exponent) if fixed else open_constant(exponent))


def _is_number(tree: Tree, value: float) -> bool:
    return tree.operator == NUMBER and tree.value == value


def _is_constant(tree: Tree) -> bool:
    return tree.operator in {NUMBER, OPEN}


def _negated(operand: Tree) -> Tree | None:
    if operand.operator == NEGATION:
        return operand.operands[0]
    if operand.operator == "*" and operand.operands[0].operator == OPEN:
        return make("*", make(NEGATION, operand.operands[0]), operand.operands[1])
    return None


def _multiplied(left: Tree, right: Tree) -> Tree | None:
    if _is_number(left, 1):
        return right
    if _is_number(right, 1):
        return left
    if right.operator == OPEN:
        return make("*", right, left)
    if left.operator == OPEN:
        return _scaled(left, right)
    if left.operator == "*" and left.operands[0].operator == OPEN:
        return make("*", left.operands[0], make("*", left.operands[1], right))
    if right.operator == "*" and right.operands[0].operator == OPEN:
        return make("*", right.operands[0], make("*", left, right.operands[1]))
    if right.operator == "/" and _is_number(right.operands[0], 1):
        return make("/", left, right.operands[1])
    if left.operator == "/" and _is_number(left.operands[0], 1):
        return make("/", right, left.operands[1])
    return None


def _scaled(constant: Tree, tree: Tree) -> Tree | None:
    """Return a constant times what begins with a constant, or is a quotient of one."""
    if tree.operator == NEGATION:
        return make("*", open_constant(-constant.value), tree.operands[0])
    if tree.operator == "*" and tree.operands[0].operator in {OPEN, NUMBER}:
        return make("*", open_constant(constant.value * tree.operands[0].value), tree.operands[1])
    if tree.operator == "/" and tree.operands[0].operator in {OPEN, NUMBER}:
        return make("/", open_constant(constant.value * tree.operands[0].value), tree.operands[1])
    if tree.operator == NUMBER:
        return open_constant(constant.value * tree.value)
    return None


def _divided(left: Tree, right: Tree) -> Tree | None:
    if _is_number(right, 1):
        return left
    if right.operator == OPEN and right.value:
        return make("*", open_constant(1 / right.value), left)
    if right.operator == "/" and left.operator != OPEN:
        return make("/", make("*", left, right.operands[1]), right.operands[0])
    if right.operator == "*" and right.operands[0].operator == OPEN and right.operands[0].value:
        scale = open_constant(1 / right.operands[0].value)
        return make("*", scale, make("/", left, right.operands[1]))
    if left.operator == "*" and left.operands[0].operator == OPEN:
        return make("*", left.operands[0], make("/", left.operands[1], right))
    return None


def _added(left: Tree, right: Tree) -> Tree | None:
    if _is_number(left, 0):
        return right
    if _is_number(right, 0):
        return left
    if left.operator == OPEN:
        return make("+", right, left)
    if (
        right.operator in {OPEN, NUMBER}
        and left.operator == "+"
        and left.operands[1].operator == OPEN
    ):
        return make("+", left.operands[0], open_constant(left.operands[1].value + right.value))
    if left.operator == "+" and left.operands[1].operator == OPEN:
        return make("+", make("+", left.operands[0], right), left.operands[1])
    if right.operator == "+" and right.operands[1].operator == OPEN:
        return make("+", make("+", left, right.operands[0]), right.operands[1])
    return None


def _subtracted(left: Tree, right: Tree) -> Tree | None:
    if _is_number(right, 0):
        return left
    if right.operator == OPEN:
        return make("+", left, open_constant(-right.value))
    if right.operator == "*" and right.operands[0].operator == OPEN:
        return make(
            "+", left, make("*", open_constant(-right.operands[0].value), right.operands[1])
        )
    if right.operator == NEGATION:
        return make("+", left, right.operands[0])
    if left.operator == OPEN:
        return make("+", make(NEGATION, right), left)
    return None


def _raised(base: Tree, exponent: Tree) -> Tree | None:
    if _is_number(exponent, 1):
        return base
    if base.operator == "sqrt" and _is_number(exponent, 2):
        return base.operands[0]
    if base.operator == "*" and base.operands[0].operator == OPEN and _is_constant(exponent):
        scale, factor = base.operands
        with np.errstate(all="ignore"):
            scaled = float(np.power(np.float64(scale.value), exponent.value))
        if scale.value > 0 and 0 < scaled < math.inf:
            return make("*", open_constant(scaled), make(POWER, factor, exponent))
    if base.operator == POWER and _is_constant(exponent):
        inner = base.operands[1]
        # Of a negative number there is no such power, so that no sign is lost.
        if inner.operator == OPEN and inner.value != round(inner.value):
            return make(POWER, base.operands[0], open_constant(inner.value * exponent.value))
    return None


def _rooted(operand: Tree) -> Tree | None:
    """Return the root of a multiple as a multiple of the root."""
    if operand.operator == "*" and operand.operands[0].operator == OPEN:
        scale, factor = operand.operands
        if scale.value > 0:
            return make("*", open_constant(math.sqrt(scale.value)), make("sqrt", factor))
    return None


def _logged(operand: Tree) -> Tree | None:
    """Return the logarithm of an exponential, or of a multiple of one, as a sum."""
    if operand.operator == "exp":
        return operand.operands[0]
    if operand.operator == "*" and operand.operands[0].operator == OPEN:
        constant, factor = operand.operands
        if factor.operator == "exp" and constant.value > 0:
            return make("+", factor.operands[0], open_constant(math.log(constant.value)))
    return None


def _exponential(operand: Tree) -> Tree | None:
    """Return the exponential of a logarithm, or of a multiple of one, as a power."""
    if operand.operator == "log":
        return operand.operands[0]
    if operand.operator == "*" and operand.operands[0].operator == OPEN:
        constant, factor = operand.operands
        if factor.operator == "log":
            return make(POWER, factor.operands[0], constant)
    return None


_RULES: Final[Mapping[str, Callable[..., Tree | None]]] = {
    "+": _added,
    "-": _subtracted,
    "*": _multiplied,
    "/": _divided,
    POWER: _raised,
    NEGATION: _negated,
    "sqrt": _rooted,
    "log": _logged,
    "exp": _exponential,
}


def _add(tree: Tree, nodes: list[Node], numbers: dict[Node, int]) -> int:
    operands = tuple(_add(operand, nodes, numbers) for operand in tree.operands)
    is_open = tree.operator == OPEN
    node = Node(tree.operator, operands, tree.name, 0.0 if tree.operands or is_open else tree.value)
    if tree.operator == VARIABLE or tree.operands or is_open:
        node = node._replace(value=math.nan)
    key = Node(tree.operator, operands, tree.name, 0.0 if math.isnan(node.value) else node.value)
    found = None if is_open else numbers.get(key)
    if found is not None:
        return found
    numbers[key] = len(nodes)
    nodes.append(node)
    return len(nodes) - 1
