"""Shortest forms of polynomials and their quotients: products, squares, common factors.

What no polynomial is made of counts as one generator of it, so that ``1+2*sin(x)+sin(x)**2`` is
``(sin(x)+1)**2``. Coefficients are exact: those of the formula are the rationals that they write.
This module imports sympy; import it only where a form is wanted.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction
from functools import reduce
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from sympy import QQ, integer_nthroot
from sympy.polys.fields import FracField

from grammar_lisa.expressions.expression import NEGATION, NUMBER, POWER
from grammar_lisa.regression.fits.levenberg_marquardt import Late, never
from grammar_lisa.regression.search.tree import (
    Tree,
    make,
    number,
    power,
    product,
    significant_digits,
)

Polynomial = Any
Quotient = Any
"""Elements of a ring of sympy, and of its field, which have no types."""
_MOST_TERMS: Final = 24
_HIGHEST: Final = 12
"""Polynomials of more terms, or of a higher degree, are left as they are."""
_MOST_FORMS: Final = 300
"""How many polynomials are looked at for one form."""
_MOST_GENERATORS: Final = 6
"""Of a polynomial; of more it is left as it is."""
_MOST_UNITS: Final = 5
"""Denominators of more terms are not divided by the numbers of each."""
_LARGEST: Final = 100
"""Of the numbers in a fraction whose decimals do not end."""


class _Form(NamedTuple):
    """A sum in the making: what is added, each with its sign.

    Attributes:
        terms: The terms, without their signs.
        signs: 1 or -1 of each.
    """

    terms: tuple[Tree, ...]
    signs: tuple[int, ...]

    def __add__(self, other: tuple[Any, ...]) -> _Form:
        assert isinstance(other, _Form)
        return _Form(self.terms + other.terms, self.signs + other.signs)

    @property
    def tree(self) -> Tree:
        """The sum, what is added before what is subtracted."""
        added = [term for term, sign in zip(self.terms, self.signs, strict=True) if sign > 0]
        taken = [term for term, sign in zip(self.terms, self.signs, strict=True) if sign < 0]
        first = added.pop(0) if added else _negative(taken.pop(0))
        whole = reduce(lambda left, right: make("+", left, right), added, first)
        return reduce(lambda left, right: make("-", left, right), taken, whole)


def shortest_form(tree: Tree, late: Late = never) -> Tree:
    """Return a formula with what is a quotient of polynomials in its shortest form.

    Of forms of equal size that with the fewest digits is taken; the formula itself where there is
    none shorter.

    Args:
        tree: The formula, without open constants.
        late: Tells whether time is over: the shortest form until then is taken.
    """
    if not _is_rational(tree):
        operands = tuple(shortest_form(operand, late) for operand in tree.operands)
        return tree._replace(operands=operands) if operands else tree
    shorter = {
        generator: shortest_form(generator, late) for generator in dict.fromkeys(_generators(tree))
    }
    given = _with_generators(tree, shorter)
    if not 0 < len(shorter) <= _MOST_GENERATORS:
        return given
    form = _Forms(list(dict.fromkeys(shorter.values())), late).shortest_of(given)
    return given if form is None or _rank(form) >= _rank(given) else form


def _rank(tree: Tree) -> tuple[int, int]:
    """Return how long a formula is: its size, signs being free, then the digits of its numbers."""
    return _size(tree), digits_in(tree)


def _size(tree: Tree) -> int:
    own = tree.operator != NEGATION or tree.operands[0].operator != NUMBER
    return own + sum(map(_size, tree.operands))


def digits_in(tree: Tree) -> int:
    """Return how many digits the numbers of a formula have, without zeros at their ends.

    Exponents do not count.
    """
    if tree.operator == NUMBER:
        return significant_digits(tree.value)
    counted = tree.operands[:1] if tree.operator == POWER else tree.operands
    return sum(map(digits_in, counted))


class _Forms:
    """The forms of polynomials in some generators, and of their quotients.

    Args:
        generators: What they are polynomials in.
        late: Tells whether time is over: what is not yet known then stays a sum of terms.
    """

    def __init__(self, generators: Sequence[Tree], late: Late) -> None:
        self._generators, self._late = generators, late
        self._field = FracField([f"x{place}" for place in range(len(generators))], QQ)
        self._ring = self._field.ring
        self._known = dict[Polynomial, _Form | None]()

    def shortest_of(self, tree: Tree) -> Tree | None:
        """Return the shortest form of a tree; None where there is none, or it would take long."""
        quotient = self._quotient(tree)
        if not quotient:
            return None
        above, below = quotient.numer, quotient.denom
        forms = [self._divided(above * unit, below * unit) for unit in self._units(below)]
        return min((form for form in forms if form is not None), key=_rank, default=None)

    def _quotient(self, tree: Tree) -> Quotient | None:
        """Return the quotient that a tree is; None where it has too many terms, or no value."""
        if not _is_rational(tree):
            return self._field(self._ring.gens[self._generators.index(tree)])
        if tree.operator == NUMBER:
            return self._field(QQ(*Fraction(repr(tree.value)).as_integer_ratio()))
        if tree.operator == POWER:
            base, exponent = self._quotient(tree.operands[0]), int(tree.operands[1].value)
            whole = None if base is None or not base else base**exponent
            return whole if _is_short(whole) else None
        parts = [self._quotient(operand) for operand in tree.operands]
        if any(part is None for part in parts) or (tree.operator == "/" and not parts[1]):
            return None
        whole = _OPERATIONS[tree.operator](*parts)
        return whole if _is_short(whole) else None

    def _units(self, below: Polynomial) -> list[Any]:
        """Return what both sides of a quotient may be multiplied by: a number below becomes 1."""
        if below.is_ground:
            return [1 / below.const()]
        numbers = list(below.values()) if len(below) <= _MOST_UNITS else []
        return list(dict.fromkeys([QQ(1), *(1 / value for value in numbers)]))

    def _divided(self, above: Polynomial, below: Polynomial) -> Tree | None:
        forms = self._shortest(above), self._shortest(below)
        if forms[0] is None or forms[1] is None:
            return None
        return make("/", forms[0].tree, forms[1].tree)

    def _shortest(self, polynomial: Polynomial) -> _Form | None:
        """Return the shortest form; None where its numbers cannot be written."""
        if polynomial not in self._known:
            self._known[polynomial] = None
            forms = [self._expanded(polynomial)]
            if len(polynomial) > 1 and len(self._known) <= _MOST_FORMS and not self._late():
                forms += self._products(polynomial)
                forms += self._splits(polynomial)
                forms += self._squares(polynomial)
            written = [form for form in forms if form is not None]
            best = min(written, key=lambda form: _rank(form.tree), default=None)
            self._known[polynomial] = best
        return self._known[polynomial]

    def _expanded(self, polynomial: Polynomial) -> _Form | None:
        """Return the sum of the terms, those of the highest degree first."""
        terms = sorted(polynomial.terms(), key=lambda term: (-sum(term[0]), _reversed(term[0])))
        forms = [self._term(exponents, _fraction(value)) for exponents, value in terms]
        return _total(forms)

    def _term(self, exponents: Sequence[int], value: Fraction) -> _Form | None:
        factors = [
            power(generator, exponent)
            for generator, exponent in zip(self._generators, exponents, strict=True)
            if exponent
        ]
        return _multiple(value, factors)

    def _products(self, polynomial: Polynomial) -> Iterator[_Form | None]:
        """Yield the factors over the rationals, with their common number before or within one."""
        content, factors = polynomial.factor_list()
        content = _fraction(content)
        if len(factors) == 1 and factors[0][1] == 1 and abs(content) == 1:
            return
        if len(factors) > 1 or factors[0][1] > 1 or abs(content) != 1:
            yield self._product(content, factors)
        for place, (factor, exponent) in enumerate(factors):
            root = _root(content, exponent)
            if root is not None and (len(factors) > 1 or exponent > 1):
                scaled = list(factors)
                scaled[place] = (factor * QQ(*abs(root).as_integer_ratio()), exponent)
                yield self._product(Fraction(-1 if content < 0 else 1), scaled)

    def _product(
        self, content: Fraction, factors: Sequence[tuple[Polynomial, int]]
    ) -> _Form | None:
        forms = [(self._shortest(factor), exponent) for factor, exponent in factors]
        trees = [power(form.tree, exponent) for form, exponent in forms if form is not None]
        trees.sort(key=_size)
        return _multiple(content, trees) if len(trees) == len(forms) else None

    def _splits(self, polynomial: Polynomial) -> Iterator[_Form | None]:
        """Yield for each generator it times what several terms have it in common, and the rest."""
        for place, generator in enumerate(self._generators):
            with_it = [exponents for exponents in polynomial if exponents[place]]
            if not 1 < len(with_it) < len(polynomial):
                continue
            common = self._ring.from_dict({each: polynomial[each] for each in with_it})
            inner = self._shortest(common.quo(self._ring.gens[place]))
            rest = self._shortest(polynomial - common)
            if inner is not None and rest is not None:
                yield _Form((make("*", generator, inner.tree),), (1,)) + rest

    def _squares(self, polynomial: Polynomial) -> Iterator[_Form | None]:
        """Yield the square of each generator and a number, and the rest, where there is one."""
        for place, generator in enumerate(self._completed(polynomial)):
            if generator is None:
                continue
            square, line = (
                _fraction(polynomial.get(self._exponents(place, exponent), 0))
                for exponent in (2, 1)
            )
            moved = generator + QQ(*(line / (2 * square)).as_integer_ratio())
            rest = polynomial - moved**2 * QQ(*square.as_integer_ratio())
            inner = self._expanded(moved)
            if inner is None:
                continue
            whole = _multiple(square, [power(inner.tree, 2)])
            yield _total([whole, self._shortest(rest)]) if rest else whole

    def _completed(self, polynomial: Polynomial) -> Iterator[Polynomial | None]:
        """Yield each generator whose only terms are its square and itself by numbers; else None."""
        for place, generator in enumerate(self._ring.gens):
            own = {self._exponents(place, exponent) for exponent in (1, 2)}
            yield generator if own == {each for each in polynomial if each[place]} else None

    def _exponents(self, place: int, exponent: int) -> tuple[int, ...]:
        return tuple(exponent * (each == place) for each in range(len(self._generators)))


_OPERATIONS: Final[Mapping[str, Callable[..., Quotient]]] = MappingProxyType(
    {
        "+": operator.add,
        "-": operator.sub,
        "*": operator.mul,
        "/": operator.truediv,
        NEGATION: operator.neg,
    }
)


def _is_rational(tree: Tree) -> bool:
    """Tell whether a part is what polynomials and their quotients are made of."""
    if tree.operator == POWER:
        exponent = tree.operands[1]
        whole = exponent.operator == NUMBER and exponent.value.is_integer()
        return whole and 0 < abs(exponent.value) <= _HIGHEST
    return tree.operator in _OPERATIONS or tree.operator == NUMBER


def _is_short(quotient: Quotient | None) -> bool:
    """Tell whether both sides of a quotient have few terms, and those few factors."""
    if quotient is None:
        return False
    sides = quotient.numer, quotient.denom
    return all(
        len(side) <= _MOST_TERMS and max(map(sum, side), default=0) <= _HIGHEST for side in sides
    )


def _generators(tree: Tree) -> Iterator[Tree]:
    """Yield what a quotient of polynomials is made of beside numbers."""
    if not _is_rational(tree):
        yield tree
    for operand in tree.operands if _is_rational(tree) else ():
        yield from _generators(operand)


def _with_generators(tree: Tree, generators: Mapping[Tree, Tree]) -> Tree:
    if not _is_rational(tree):
        return generators[tree]
    operands = tuple(_with_generators(operand, generators) for operand in tree.operands)
    return tree._replace(operands=operands)


def _reversed(exponents: Sequence[int]) -> tuple[int, ...]:
    return tuple(-exponent for exponent in exponents)


def _fraction(value: Any) -> Fraction:
    return Fraction(int(QQ.numer(value)), int(QQ.denom(value)))


def _multiple(value: Fraction, factors: Sequence[Tree]) -> _Form | None:
    """Return a number times factors; None where the number cannot be written."""
    size, sign = abs(value), -1 if value < 0 else 1
    if Fraction(repr(float(size))) == size:
        above, below = float(size), 1
    elif max(size.numerator, size.denominator) <= _LARGEST:
        above, below = float(size.numerator), size.denominator
    else:
        return None
    leading = [number(above)] if above != 1 or not factors else []
    return _Form((make("/", product(*leading, *factors), number(below)),), (sign,))


def _root(value: Fraction, exponent: int) -> Fraction | None:
    """Return the exact root of the size of a number; None where there is none."""
    above, below = (
        integer_nthroot(part, exponent) for part in (abs(value.numerator), value.denominator)
    )
    return Fraction(int(above[0]), int(below[0])) if above[1] and below[1] else None


def _total(forms: Sequence[_Form | None]) -> _Form | None:
    found = [form for form in forms if form is not None]
    if len(found) < len(forms) or not found:
        return None
    return reduce(lambda left, right: left + right, found)


def _negative(tree: Tree) -> Tree:
    """Return a term with its sign changed, by its number where it has one."""
    if tree.operator == NUMBER:
        return number(-tree.value)
    if tree.operator in {"*", "/"}:
        return Tree(tree.operator, (_negative(tree.operands[0]), tree.operands[1]))
    return make(NEGATION, tree)
