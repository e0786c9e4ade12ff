"""Grammar files as text: a scanner for nltk's .cfg syntax that knows where everything stands.

The syntax is that of ``nltk.CFG.fromstring`` and, for weights, of ``nltk.PCFG.fromstring``
(Bird, Klein and Loper, Natural Language Processing with Python, 2009, chapter 8). On top of it
``→`` and ``::=`` are arrows too, a comment may follow a rule on its line, a line that begins with
``|`` continues the rule above, a weight is any positive number, and quotes know the escapes of
`quoting.ESCAPES`. It is stricter where nltk loses something in silence: two ``%start`` lines, empty
terminals, and a backslash that continues nothing.
"""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from grammar_lisa.grammar.quoting import ESCAPED, PLAIN, unescaped, with_escapes_or_without
from grammar_lisa.grammar.shipped import find_grammar, shipped_grammars
from grammar_lisa.grammar.symbols import Nonterminal
from shared.common.errors import LisaError

NONTERMINAL = re.compile(r"[\w/][\w/^<>-]*")
ARROW = re.compile(r"->|→|::=")
BAR = re.compile(r"\|")
PRAGMA = re.compile(r"(?:#|//|\(\*|/\*)\s*tokens:\s*(\w+)\s*(?:\*[)/])?\s*$")
SPACINGS = ("joined", "spaced")

_QUOTED = {
    escapes: {quote: re.compile(pattern) for quote, pattern in patterns.items()}
    for escapes, patterns in ((True, ESCAPED), (False, PLAIN))
}


class GrammarError(LisaError):
    """A grammar file cannot be used; the message names the place and what would be valid."""


@dataclass(frozen=True)
class Position:
    """A line and a column of a grammar file, both counted from 1."""

    line: int
    column: int


@dataclass(frozen=True)
class SourceRule:
    """One alternative as it is written: its symbols, its weight and where they stand."""

    lhs: Nonterminal
    rhs: tuple[Nonterminal | str, ...]
    weight: float | None
    place: Position
    rhs_places: tuple[Position, ...]


@dataclass(frozen=True)
class GrammarSource:
    """A scanned grammar file: every rule, the start symbol and the pragma, nothing checked.

    Attributes:
        escapes: Whether a backslash in quotes was read as the beginning of an escape.
    """

    text: str
    name: str
    rules: tuple[SourceRule, ...]
    start: Nonterminal
    start_place: Position
    pragma: str | None
    pragma_place: Position
    escapes: bool = True

    def where(self, place: Position) -> str:
        """Return ``file:line:column``."""
        return f"{self.name}:{place.line}:{place.column}"

    def error(self, place: Position, message: str, hint: str) -> GrammarError:
        """Return the error that shows ``place`` with a caret."""
        return error_at(self.name, self.text, place, message, hint)


@dataclass(frozen=True)
class _Line:
    """A logical line: physical lines joined at backslashes, with the place of each character."""

    text: str
    places: tuple[Position, ...]


def error_at(name: str, text: str, place: Position, message: str, hint: str) -> GrammarError:
    """Return an error that shows one line of ``text`` with a caret under the column.

    Args:
        name: The file's name, as it stands in front of ``line:column``.
        text: The whole text of the file.
        place: The place to point at.
        message: What is wrong.
        hint: What would be valid.
    """
    lines = text.split("\n")
    shown = lines[place.line - 1].rstrip() if place.line <= len(lines) else ""
    shown = "".join(" " if char.isspace() else char for char in shown)
    caret = " " * (place.column - 1) + "^"
    head = f"{name}:{place.line}:{place.column}: {message}"
    return GrammarError(f"{head}\n    {shown}\n    {caret}\n{hint}")


def read_text(path: str | Path) -> str:
    """Return the text of a grammar file, or of the shipped grammar that the path names.

    Raises:
        GrammarError: The file is missing, a directory, unreadable or not UTF-8.
    """
    place = find_grammar(path)
    valid = "give the path of a text file with rules such as: S -> 'a' S | 'b'"
    if place.is_dir():
        raise GrammarError(f"{place}: a directory, not a grammar file; {valid}")
    try:
        data = place.read_bytes()
    except FileNotFoundError:
        names = ", ".join(shipped_grammars())
        raise GrammarError(f"{place}: no such file; {valid}, or name one of {names}") from None
    except OSError as error:
        raise GrammarError(f"{place}: cannot be read ({error.strerror}); {valid}") from None
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise GrammarError(f"{place}: not UTF-8 text (byte {error.start}); {valid}") from None
    if "\0" in text:
        raise GrammarError(f"{place}: a binary file (it holds a zero byte); {valid}")
    return text


def scan(text: str, name: str = "<text>") -> GrammarSource:
    r"""Return the rules of a grammar text, in the order they stand in.

    A text that reads only if a backslash in quotes stands for itself, as in ``'\'``, is read so.

    Args:
        text: The grammar in nltk's .cfg syntax.
        name: What errors call the text.

    Raises:
        GrammarError: The text is no such grammar; the message shows the place.
    """
    return with_escapes_or_without(text, lambda escapes: _scan(text, name, escapes))


def _scan(text: str, name: str, escapes: bool) -> GrammarSource:
    rules: list[SourceRule] = []
    starts: list[tuple[Nonterminal, Position]] = []
    for line in _logical_lines(text, name, escapes):
        scanner = _Scanner(line, text, name, escapes)
        if line.text.startswith("%"):
            starts.append(scanner.start_directive())
            if len(starts) > 1:
                raise scanner.error(
                    0, "a second %start", "keep one: a grammar has one start symbol"
                )
        else:
            rules += scanner.rule(rules[-1].lhs if rules else None)
    if not rules:
        what = "no rules" if text.strip() else "the grammar is empty"
        raise GrammarError(f"{name}: {what}; write rules such as: S -> 'a' S | 'b'")
    start, place = starts[0] if starts else (rules[0].lhs, rules[0].place)
    word, pragma_place = pragma_of(text)
    return GrammarSource(text, name, tuple(rules), start, place, word, pragma_place, escapes)


def pragma_of(text: str) -> tuple[str | None, Position]:
    """Return the word of the last ``# tokens: word`` comment line and its place."""
    found: tuple[str | None, Position] = (None, Position(1, 1))
    for number, line in enumerate(text.split("\n"), 1):
        match = PRAGMA.match(line.strip())
        if match:
            found = match.group(1), Position(number, len(line) - len(line.lstrip()) + 1)
    return found


def _comment_start(text: str, escapes: bool) -> int:
    """Return where the first ``#`` outside quotes stands, or -1."""
    quote, escaped = "", False
    for index, char in enumerate(text):
        if escaped:
            escaped = False
        elif quote and char == "\\":
            escaped = escapes
        elif quote:
            quote = "" if char == quote else quote
        elif char in "'\"":
            quote = char
        elif char == "#":
            return index
    return -1


def _logical_lines(text: str, name: str, escapes: bool) -> Iterator[_Line]:
    """Yield the lines that hold something, comments cut off and continuations joined."""
    chars: list[str] = []
    places: list[Position] = []
    for number, raw in enumerate(text.split("\n"), 1):
        margin = len(raw) - len(raw.lstrip())
        for offset, char in enumerate(raw.strip()):
            chars.append(char)
            places.append(Position(number, margin + offset + 1))
        comment = _comment_start("".join(chars), escapes)
        if comment >= 0:
            del chars[comment:], places[comment:]
        elif chars and chars[-1] == "\\":
            last = places[-1]
            del chars[len("".join(chars[:-1]).rstrip()) :], places[len(chars) :]
            chars.append(" ")
            places.append(last)
            continue
        line = "".join(chars)
        indent = len(line) - len(line.lstrip())
        if line.strip():
            yield _Line(line.strip(), tuple(places[indent : indent + len(line.strip())]))
        chars, places = [], []
    if "".join(chars).strip():
        message = (
            "the last line ends in a backslash, so it would continue on a line that is missing"
        )
        raise error_at(name, text, places[-1], message, "remove the backslash or add the line")


class _Scanner:
    """A cursor over one logical line."""

    def __init__(self, line: _Line, text: str, name: str, escapes: bool) -> None:
        self.line = line
        self.escapes = escapes
        self.text = text
        self.name = name
        self.position = 0

    def place(self, position: int) -> Position:
        """Return where a character stands, also for one behind the last."""
        if position < len(self.line.places):
            return self.line.places[position]
        last = self.line.places[-1]
        return Position(last.line, last.column + 1)

    def error(self, position: int, message: str, hint: str) -> GrammarError:
        """Return the error that points at a character of the line."""
        return error_at(self.name, self.text, self.place(position), message, hint)

    def skip(self) -> None:
        """Move over white space."""
        while self.position < len(self.line.text) and self.line.text[self.position].isspace():
            self.position += 1

    def match(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        """Move over ``pattern`` and the white space behind it, if it stands here."""
        match = pattern.match(self.line.text, self.position)
        if match:
            self.position = match.end()
            self.skip()
        return match

    def start_directive(self) -> tuple[Nonterminal, Position]:
        """Read ``%start NAME``."""
        hint = "the only directive is: %start NAME"
        self.position = 1
        self.skip()
        word = self.match(re.compile(r"\S+"))
        if not word or word.group() != "start":
            raise self.error(0, "unknown directive", hint)
        position = self.position
        symbol = self.match(NONTERMINAL)
        if not symbol or self.position < len(self.line.text):
            raise self.error(position, "%start takes one symbol name", hint)
        return Nonterminal(symbol.group()), self.place(position)

    def rule(self, above: Nonterminal | None) -> list[SourceRule]:
        """Read a left-hand side, an arrow and alternatives; or, behind a bar, alternatives alone.

        Args:
            above: The symbol of the rule above, which a line that begins with a bar continues.
        """
        bar = self.match(BAR)
        if bar and above is None:
            hint = "a line that begins with | continues the rule above; write: S -> 'a' S | 'b'"
            raise self.error(0, "there is no rule above to continue", hint)
        lhs = above if bar and above else self._left_hand_side()
        rules: list[SourceRule] = []
        place = self.place(0)
        more = True
        while more:
            rhs, places, weight = self._alternative()
            rules.append(SourceRule(lhs, rhs, weight, places[0] if places else place, places))
            more = self.position < len(self.line.text)
            place = self.place(self.position)
            if more:
                self.position += 1
                self.skip()
        return rules

    def _left_hand_side(self) -> Nonterminal:
        hint = "a rule is: NAME -> SYMBOLS, with terminals in quotes, such as: S -> 'a' S | 'b'"
        name = self.match(NONTERMINAL)
        if not name:
            raise self.error(0, f"expected a symbol name, found {self.line.text[0]!r}", hint)
        if self.match(ARROW):
            return Nonterminal(name.group())
        if name.group().endswith("->") and len(name.group()) > len("->"):
            return Nonterminal(name.group().removesuffix("->"))
        found = self.line.text[self.position : self.position + 1]
        what = f"found {found!r}" if found else "found the end of the line"
        raise self.error(self.position, f"expected an arrow (->), {what}", hint)

    def _alternative(
        self,
    ) -> tuple[tuple[Nonterminal | str, ...], tuple[Position, ...], float | None]:
        """Read symbols up to a bar or the end of the line."""
        symbols: list[Nonterminal | str] = []
        places: list[Position] = []
        weight: float | None = None
        while self.position < len(self.line.text) and self.line.text[self.position] != "|":
            if weight is not None:
                hint = "write the weight last: S -> 'a' S [0.3] | 'b' [0.7]"
                raise self.error(self.position, "a symbol behind the weight", hint)
            if self.line.text[self.position] == "[":
                weight = self._weight()
            else:
                places.append(self.place(self.position))
                symbols.append(self._symbol())
        return tuple(symbols), tuple(places), weight

    def _symbol(self) -> Nonterminal | str:
        if self.line.text[self.position] in "'\"":
            return self._terminal()
        position = self.position
        name = self.match(NONTERMINAL)
        if name:
            return Nonterminal(name.group())
        hint = "valid here: a symbol name, a terminal in quotes, | or the end of the line"
        if self.match(ARROW):
            raise self.error(position, "a second arrow", f"one rule a line; {hint}")
        found = self.line.text[position]
        quote = '"' if found == "'" else "'"
        hint += f"; for the character itself write {quote}{found}{quote}"
        raise self.error(position, f"unexpected {found!r}", hint)

    def _terminal(self) -> str:
        start = self.position
        quote = self.line.text[start]
        found = self.match(_QUOTED[self.escapes][quote])
        if not found:
            raise self.error(
                start,
                "this quote is never closed",
                f"close it with {quote} on the same line; inside, write the same kind of quote as "
                f"\\{quote} and a backslash at the end as \\\\",
            )
        if not found.group(1):
            hint = "to derive nothing leave the alternative empty: S -> 'a' S |"
            raise self.error(start, "an empty terminal", hint)
        return unescaped(found.group(1)) if self.escapes else found.group(1)

    def _weight(self) -> float:
        start = self.position
        hint = "a weight is a positive number, such as [0.3], or a count, such as [12]"
        match = self.match(re.compile(r"\[([^\]]*)\]"))
        if not match:
            raise self.error(start, "this bracket is never closed", hint)
        try:
            weight = float(match.group(1))
        except ValueError:
            raise self.error(start, f"{match.group(1)!r} is no number", hint) from None
        if not 0 < weight < math.inf:
            raise self.error(start, f"the weight {match.group(1)} is out of range", hint)
        return weight
