"""Sentences with several derivations, and sentences that only blanks tell apart."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from lark import Token

from grammar_lisa.grammar import Counts, Finding, Grammar
from grammar_lisa.grammar.lark_tables import symbol_names, token_parser, token_rules
from grammar_lisa.grammar.laws import Law
from grammar_lisa.grammar.parsing import terminals_overlap
from grammar_lisa.grammar.sampling import sample
from grammar_lisa.grammar.symbols import Nonterminal
from grammar_lisa.grammar.text import Writer
from shared.common.words import counted

WITNESS_DERIVATIONS = 20_000
"""The most derivations that are listed, the shortest first."""

MOST_WORK = 100_000
"""The bound of a search for second derivations, in squared tokens: some seconds of one core.

Earley's parser takes time as the square of the tokens where rules recur at the right.
"""

LONGEST_SENTENCE = 100
"""Tokens of the longest sentence that is looked at: where much is ambiguous, time is their cube."""

DRAWS = 20
"""Sentences drawn of each length by each law."""

LAWS: Final[tuple[Law, ...]] = ("weighted", "uniform")
"""Rule by rule too: where tokens have many letters, nearly all derivations are long words."""


@dataclass(frozen=True)
class Witness:
    """A sentence with several derivations, and the smallest part of it that has several.

    Attributes:
        tokens: The sentence.
        symbol: What derives the part in more than one way.
        part: The tokens of the part.
    """

    tokens: tuple[str, ...]
    symbol: Nonterminal
    part: tuple[str, ...]

    def describe(self, grammar: Grammar) -> str:
        """Return what the witness shows, in words."""
        part = grammar.spacing.join(self.part)
        return (
            f"{grammar.spacing.join(self.tokens)!r} has several derivations: "
            f"{self.symbol} derives {part!r} in more than one way"
        )


class Forests:
    """Tells which sentences have several derivations, by the forest of all of them.

    The forest is that of lark's Earley parser (E. Scott, SPPF-style parsing from Earley
    recognisers, 2008), whose size is bounded where the number of derivations is not.

    Attributes:
        left: How much work may still be done, in squared tokens.
    """

    def __init__(self, grammar: Grammar) -> None:
        self.left = MOST_WORK
        self._parser = token_parser(token_rules(grammar), parser="earley", ambiguity="forest")
        self._symbols = {name: symbol for symbol, name in symbol_names(grammar).items()}
        self._tokens = {
            token: Token(f"T{index}", token) for index, token in enumerate(grammar.terminals)
        }

    def witness(self, tokens: Sequence[str]) -> Witness | None:
        """Return what shows that a sentence has several derivations; nothing if it has one."""
        root = self._parser.parse([self._tokens[token] for token in tokens])
        ambiguous = [node for node in _nodes(root) if node.is_ambiguous]
        if not ambiguous:
            return None
        least = min(ambiguous, key=lambda node: (node.end - node.start, node.start))
        name = (least.s[0].origin if least.is_intermediate else least.s).name
        part = tuple(tokens[least.start : least.end])
        return Witness(tuple(tokens), self._symbols[str(name)], part)

    def witnesses(
        self, sentences: Iterable[Sequence[str]]
    ) -> Iterator[tuple[Sequence[str], Witness | None]]:
        """Yield sentences with their witnesses, as far as the bounds on work allow."""
        for tokens in sentences:
            if len(tokens) <= LONGEST_SENTENCE:
                self.left -= (len(tokens) + 1) ** 2
                if self.left < 0:
                    return
                yield tokens, self.witness(tokens)


def find_ambiguity(grammar: Grammar, counts: Counts) -> Finding:
    """Return an ambiguous sentence, or that none is found.

    Derivations are listed in order of their number of rules, and the first two of one sentence
    (one sequence of tokens) are a witness. Where these show none, sentences are drawn, up to
    twice as long as is asked for, and all derivations of each are looked at.

    Args:
        grammar: The grammar.
        counts: Its counts, which bound the length.
    """
    looked = min(WITNESS_DERIVATIONS, counts.at_most())
    seen: dict[tuple[str, ...], tuple[int, ...]] = {}
    tokens_of = Writer(grammar).tokens
    derivation: tuple[int, ...] = ()
    for rank in range(looked):
        derivation = counts.unrank(rank)
        tokens = tuple(tokens_of(derivation))
        other = seen.setdefault(tokens, derivation)
        if other != derivation:
            message = (
                f"ambiguous: {grammar.spacing.join(tokens)!r} has the derivations "
                f"{_spelled(grammar, other)} and {_spelled(grammar, derivation)}"
            )
            return _finding(grammar, "warning", "ambiguous", message)
    shortest = len(derivation)
    limit = counts.max_rules
    found = _drawn_witness(grammar, shortest, 2 * limit)
    if found:
        witness, rules = found
        beyond = f", more than the {limit} asked for" if rules > limit else ""
        message = (
            f"ambiguous: {witness.describe(grammar)} (found at {counted(rules, 'rule')}{beyond})"
        )
        return _finding(grammar, "warning", "ambiguous", message)
    message = (
        f"no ambiguity found among the {looked} shortest derivations, nor in sentences drawn "
        f"of up to {counted(2 * limit, 'rule')}"
    )
    return _finding(grammar, "note", "ambiguous", message)


def find_blanks(grammar: Grammar, counts: Counts) -> Finding | None:
    """Return two sentences of different tokens that are one text but for blanks, if any are found.

    They are looked for among the shortest derivations, where one token begins another.
    """
    if not terminals_overlap(grammar.terminals):
        return None
    seen: dict[str, tuple[str, ...]] = {}
    tokens_of = Writer(grammar).tokens
    for rank in range(min(WITNESS_DERIVATIONS, counts.at_most())):
        tokens = tuple(tokens_of(counts.unrank(rank)))
        other = seen.setdefault("".join("".join(tokens).split()), tokens)
        if other != tokens:
            texts = grammar.spacing.join(other), grammar.spacing.join(tokens)
            if texts[0] == texts[1]:
                message = (
                    f"two sentences are written {texts[0]!r}, of the tokens {_listed(other)} and "
                    f"{_listed(tokens)}: only one is read"
                )
                return _finding(grammar, "warning", "blanks", message)
            message = (
                f"blanks alone tell {texts[0]!r} from {texts[1]!r}: keep them in files of sentences"
            )
            return _finding(grammar, "note", "blanks", message)
    return None


def _drawn_witness(grammar: Grammar, shortest: int, limit: int) -> tuple[Witness, int] | None:
    """Return the smallest witness of the shortest lengths that show one, and its rules."""
    forests = Forests(grammar)
    tokens_of = Writer(grammar).tokens
    rules = max(shortest, grammar.shortest)
    while rules < limit and forests.left > 0:
        rules = min(limit, rules + max(2, rules // 4))
        drawn = [
            derivation
            for law in LAWS
            for derivation in sample(grammar, DRAWS, rules, 0, law, distinct=False)
        ]
        lengths = {tuple(tokens_of(derivation)): len(derivation) for derivation in drawn}
        if min(map(len, lengths)) > LONGEST_SENTENCE:
            break
        found = [witness for _, witness in forests.witnesses(lengths) if witness]
        if found:
            least = min(found, key=lambda witness: len(witness.tokens))
            return least, lengths[least.tokens]
    return None


def _nodes(root: Any) -> Iterator[Any]:
    """Yield the nodes of a forest that stand for symbols, or for the beginnings of rules."""
    stack, seen = [root], {id(root)}
    while stack:
        node = stack.pop()
        yield node
        for packed in node.children:
            for child in (packed.left, packed.right):
                if hasattr(child, "is_ambiguous") and id(child) not in seen:
                    seen.add(id(child))
                    stack.append(child)


def _finding(grammar: Grammar, severity: Any, code: str, message: str) -> Finding:
    """Return a finding at the first rule of the start symbol."""
    line = grammar.rules[grammar.rules_of[grammar.start][0]].line
    return Finding(severity, code, message, line, 1)


def _spelled(grammar: Grammar, derivation: tuple[int, ...]) -> str:
    return "(" + ", ".join(str(grammar.rules[number]) for number in derivation) + ")"


def _listed(tokens: tuple[str, ...]) -> str:
    return " ".join(map(repr, tokens))
