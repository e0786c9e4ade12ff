"""Formulas in nothing but the operators that are allowed."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from grammar_lisa.expressions.expression import NEGATION, NUMBER, POWER
from grammar_lisa.regression.search.tree import Tree, make, open_constant, product

ARITHMETIC: Final = frozenset({"+", "-", "*", "/", "pow"})
"""With these, every formula that the sources of candidates make is allowed."""
_LONGEST: Final = 4
"""The most factors that a power is written out in."""


def allowed(tree: Tree, operators: Collection[str]) -> Tree | None:
    """Return a formula in the operators that are allowed; None where there is no such form.

    Powers become products, ``x - y`` becomes ``x + c*y``, and signs become factors.
    """
    operands = list[Tree]()
    for operand in tree.operands:
        inner = allowed(operand, operators)
        if inner is None:
            return None
        operands.append(inner)
    if not operands:
        return tree
    if tree.operator == POWER:
        return _power(operands[0], operands[1], operators)
    if tree.operator in operators or (tree.operator == NEGATION and "-" in operators):
        made = make(tree.operator, *operands)
        # To make a formula may bring in an operator: x/(y/z) is x*z/y, and c-x is -x+c.
        foreign = {part.operator for _, part in made.paths() if part.operands} - {POWER, NEGATION}
        return made if foreign <= set(operators) else Tree(tree.operator, tuple(operands))
    if tree.operator == NEGATION and "*" in operators:
        return make("*", open_constant(-1.0), operands[0])
    if tree.operator == "-" and {"+", "*"} <= set(operators):
        return make("+", operands[0], make("*", open_constant(-1.0), operands[1]))
    return None


def _power(base: Tree, exponent: Tree, operators: Collection[str]) -> Tree | None:
    if "pow" in operators:
        return make(POWER, base, exponent)
    if exponent.operator != NUMBER or "*" not in operators:
        return None
    count, rest = divmod(exponent.value, 1.0)
    if not 1 <= count <= _LONGEST or (rest and (rest != 0.5 or "sqrt" not in operators)):
        return None
    root = [make("sqrt", base)] if rest else []
    return product(*[base] * int(count), *root)
