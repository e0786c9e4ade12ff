"""One text for all expressions that differ in the order of their terms and factors alone.

Chemists have the same for molecules: of all the texts of one molecule, one is its canonical SMILES.
"""

from collections.abc import Mapping, Sequence
from operator import attrgetter
from types import MappingProxyType
from typing import Final, NamedTuple

from grammar_lisa.expressions.expression import NEGATION, NUMBER, POWER, VARIABLE, Node
from grammar_lisa.expressions.precedence import Precedence

_SUM, _PRODUCT, _, _POWER, _ATOM = Precedence


class _Chain(NamedTuple):
    """What sums and products have in common.

    Attributes:
        binding: How tightly a chain holds together.
        joins: Between parts.
        inverts: Before a part that is taken away.
        neutral: The number that changes nothing.
        nothing: Written where parts are taken away from nothing.
    """

    binding: Precedence
    joins: str
    inverts: str
    neutral: str
    nothing: str


_SUMS, _PRODUCTS = _Chain(_SUM, "+", "-", "0", ""), _Chain(_PRODUCT, "*", "/", "1", "1")
_CHAINS: Final[Mapping[str, _Chain]] = MappingProxyType(
    {"+": _SUMS, "-": _SUMS, NEGATION: _SUMS, "*": _PRODUCTS, "/": _PRODUCTS}
)

_CONSTANT: Final = "c"


class Canonical(NamedTuple):
    """One way to write an expression.

    Attributes:
        text: With terms and factors in one order.
        skeleton: What is left but for constants: sums and products in parentheses, with one `c`
            for all that they hold without a variable.
    """

    text: str
    skeleton: str


class _Rank(NamedTuple):
    """Where an expression stands among the parts of a chain: the smallest comes first."""

    varies: bool
    has_varying_function: bool
    size: int
    text: str


class Written(NamedTuple):
    """A written expression.

    Attributes:
        rank: Its text, and what orders it among others.
        skeleton: Its text with constants left open.
        binding: How tightly it holds together.
        added: The parts that a sum adds up or a product multiplies; none of anything else.
        taken: The parts that a sum subtracts or a product divides by; none of anything else.
    """

    rank: _Rank
    skeleton: str
    binding: Precedence = _ATOM
    added: tuple["Written", ...] = ()
    taken: tuple["Written", ...] = ()

    @property
    def text(self) -> str:
        """The expression."""
        return self.rank.text

    @property
    def canonical(self) -> Canonical:
        """The text and the skeleton."""
        return Canonical(self.text, self.skeleton)

    def within(self, binding: Precedence) -> str:
        """Return the text, in parentheses where something tighter is due."""
        return self.text if self.binding >= binding else f"({self.text})"

    def parts(self, binding: Precedence) -> tuple[tuple["Written", ...], tuple["Written", ...]]:
        """Return what a chain of that binding adds and takes away where this stands in it."""
        return (self.added, self.taken) if self.binding == binding else ((self,), ())


def write_canonical(node: Node, operands: Sequence[Written]) -> Written:
    """Write an expression with its terms and factors in one order, its operands being written.

    Numbers come first, then variables, then functions of these; among each the shorter ones, then
    by alphabet; what is subtracted or divided by comes behind. Terms 0, factors 1 and parentheses
    that change nothing are left out. No number is worked out: ``sin(x)+x*1+(2+1)`` becomes
    ``1+2+x+sin(x)``.
    """
    if node.operator in _CHAINS:
        return _write_chain(node.operator, operands)
    if node.operator == POWER:
        base, exponent = operands
        text = f"{base.within(_ATOM)}**{exponent.within(_POWER)}"
        return _function(text, node.operator, operands, _POWER)
    if operands:
        return _function(f"{node.operator}({operands[0].text})", node.operator, operands, _ATOM)
    text = repr(node.value).removesuffix(".0") if node.operator == NUMBER else node.name
    varies = node.operator == VARIABLE
    return Written(_Rank(varies, False, 1, text), text if varies else _CONSTANT)


def _function(text: str, name: str, operands: Sequence[Written], binding: Precedence) -> Written:
    rank = _rank(text, operands, function=True)
    skeleton = f"{name}({','.join(each.skeleton for each in operands)})"
    return Written(rank, skeleton if rank.varies else _CONSTANT, binding)


def _write_chain(operator: str, operands: Sequence[Written]) -> Written:
    """Write a sum or a product, joined with the sums or products that it is made of."""
    chain = _CHAINS[operator]
    added, taken = list[Written](), list[Written]()
    for place, operand in enumerate(operands):
        ahead, behind = operand.parts(chain.binding)
        if operator == NEGATION or (place and operator == chain.inverts):
            ahead, behind = behind, ahead
        added += [part for part in ahead if part.text != chain.neutral]
        taken += [part for part in behind if part.text != chain.neutral]
    added.sort(key=_rank_of)
    taken.sort(key=_rank_of)
    if not taken and len(added) <= 1:
        return added[0] if added else Written(_Rank(False, False, 1, chain.neutral), _CONSTANT)
    first = chain.joins.join(part.within(chain.binding.tighter) for part in added) or chain.nothing
    rest = "".join(chain.inverts + part.within(chain.binding.tighter) for part in taken)
    rank = _rank(first + rest, added + taken, function=False)
    skeleton = _skeleton_of_chain(chain, added, taken) if rank.varies else _CONSTANT
    return Written(rank, skeleton, chain.binding, tuple(added), tuple(taken))


_rank_of = attrgetter("rank")


def _skeleton_of_chain(chain: _Chain, added: Sequence[Written], taken: Sequence[Written]) -> str:
    """Return the parts that vary, in order, behind one `c` for all that are constant."""
    ahead = sorted(part.skeleton for part in added if part.rank.varies)
    behind = sorted(chain.inverts + part.skeleton for part in taken if part.rank.varies)
    constant = [_CONSTANT] * (len(ahead) + len(behind) < len(added) + len(taken))
    return f"({chain.joins.join([*constant, *ahead, *behind])})"


def _rank(text: str, operands: Sequence[Written], *, function: bool) -> _Rank:
    """Return the rank of what is made of operands."""
    varies = inner = False
    size = 1
    for operand in operands:
        rank = operand.rank
        varies, inner = varies or rank.varies, inner or rank.has_varying_function
        size += rank.size
    return _Rank(varies, inner or (function and varies), size, text)
