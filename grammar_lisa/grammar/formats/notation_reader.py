"""The definitions in a text in Backus and Naur's notation, an extension of it, or lark's."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from lark import Token, Transformer, UnexpectedToken, v_args
from lark.exceptions import VisitError
from lark.tree import Meta
from lark.visitors import Discard

from grammar_lisa.grammar.formats.characters import MOST_CHARACTERS, characters
from grammar_lisa.grammar.formats.lark_imports import LIBRARY, library, library_text, renamed
from grammar_lisa.grammar.formats.names import Format
from grammar_lisa.grammar.formats.notations import (
    CLOSING,
    NAME,
    NOTATIONS,
    OPENING,
    parser_of,
)
from grammar_lisa.grammar.formats.regex_notation import (
    MOST_TIMES,
    SUFFIXES,
    choice_of,
    read_regex,
)
from grammar_lisa.grammar.formats.tree import (
    Choice,
    Definition,
    Expression,
    Literal,
    Name,
    Repeat,
    Sequence,
)
from grammar_lisa.grammar.quoting import unescaped
from grammar_lisa.grammar.source import GrammarError, Position, error_at

_DEFINES: Final = re.compile(rf"^[ \t]*(?:fragment\s+)?(?:{NAME})\s*(::=|:|=)", re.MULTILINE)
_IGNORED: Final = re.compile(r"^[ \t]*%\s*ignore\s+(\w+|\S)", re.MULTILINE)
_CLOSING: Final = {"(": ")", "[": "]", "{": "}"}
_TIMES: Final = f"write how often, at most {MOST_TIMES} times, such as ~ 3 or ~ 2..5"
_RANGE: Final = 'a range is between two characters, such as "a".."z"'


def read_notation(
    text: str, name: str, notation: Format, escapes: bool
) -> tuple[list[Definition], bool]:
    """Return the definitions of a text, and whether it says that blanks are ignored.

    Of EBNF, what a lexer skips (``-> skip``) is left out, labels and the end of the file (``EOF``)
    too. Of lark's notation the definition of ``start`` comes first, if there is one.

    Args:
        text: The grammar.
        name: What errors call it.
        notation: bnf, ebnf or lark.
        escapes: Whether a backslash in quotes begins an escape.

    Raises:
        GrammarError: The text is no such grammar; the message shows the place.
    """
    kind: str = notation
    if notation == "ebnf":
        found = _DEFINES.search(text)
        kind = found.group(1) if found else ":"
    reader = _Reader(text, name, kind, escapes)
    definitions = reader.definitions()
    if notation == "ebnf" and not any(each.name == "EOF" for each in definitions):
        definitions = [each.of(_without_end) for each in definitions]
    definitions.sort(key=lambda each: notation != "lark" or each.name != "start")
    return definitions, bool(reader.ignored)


def _without_end(leaf: Name | Literal) -> Name | Literal:
    """Return a name or a token; nothing for ANTLR's mark of the end of the file."""
    return Literal("", leaf.place) if isinstance(leaf, Name) and leaf.name == "EOF" else leaf


@dataclass(frozen=True)
class _Import:
    """A terminal that another file defines: that file, its name there, and the name here."""

    source: str
    name: str
    alias: Token


class _Reader:
    """Reads a text in a notation of `NOTATIONS`."""

    def __init__(self, text: str, name: str, kind: str, escapes: bool) -> None:
        self.text, self.name, self.kind, self.escapes = text, name, kind, escapes
        self.notation, self.parser = NOTATIONS[kind], parser_of(kind, escapes)
        self.ignored = set(_IGNORED.findall(text)) if kind == "lark" else set()

    def definitions(self) -> list[Definition]:
        """Return the definitions in the text, and of what it imports.

        Raises:
            GrammarError: The text is no such grammar.
        """
        try:
            found = _Definitions(self).transform(self.parser.parse(self.text))
        except UnexpectedToken as error:
            raise self._refusal(error) from None
        except VisitError as error:
            raise error.orig_exc from None
        own = [each for each in found if isinstance(each, Definition)]
        imports = [each for each in found if isinstance(each, _Import)]
        return own + self._imported(imports, {each.name for each in own})

    def error(self, token: Token, message: str, hint: str | None = None) -> GrammarError:
        """Return the error that points at a token."""
        hint = hint or self.notation.hint
        return error_at(self.name, self.text, self._place(token), message, hint)

    def _place(self, token: Token) -> Position:
        if token.line is not None and token.type != "$END" and token != "":
            return place_of(token)
        last = self.text.rstrip().rpartition("\n")
        return Position(last[0].count("\n") + bool(last[1]) + 1, len(last[2]) + 1)

    def _refusal(self, error: UnexpectedToken) -> GrammarError:
        """Return the error for a token that cannot stand where it does."""
        token, kept = error.token, error.interactive_parser.parser_state.value_stack
        stack = [each for each in kept if isinstance(each, Token)]
        found = repr(str(token)) if token else "the end of the file"
        if token and token.type == "_END" and self.kind == "lark":
            found = "the end of the line"
        if token.type == "DIRECTIVE":
            hint = f"%ignore is read, and %import of lark's {LIBRARY}"
            return self.error(token, f"the directive {token} is not read", hint)
        if not stack or stack[-1] == ";" or stack[-1].type == "_END":
            return self._said(token, self.notation.begins, found=found)
        if [each.type for each in stack] == ["NAME"]:
            return self._undefined(stack[0], token, found)
        return self._unread(token, stack, found)

    def _undefined(self, name: Token, token: Token, found: str) -> GrammarError:
        """Return the error for a name at the head of a statement that nothing defines."""
        how = self.notation
        if how.named:
            return self._said(name, how.named, name=repr(str(name)), found=found)
        said = how.behind_name.get(token, how.behind_name[""])
        return self._said(token, said, name=name, found=found)

    def _unread(self, token: Token, stack: list[Token], found: str) -> GrammarError:
        """Return the error for a token within a definition; `stack` is what is open there."""
        opening, end = _unclosed(stack), token.type == "_END"
        if stack[-1] == "~" or (stack[-1] == ".." and stack[-2].type == "NUMBER"):
            return self.error(token, f"expected a number, found {found}", _TIMES)
        if opening and (end or token in (";", ")", "]", "}", "->")):
            message = f"this {opening} is not closed: found {found}"
            return self.error(opening, message, f"close it with {_CLOSING[opening]}")
        if token.type == "FLAGGED":
            what = "is read in capitals and small letters alike, which is unknown here"
            return self.error(token, f"{token} {what}")
        if token in self.notation.unread:
            return self._said(token, self.notation.unread[token], found=found)
        if end and self.notation.closed:
            message = f"the definition of {stack[0]} is not closed"
            return self.error(token, message, "close it with ;")
        return self.error(token, f"unexpected {found}")

    def _said(self, token: Token, said: tuple[str, str | None], **words: str) -> GrammarError:
        return self.error(token, said[0].format(**words), said[1])

    def _imported(self, imports: Iterable[_Import], own: set[str]) -> list[Definition]:
        """Return what the sentences have of imports, whose names are none of the file's own."""
        wanted = [each for each in imports if each.alias not in self.ignored]
        taken = own | {str(each.alias) for each in wanted}
        found: dict[str, Definition] = {}
        for each in wanted:
            library_of, alias = self._of_library(each), str(each.alias)
            for one in renamed(library_of, each.name, alias, taken, place_of(each.alias)):
                found.setdefault(one.name, one)
        return list(found.values())

    def _of_library(self, wanted: _Import) -> list[Definition]:
        """Return the definitions that an import stands for, as the library names them."""
        name, alias = wanted.name, wanted.alias
        if wanted.source != LIBRARY:
            message = f"{name} is imported from {wanted.source or 'nowhere'}, which is not read"
            hint = f"write its rules here, or import from lark's {LIBRARY}"
            raise self.error(alias, message, hint)
        if name not in library():
            hint = f"it has {', '.join(library())}"
            raise self.error(alias, f"lark's {LIBRARY} has no {name}", hint)
        try:
            return read_notation(library_text(name), LIBRARY, "lark", escapes=True)[0]
        except GrammarError as error:
            message = f"{LIBRARY}.{name} is a regular expression that is not read"
            hint = f'write what is meant, as {alias}: "\\"" /[ !#-\\[\\]-~]*/ "\\"" for a string'
            raise self.error(alias, message, hint) from error


@v_args(inline=True)
class _Definitions(Transformer[Token, list[Any]]):
    """Makes definitions of what lark has parsed."""

    def __init__(self, reader: _Reader) -> None:
        super().__init__()
        self.reader = reader

    def start(self, *found: Definition | list[_Import]) -> list[Definition | _Import]:
        return [one for each in found for one in (each if isinstance(each, list) else [each])]

    def definition(self, symbol: Token, sign: Token, body: Choice) -> Definition:
        return Definition(str(symbol), body, place_of(symbol))

    def label(self, *words: Token) -> Any:
        return Discard

    @v_args(meta=True)
    def choice(self, meta: Meta, alternatives: list[Sequence]) -> Choice:
        return Choice(tuple(alternatives), _begin(meta))

    @v_args(meta=True)
    def sequence(self, meta: Meta, parts: list[Expression]) -> Sequence:
        return Sequence(tuple(parts), _begin(meta))

    def name(self, token: Token) -> Name:
        return Name(str(token), place_of(token))

    def code(self, token: Token) -> Literal:
        return Literal(chr(int(token[2:], 16)), place_of(token))

    def labelled(self, label: Token, part: Expression) -> Expression:
        return part

    def group(self, opening: Token, body: Choice) -> Expression:
        found: Expression = body
        while isinstance(found, Choice | Sequence):
            parts = found.alternatives if isinstance(found, Choice) else found.parts
            if len(parts) != 1:
                break
            (found,) = parts
        return found

    def optional(self, opening: Token, body: Choice) -> Repeat:
        return Repeat(self.group(opening, body), 0, 1, place_of(opening))

    def endless(self, opening: Token, body: Choice) -> Repeat:
        return Repeat(self.group(opening, body), 0, None, place_of(opening))

    def repeat(self, part: Expression, sign: Token) -> Repeat:
        return Repeat(part, *SUFFIXES[sign], place_of(sign))

    def times(self, part: Expression, sign: Token, *bounds: Token) -> Repeat:
        least, most = (self._number(each) for each in (bounds[0], bounds[-1]))
        if most < least:
            raise self.reader.error(sign, f"{least}..{most} is no range", "write ~ 2..5")
        return Repeat(part, least, most, place_of(sign))

    def _number(self, token: Token) -> int:
        if int(token) > MOST_TIMES:
            raise self.reader.error(token, f"expected a number, found {str(token)!r}", _TIMES)
        return int(token)

    def string(self, token: Token) -> Literal:
        return Literal(self._text(token), place_of(token))

    def span(self, first: Token, last: Token) -> Choice:
        low, high = self._text(first), self._text(last)
        if len(low) != 1 or len(high) != 1 or low > high:
            raise self.reader.error(first, f"{first}..{last} is no range", _RANGE)
        ends = (each if each.isalnum() else f"\\{each}" for each in (low, high))
        return self._class("-".join(ends), first)

    def char_class(self, token: Token) -> Choice:
        return self._class(token[1:-1], token)

    def regex(self, token: Token) -> Expression:
        written, _, flags = token[1:].rpartition("/")
        try:
            # Other flags change nothing where none of the expression is a place.
            if "i" in flags or "x" in flags:
                raise ValueError("the flags i and x are not read")
            return read_regex(written.replace(r"\/", "/"), place_of(token))
        except ValueError as error:
            hint = "such as /[a-z]/, /-?\\d+/ or /[a-z_][a-z0-9_]{0,4}/; write others as rules"
            raise self.reader.error(token, f"{token} is not read: {error}", hint) from error

    def path(self, *words: Any) -> str:
        return "".join(map(str, words))

    def import_one(self, word: Token, path: str, name: Token, *renaming: Token) -> list[_Import]:
        return [_Import(path.rstrip("."), str(name), renaming[-1] if renaming else name)]

    def import_several(
        self, word: Token, path: str, name: Token, opening: Token, *names: Token
    ) -> list[_Import]:
        return [_Import(f"{path}{name}", str(each), each) for each in names]

    def _text(self, token: Token) -> str:
        return unescaped(token[1:-1]) if self.reader.escapes else token[1:-1]

    def _class(self, written: str, token: Token) -> Choice:
        try:
            found = characters(written)
        except ValueError as error:
            hint = f"a class names its characters, at most {MOST_CHARACTERS}, such as [a-z_]"
            raise self.reader.error(token, str(error), hint) from error
        return choice_of(found, place_of(token))


def place_of(token: Token) -> Position:
    """Return where a token stands."""
    assert token.line is not None
    assert token.column is not None
    return Position(token.line, token.column)


def _begin(meta: Meta) -> Position:
    """Return where a part begins; one without tokens begins nowhere."""
    return Position(1, 1) if meta.empty else Position(meta.line, meta.column)


def _unclosed(stack: list[Token]) -> Token | None:
    """Return the innermost bracket that is open where a stack of tokens ends."""
    closed = 0
    for token in reversed(stack):
        closed += token.type in CLOSING
        if token.type in OPENING:
            if not closed:
                return token
            closed -= 1
    return None
