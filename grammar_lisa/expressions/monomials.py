"""Expressions as sums of monomials, by the rules of algebra alone: nothing is evaluated.

A sum consists of monomials with coefficients, a monomial of factors; a factor is a variable, a
function of sums, or a sum that could not be multiplied out. Numbers are worked out. Two
expressions whose sums have one `canonical_hash` are equal wherever both are finite. A quotient is
never cancelled, as x/x is no number at 0, so equal functions may still have different sums.
"""

import math
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final
from zlib import crc32

from grammar_lisa.expressions.expression import CONSTANT, NEGATION, NUMBER, POWER, VARIABLE, Node

Factor = int
"""The number of a factor; that of its reciprocal is one more."""
Monomial = tuple[tuple[Factor, int], ...]
"""Factors in ascending order with their powers, from 1; none for a plain number."""
Monomials = tuple[tuple[Monomial, float], ...]
"""Terms in ascending order with their coefficients."""

_MOST_TERMS: Final = 12
"""A product of sums is multiplied out to this many terms."""
_LARGEST_POWER: Final = 12
_DIGITS: Final = 12
"""Significant digits by which coefficients are told apart: few enough to be equal where rounding
alone differs."""
_NOTHING: Final = 10.0**-_DIGITS
"""What is left of a coefficient counts as none, as a share of what was taken from it."""

_FUNCTIONS: Final[Mapping[str, Callable[..., float]]] = MappingProxyType(
    {
        **{name: getattr(math, name) for name in ("sin", "cos", "tan", "asin", "acos", "atan")},
        **{name: getattr(math, name) for name in ("sinh", "cosh", "tanh", "exp", "log", "sqrt")},
        "log2": math.log2,
        "log10": math.log10,
        "abs": abs,
        POWER: math.pow,
    }
)


def canonical_hash(value: Monomials) -> int:
    """Return a number that stands for a sum, the same in every process.

    Sizes and signs are told apart, as -1 and -2 have one hash.
    """
    return hash(tuple((term, _rounded(abs(size)), size < 0) for term, size in value))


def monomial_hash(term: Monomial) -> int:
    """Return a number that stands for a term, the same in every process."""
    return hash(term)


def monomials_of(node: Node, operands: list[Monomials]) -> Monomials:
    """Return the sum that an expression is, from those that its operands are.

    Numbers of factors are drawn from what they consist of, so they are the same in every
    process.
    """
    try:
        return _monomials_of(node, operands)
    except OverflowError:
        return _single(_factor(node.operator, *operands))


def _monomials_of(node: Node, operands: list[Monomials]) -> Monomials:
    match node.operator:
        case operator if operator in (NUMBER, CONSTANT):
            return _number(node.value)
        case operator if operator == VARIABLE:
            return _single(_named(operator, crc32(node.name.encode())))
        case operator if operator == NEGATION:
            return _times((), -1.0, operands[0])
        case "+":
            return _added(*operands)
        case "-":
            return _added(operands[0], _times((), -1.0, operands[1]))
        case "*":
            return _product(*operands)
        case "/":
            return _quotient(*operands)
        case operator if operator == POWER:
            return _power(*operands)
        case operator:
            return _applied(operator, operands)


def _product(first: Monomials, second: Monomials) -> Monomials:
    if len(first) * len(second) > _MOST_TERMS and min(len(first), len(second)) > 1:
        return _times(*_whole(first), (_whole(second),))
    product = _times(*first[0], second)
    for term, value in first[1:]:
        product = _added(product, _times(term, value, second))
    return product


def _quotient(first: Monomials, second: Monomials) -> Monomials:
    term, value = _whole(second)
    if value == 0 or not math.isfinite(1 / value):
        return _single(_factor("/", first, second))
    reciprocal = tuple(sorted((factor ^ 1, power) for factor, power in term))
    return _times(reciprocal, 1 / value, first)


def _power(base: Monomials, exponent: Monomials) -> Monomials:
    times = _plain(exponent)
    if times is None or times not in range(1, _LARGEST_POWER + 1):
        return _applied(POWER, [base, exponent])
    product = base
    for _ in range(int(times) - 1):
        product = _product(product, base)
    return product


def _number(value: float) -> Monomials:
    return _collected({(): value})


def _single(factor: Factor) -> Monomials:
    return ((((factor, 1),), 1.0),)


def _factor(operator: str, *operands: Monomials) -> Factor:
    """Return the number of an operator applied to sums."""
    return _named(operator, *map(canonical_hash, operands))


def _named(operator: str, *content: int) -> Factor:
    """Return an even number drawn from a factor's operator and what tells it from others."""
    return hash((crc32(operator.encode()), *content)) & ~1


def _rounded(value: float) -> float:
    return float(f"{value:.{_DIGITS}g}")


def _collected(terms: Mapping[Monomial, float]) -> Monomials:
    if not all(map(math.isfinite, terms.values())):
        raise OverflowError("a coefficient is too large for a number")
    return tuple(sorted(each for each in terms.items() if each[1] != 0)) or (((), 0.0),)


def _added(first: Monomials, second: Monomials) -> Monomials:
    terms = dict(first)
    for term, value in second:
        found = terms.get(term, 0.0) + value
        terms[term] = found if abs(found) > _NOTHING * abs(value) else 0.0
    return _collected(terms)


def _times(term: Monomial, value: float, other: Monomials) -> Monomials:
    """Return a sum multiplied by a term and a number."""
    terms: dict[Monomial, float] = {}
    for its, coefficient in other:
        powers = dict(term)
        for factor, power in its:
            powers[factor] = powers.get(factor, 0) + power
        terms[tuple(sorted(powers.items()))] = value * coefficient
    return _collected(terms)


def _applied(operator: str, operands: list[Monomials]) -> Monomials:
    """Return a function of sums: a number where they are numbers and it is one, else a factor."""
    numbers = [_plain(operand) for operand in operands]
    known = [number for number in numbers if number is not None]
    if len(known) == len(operands):
        try:
            value = _FUNCTIONS[operator](*known)
        except (ValueError, ArithmeticError):
            value = math.nan
        if math.isfinite(value):
            return _number(value)
    return _single(_factor(operator, *operands))


def _plain(value: Monomials) -> float | None:
    """Return the number that a sum is, if it is one."""
    return value[0][1] if len(value) == 1 and value[0][0] == () else None


def _whole(value: Monomials) -> tuple[Monomial, float]:
    """Return a sum as one term: of several, a factor that is the sum up to its last coefficient."""
    if len(value) == 1:
        return value[0]
    scale = value[-1][1]
    monic = tuple((term, coefficient / scale) for term, coefficient in value)
    return ((_factor("+", monic), 1),), scale
