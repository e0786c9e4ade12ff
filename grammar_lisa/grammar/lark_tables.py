"""The grammar in lark's notation, and lark parsers for it that are fed tokens.

Symbols and tokens are renamed (``n0``, ``T0``), since lark gives meaning to capitals and to
leading signs; rule number i carries the alias ``r<i>``.
"""

from typing import Any

from lark import Lark
from lark.lexer import Lexer

from grammar_lisa.grammar import Grammar
from grammar_lisa.grammar.symbols import Nonterminal

START = "n0"


class TokenLexer(Lexer):
    """Hands a list of tokens on to lark's parser as it is."""

    __future_interface__ = 1

    def __init__(self, lexer_conf: Any) -> None:
        """Take lark's settings, of which none matters here."""

    def lex(self, lexer_state: Any, parser_state: Any) -> Any:
        """Return the tokens that were given in place of a text."""
        return lexer_state.text


def symbol_names(grammar: Grammar) -> dict[Nonterminal, str]:
    """Return the names that symbols have in lark's notation, the start symbol's first."""
    symbols = [grammar.start, *(name for name in grammar.nonterminals if name != grammar.start)]
    return {symbol: f"n{index}" for index, symbol in enumerate(symbols)}


def lark_rules(grammar: Grammar) -> str:
    """Return the rules in lark's notation, each under its alias, duplicates once.

    The start symbol is ``n0``; the other symbols are numbered in order of first rule.
    """
    names: dict[Any, str] = {**symbol_names(grammar)}
    tokens = {token: f"T{index}" for index, token in enumerate(grammar.terminals)}
    lines: list[str] = []
    for symbol in names:
        firsts: dict[tuple[Any, ...], int] = {}
        for number in grammar.rules_of[symbol]:
            firsts.setdefault(grammar.rules[number].rhs, number)
        alternatives = [
            " ".join(tokens[part] if isinstance(part, str) else names[part] for part in rhs)
            + f" -> r{number}"
            for rhs, number in firsts.items()
        ]
        lines.append(f"{names[symbol]}: " + "\n  | ".join(alternatives))
    return "\n".join(lines) + "\n"


def token_rules(grammar: Grammar) -> str:
    """Return the rules in lark's notation, over tokens of the types ``T0``, ``T1``, .."""
    declared = " ".join(f"T{index}" for index in range(len(grammar.terminals)))
    declare = f"%declare {declared}\n" if declared else ""
    return declare + lark_rules(grammar)


def token_parser(rules: str, **options: Any) -> Lark:
    """Return a lark parser that is fed lark tokens of the types ``T0``, ``T1``, ..

    Args:
        rules: The rules of a grammar over tokens: see `token_rules`.
        options: Passed on to lark.

    Raises:
        lark.exceptions.GrammarError: LALR is asked for, strictly, and the grammar is not LALR(1).
    """
    return Lark(rules, start=START, lexer=TokenLexer, **options)
