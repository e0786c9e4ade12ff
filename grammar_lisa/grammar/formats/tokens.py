"""The tokens of a grammar file in an extended notation, and a cursor over them."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from grammar_lisa.grammar.quoting import ESCAPED, PLAIN
from grammar_lisa.grammar.source import GrammarError, Position, error_at

END = "end"
"""The kind of the token behind the last."""


@dataclass(frozen=True)
class Token:
    """A word of the file: its kind, its text, and where it stands.

    Attributes:
        first: Whether it is the first of its line.
    """

    kind: str
    text: str
    place: Position
    first: bool

    def __str__(self) -> str:
        return "the end of the file" if self.kind == END else repr(self.text)


class Tokens:
    """A cursor over the tokens of a file.

    Args:
        text: The file's text.
        name: What errors call it.
        kinds: Patterns of the kinds of words that the notation has beside strings, tried in order.
        comments: The pattern of a comment.
        escapes: Whether a backslash in quotes begins an escape.
        hint: What errors say that would be valid.
    """

    def __init__(
        self,
        text: str,
        name: str,
        kinds: Mapping[str, str],
        comments: str,
        *,
        escapes: bool,
        hint: str,
    ) -> None:
        self.text, self.name, self.hint, self.escapes = text, name, hint, escapes
        strings = "|".join((ESCAPED if escapes else PLAIN).values())
        table = {"blank": r"\s+", "comment": comments, **kinds}
        table |= {"string": strings, "op": r"\.\.|."}
        pattern = "|".join(f"(?P<{kind}>{each})" for kind, each in table.items())
        self._tokens = self._split(re.compile(pattern))
        self._at = 0

    def _split(self, pattern: re.Pattern[str]) -> Sequence[Token]:
        found: list[Token] = []
        line, begins, first = 1, 0, True
        for match in pattern.finditer(self.text):
            word = match.group()
            kind = next(each for each in pattern.groupindex if match.group(each) is not None)
            place = Position(line, match.start() - begins + 1)
            if kind not in ("blank", "comment"):
                found.append(Token(kind, word, place, first))
                first = False
            if "\n" in word:
                line += word.count("\n")
                begins = match.start() + word.rindex("\n") + 1
                first = True
        last = self.text.rstrip().rpartition("\n")
        place = Position(last[0].count("\n") + bool(last[1]) + 1, len(last[2]) + 1)
        return [*found, Token(END, "", place, True)]

    def peek(self, ahead: int = 0) -> Token:
        """Return a token ahead; behind the last there are endless ends."""
        return self._tokens[min(self._at + ahead, len(self._tokens) - 1)]

    def take(self) -> Token:
        """Return the token here and move over it."""
        token = self.peek()
        self._at += 1
        return token

    def at(self, *texts: str, ahead: int = 0) -> bool:
        """Tell whether a word or sign of the notation, which is no string, stands ahead."""
        token = self.peek(ahead)
        return token.kind not in ("string", END) and token.text in texts

    def accept(self, *texts: str) -> bool:
        """Move over one of some words or signs, if it stands here."""
        found = self.at(*texts)
        self._at += found
        return found

    def expect(self, *texts: str) -> None:
        """Move over one of some words or signs.

        Raises:
            GrammarError: Something else stands here.
        """
        if not self.accept(*texts):
            raise self.error(self.peek(), f"expected {' or '.join(texts)}, found {self.peek()}")

    def skip_to(self, *texts: str) -> None:
        """Move to the next of some words or signs, or to the end."""
        while self.peek().kind != END and not self.at(*texts):
            self._at += 1

    def error(self, token: Token, message: str, hint: str | None = None) -> GrammarError:
        """Return the error that points at a token."""
        return error_at(self.name, self.text, token.place, message, hint or self.hint)
