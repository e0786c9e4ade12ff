"""What a grammar is like, before anything is learnt from it."""

from dataclasses import dataclass

from grammar_lisa.grammar import Counts, Finding, Grammar
from grammar_lisa.grammar.ambiguity import find_ambiguity, find_blanks
from grammar_lisa.grammar.canonical import CanonicalDerivations, SentenceCount, is_unambiguous
from grammar_lisa.grammar.parsing import LALR, Parser
from grammar_lisa.grammar.text import derivation_to_text


@dataclass(frozen=True)
class Report:
    """What ``grammar-lisa check`` shows.

    Attributes:
        findings: The linter's findings, then what was found of blanks and of ambiguous sentences.
        shortest_sentence: The text of a shortest sentence.
        shortest_rules: How many rules it takes.
        max_rules: The greatest number of rules that was looked at.
        counts: Pairs of a number of rules and how many derivations have exactly that many,
            where there are any.
        total: How many derivations have at most ``max_rules`` rules.
        sentences: How many sentences these are of.
        lalr: Whether the fast LALR(1) parser serves this grammar.
        parser: Which parser reads sentences, in words.
        unambiguous: Whether no sentence has several derivations, beyond doubt.
        spacing: How tokens are joined: ``words``, ``joined`` or ``spaced``.
    """

    findings: tuple[Finding, ...]
    shortest_sentence: str
    shortest_rules: int
    max_rules: int
    counts: tuple[tuple[int, int], ...]
    total: int
    sentences: SentenceCount
    lalr: bool
    parser: str
    unambiguous: bool
    spacing: str


def report(grammar: Grammar, max_rules: int) -> Report:
    """Return the report on a grammar for derivations of at most ``max_rules`` rules.

    Raises:
        LisaError: Even the shortest derivation has more rules.
    """
    grammar.check_length(max_rules)
    counts = Counts(grammar, max_rules)
    lengths = ((n, counts.exactly(n)) for n in range(max_rules + 1))
    parser = Parser(grammar)
    certain = is_unambiguous(parser)
    ambiguity = _unambiguous(grammar) if certain else find_ambiguity(grammar, counts)
    blanks = find_blanks(grammar, counts)
    return Report(
        findings=(*grammar.findings, *([blanks] if blanks else []), ambiguity),
        shortest_sentence=derivation_to_text(grammar, counts.unrank(0)),
        shortest_rules=grammar.shortest,
        max_rules=max_rules,
        counts=tuple((n, count) for n, count in lengths if count),
        total=counts.at_most(),
        sentences=CanonicalDerivations(grammar).count(counts),
        lalr=parser.kind == LALR,
        parser=parser.kind,
        unambiguous=certain,
        spacing=grammar.spacing.mode,
    )


def _unambiguous(grammar: Grammar) -> Finding:
    """Return that no sentence has two derivations, which holds of every LALR(1) grammar.

    Aho, Lam, Sethi and Ullman, Compilers: Principles, Techniques, and Tools, 2006, section 4.5.
    """
    line = grammar.rules[grammar.rules_of[grammar.start][0]].line
    message = "unambiguous: the grammar is LALR(1), so no sentence has two derivations"
    return Finding("note", "unambiguous", message, line, 1)
