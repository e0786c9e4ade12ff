"""Regular expressions with & and ~, matched by the spans of each part instead of by trial.

Python's `re` and its like know neither intersection nor complement, and backtracking may take
exponential time. Here each part of an expression stands for the set of its spans (i, j) in each
string, as a matrix: | is their union, & their intersection, ~ their complement, a concatenation
the matrix product, * the transitive closure. An expression of k parts takes time k·n³·log n for
strings of n characters, whatever it is.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Sequence
from functools import cache
from typing import Any, Final

import numpy as np
from lark import Lark, Token, Transformer_NonRecursive
from lark.exceptions import UnexpectedInput, VisitError
from numpy.typing import NDArray

from shared.common.arrays import Bools
from shared.common.errors import LisaError

LARGEST: Final = 4_000_000
"""The most places (string, i, j) that spans are kept for."""

Spans = NDArray[np.float32]
"""One where a part matches a string from i to j, else zero, ``[string, i, j]``."""

NOTATION: Final = r"""
?either: both | either "|" both -> union
?both: chain | both "&" chain -> intersection
?chain: repeated | chain repeated -> concatenation
?repeated: operand | operand "*" -> any_times | operand "+" -> many_times
    | operand "?" -> at_most_once | operand "{" TIMES "}" -> times
?operand: "(" either ")" | "(" ")" -> nothing | "~" operand -> complement
    | "\\b" -> boundary | CHARACTER -> character
CHARACTER: /\.|\[\^?(\\.|[^\[\]\\])+\]|\\[^b1-9]|[^\\.\[\](){}|&~*+?\n]/
TIMES: /[0-9]{1,4}(,[0-9]{0,4})?/
"""
"""Lark's notation of what is read; of two operators the later one binds tighter."""


class RegularExpressionError(LisaError):
    """A text is no regular expression."""


class Strings:
    """Strings at hand that many regular expressions are matched with."""

    def __init__(self, strings: Sequence[str]) -> None:
        """Lay the strings out.

        Raises:
            LisaError: There are too many, or they are too long.
        """
        longest = max(map(len, strings), default=0)
        if len(strings) * (longest + 1) ** 2 > LARGEST:
            raise LisaError(
                f"{len(strings):,} strings of up to {longest:,} characters are too much to match: "
                f"the number of strings times the square of the longest may be {LARGEST:,}"
            )
        self.strings = tuple(strings)
        self.characters = sorted(set("".join(strings)))
        number = {character: index for index, character in enumerate(self.characters)}
        self._numbers = np.full((len(strings), longest), len(self.characters))
        self._lengths = np.array([len(string) for string in strings], dtype=np.intp)
        self._boundaries = np.zeros((len(strings), longest + 1), dtype=np.float32)
        for row, string in enumerate(strings):
            self._numbers[row, : len(string)] = [number[character] for character in string]
            self._boundaries[row, [found.start() for found in re.finditer(r"\b", string)]] = 1
        places = np.arange(longest + 1)
        within = places <= self._lengths[:, None]
        self.all: Spans = (
            (places[:, None] <= places) & within[:, None, :] & within[:, :, None]
        ).astype(np.float32)
        self.empty: Spans = self.all * np.eye(longest + 1, dtype=np.float32)

    def full_matches(self, expression: str) -> Bools:
        """Tell which strings an expression matches from beginning to end, ``[string]``.

        Raises:
            RegularExpressionError: It is none.
        """
        try:
            spans: Spans = _Matching(self).transform(_reader().parse(expression))
        except UnexpectedInput as error:
            raise RegularExpressionError(_refusal(expression, error)) from None
        except VisitError as error:
            raise error.orig_exc from None
        matched: Bools = spans[np.arange(len(self.strings)), 0, self._lengths] > 0
        return matched

    def boundaries(self) -> Spans:
        """Return the empty spans at the ends of words."""
        return self.empty * self._boundaries[:, None, :]

    def one_of(self, wanted: Bools) -> Spans:
        """Return the spans of one character that is wanted, given for each of `characters`."""
        found = np.append(wanted, False)[self._numbers]
        spans = np.zeros_like(self.all)
        steps = np.arange(self._numbers.shape[1])
        spans[:, steps, steps + 1] = found
        return spans


class _Matching(Transformer_NonRecursive[Token, Spans]):
    """Makes spans in strings of each part of an expression, from those of its own parts."""

    def __init__(self, strings: Strings) -> None:
        super().__init__()
        self._strings = strings

    def union(self, parts: list[Spans]) -> Spans:
        return np.maximum(*parts)

    def intersection(self, parts: list[Spans]) -> Spans:
        return np.minimum(*parts)

    def concatenation(self, parts: list[Spans]) -> Spans:
        return _after(*parts)

    def complement(self, parts: list[Spans]) -> Spans:
        return self._strings.all - parts[0]

    def any_times(self, parts: list[Spans]) -> Spans:
        return self._power(self.at_most_once(parts), max(1, self._strings.all.shape[1] - 1))

    def many_times(self, parts: list[Spans]) -> Spans:
        return _after(parts[0], self.any_times(parts))

    def at_most_once(self, parts: list[Spans]) -> Spans:
        return np.maximum(self._strings.empty, parts[0])

    def times(self, parts: list[Any]) -> Spans:
        least, comma, most = str(parts[1]).partition(",")
        spans = self._power(parts[0], int(least))
        if not comma:
            return spans
        if not most:
            return _after(spans, self.any_times(parts))
        if int(most) < int(least):
            raise RegularExpressionError(f"{{{parts[1]}}} ends below where it begins")
        return _after(spans, self._power(self.at_most_once(parts), int(most) - int(least)))

    def nothing(self, _: list[Spans]) -> Spans:
        return self._strings.empty

    def boundary(self, _: list[Spans]) -> Spans:
        return self._strings.boundaries()

    def character(self, parts: list[Token]) -> Spans:
        matches = _characters(str(parts[0])).fullmatch
        wanted = [matches(character) is not None for character in self._strings.characters]
        return self._strings.one_of(np.array(wanted, dtype=np.bool_))

    def _power(self, spans: Spans, times: int) -> Spans:
        """Return spans one behind the other, so many times, by squaring."""
        result = self._strings.empty
        while times:
            if times % 2:
                result = _after(result, spans)
            times //= 2
            spans = _after(spans, spans) if times else spans
        return result


def _after(first: Spans, second: Spans) -> Spans:
    """Return the spans of one part with another right behind it."""
    spans: Spans = np.minimum(first @ second, np.float32(1))
    return spans


@cache
def _characters(text: str) -> re.Pattern[str]:
    """Return what matches one character as Python's `re` reads it: a class, an escape, itself."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            return re.compile(text)
    except (re.error, FutureWarning, DeprecationWarning) as error:
        raise RegularExpressionError(f"{text!r} stands for no characters: {error}") from None


@cache
def _reader() -> Lark:
    return Lark(NOTATION, start="either", parser="lalr")


def _refusal(expression: str, error: UnexpectedInput) -> str:
    """Say where a text stops being a regular expression."""
    token: Token | None = getattr(error, "token", None)
    if token is not None and token.type == "$END":
        return f"{expression!r} is no regular expression: it ends too early"
    place: int = getattr(error, "pos_in_stream", 0)
    return (
        f"{expression!r} is no regular expression: {expression[place]!r} in column {place + 1} "
        "cannot stand there"
    )
