from .cfg import Grammar as Grammar
from .cfg import Rule as Rule
from .cfg import load_grammar as load_grammar
from .cfg import parse_grammar as parse_grammar
from .counting import Counts as Counts
from .datasets import read_sentences as read_sentences
from .lint import Finding as Finding
from .moves import TreeMoves as TreeMoves
from .parsing import Parser as Parser
from .source import GrammarError as GrammarError
from .text import Writer as Writer
from .text import derivations_to_texts as derivations_to_texts
from .text import is_sentence as is_sentence

__all__ = [
    "Counts",
    "Finding",
    "Grammar",
    "GrammarError",
    "Parser",
    "Rule",
    "TreeMoves",
    "Writer",
    "derivations_to_texts",
    "is_sentence",
    "load_grammar",
    "parse_grammar",
    "read_sentences",
]
