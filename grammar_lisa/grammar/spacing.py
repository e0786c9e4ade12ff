"""Which tokens of a sentence a space stands between."""

from collections.abc import Sequence
from functools import cached_property
from itertools import pairwise


class _Written(dict[tuple[str, str], str]):
    """Maps two neighbouring tokens to how the second is written: with a space or without."""

    def __init__(self, spacing: "Spacing") -> None:
        super().__init__()
        self.spacing = spacing

    def __missing__(self, pair: tuple[str, str]) -> str:
        left, right = pair
        written = f" {right}" if self.spacing.between(left, right) else right
        self[pair] = written
        return written


class Spacing:
    """How the tokens of a grammar's sentences are joined into text.

    In the mode ``words`` a space stands between two tokens where both touching characters are
    word characters and one of the tokens is a word of two or more, or where longest-match
    tokenising could read across the border. ``joined`` never writes a space, ``spaced`` always.
    """

    def __init__(self, mode: str, terminals: Sequence[str]) -> None:
        self.mode = mode
        self.terminals = tuple(terminals)
        self._rests: dict[str, list[str]] = {}
        self._written = _Written(self)

    def between(self, left: str, right: str) -> bool:
        """Return whether a space stands between two neighbouring tokens."""
        if self.mode != "words":
            return self.mode == "spaced"
        touching = _is_word(left[-1]) and _is_word(right[0])
        if touching and any(len(token) > 1 and _is_word(token) for token in (left, right)):
            return True
        return any(rest.startswith(right) or right.startswith(rest) for rest in self._rest(left))

    def join(self, tokens: Sequence[str]) -> str:
        """Return the text of a sentence."""
        if self.never or not tokens:
            return "".join(tokens)
        if self.mode == "spaced":
            return " ".join(tokens)
        pairs = pairwise(tokens)
        return tokens[0] + "".join(map(self._written.__getitem__, pairs))

    @cached_property
    def never(self) -> bool:
        """Whether no two tokens of the grammar have a space between them."""
        if self.mode != "words":
            return self.mode == "joined"
        return not any(
            self.between(left, right) for left in self.terminals for right in self.terminals
        )

    def _rest(self, left: str) -> list[str]:
        """Return what is left of longer terminals that begin with ``left``."""
        if left not in self._rests:
            self._rests[left] = [
                token[len(left) :]
                for token in self.terminals
                if token.startswith(left) and token != left
            ]
        return self._rests[left]

    def __repr__(self) -> str:
        return f"Spacing({self.mode!r})"


def _is_word(text: str) -> bool:
    return all(char.isalnum() or char == "_" for char in text)
