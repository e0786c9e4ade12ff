"""Formulas in nothing but the operators that are allowed."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final, NamedTuple

from grammar_lisa.expressions.expression import NEGATION, NUMBER, POWER
from grammar_lisa.regression.search.tree import Tree, make, open_constant, product

_LONGEST: Final = 4
"""The most factors that a power is written out in."""


def allowed(tree: Tree, operators: Collection[str]) -> Tree | None:
    """Return a formula in the operators that are allowed; None where there is no such form.

    Powers become products, ``x - y`` becomes ``x + c*y``, and signs become factors.
    """
    form = _form(tree, frozenset(operators) | {POWER, NEGATION}, frozenset(operators))
    return None if form is None else form.tree


class _Form(NamedTuple):
    """A formula in other operators.

    Attributes:
        tree: The formula.
        foreign: Whether an operator has come in that is not allowed.
    """

    tree: Tree
    foreign: bool


def _form(tree: Tree, known: frozenset[str], operators: frozenset[str]) -> _Form | None:
    if not tree.operands:
        return _Form(tree, foreign=False)
    forms = list[_Form]()
    for operand in tree.operands:
        inner = _form(operand, known, operators)
        if inner is None:
            return None
        forms.append(inner)
    operands = [form.tree for form in forms]
    if tree.operator == POWER:
        made = _power(operands[0], operands[1], operators)
    elif tree.operator in operators or (tree.operator == NEGATION and "-" in operators):
        made = make(tree.operator, *operands)
        # To make a formula may bring in an operator: x/(y/z) is x*z/y, and c-x is -x+c.
        if _is_foreign(made, forms, known):
            made = Tree(tree.operator, tuple(operands))
    elif tree.operator == NEGATION and "*" in operators:
        made = make("*", open_constant(-1.0), operands[0])
    elif tree.operator == "-" and {"+", "*"} <= operators:
        made = make("+", operands[0], make("*", open_constant(-1.0), operands[1]))
    else:
        return None
    return None if made is None else _Form(made, _is_foreign(made, forms, known))


def _is_foreign(tree: Tree, forms: Sequence[_Form], known: Collection[str]) -> bool:
    """Tell whether a tree has an operator that is not known; of its forms it is known already."""
    for form in forms:
        if tree is form.tree:
            return form.foreign
    if not tree.operands:
        return False
    return tree.operator not in known or any(
        _is_foreign(operand, forms, known) for operand in tree.operands
    )


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
