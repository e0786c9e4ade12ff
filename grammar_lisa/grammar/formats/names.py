"""The notations of grammar files by their names, and the endings of such files."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal

Format = Literal["cfg", "bnf", "ebnf", "lark"]
"""nltk's; Backus and Naur's; extended, as in ISO 14977, W3C's or ANTLR's; lark's."""

FORMATS: Final[tuple[Format, ...]] = ("cfg", "bnf", "ebnf", "lark")

OF_ENDING: Final[Mapping[str, Format]] = MappingProxyType(
    {
        ".cfg": "cfg",
        ".pcfg": "cfg",
        ".bnf": "bnf",
        ".ebnf": "ebnf",
        ".g4": "ebnf",
        ".lark": "lark",
    }
)
