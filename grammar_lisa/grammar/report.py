"""All that can be told about a grammar before anything is learnt from it."""

from dataclasses import dataclass

from grammar_lisa.grammar import Counts, Finding, Grammar
from grammar_lisa.grammar.parsing import Parser
from grammar_lisa.grammar.text import Writer, derivation_to_text

WITNESS_DERIVATIONS = 20_000


@dataclass(frozen=True)
class Report:
    """What ``grammar-lisa check`` shows.

    Attributes:
        findings: The linter's findings and that of the search for an ambiguous sentence.
        shortest_sentence: The text of a shortest sentence.
        shortest_rules: How many rules it takes.
        max_rules: The greatest number of rules that was looked at.
        counts: Pairs of a number of rules and how many derivations have exactly that many,
            where there are any.
        total: How many derivations have at most ``max_rules`` rules.
        lalr: Whether the fast LALR(1) parser serves this grammar.
        spacing: How tokens are joined: ``words``, ``joined`` or ``spaced``.
    """

    findings: tuple[Finding, ...]
    shortest_sentence: str
    shortest_rules: int
    max_rules: int
    counts: tuple[tuple[int, int], ...]
    total: int
    lalr: bool
    spacing: str


def report(grammar: Grammar, max_rules: int) -> Report:
    """Return the report on a grammar for derivations of at most ``max_rules`` rules.

    Raises:
        LisaError: Even the shortest derivation has more rules.
    """
    grammar.check_length(max_rules)
    counts = Counts(grammar, max_rules)
    lengths = ((n, counts.exactly(n)) for n in range(max_rules + 1))
    lalr = Parser(grammar).notice is None
    told = _is_unambiguous(grammar, lalr)
    ambiguity = _unambiguous(grammar) if told else find_ambiguity(grammar, counts)
    return Report(
        findings=(*grammar.findings, ambiguity),
        shortest_sentence=derivation_to_text(grammar, counts.unrank(0)),
        shortest_rules=grammar.shortest,
        max_rules=max_rules,
        counts=tuple((n, count) for n, count in lengths if count),
        total=counts.at_most(),
        lalr=lalr,
        spacing=grammar.spacing.mode,
    )


def _is_unambiguous(grammar: Grammar, lalr: bool) -> bool:
    """Tell whether a grammar is LALR(1) beyond doubt: lark overlooks equal rules and cycles."""
    distinct = len({(rule.lhs, rule.rhs) for rule in grammar.rules}) == len(grammar.rules)
    cyclic = any(finding.code == "cycle" for finding in grammar.findings)
    return lalr and distinct and not cyclic


def _unambiguous(grammar: Grammar) -> Finding:
    """Return that no sentence has two derivations, which holds of every LALR(1) grammar.

    Aho, Lam, Sethi and Ullman, Compilers: Principles, Techniques, and Tools, 2006, section 4.5.
    """
    line = grammar.rules[grammar.rules_of[grammar.start][0]].line
    message = "unambiguous: the grammar is LALR(1), so no sentence has two derivations"
    return Finding("note", "unambiguous", message, line, 1)


def find_ambiguity(grammar: Grammar, counts: Counts) -> Finding:
    """Return the shortest ambiguous sentence with two of its derivations, or that none is found.

    Derivations are listed in order of their number of rules, and the first two of one sentence
    (one sequence of tokens) are a witness.

    Args:
        grammar: The grammar.
        counts: Its counts, which bound the length.
    """
    looked = min(WITNESS_DERIVATIONS, counts.at_most())
    seen: dict[tuple[str, ...], tuple[int, ...]] = {}
    line = grammar.rules[grammar.rules_of[grammar.start][0]].line
    tokens_of = Writer(grammar).tokens
    for rank in range(looked):
        derivation = counts.unrank(rank)
        tokens = tuple(tokens_of(derivation))
        other = seen.setdefault(tokens, derivation)
        if other != derivation:
            message = (
                f"ambiguous: {grammar.spacing.join(tokens)!r} has the derivations "
                f"{_spelled(grammar, other)} and {_spelled(grammar, derivation)}"
            )
            return Finding("warning", "ambiguous", message, line, 1)
    message = f"no ambiguity found among the {looked} shortest derivations"
    return Finding("note", "ambiguous", message, line, 1)


def _spelled(grammar: Grammar, derivation: tuple[int, ...]) -> str:
    return "(" + ", ".join(str(grammar.rules[number]) for number in derivation) + ")"
