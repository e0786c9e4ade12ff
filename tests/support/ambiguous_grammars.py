"""Grammars whose sentences have several derivations, small and random."""

from small_grammars import grammars

from grammar_lisa.grammar.canonical import is_unambiguous
from grammar_lisa.grammar.parsing import Parser

REGEX = """# tokens: joined
%start R
R -> R '|' R | Seq
Seq -> Piece Seq | Piece
Piece -> Atom Quant
Quant -> '*' | '+' |
Atom -> '(' R ')' | 'a' | 'b'
"""
"""Alternatives of alternatives have two derivations; all else has one."""

SUMS = "E -> E '+' E | E '*' E | 'x' | '1'\n"
"""A sentence of n operations has as many derivations as there are binary trees of n nodes."""

ELSE = "S -> 'if' S | 'if' S 'else' S | 'x' | 'y'\n"
"""A sentence of two ifs and one else has two derivations."""

REDUCTIONS = "S -> S S | A 'a' | B 'a' |\nA ->\nB ->\n"
"""Reductions conflict, so Earley reads all."""

ambiguous_grammars = grammars.filter(lambda grammar: not is_unambiguous(Parser(grammar)))
