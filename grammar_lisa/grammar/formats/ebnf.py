"""Extended BNF: ANTLR's ``name : … ;``, ISO 14977's ``name = … , … ;``, W3C's ``name ::= …``."""

import re

from grammar_lisa.grammar.formats.right_hand_sides import Dialect, RightHandSides
from grammar_lisa.grammar.formats.tokens import END, Token, Tokens
from grammar_lisa.grammar.formats.tree import (
    Choice,
    Definition,
    Expression,
    Literal,
    Name,
    Repeat,
    Sequence,
)

HINT = (
    "valid are: name : 'text' | other ; with ? * + ( ) and classes such as [a-z]; "
    "= or ::= for : as well"
)
_WORD = r"[^\W\d](?:\w|-(?!>))*"
_NAME = rf"{_WORD}|<[^<>\n|'\"]+>"
_DEFINES = re.compile(rf"^[ \t]*(?:fragment\s+)?(?:{_NAME})\s*(::=|:|=)", re.MULTILINE)
_COMMENT = r"//[^\n]*|/\*[\s\S]*?\*/|\(\*[\s\S]*?\*\)|(?:\A|(?<=\n))\#[^\n]*"


def read_ebnf(text: str, name: str, escapes: bool) -> list[Definition]:
    """Return the definitions of a text in EBNF, the start symbol's first.

    What a lexer skips (``-> skip``) is left out, labels and the end of the file (``EOF``) too.

    Raises:
        GrammarError: The text is no such grammar; the message shows the place.
    """
    found = _DEFINES.search(text)
    sign = found.group(1) if found else ":"
    antlr = sign == ":"
    kinds = {"name": _WORD if antlr else _NAME, "defines": re.escape(sign), "arrow": "->"}
    if sign != "=":
        kinds["class"] = r"\[(?:\\.|[^\]\\\n])+\]"
    kinds["code"] = r"\#x[0-9A-Fa-f]+"
    comment = _COMMENT if antlr else rf"{_COMMENT}|\#(?!x[0-9A-Fa-f])[^\n]*"
    tokens = Tokens(text, name, kinds, comment, escapes=escapes, hint=HINT)
    return _Reader(tokens, sign).definitions()


class _Reader:
    def __init__(self, tokens: Tokens, sign: str) -> None:
        self.tokens, self.sign = tokens, sign
        iso, antlr = sign == "=", sign == ":"
        ends = (";", "#", "->") if antlr else (";",)
        dialect = Dialect(optional=iso, braces=iso, commas=iso, labels=antlr, ends=ends)
        self.sides = RightHandSides(tokens, dialect, self._begins)

    def definitions(self) -> list[Definition]:
        """Read all definitions."""
        found: list[Definition] = []
        self._headings()
        while self.tokens.peek().kind != END:
            self.tokens.accept("fragment")
            if self._skipped():
                self.tokens.skip_to(";")
                self.tokens.accept(";")
            else:
                found.append(self._definition())
        names = {definition.name for definition in found}
        return found if "EOF" in names else [_without_end(each) for each in found]

    def _headings(self) -> None:
        """Move over ``grammar Name;`` and refuse what changes how rules are read."""
        if self.sign != ":":
            return
        for word in ("lexer", "parser"):
            if self.tokens.at(word) and self.tokens.at("grammar", ahead=1):
                self.tokens.take()
        if self.tokens.at("grammar") and self.tokens.at(";", ahead=2):
            self.tokens.skip_to(";")
            self.tokens.take()

    def _begins(self) -> bool:
        named = self.tokens.peek().kind == "name" and self.tokens.peek(1).kind == "defines"
        return named and self.sign != "="

    def _skipped(self) -> bool:
        """Tell whether what a lexer skips is defined here."""
        ahead = 0
        while self.tokens.peek(ahead).kind != END and not self.tokens.at(";", ahead=ahead):
            if self.tokens.at("->", ahead=ahead):
                return self.tokens.at("skip", "channel", ahead=ahead + 1)
            ahead += 1
        return False

    def _definition(self) -> Definition:
        symbol = self.tokens.take()
        if symbol.kind != "name" or self.tokens.peek().kind != "defines":
            message = f"expected a definition, such as name {self.sign} …, found {symbol}"
            if symbol.kind == "name":
                message = f"expected {self.sign} behind {symbol}, found {self.tokens.peek()}"
            raise self.tokens.error(symbol, message)
        self.tokens.take()
        body = self.sides.choice()
        alternatives = [*body.alternatives]
        while self._label():
            if self.tokens.accept("|"):
                alternatives += self.sides.choice().alternatives
        self._close(symbol)
        return Definition(symbol.text, Choice(tuple(alternatives), body.place), symbol.place)

    def _label(self) -> bool:
        """Move over the label of an alternative, ``# Name``."""
        if self.sign != ":" or not self.tokens.accept("#"):
            return False
        self.tokens.take()
        return True

    def _close(self, symbol: Token) -> None:
        if self.tokens.accept(";") or (self.sign == "::=" and self._between()):
            return
        here = self.tokens.peek()
        if self.tokens.at("->"):
            raise self.tokens.error(here, "a command of a lexer", "only -> skip is read")
        if here.kind == END or self._begins():
            message = f"the definition of {symbol.text} is not closed"
            raise self.tokens.error(here, message, "close it with ;")
        raise self.tokens.error(here, f"unexpected {here}")

    def _between(self) -> bool:
        return self.tokens.peek().kind == END or self._begins()


def _without_end(definition: Definition) -> Definition:
    """Return a definition without ANTLR's mark of the end of the file."""
    body = _no_end(definition.body)
    assert isinstance(body, Choice)
    return Definition(definition.name, body, definition.place)


def _no_end(part: Expression) -> Expression:
    match part:
        case Name(name="EOF"):
            return Literal("", part.place)
        case Sequence():
            return Sequence(tuple(map(_no_end, part.parts)), part.place)
        case Choice():
            kept = tuple(
                Sequence(tuple(map(_no_end, own.parts)), own.place) for own in part.alternatives
            )
            return Choice(kept, part.place)
        case Repeat():
            return Repeat(_no_end(part.part), part.least, part.most, part.place)
    return part
