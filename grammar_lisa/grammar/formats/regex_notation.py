"""Regular expressions of which plain rules can be made, such as ``[a-z][a-z0-9]*``."""

import re
from collections.abc import Iterable
from typing import Any, Final

from lark import Lark, Token, Transformer, UnexpectedCharacters, UnexpectedToken, v_args
from lark.exceptions import VisitError

from grammar_lisa.grammar.formats.characters import characters
from grammar_lisa.grammar.formats.tree import Choice, Expression, Literal, Repeat, Sequence
from grammar_lisa.grammar.source import Position

SUFFIXES = {"?": (0, 1), "*": (0, None), "+": (1, None)}
"""How often at least and at most a sign of repetition lets a part stand; None is without end."""

MOST_TIMES = 1000
_COUNT = re.compile(r"\{(\d+)?(,)?(\d+)?\}")
_UNREAD = {
    ".": "any character: what is not finite is not read",
    "^": "a place, not a character, so it is not read",
    "$": "a place, not a character, so it is not read",
    "(": "a group that only looks, refers or sets flags, so it is not read",
}
_PARSER: Final = Lark(
    r"""
    choice: sequence ("|" sequence)*
    sequence: (_atom | repeat)*
    repeat: _atom TIMES
    _atom: literal | escape | char_class | group
    literal: CHARACTER
    escape: ESCAPE
    char_class: CLASS
    group: OPEN choice ")"
    OPEN: /\((\?:|\?P<\w+>|(?!\?))/
    CLASS: /\[(?:\\.|[^\\])(?:\\.|[^\]\\])*\]/s
    TIMES: /[?*+]|\{\d*,?\d*\}/
    ESCAPE: /\\./s
    CHARACTER: /[^.^$?*+{\[()|\\]/
    """,
    parser="lalr",
    lexer="basic",
    start="choice",
)


def read_regex(written: str, place: Position) -> Expression:
    """Return what a regular expression derives, each character a token.

    Args:
        written: The expression, without the strokes around it.
        place: Where it stands in its file.

    Raises:
        ValueError: It is not finite in its characters, looks around, or is none.
    """
    try:
        found: Choice = _Parts(place).transform(_PARSER.parse(written))
    except UnexpectedCharacters as error:
        raise ValueError(_out_of_place(error.char)) from None
    except UnexpectedToken as error:
        raise ValueError(_refusal(error)) from None
    except VisitError as error:
        raise error.orig_exc from None
    return found


def choice_of(texts: Iterable[str], place: Position) -> Choice:
    """Return the choice between some tokens."""
    return Choice(tuple(Sequence((Literal(text, place),), place) for text in texts), place)


@v_args(inline=True)
class _Parts(Transformer[Token, Any]):
    """Makes the parts of a right-hand side, all at one place, of what lark has parsed."""

    def __init__(self, place: Position) -> None:
        super().__init__()
        self.place = place

    def choice(self, *alternatives: Sequence) -> Choice:
        return Choice(alternatives, self.place)

    def sequence(self, *parts: Expression) -> Sequence:
        return Sequence(parts, self.place)

    def repeat(self, part: Expression, sign: Token) -> Repeat:
        return Repeat(part, *(SUFFIXES.get(sign) or _count(sign)), self.place)

    def literal(self, token: Token) -> Literal:
        return Literal(str(token), self.place)

    def escape(self, token: Token) -> Literal | Choice:
        found = characters(token)
        return self.literal(Token("", found[0])) if len(found) == 1 else self._any_of(found)

    def char_class(self, token: Token) -> Choice:
        return self._any_of(characters(token[1:-1]))

    def group(self, opening: Token, body: Choice) -> Choice:
        return body

    def _any_of(self, found: Iterable[str]) -> Choice:
        return choice_of(found, self.place)


def _refusal(error: UnexpectedToken) -> str:
    """Return what is wrong with a token that cannot stand where it does."""
    token, stack = error.token, error.interactive_parser.parser_state.value_stack
    if token.type == "$END":
        return "a group that is not closed"
    if token.type == "RPAR":
        return "a ) without its beginning"
    if token in ("?", "+") and stack and getattr(stack[-1], "type", "") == "TIMES":
        return "how much of the text a repetition takes is not read"
    return _out_of_place(token[0])


def _out_of_place(sign: str) -> str:
    return f"{sign} is {_UNREAD.get(sign, 'out of place')}"


def _count(sign: str) -> tuple[int, int | None]:
    match = _COUNT.fullmatch(sign)
    assert match
    low, comma, high = match.groups()
    least = int(low or 0)
    most = int(high) if high else (None if comma else least)
    if not (low or high) or max(least, most or 0) > MOST_TIMES:
        raise ValueError(f"{sign} is no count of at most {MOST_TIMES}")
    if most is not None and most < least:
        raise ValueError(f"{sign} is no range of repetitions")
    return least, most
