"""Regular expressions of which plain rules can be made, such as ``[a-z][a-z0-9]*``."""

import re
from collections.abc import Iterable
from typing import NoReturn

from grammar_lisa.grammar.formats.characters import characters
from grammar_lisa.grammar.formats.tree import Choice, Expression, Literal, Repeat, Sequence
from grammar_lisa.grammar.source import Position

SUFFIXES = {"?": (0, 1), "*": (0, None), "+": (1, None)}
"""How often at least and at most a sign of repetition lets a part stand; None is without end."""

MOST_TIMES = 1000
_CLASS = re.compile(r"\[((?:\\.|[^\\])(?:\\.|[^\]\\])*)\]", re.DOTALL)
_COUNT = re.compile(r"\{(\d+)?(,)?(\d+)?\}")
_OPENING = re.compile(r"\((\?:|\?P<\w+>)?")
_UNREAD = {
    ".": "any character: what is not finite is not read",
    "^": "a place, not a character, so it is not read",
    "$": "a place, not a character, so it is not read",
    "(": "a group that only looks, refers or sets flags, so it is not read",
}


def read_regex(written: str, place: Position) -> Expression:
    """Return what a regular expression derives, each character a token.

    Args:
        written: The expression, without the strokes around it.
        place: Where it stands in its file.

    Raises:
        ValueError: It is not finite in its characters, looks around, or is none.
    """
    reader = _Reader(written, place)
    found = reader.choice()
    if not reader.done:
        raise ValueError(f"a {reader.rest[0]} without its beginning")
    return found


def choice_of(texts: Iterable[str], place: Position) -> Choice:
    """Return the choice between some tokens."""
    return Choice(tuple(Sequence((Literal(text, place),), place) for text in texts), place)


class _Reader:
    def __init__(self, written: str, place: Position) -> None:
        self.written, self.place, self.at = written, place, 0

    @property
    def rest(self) -> str:
        return self.written[self.at :]

    @property
    def done(self) -> bool:
        return self.at == len(self.written)

    def choice(self) -> Choice:
        found = [self._sequence()]
        while self.rest.startswith("|"):
            self.at += 1
            found.append(self._sequence())
        return Choice(tuple(found), self.place)

    def _sequence(self) -> Sequence:
        parts: list[Expression] = []
        while not self.done and self.rest[0] not in "|)":
            parts.append(self._repeated(self._atom()))
        return Sequence(tuple(parts), self.place)

    def _take(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        match = pattern.match(self.written, self.at)
        self.at = match.end() if match else self.at
        return match

    def _atom(self) -> Expression:
        character = self.rest[0]
        if match := self._take(_OPENING):
            return self._group(match.group())
        if match := self._take(_CLASS):
            return choice_of(characters(match.group(1)), self.place)
        if character in ".^$?*+{[":
            self._refuse()
        if character != "\\":
            self.at += 1
            return Literal(character, self.place)
        found = characters(self.rest[:2])
        self.at += 2
        return Literal(found[0], self.place) if len(found) == 1 else choice_of(found, self.place)

    def _group(self, opening: str) -> Choice:
        if opening == "(" and self.rest.startswith("?"):
            self.at -= 1
            self._refuse()
        found = self.choice()
        if self.done:
            raise ValueError("a group that is not closed")
        self.at += 1
        return found

    def _repeated(self, part: Expression) -> Expression:
        times: tuple[int, int | None]
        if not self.done and self.rest[0] in SUFFIXES:
            times = SUFFIXES[self.rest[0]]
            self.at += 1
        elif match := self._take(_COUNT):
            times = _count(match)
        else:
            return part
        if self.rest.startswith(("?", "+")):
            raise ValueError("how much of the text a repetition takes is not read")
        return Repeat(part, *times, self.place)

    def _refuse(self) -> NoReturn:
        sign = self.rest[0]
        raise ValueError(f"{sign} is {_UNREAD.get(sign, 'out of place')}")


def _count(match: re.Match[str]) -> tuple[int, int | None]:
    low, comma, high = match.groups()
    least = int(low or 0)
    most = int(high) if high else (None if comma else least)
    if not (low or high) or max(least, most or 0) > MOST_TIMES:
        raise ValueError(f"{match.group()} is no count of at most {MOST_TIMES}")
    if most is not None and most < least:
        raise ValueError(f"{match.group()} is no range of repetitions")
    return least, most
