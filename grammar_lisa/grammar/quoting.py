"""Tokens in quotes: the escapes they know, and how they are written so that they come back."""

import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from types import MappingProxyType
from typing import Final, TypeVar

from shared.common.errors import LisaError

T = TypeVar("T")

ESCAPES: Final[Mapping[str, str]] = MappingProxyType(
    {"\\": "\\", "'": "'", '"': '"', "n": "\n", "t": "\t", "r": "\r"}
)
"""What a backslash and one more character stand for; before any other a backslash is itself."""

ESCAPED: Final[Mapping[str, str]] = MappingProxyType(
    {"'": r"'((?:\\.|[^'\\\n])*)'", '"': r'"((?:\\.|[^"\\\n])*)"'}
)
"""Patterns of a token in each kind of quote, with escapes."""

PLAIN: Final[Mapping[str, str]] = MappingProxyType({"'": r"'([^'\n]*)'", '"': r'"([^"\n]*)"'})
"""Patterns of a token in each kind of quote, in which a backslash is itself."""

_ESCAPE = re.compile(r"\\([\\'\"ntr])")
_BEFORE_QUOTE = re.compile(r"\\['\"]")


def unescaped(written: str) -> str:
    """Return the text that stands in quotes, its escapes resolved."""
    return _ESCAPE.sub(lambda match: ESCAPES[match.group(1)], written)


def quoted(token: str, quote: str | None = None) -> str:
    """Return a token in quotes, so that it is read back as it is.

    Args:
        token: The token.
        quote: The kind of quote; by default single ones, unless only the token holds such.
    """
    if quote is None:
        quote = '"' if "'" in token and '"' not in token else "'"
    written = token.replace("\\", "\\\\").replace(quote, "\\" + quote)
    for letter in "ntr":
        written = written.replace(ESCAPES[letter], "\\" + letter)
    return quote + written + quote


def with_escapes_or_without(text: str, read: Callable[[bool], T]) -> T:
    """Return what reads a text with escapes, or without where only that succeeds.

    Args:
        text: What is read.
        read: Reads it; told whether a backslash in quotes begins an escape.

    Raises:
        LisaError: Neither succeeds; that of the reading with escapes.
    """
    try:
        return read(True)
    except LisaError:
        if _BEFORE_QUOTE.search(text):
            with suppress(LisaError):
                return read(False)
        raise
