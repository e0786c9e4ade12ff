"""Right-hand sides of extended notations: alternatives, groups, repetitions, literals, classes."""

from collections.abc import Callable
from dataclasses import dataclass

from grammar_lisa.grammar.formats.characters import MOST_CHARACTERS, characters
from grammar_lisa.grammar.formats.regex_notation import (
    MOST_TIMES,
    SUFFIXES,
    choice_of,
    read_regex,
)
from grammar_lisa.grammar.formats.tokens import END, Token, Tokens
from grammar_lisa.grammar.formats.tree import Choice, Expression, Literal, Name, Repeat, Sequence
from grammar_lisa.grammar.quoting import unescaped
from grammar_lisa.grammar.source import GrammarError


@dataclass(frozen=True)
class Dialect:
    """What a notation allows on its right-hand sides.

    Attributes:
        repeats: Whether ``?``, ``*``, ``+`` and parentheses are there.
        optional: Whether square brackets hold what may be left out.
        braces: Whether braces hold what may be repeated.
        commas: Whether a comma joins parts.
        times: Whether ``~ 3`` and ``~ 2..5`` repeat.
        by_line: Whether a line that does not begin with a bar begins something new.
        labels: Whether ``label=`` stands in front of parts.
        ends: The signs that end a definition, also in front of a label or command.
    """

    repeats: bool = True
    optional: bool = False
    braces: bool = False
    commas: bool = False
    times: bool = False
    by_line: bool = False
    labels: bool = False
    ends: tuple[str, ...] = ()


class RightHandSides:
    """Reads right-hand sides.

    Args:
        tokens: The cursor.
        dialect: What the notation allows.
        begins: Tells whether a definition begins here, which ends the one before.
    """

    def __init__(self, tokens: Tokens, dialect: Dialect, begins: Callable[[], bool]) -> None:
        self.tokens, self.dialect, self.begins = tokens, dialect, begins
        self._depth = 0

    def choice(self) -> Choice:
        """Read alternatives."""
        place = self.tokens.peek().place
        found = [self._sequence()]
        while self.tokens.accept("|"):
            found.append(self._sequence())
        return Choice(tuple(found), place)

    def _sequence(self) -> Sequence:
        place = self.tokens.peek().place
        parts: list[Expression] = []
        while not self._at_end():
            parts.append(self._repeated(self._atom()))
            if self.dialect.commas:
                self.tokens.accept(",")
        return Sequence(tuple(parts), place)

    def _at_end(self) -> bool:
        token = self.tokens.peek()
        if token.kind == END or self.tokens.at("|", ")", "]", "}", *self.dialect.ends):
            return True
        if self._depth:
            return False
        return (self.dialect.by_line and token.first) or self.begins()

    def _repeated(self, part: Expression) -> Expression:
        """Read the signs of repetition behind a part."""
        token = self.tokens.peek()
        if self.tokens.at(*SUFFIXES) and not (self.dialect.by_line and token.first):
            if not self.dialect.repeats:
                hint = "BNF has none: write a symbol that recurs, or read the file as ebnf"
                raise self.tokens.error(token, f"a repetition, {token}, is not read", hint)
            least, most = SUFFIXES[self.tokens.take().text]
            return self._repeated(Repeat(part, least, most, token.place))
        if self.dialect.times and self.tokens.accept("~"):
            least = most = self._number()
            if self.tokens.accept(".."):
                most = self._number()
            if most < least:
                raise self.tokens.error(token, f"{least}..{most} is no range", "write ~ 2..5")
            return Repeat(part, least, most, token.place)
        return part

    def _number(self) -> int:
        token = self.tokens.take()
        if not token.text.isdecimal() or int(token.text) > MOST_TIMES:
            hint = f"write how often, at most {MOST_TIMES} times, such as ~ 3 or ~ 2..5"
            raise self.tokens.error(token, f"expected a number, found {token}", hint)
        return int(token.text)

    def _atom(self) -> Expression:
        token = self.tokens.take()
        if token.kind == "name":
            return self._atom() if self._labels() else Name(token.text, token.place)
        if token.kind == "code":
            return Literal(chr(int(token.text[2:], 16)), token.place)
        if token.kind == "string":
            return self._string(token)
        if token.kind == "class":
            return self._class(token.text[1:-1], token)
        if token.kind == "regex":
            return self._regex(token)
        if token.text == "(" and self.dialect.repeats:
            return self._within(")", token)
        if token.text == "[" and self.dialect.optional:
            return Repeat(self._within("]", token), 0, 1, token.place)
        if token.text == "{" and self.dialect.braces:
            return Repeat(self._within("}", token), 0, None, token.place)
        raise self._unsupported(token)

    def _labels(self) -> bool:
        """Move over ``=`` or ``+=``, which makes a label of the name in front of it."""
        if self.dialect.labels and self.tokens.at("+") and self.tokens.at("=", ahead=1):
            self.tokens.take()
        return self.dialect.labels and self.tokens.accept("=")

    def _within(self, closing: str, opening: Token) -> Expression:
        """Read a group up to its closing sign."""
        self._depth += 1
        found: Expression = self.choice()
        self._depth -= 1
        if not self.tokens.accept(closing):
            message = f"this {opening.text} is not closed: found {self.tokens.peek()}"
            raise self.tokens.error(opening, message, f"close it with {closing}")
        while isinstance(found, Choice | Sequence) and len(_parts(found)) == 1:
            (found,) = _parts(found)
        return found

    def _string(self, token: Token) -> Expression:
        text = self._text(token)
        if not self.tokens.accept(".."):
            return Literal(text, token.place)
        other = self.tokens.take()
        high = self._text(other) if other.kind == "string" else ""
        if len(text) != 1 or len(high) != 1 or text > high:
            hint = 'a range is between two characters, such as "a".."z"'
            raise self.tokens.error(token, f"{token.text}..{other.text} is no range", hint)
        return self._class(f"{_literal(text)}-{_literal(high)}", token)

    def _text(self, token: Token) -> str:
        inner = token.text[1:-1]
        return unescaped(inner) if self.tokens.escapes else inner

    def _class(self, written: str, token: Token) -> Choice:
        try:
            found = characters(written)
        except ValueError as error:
            hint = f"a class names its characters, at most {MOST_CHARACTERS}, such as [a-z_]"
            raise self.tokens.error(token, str(error), hint) from error
        return choice_of(found, token.place)

    def _regex(self, token: Token) -> Expression:
        """Read a regular expression, whose flags change nothing where none of it is a place."""
        written, _, flags = token.text[1:].rpartition("/")
        try:
            if "i" in flags or "x" in flags:
                raise ValueError("the flags i and x are not read")
            return read_regex(written.replace(r"\/", "/"), token.place)
        except ValueError as error:
            hint = "such as /[a-z]/, /-?\\d+/ or /[a-z_][a-z0-9_]{0,4}/; write others as rules"
            raise self.tokens.error(token, f"{token.text} is not read: {error}", hint) from error

    def _unsupported(self, token: Token) -> GrammarError:
        """Return the error for what no rule can be made of."""
        known = {
            "~": "what is not some characters is not finite, so it is not read",
            ".": "any character: what is not finite is not read",
            "/": "a regular expression that is not closed, or a sign without quotes",
            "{": "actions and templates are not read",
            "<": "options and templates are not read",
            "'": "a quote that is never closed",
            '"': "a quote that is never closed",
        }
        message = known.get(token.text, f"unexpected {token}")
        if token.kind == "flagged":
            message = (
                f"{token.text} is read in capitals and small letters alike, which is unknown here"
            )
        return self.tokens.error(token, message)


def _parts(group: Choice | Sequence) -> tuple[Expression, ...]:
    return group.alternatives if isinstance(group, Choice) else group.parts


def _literal(character: str) -> str:
    """Return a character as a class writes it."""
    return character if character.isalnum() else f"\\{character}"
