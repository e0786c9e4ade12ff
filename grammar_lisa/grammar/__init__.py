"""Context-free grammars: reading, checking and counting."""

from grammar_lisa.grammar.cfg import Grammar, Rule, load_grammar, parse_grammar
from grammar_lisa.grammar.counting import Counts
from grammar_lisa.grammar.lint import Finding
from grammar_lisa.grammar.source import GrammarError

__all__ = [
    "Counts",
    "Finding",
    "Grammar",
    "GrammarError",
    "Rule",
    "load_grammar",
    "parse_grammar",
]
