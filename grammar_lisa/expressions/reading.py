"""Expressions, parsed once for all that is made of them."""

from collections.abc import Iterable
from functools import lru_cache

from grammar_lisa.expressions.canonical import Canonical, write_canonical
from grammar_lisa.expressions.expression import PerNode, Pool
from grammar_lisa.expressions.monomials import Monomials, monomials_of

_REMEMBERED = 1 << 16
"""After so many sentences, or distinct parts of them, a reading begins anew."""


class Reading:
    """The monomials and canonical texts of expressions.

    A search meets the same expressions, and parts of them, again and again: each is parsed and
    worked out once.

    Args:
        variables: The names that expressions may use as variables; see `Pool`.
    """

    def __init__(self, variables: Iterable[str] | None = None) -> None:
        self._variables = None if variables is None else tuple(variables)
        self._begin()

    def _begin(self) -> None:
        self._pool = Pool(self._variables)
        self._roots: dict[str | None, int | None] = {}
        self._monomials, self._written = (
            PerNode(self._pool, monomials_of),
            PerNode(self._pool, write_canonical),
        )

    def monomials(self, sentence: str | None) -> Monomials | None:
        """Return the monomials that a sentence is the sum of; None for what is no expression."""
        root = self._root(sentence)
        return None if root is None else self._monomials[root]

    def canonical(self, sentence: str) -> Canonical:
        """Return a sentence in one order; what is no expression stays, its own skeleton."""
        root = self._root(sentence)
        return Canonical(sentence, sentence) if root is None else self._written[root].canonical

    def _root(self, sentence: str | None) -> int | None:
        """Return the node of the pool that a sentence means."""
        if sentence not in self._roots:
            if max(len(self._pool.nodes), len(self._roots)) > _REMEMBERED:
                self._begin()
            self._roots[sentence] = self._pool.find(sentence)
        return self._roots[sentence]


@lru_cache(maxsize=8)
def reading(variables: tuple[str, ...]) -> Reading:
    """Return the reading that all of this process share of expressions in some variables."""
    return Reading(variables)
