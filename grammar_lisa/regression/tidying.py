"""Formulas as people write them: factors side by side, no division by negative powers."""

from __future__ import annotations

from dataclasses import dataclass, field

from grammar_lisa.expressions.expression import NEGATION, NUMBER, POWER
from grammar_lisa.regression.search.tree import Tree, make, number, quotient


def tidied(tree: Tree) -> Tree:
    """Return a formula that says the same with factors and powers put in order.

    ``2*(a*b)`` becomes ``2*a*b``, ``a/x**(-1.4)`` ``a*x**1.4``, ``m/r*(n/r)`` ``m*n/r**2``, and
    ``exp(x)**0.2``, which is infinite for a great x, ``exp(0.2*x)``.

    Args:
        tree: The formula, without open constants.
    """
    if tree.operator in {"*", "/"}:
        factors = _Factors()
        factors.add(tree, 1)
        return factors.tree()
    operands = tuple(map(tidied, tree.operands))
    if tree.operator == POWER:
        base, exponent = operands
        value = _value(exponent)
        if base.operator == "exp" and value is not None:
            return make("exp", tidied(make("*", exponent, base.operands[0])))
    return tree._replace(operands=operands) if operands else tree


def _value(tree: Tree) -> float | None:
    """Return the value of a number with its sign; None of anything else."""
    if tree.operator == NUMBER:
        return tree.value
    if tree.operator == NEGATION and tree.operands[0].operator == NUMBER:
        return -tree.operands[0].value
    return None


@dataclass
class _Factors:
    """A product in the making.

    Attributes:
        negative: Whether its sign is minus.
        numbers: Its numbers, each above or below the line.
        exponents: Of its other factors.
    """

    negative: bool = False
    numbers: list[tuple[Tree, int]] = field(default_factory=list)
    exponents: dict[Tree, float] = field(default_factory=dict)

    def add(self, tree: Tree, side: int) -> None:
        """Multiply by a tree, or divide where the side is -1."""
        if tree.operator in {"*", "/"}:
            self.add(tree.operands[0], side)
            self.add(tree.operands[1], side if tree.operator == "*" else -side)
        elif tree.operator == NEGATION:
            self.negative = not self.negative
            self.add(tree.operands[0], side)
        elif tree.operator == NUMBER:
            self.numbers.append((tree, side))
        else:
            self._add_power(tidied(tree), side)

    def _add_power(self, tree: Tree, side: int) -> None:
        exponent = _value(tree.operands[1]) if tree.operator == POWER else None
        base, exponent = (tree, 1.0) if exponent is None else (tree.operands[0], exponent)
        if base.operator == "sqrt":
            base, exponent = base.operands[0], exponent / 2
        self.exponents[base] = self.exponents.get(base, 0.0) + side * exponent

    def tree(self) -> Tree:
        """Return the product, its numbers first."""
        powers = [(base, round(e, 12)) for base, e in self.exponents.items()]
        above = [each for each, side in self.numbers if side > 0]
        below = [each for each, side in self.numbers if side < 0]
        above += [_power(base, e) for base, e in powers if e > 0]
        below += [_power(base, -e) for base, e in powers if e < 0]
        if self.negative:
            first = above.pop(0) if above else number(1)
            above.insert(0, make(NEGATION, first))
        return quotient(above or [number(1)], below)


def _power(base: Tree, exponent: float) -> Tree:
    if exponent == 1:
        return base
    if exponent == 0.5:
        return make("sqrt", base)
    return Tree(POWER, (base, number(exponent)))
