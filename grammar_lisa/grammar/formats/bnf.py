"""Backus and Naur's notation: ``<symbol> ::= 'text' | <other>``."""

from grammar_lisa.grammar.formats.right_hand_sides import Dialect, RightHandSides
from grammar_lisa.grammar.formats.tokens import END, Tokens
from grammar_lisa.grammar.formats.tree import Definition

HINT = "valid are: <symbol> ::= 'text' | <other>; tokens stand in quotes, \"\" derives nothing"
KINDS = {"name": r"<[^<>\n|'\"]+>", "defines": r"::=|:="}


def read_bnf(text: str, name: str, escapes: bool) -> list[Definition]:
    """Return the definitions of a text in BNF, the start symbol's first.

    Raises:
        GrammarError: The text is no such grammar; the message shows the place.
    """
    tokens = Tokens(text, name, KINDS, r"(?:\#|//|;)[^\n]*", escapes=escapes, hint=HINT)

    def begins() -> bool:
        return tokens.peek().kind == "name" and tokens.peek(1).kind == "defines"

    sides = RightHandSides(tokens, Dialect(repeats=False), begins)
    found: list[Definition] = []
    while tokens.peek().kind != END:
        symbol = tokens.peek()
        if not begins():
            raise tokens.error(symbol, f"expected <symbol> ::=, found {symbol}")
        tokens.take()
        tokens.take()
        found.append(Definition(symbol.text, sides.choice(), symbol.place))
    return found
