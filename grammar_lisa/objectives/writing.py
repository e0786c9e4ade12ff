"""Write expressions as text, with no more parentheses than their meaning needs."""

from typing import Final, NamedTuple

from grammar_lisa.objectives.expression import NEGATION, POWER, Node, Pool

SUM, PRODUCT, _SIGN, _POWER, _TIGHTEST = range(1, 6)
"""How tightly operators bind."""
_BINDING: Final = {
    **dict.fromkeys(("+", "-"), SUM),
    **dict.fromkeys(("*", "/"), PRODUCT),
    NEGATION: _SIGN,
    POWER: _POWER,
}


class Written(NamedTuple):
    """An expression as text.

    Attributes:
        text: the text.
        binding: how tightly its outermost operator binds; 5 of what needs no parentheses.
        size: how many operators, functions, leaves and pairs of parentheses it writes.
    """

    text: str
    binding: int = _TIGHTEST
    size: int = 1


def leaf(text: str) -> Written:
    """A variable or a number."""
    return Written(text)


def leaf_text(node: Node) -> str:
    """The text of a variable, a constant or a number."""
    if node.name:
        return node.name
    short = f"{node.value:g}"
    return short if float(short) == node.value else repr(node.value)


def joined(operator: str, left: Written, right: Written | None = None) -> Written:
    """An operator between two expressions, or a function or sign before one.

    Sums stand in sums, and products in products, without parentheses, so ``a+(b+c)`` is written
    ``a+b+c``: equal up to rounding.
    """
    if right is None:
        if operator == NEGATION:
            inner = inside(left, _SIGN)
            return Written(f"-{inner.text}", _SIGN, inner.size + 1)
        return Written(f"{operator}({left.text})", _TIGHTEST, left.size + 1)
    binding = _BINDING[operator]
    first = inside(left, binding + (operator == POWER))
    second = inside(right, binding + (operator in {"-", "/"}))
    return Written(f"{first.text}{operator}{second.text}", binding, first.size + second.size + 1)


def written_nodes(pool: Pool) -> list[Written]:
    """Every expression of a pool, by its number."""
    written: list[Written] = []
    for node in pool.nodes:
        operands = [written[operand] for operand in node.operands]
        written.append(joined(node.operator, *operands) if operands else leaf(leaf_text(node)))
    return written


def inside(written: Written, least: int) -> Written:
    """An expression that binds at least so tightly, by parentheses where need be."""
    if written.binding >= least:
        return written
    return Written(f"({written.text})", _TIGHTEST, written.size + 1)
