"""The default grammar of skeletons: formulas of one to three variables, their constants open.

A sentence is written in full parentheses, one rule for each operation, variable and constant, so
that a derivation is as long as the formula is complex.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Final

from grammar_lisa.expressions.expression import (
    CONSTANT_TERMINAL,
    NEGATION,
    NUMBER,
    OPEN,
    POWER,
    VARIABLE,
)
from grammar_lisa.expressions.skeleton import Skeleton
from grammar_lisa.grammar.cfg import Grammar, parse_grammar
from grammar_lisa.regression.search.tree import (
    Tree,
    is_numeric,
    make,
    open_constant,
    tree_of,
    variable,
)

MOST_VARIABLES: Final = 3
"""Weights ship for so many variables at most."""
MAX_RULES: Final = 15
"""The most rules of a sentence: its operations, variables and constants."""

_BINARY: Final[Mapping[str, float]] = {"+": 0.13, "-": 0.04, "*": 0.18, "/": 0.1}
_UNARY: Final[Mapping[str, float]] = {
    "sqrt": 0.02,
    "log": 0.015,
    "exp": 0.03,
    "sin": 0.02,
    "cos": 0.015,
}
_POWERS: Final[Mapping[str, float]] = {"2": 0.03, "3": 0.01, CONSTANT_TERMINAL: 0.015}
_CONSTANT_WEIGHT: Final = 0.12
_VARIABLES_WEIGHT: Final = 0.275
"""Weights of the rules: how often formulas that people meet have which part. They sum to 1."""
_MOST_CONSTANTS: Final = 5
_PASSES: Final = 5
"""What is put in order may become simpler, and is then put in order again."""
_ROOT: Final = 0.5
_SUMS: Final = "+-"
_PRODUCTS: Final = "*/"
_ONE: Final = open_constant(1.0)
_WAVES: Final = frozenset({"sin", "cos"})


@cache
def skeleton_grammar(n_variables: int) -> Grammar:
    """Return the grammar of skeletons in the variables x1, x2, …, so many of them."""
    share = _VARIABLES_WEIGHT / n_variables
    rules = [f"'(' E '{sign}' E ')' [{weight}]" for sign, weight in _BINARY.items()]
    rules += [f"'(' E '**{exponent})' [{weight}]" for exponent, weight in _POWERS.items()]
    rules += [f"'{name}(' E ')' [{weight}]" for name, weight in _UNARY.items()]
    rules += [f"'{CONSTANT_TERMINAL}' [{_CONSTANT_WEIGHT}]"]
    rules += [f"'{name}' [{share:.4g}]" for name in variable_names(n_variables)]
    lines = [
        f"# Skeletons of formulas: each {CONSTANT_TERMINAL} is a number to be fitted.",
        "# tokens: joined",
        "%start E",
        *(f"E -> {rule}" for rule in rules),
    ]
    return parse_grammar("\n".join(lines) + "\n", "the grammar of skeletons")


def variable_names(count: int) -> tuple[str, ...]:
    """Return what the grammar calls its variables."""
    return tuple(f"x{place + 1}" for place in range(count))


def renamed(tree: Tree, names: Mapping[str, str]) -> Tree | None:
    """Return a formula with other names of its variables; None where one has no other name."""
    if tree.operator == VARIABLE:
        return variable(names[tree.name]) if tree.name in names else None
    operands = [renamed(operand, names) for operand in tree.operands]
    if any(operand is None for operand in operands):
        return None
    return tree._replace(operands=tuple(operand for operand in operands if operand is not None))


def read_sentence(text: str) -> Tree:
    """Return the formula of a sentence, its constants 1 for now."""
    skeleton = Skeleton.read(text, variable_names(MOST_VARIABLES))
    return tree_of(skeleton, [1.0] * skeleton.n_constants)


def write_sentence(tree: Tree) -> str | None:
    """Return the canonical sentence that a formula is a case of.

    Numbers become constants, but for the exponents 2 and 3; terms and factors stand in one order.
    None stands for what is no sentence: it has other functions, or powers of other exponents.
    """
    formula = canonical_formula(tree)
    return None if formula is None else sentence_of(formula)


def canonical_formula(tree: Tree) -> Tree | None:
    """Return what a formula is a case of, as `write_sentence` writes it."""
    text = ""
    for _ in range(_PASSES):
        opened = _opened(tree)
        if opened is None:
            return None
        tree = _ordered(opened)
        before, text = text, sentence_of(tree)
        if text == before:
            break
    return tree


def has_parts_twice(tree: Tree) -> bool:
    """Tell whether a formula says a thing twice: x+x, x/x, sin(sin(x)), exp(exp(x))."""
    if tree.operator in _BINARY:
        plain, inverse = _chain(tree, _SUMS if tree.operator in _SUMS else _PRODUCTS)
        counts = Counter(sentence_of(part) for part in (*plain, *inverse))
        if max(counts.values()) > 1:
            return True
    if tree.operator in _UNARY and _nested(tree):
        return True
    return any(has_parts_twice(operand) for operand in tree.operands)


def _nested(tree: Tree) -> bool:
    """Tell whether a function stands within one of its own kind."""
    kind = _WAVES if tree.operator in _WAVES else {tree.operator}
    return any(part.operator in kind for path, part in tree.paths() if path)


def _opened(tree: Tree) -> Tree | None:
    """Return a formula made of what the grammar has, its numbers open."""
    if tree.operator == VARIABLE:
        return tree
    if not tree.operands:
        return open_constant(tree.value or 1.0)
    operands = list[Tree]()
    for operand in tree.operands:
        inner = _opened(operand)
        if inner is None:
            return None
        operands.append(inner)
    if all(operand.operator == OPEN for operand in operands):
        return _ONE
    if tree.operator == POWER:
        return _power(operands[0], tree.operands[1])
    if tree.operator == NEGATION:
        return make("*", open_constant(-1.0), operands[0])
    known = tree.operator in _BINARY or tree.operator in _UNARY
    return make(tree.operator, *operands) if known else None


def _power(base: Tree, exponent: Tree) -> Tree | None:
    if exponent.operator == NUMBER and exponent.value == _ROOT:
        return make("sqrt", base)
    if exponent.operator == NUMBER and f"{exponent.value:g}" in _POWERS:
        return make(POWER, base, exponent)
    if is_numeric(exponent):
        return make(POWER, base, open_constant(exponent.value))
    return None


def _ordered(tree: Tree) -> Tree:
    """Return a formula with terms and factors in one order: constants first, then by text."""
    if not tree.operands:
        return tree
    if tree.operator == NEGATION:
        return _ordered(Tree("*", (_ONE, tree.operands[0])))
    if tree.operator not in _BINARY:
        return tree._replace(operands=tuple(_ordered(operand) for operand in tree.operands))
    joins = _SUMS if tree.operator in _SUMS else _PRODUCTS
    chain = _chain(tree, joins)
    plain, inverse = (
        sorted((_ordered(part) for part in parts if part.operator != OPEN), key=_rank)
        for parts in chain
    )
    has_constant = any(part.operator == OPEN for parts in chain for part in parts)
    if joins == _SUMS and plain:
        total = _joined(plain, inverse, joins)
        return Tree("+", (total, _ONE)) if has_constant else total
    if joins == _SUMS:
        negative = Tree("*", (_ONE, _joined(inverse, [], "+-")))
        return Tree("+", (negative, _ONE)) if has_constant else negative
    if not plain:
        return Tree("/", (_ONE, _joined(inverse, [], joins)))
    product = _joined(plain, inverse, joins)
    return Tree("*", (_ONE, product)) if has_constant else product


def _joined(plain: Sequence[Tree], inverse: Sequence[Tree], joins: str) -> Tree:
    result = plain[0]
    for part in plain[1:]:
        result = Tree(joins[0], (result, part))
    for part in inverse:
        result = Tree(joins[1], (result, part))
    return result


def _rank(tree: Tree) -> tuple[int, str]:
    return tree.size, sentence_of(tree)


def _chain(tree: Tree, joins: str) -> tuple[list[Tree], list[Tree]]:
    """Return what a sum adds and subtracts, or a product multiplies and divides by."""
    if tree.operator == NEGATION and joins == _SUMS:
        plain, inverse = _chain(tree.operands[0], joins)
        return inverse, plain
    if not tree.operands or tree.operator not in joins:
        return [tree], []
    plain, inverse = _chain(tree.operands[0], joins)
    more, less = _chain(tree.operands[1], joins)
    if tree.operator == joins[1]:
        more, less = less, more
    return plain + more, inverse + less


def n_rules(tree: Tree) -> int:
    """Return the rules of a sentence: one for each part, but none for an exponent."""
    return tree.size - sum(part.operator == POWER for _, part in tree.paths())


def sentence_of(tree: Tree) -> str:
    """Return the sentence of a formula that `canonical_formula` gave."""
    if tree.operator == VARIABLE:
        return tree.name
    if not tree.operands:
        return CONSTANT_TERMINAL
    texts = [sentence_of(operand) for operand in tree.operands]
    if tree.operator == POWER:
        exponent = tree.operands[1]
        shown = f"{exponent.value:g}" if exponent.operator == NUMBER else CONSTANT_TERMINAL
        return f"({texts[0]}**{shown})"
    if tree.operator in _BINARY:
        return f"({texts[0]}{tree.operator}{texts[1]})"
    return f"{tree.operator}({texts[0]})"


def distinct_sentences(trees: Iterable[Tree], max_rules: int = MAX_RULES) -> Iterator[str]:
    """Yield the canonical sentences of formulas, each once, but for those beside the point.

    These are formulas without a variable, with more than five constants, of more than `max_rules`
    rules, and those that say a thing twice, see `has_parts_twice`.
    """
    seen = set[str]()
    for tree in trees:
        formula = canonical_formula(tree)
        sentence = "" if formula is None else sentence_of(formula)
        if formula is None or sentence in seen:
            continue
        seen.add(sentence)
        parts = [part.operator for _, part in formula.paths()]
        few = parts.count(OPEN) <= _MOST_CONSTANTS and n_rules(formula) <= max_rules
        if few and VARIABLE in parts and not has_parts_twice(formula):
            yield sentence
