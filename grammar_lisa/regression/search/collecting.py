"""Shorter forms of formulas: numbers put together, powers of one base collected."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from grammar_lisa.expressions.expression import NEGATION, NUMBER, OPEN, POWER
from grammar_lisa.regression.search.tree import (
    Tree,
    is_numeric,
    make,
    number,
    open_constant,
    power,
    quotient,
    total,
)
from shared.common.arrays import Floats

_EQUAL: Final = 1e-9
"""The share of the greatest value by which equal formulas may differ."""


def shortened(tree: Tree, points: Mapping[str, Floats]) -> Tree:
    """Return a formula in a shorter form; itself where there is none.

    Roots and powers are taken apart as if all were above 0, so the form is kept only if it has the
    same values.

    Args:
        tree: The formula, with the values that its constants have now.
        points: The inputs, each ``[point]``.
    """
    with np.errstate(all="ignore"):
        form = collected(tree)
        if form.size >= tree.size:
            return tree
        values, given = form.values(points), tree.values(points)
        least = _EQUAL * np.abs(given).max()
        return form if np.all(np.abs(values - given) <= least) else tree


def collected(tree: Tree) -> Tree:
    """Return a formula with its numbers put together and the powers of each base collected."""
    if tree.operator in {"+", "-"} or (tree.operator == NEGATION and _is_sum(tree.operands[0])):
        return _sum(tree)
    if tree.operator in {"*", "/", POWER, "sqrt", NEGATION}:
        factors = _Factors()
        factors.add(tree, 1.0)
        return factors.tree()
    return make(tree.operator, *map(collected, tree.operands)) if tree.operands else tree


def _is_sum(tree: Tree) -> bool:
    return tree.operator in {"+", "-"}


def _sum(tree: Tree) -> Tree:
    """Return a sum with one number at its end."""
    value, is_open, parts = 0.0, False, list[tuple[Tree, int]]()
    for part, sign in _terms(tree, 1):
        term = collected(part)
        if is_numeric(term):
            value += sign * term.value
            is_open |= term.operator == OPEN
        else:
            parts.append((term, sign))
    added = [term for term, sign in parts if sign > 0]
    subtracted = [term for term, sign in parts if sign < 0]
    if is_open or value or not parts:
        added.append(open_constant(value) if is_open else number(value))
    if not added:
        return make(NEGATION, total(*subtracted))
    result = total(*added)
    for term in subtracted:
        result = make("-", result, term)
    return result


def _terms(tree: Tree, sign: int) -> Iterator[tuple[Tree, int]]:
    """Yield what is added up, each with its sign."""
    if tree.operator in {"+", "-"}:
        yield from _terms(tree.operands[0], sign)
        yield from _terms(tree.operands[1], sign if tree.operator == "+" else -sign)
    elif tree.operator == NEGATION:
        yield from _terms(tree.operands[0], -sign)
    else:
        yield tree, sign


@dataclass
class _Factors:
    """A product of powers.

    Attributes:
        value: The product of its numbers.
        is_open: Whether one of them is to be fitted.
        exponents: By their bases.
    """

    value: float = 1.0
    is_open: bool = False
    exponents: dict[Tree, float] = field(default_factory=dict)

    def add(self, tree: Tree, exponent: float) -> None:
        """Multiply by a power."""
        if tree.operator in {"*", "/"}:
            self.add(tree.operands[0], exponent)
            self.add(tree.operands[1], exponent if tree.operator == "*" else -exponent)
        elif tree.operator == "sqrt":
            self.add(tree.operands[0], exponent / 2)
        elif tree.operator == POWER and tree.operands[1].operator == NUMBER:
            self.add(tree.operands[0], exponent * tree.operands[1].value)
        elif tree.operator == NEGATION:
            self.add(number(-1.0), exponent)
            self.add(tree.operands[0], exponent)
        elif is_numeric(tree):
            self.value *= float(np.power(tree.value, exponent))
            self.is_open |= tree.operator == OPEN
        else:
            self._add_base(tree, exponent)

    def _add_base(self, tree: Tree, exponent: float) -> None:
        base = tree
        if tree.operands:
            operands = map(collected, tree.operands)
            base = _sum(tree) if _is_sum(tree) else make(tree.operator, *operands)
        if is_numeric(base):
            self.add(base, exponent)
        else:
            self.exponents[base] = self.exponents.get(base, 0.0) + exponent

    def tree(self) -> Tree:
        """Return the product."""
        above = [power(base, e) for base, e in self.exponents.items() if e > 0]
        below = [power(base, -e) for base, e in self.exponents.items() if e < 0]
        if self.is_open:
            above.insert(0, open_constant(self.value))
        elif self.value == -1.0 and above:
            above[0] = make(NEGATION, above[0])
        elif self.value != 1.0 or not above:
            above.insert(0, number(self.value))
        return quotient(above, below)
