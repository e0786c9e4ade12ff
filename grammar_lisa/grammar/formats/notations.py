"""The notations of Backus and Naur, of its extensions and of lark, each as a grammar for lark.

Tokens come in statements: ``_END`` stands where one ends that no sign ends.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from itertools import pairwise
from types import MappingProxyType
from typing import Final

from lark import Lark, Token

from grammar_lisa.grammar.quoting import ESCAPED, PLAIN

OPENING: Final = ("OPEN", "SQUARE", "CURLY")
CLOSING: Final = ("RPAR", "RSQB", "RBRACE")

_BASE: Final = r"""
choice: sequence ("|" sequence)*
sequence: _part*
?plain: NAME -> name
    | STRING -> string
    | STRING ".." STRING -> span
!repeat: (atom | repeat) ("?" | "*" | "+")
OPEN: "("
SQUARE: "["
CURLY: "{"
OTHER.-9: /[\s\S]/
BLANK.9: /\s+/
%ignore BLANK
%ignore COMMENT
%declare _END
"""
_WORD: Final = r"[^\W\d](?:\w|-(?!>))*"
_SYMBOL: Final = r"<[^<>\n|'\"]+>"
NAME: Final = rf"{_WORD}|{_SYMBOL}"
_COMMENT: Final = r"\/\/[^\n]*|\/\*[\s\S]*?\*\/|\(\*[\s\S]*?\*\)|(?:\A|(?<=\n))\#[^\n]*"
_CLASS: Final = r"/\[(?:\\.|[^\]\\\n])+\]/"
_CODE: Final = r"/\#x[0-9A-Fa-f]+/"
_COMMENT_BEFORE_CODE: Final = rf"{_COMMENT}|\#(?!x[0-9A-Fa-f])[^\n]*"

_BNF: Final = rf"""
start: definition*
definition: NAME DEFINES choice _END
_part: atom
?atom: plain
NAME.7: /{_SYMBOL}/
DEFINES.6: /::=|:=/
COMMENT.8: /(?:\#|\/\/|;)[^\n]*/
"""
_ANTLR: Final = rf"""
start: definition*
definition: NAME DEFINES alternatives ";"
?alternatives: sequence label? ("|" sequence label?)* -> choice
label: "#" NAME
_part: atom | repeat
?atom: plain
    | OPEN choice ")" -> group
    | NAME ("=" | "+=") atom -> labelled
    | CLASS -> char_class
NAME.7: /{_WORD}/
CLASS.6: {_CLASS}
ARROW.6: "->"
DEFINES: ":"
COMMENT.8: /{_COMMENT}/
"""
_ISO: Final = rf"""
start: definition*
definition: NAME DEFINES choice ";"
_part: (atom | repeat) ","?
?atom: plain
    | OPEN choice ")" -> group
    | SQUARE choice "]" -> optional
    | CURLY choice "}}" -> endless
    | CODE -> code
NAME.7: /{NAME}/
CODE.6: {_CODE}
DEFINES: "="
COMMENT.8: /{_COMMENT_BEFORE_CODE}/
"""
_W3C: Final = rf"""
start: definition*
definition: NAME DEFINES choice (";" | _END)
_part: atom | repeat
?atom: plain
    | OPEN choice ")" -> group
    | CLASS -> char_class
    | CODE -> code
NAME.7: /{NAME}/
CLASS.6: {_CLASS}
CODE.6: {_CODE}
DEFINES: "::="
COMMENT.8: /{_COMMENT_BEFORE_CODE}/
"""
_LARK: Final = r"""
start: (definition _END | imported _END)*
definition: NAME DEFINES alternatives
?alternatives: sequence label? ("|" sequence label?)* -> choice
label: ARROW NAME
?imported: IMPORT path NAME (ARROW NAME)? -> import_one
    | IMPORT path NAME OPEN NAME ("," NAME)* ")" -> import_several
!path: "."* | path NAME "."
_part: atom | repeat | times
times: (atom | repeat) TILDE NUMBER (".." NUMBER)?
?atom: plain
    | OPEN choice ")" -> group
    | SQUARE choice "]" -> optional
    | REGEX -> regex
NAME.7: /[A-Za-z_]\w*/
IMPORT.7: /%\s*import\b/
DIRECTIVE.6: /%\s*[a-z]+/
ARROW.6: "->"
REGEX.6: /\/(?!\/)(?:\\.|[^\/\\\n])+\/[imslux]*/
NUMBER.6: /\d+/
FLAGGED.6: /"(?:\\.|[^"\\\n])*"i\b/
TILDE: "~"
DEFINES: ":"
COMMENT.8: /\/\/[^\n]*|\#[^\n]*/
"""


def _ended(tokens: list[Token], begins: Callable[[int], bool]) -> Iterator[Token]:
    """Put ``_END`` in front of what begins outside of all brackets, and behind the last token."""
    depth = 0
    for place, token in enumerate(tokens):
        if place and not depth and tokens[place - 1] != ";" and begins(place):
            yield Token.new_borrow_pos("_END", str(token), token)
        depth = max(0, depth + (token.type in OPENING) - (token.type in CLOSING))
        yield token
    if tokens and tokens[-1] != ";":
        yield Token("_END", "")


def _until(tokens: Iterable[Token], end: str) -> Iterator[list[Token]]:
    """Yield tokens in statements, each with the sign or the kind of token that ends it."""
    found: list[Token] = []
    for token in tokens:
        found.append(token)
        if end in (token.type, token):
            yield found
            found = []
    yield found


def _by_definition(tokens: list[Token]) -> Iterator[Token]:
    """End a statement in front of a name with the sign of a definition behind it."""

    def begins(place: int) -> bool:
        return [each.type for each in tokens[place : place + 2]] == ["NAME", "DEFINES"]

    return _ended(tokens, begins)


def _of_antlr(tokens: list[Token]) -> Iterator[Token]:
    """Leave out headings, what a lexer skips, and the word ``fragment``."""
    kept: list[Token] = []
    for words in _until(tokens, ";"):
        kinds = [each.type for each in words]
        commands = [words[n + 1] for n, kind in enumerate(kinds[:-1]) if kind == "ARROW"]
        heading = (
            "DEFINES" not in kinds and words[:1] and words[0] in ("grammar", "lexer", "parser")
        )
        if not heading and not {"skip", "channel"} & set(commands):
            kept += words[1:] if words[:1] == ["fragment"] else words
    return _by_definition(kept)


def _of_lark(tokens: list[Token]) -> Iterator[Token]:
    """End a statement with its line; leave out what is ignored, and ``?`` and ``!`` at its head."""
    ignored = {str(name) for word, name in pairwise(tokens) if _ignores(word)}

    def begins(place: int) -> bool:
        return tokens[place].line != tokens[place - 1].end_line and tokens[place] != "|"

    for words in _until(_ended(tokens, begins), "_END"):
        while words and words[0] in ("?", "!"):
            words = words[1:]
        first = words[0] if words else Token("OTHER", "")
        if first not in ignored and not _ignores(first):
            yield from words


def _ignores(word: Token) -> bool:
    return word.type == "DIRECTIVE" and word.lstrip("% \t") == "ignore"


Refusal = tuple[str, str | None]
"""What a message says is wrong, with {found} and {name}, and what it says is valid, if not all."""

_QUOTE: Final[Refusal] = ("a quote that is never closed", None)
_UNREAD: Final[dict[str, Refusal]] = {
    "~": ("what is not some characters is not finite, so it is not read", None),
    ".": ("any character: what is not finite is not read", None),
    "/": ("a regular expression that is not closed, or a sign without quotes", None),
    "{": ("actions and templates are not read", None),
    "<": ("options and templates are not read", None),
    "->": ("a command of a lexer", "only -> skip is read"),
    "'": _QUOTE,
    '"': _QUOTE,
}
_REPEATED: Final[Refusal] = (
    "a repetition, {found}, is not read",
    "BNF has none: write a symbol that recurs, or read the file as ebnf",
)
_BEGIN_BNF: Final[Refusal] = ("expected <symbol> ::=, found {found}", None)


@dataclass(frozen=True)
class Notation:
    """How a notation is read.

    Attributes:
        grammar: Of it, for lark.
        hint: What is valid.
        statements: Cuts tokens into statements, and leaves out what sentences leave out.
        begins: What is wrong where no definition begins.
        named: What is wrong behind a name that nothing defines: that is shown at the name.
        unread: What is wrong with signs that no rule can be made of.
        behind_name: What is wrong with some signs behind a name that nothing defines.
        closed: Whether a definition ends with ``;``.
    """

    grammar: str
    hint: str
    statements: Callable[[list[Token]], Iterator[Token]]
    begins: Refusal
    named: Refusal | None = None
    unread: Mapping[str, Refusal] = field(default_factory=_UNREAD.copy)
    behind_name: Mapping[str, Refusal] = field(default_factory=dict)
    closed: bool = False

    def process(self, stream: Iterator[Token]) -> Iterator[Token]:
        """Cut the tokens into statements; lark's interface of what stands behind a lexer."""
        return self.statements(list(stream))

    @property
    def always_accept(self) -> tuple[str, ...]:
        """The kinds of tokens that are told apart for messages alone."""
        named = ("ARROW", "DIRECTIVE", "FLAGGED")
        return ("OTHER", *(each for each in named if f"\n{each}." in self.grammar))


def _ebnf(
    sign: str, grammar: str, statements: Callable[[list[Token]], Iterator[Token]]
) -> Notation:
    return Notation(
        grammar,
        "valid are: name : 'text' | other ; with ? * + ( ) and classes such as [a-z]; "
        "= or ::= for : as well",
        statements,
        (f"expected a definition, such as name {sign} …, found {{found}}", None),
        (f"expected {sign} behind {{name}}, found {{found}}", None),
        closed=sign != "::=",
    )


NOTATIONS: Final[Mapping[str, Notation]] = MappingProxyType(
    {
        "bnf": Notation(
            _BNF,
            "valid are: <symbol> ::= 'text' | <other>; tokens stand in quotes, "
            '"" derives nothing',
            _by_definition,
            _BEGIN_BNF,
            ("expected <symbol> ::=, found {name}", None),
            _UNREAD | dict.fromkeys("?*+", _REPEATED) | dict.fromkeys(")]}", _BEGIN_BNF),
        ),
        ":": _ebnf(":", _ANTLR, _of_antlr),
        "=": _ebnf("=", _ISO, lambda tokens: _ended(tokens, lambda place: False)),
        "::=": _ebnf("::=", _W3C, _by_definition),
        "lark": Notation(
            _LARK,
            'valid are: name: "text" | other, with ? * + ~ ( ) [ ], "a".."z", /[a-z]/ and %import '
            "common.NAME; not templates, priorities and other regular expressions",
            _of_lark,
            ("expected the name of a rule, found {found}", None),
            behind_name={
                ".": ("the priority of {name} is not read", "leave it out"),
                "{": (
                    "{name} is a template, which is not read",
                    "write the rules that it stands for",
                ),
                "": ("expected :, found {found}", None),
            },
        ),
    }
)
"""By their names, those of EBNF by the sign of a definition."""


@cache
def parser_of(notation: str, escapes: bool) -> Lark:
    """Return what parses texts in a notation.

    Args:
        notation: Of `NOTATIONS`.
        escapes: Whether a backslash in quotes begins an escape.
    """
    strings = "|".join((ESCAPED if escapes else PLAIN).values())
    how = NOTATIONS[notation]
    return Lark(
        f"{_BASE}{how.grammar}\nSTRING.5: /{strings}/\n",
        parser="lalr",
        lexer="basic",
        postlex=how,
        propagate_positions=True,
        maybe_placeholders=False,
    )
