"""How often rules use what is restricted: names of terminals, nonterminals and rules looked up."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from grammar_lisa.grammar.cfg import Grammar, Rule
from grammar_lisa.grammar.quoting import quoted
from grammar_lisa.grammar.restrictions import Restrictions
from grammar_lisa.grammar.source import ARROW, scan
from shared.common.arrays import Bools, Integers
from shared.common.errors import LisaError
from shared.common.words import unknown

_BRACKETS: Final = "()[]{} "
_IN_QUOTES: Final = re.compile(r"'((?:\\.|[^'\\])+)'|\"((?:\\.|[^\"\\])+)\"")


@dataclass(frozen=True, eq=False)
class Limits:
    """How often each rule uses what is bounded, and how often it may be used in a sentence.

    Attributes:
        grammar: Whose rules they are.
        uses: ``[rules, bounds]``.
        most: ``[bounds]``; 0 for what is forbidden.
        said: The restrictions in words.
    """

    grammar: Grammar
    uses: Integers
    most: Integers
    said: str

    @property
    def usable(self) -> Bools:
        """Which rules may be used at all, ``[rules]``."""
        usable: Bools = np.logical_and.reduce(np.less_equal(self.uses, self.most), axis=1)
        return usable

    def obeyed(self, derivations: NDArray[np.integer]) -> Bools:
        """Tell which padded derivations ``[n, step]`` obey, ``[n]``."""
        padded = np.concatenate([self.uses, np.zeros((1, len(self.most)), np.int64)])
        obeyed = np.ones(len(derivations), np.bool_)
        for uses, most in zip(padded.T, self.most, strict=True):
            obeyed &= np.less_equal(uses[derivations].sum(axis=1), most)
        return obeyed


def limits_of(grammar: Grammar, restrictions: Restrictions) -> Limits:
    """Return what restrictions mean for the rules of a grammar.

    Raises:
        LisaError: A name is none of the grammar's, or of several things.
    """
    forbidden = [_uses(grammar, name) > 0 for name in restrictions.forbid]
    bounded = [_uses(grammar, name) for name in restrictions.at_most]
    uses = np.array([*forbidden, *bounded], np.int64).reshape(-1, len(grammar.rules)).T
    most = np.array([0] * len(forbidden) + list(restrictions.at_most.values()), np.int64)
    return Limits(grammar, uses, most, str(restrictions))


def _uses(grammar: Grammar, name: str) -> Integers:
    """Return how often each rule uses what a name names, ``[rules]``."""
    symbols = [str(each) for each in grammar.nonterminals]
    if name in symbols and name in grammar.terminals:
        raise LisaError(
            f"{name} is a terminal and a nonterminal of {grammar.source}: write {quoted(name)} in "
            "quotes for the terminal, or name the rules of the nonterminal one by one"
        )
    if name in symbols:
        return np.array([rule.lhs.name == name for rule in grammar.rules], np.int64)
    terminal = _terminal(grammar, name)
    if terminal is not None:
        return np.array([rule.rhs.count(terminal) for rule in grammar.rules], np.int64)
    if ARROW.search(name):
        return _uses_of_rules(grammar, name)
    known = [*grammar.terminals, *symbols]
    raise LisaError(
        f"{grammar.source}: {unknown('terminal or nonterminal', name, known)}; or a rule such as "
        f"{grammar.rules[0]}"
    )


def _terminal(grammar: Grammar, name: str) -> str | None:
    """Return the terminal that a name means, if it means one."""
    match = _IN_QUOTES.fullmatch(name)
    for meant in [name, *(match.groups() if match else ())]:
        if meant in grammar.terminals:
            return meant
    similar = [token for token in grammar.terminals if token.strip(_BRACKETS) == name]
    if len(similar) > 1:
        raise LisaError(
            f"{name} may be one of the terminals {', '.join(map(quoted, similar))} of "
            f"{grammar.source}; write which"
        )
    return similar[0] if similar else None


def _uses_of_rules(grammar: Grammar, text: str) -> Integers:
    """Return 1 for each rule that a text writes, ``[rules]``."""
    found = _written(grammar, text) or [
        rule for rule in grammar.rules if _tight(str(rule)) == _tight(text)
    ]
    if len({str(rule) for rule in found}) > 1 and "|" not in text:
        shown = "; ".join(str(rule) for rule in found)
        raise LisaError(f"'{text}' may be several rules of {grammar.source}: {shown}; write which")
    if not found:
        lhs = ARROW.split(text)[0].strip()
        own = [str(rule) for rule in grammar.rules if rule.lhs.name == lhs]
        raise LisaError(
            f"{grammar.source} has no rule '{text}'; "
            + (f"{lhs} has these: {'; '.join(own)}" if own else f"nor a symbol {lhs} with rules")
        )
    numbers = {rule.number for rule in found}
    return np.array([rule.number in numbers for rule in grammar.rules], np.int64)


def _written(grammar: Grammar, text: str) -> Sequence[Rule]:
    """Return the rules that a text writes in the notation of .cfg; none if it is no such text."""
    try:
        meant = {(rule.lhs, rule.rhs) for rule in scan(text).rules}
    except LisaError:
        return []
    found = [rule for rule in grammar.rules if (rule.lhs, rule.rhs) in meant]
    return found if len({(rule.lhs, rule.rhs) for rule in found}) == len(meant) else []


def _tight(text: str) -> str:
    return re.sub(r"['\"\s]", "", ARROW.sub("->", text))
