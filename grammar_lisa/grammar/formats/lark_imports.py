"""What lark's grammars import from its library ``common``: DIGIT, NUMBER, CNAME and the like."""

import re
from collections.abc import Container
from dataclasses import replace
from functools import cache
from importlib.resources import files

from grammar_lisa.grammar.formats.tree import Definition, Literal, Name
from grammar_lisa.grammar.source import Position

LIBRARY = "common"
_NAMES = re.compile(r"\"(?:\\.|[^\"\\])*\"|/(?:\\.|[^/\\])+/|(\w+)")


@cache
def library() -> dict[str, str]:
    """Return the terminals of lark's library as they are written there, by name."""
    text = (files("lark.grammars") / f"{LIBRARY}.lark").read_text(encoding="utf-8")
    return dict(re.findall(r"^(\w+)\s*:\s*(.+)$", text, flags=re.MULTILINE))


def library_text(name: str) -> str:
    """Return a terminal of the library, and those that it is made of, as a grammar in lark."""
    written = library()
    needed = [name]
    for each in needed:
        found = (match.group(1) for match in _NAMES.finditer(written[each]))
        needed += [other for other in found if other in written and other not in needed]
    return "".join(f"{each}: {written[each]}\n" for each in needed)


def renamed(
    definitions: list[Definition], name: str, alias: str, taken: Container[str], place: Position
) -> list[Definition]:
    """Return definitions of the library as those of a file that imports them.

    Args:
        definitions: The imported terminal's and those of what it is made of.
        name: The terminal, as the library calls it.
        alias: As the file does.
        taken: Names of the file, which mean something else there.
        place: Of the import, for messages.
    """

    def called(other: str) -> str:
        if other == name:
            return alias
        return f"{LIBRARY}_{other}" if other in taken else other

    def leaf(part: Name | Literal) -> Name | Literal:
        return replace(part, name=called(part.name)) if isinstance(part, Name) else part

    return [replace(each.of(leaf, place), name=called(each.name)) for each in definitions]
