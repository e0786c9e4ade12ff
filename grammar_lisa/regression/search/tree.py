"""Formulas in the making: trees whose open constants hold the values that they have now."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

import numpy as np

from grammar_lisa.expressions.evaluation import FUNCTIONS
from grammar_lisa.expressions.expression import (
    CONSTANT,
    CONSTANT_TERMINAL,
    NEGATION,
    NUMBER,
    OPEN,
    POWER,
    VARIABLE,
    Node,
)
from grammar_lisa.expressions.skeleton import Skeleton
from grammar_lisa.expressions.writing import write
from shared.common.arrays import Floats

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
        with np.errstate(all="ignore"):
            return self._values(points)

    def _values(self, points: Mapping[str, Floats]) -> Any:
        if self.operator == VARIABLE:
            return points[self.name]
        if not self.operands:
            return np.float64(self.value)
        return FUNCTIONS[self.operator](*[each._values(points) for each in self.operands])

    def skeleton(self, variables: tuple[str, ...]) -> Skeleton:
        """Return the formula with its constants open."""
        nodes = _nodes(self)
        return Skeleton(nodes, write(nodes), variables)

    @property
    def text(self) -> str:
        """The formula with `c` for each open constant."""
        return write(_nodes(self))


def variable(name: str) -> Tree:
    """Return a variable."""
    return Tree(VARIABLE, (), name)


Feature = str | Tree
"""What sums and products are made of: a variable, by its name, or a part of a formula."""


def part_of(feature: Feature) -> Tree:
    """Return what a feature stands for: the variable of a name, or a part itself."""
    return variable(feature) if isinstance(feature, str) else feature


def number(value: float) -> Tree:
    """Return a number that stays as it is."""
    return Tree(NUMBER, (), "", float(value))


def significant_digits(value: float) -> int:
    """Return how many digits a number is written with, but for zeros at its ends."""
    return len(repr(abs(value)).partition("e")[0].replace(".", "").strip("0")) or 1


def open_constant(value: float) -> Tree:
    """Return a constant that is to be fitted."""
    return Tree(OPEN, (), CONSTANT_TERMINAL, float(value))


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


def quotient(above: Sequence[Tree], below: Sequence[Tree]) -> Tree:
    """Return the product of some factors, divided by that of others where there are any."""
    whole = product(*above)
    return make("/", whole, product(*below)) if below else whole


def total(*terms: Tree) -> Tree:
    """Return the sum of terms, left to right."""
    result = terms[0]
    for term in terms[1:]:
        result = make("+", result, term)
    return result


def combination(coefficients: Iterable[float], trees: Iterable[Tree]) -> Tree:
    """Return the sum of trees with coefficients that are to be fitted, but for ones."""
    pairs = zip(coefficients, trees, strict=True)
    return total(
        *(tree if each == 1 else product(open_constant(each), tree) for each, tree in pairs)
    )


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


def is_numeric(tree: Tree) -> bool:
    """Tell whether a tree is a number, fixed or to be fitted."""
    return tree.operator in {NUMBER, OPEN}


def _multiple(tree: Tree) -> tuple[float, Tree] | None:
    """Return the open constant that a product begins with, and the other factor."""
    if tree.operator == "*" and tree.operands[0].operator == OPEN:
        return tree.operands[0].value, tree.operands[1]
    return None


def _negated(operand: Tree) -> Tree | None:
    if operand.operator == NEGATION:
        return operand.operands[0]
    if multiple := _multiple(operand):
        return make("*", open_constant(-multiple[0]), multiple[1])
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
    if multiple := _multiple(left):
        return make("*", open_constant(multiple[0]), make("*", multiple[1], right))
    if multiple := _multiple(right):
        return make("*", open_constant(multiple[0]), make("*", left, multiple[1]))
    if right.operator == "/" and _is_number(right.operands[0], 1):
        return make("/", left, right.operands[1])
    if left.operator == "/" and _is_number(left.operands[0], 1):
        return make("/", right, left.operands[1])
    return None


def _scaled(constant: Tree, tree: Tree) -> Tree | None:
    """Return a constant times what begins with a constant, or is a quotient of one."""
    if tree.operator == NEGATION:
        return make("*", open_constant(-constant.value), tree.operands[0])
    if tree.operator in {"*", "/"} and is_numeric(tree.operands[0]):
        scaled = open_constant(constant.value * tree.operands[0].value)
        return make(tree.operator, scaled, tree.operands[1])
    if tree.operator == NUMBER:
        return open_constant(constant.value * tree.value)
    return None


def _divided(left: Tree, right: Tree) -> Tree | None:
    if _is_number(right, 1):
        return left
    if right.operator == OPEN and right.value:
        return make("*", open_constant(1 / right.value), left)
    if right.operator == "/" and (left.operator != OPEN or _is_number(right.operands[0], 1)):
        return make("/", make("*", left, right.operands[1]), right.operands[0])
    if (multiple := _multiple(right)) and multiple[0]:
        return make("*", open_constant(1 / multiple[0]), make("/", left, multiple[1]))
    if multiple := _multiple(left):
        return make("*", open_constant(multiple[0]), make("/", multiple[1], right))
    return None


def _added(left: Tree, right: Tree) -> Tree | None:
    if _is_number(left, 0):
        return right
    if _is_number(right, 0):
        return left
    if left.operator == OPEN:
        return make("+", right, left)
    if left.operator == "+" and left.operands[1].operator == OPEN:
        rest, constant = left.operands
        if is_numeric(right):
            return make("+", rest, open_constant(constant.value + right.value))
        return make("+", make("+", rest, right), constant)
    if right.operator == "+" and right.operands[1].operator == OPEN:
        return make("+", make("+", left, right.operands[0]), right.operands[1])
    return None


def _subtracted(left: Tree, right: Tree) -> Tree | None:
    if _is_number(right, 0):
        return left
    if right.operator == OPEN:
        return make("+", left, open_constant(-right.value))
    if multiple := _multiple(right):
        return make("+", left, make("*", open_constant(-multiple[0]), multiple[1]))
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
    if not is_numeric(exponent):
        return None
    if (multiple := _multiple(base)) and multiple[0] > 0:
        with np.errstate(all="ignore"):
            scaled = float(np.power(np.float64(multiple[0]), exponent.value))
        if 0 < scaled < math.inf:
            return make("*", open_constant(scaled), make(POWER, multiple[1], exponent))
    if base.operator == POWER:
        inner = base.operands[1]
        # Of a negative number there is no such power, so that no sign is lost.
        if inner.operator == OPEN and inner.value != round(inner.value):
            return make(POWER, base.operands[0], open_constant(inner.value * exponent.value))
    return None


def _rooted(operand: Tree) -> Tree | None:
    """Return the root of a multiple as a multiple of the root."""
    if (multiple := _multiple(operand)) and multiple[0] > 0:
        return make("*", open_constant(math.sqrt(multiple[0])), make("sqrt", multiple[1]))
    return None


def _logged(operand: Tree) -> Tree | None:
    """Return the logarithm of an exponential, or of a multiple of one, as a sum."""
    if operand.operator == "exp":
        return operand.operands[0]
    multiple = _multiple(operand)
    if multiple and multiple[0] > 0 and multiple[1].operator == "exp":
        return make("+", multiple[1].operands[0], open_constant(math.log(multiple[0])))
    return None


def _exponential(operand: Tree) -> Tree | None:
    """Return the exponential of a logarithm, or of a multiple of one, as a power."""
    if operand.operator == "log":
        return operand.operands[0]
    multiple = _multiple(operand)
    if multiple and multiple[1].operator == "log":
        return make(POWER, multiple[1].operands[0], open_constant(multiple[0]))
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


def _nodes(tree: Tree) -> list[Node]:
    """Return the distinct parts of a tree, operands first; each open constant is one of its own."""
    places: dict[Node, int] = {}
    nodes: list[Node] = []

    def add(part: Tree) -> int:
        operands = tuple(add(operand) for operand in part.operands)
        value = part.value if part.operator in {NUMBER, CONSTANT} else math.nan
        node = Node(part.operator, operands, part.name, value)
        if part.operator != OPEN and node in places:
            return places[node]
        places[node] = len(nodes)
        nodes.append(node)
        return places[node]

    add(tree)
    return nodes
