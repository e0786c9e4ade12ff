"""A grammar file in any notation, and which notation a file is in."""

import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import PurePath
from typing import Final

from grammar_lisa.grammar.analysis import reachable, unique
from grammar_lisa.grammar.formats.names import FORMATS, OF_ENDING, Format
from grammar_lisa.grammar.formats.translation import plain_rules
from grammar_lisa.grammar.formats.tree import Definition
from grammar_lisa.grammar.quoting import with_escapes_or_without
from grammar_lisa.grammar.source import (
    GrammarError,
    GrammarSource,
    Position,
    SourceRule,
    pragma_of,
    scan,
)
from grammar_lisa.grammar.symbols import Nonterminal

_SURELY: Final[dict[Format, re.Pattern[str]]] = {
    "bnf": re.compile(r"^\s*<[^<>\n]+>\s*::=", re.MULTILINE),
    "cfg": re.compile(r"^\s*[\w/][\w/^<>-]*\s*(?:->|→)", re.MULTILINE),
}


def read_source(text: str, name: str, notation: Format) -> GrammarSource:
    """Return the rules of a grammar text in a notation.

    Args:
        text: The grammar.
        name: What errors call the text.
        notation: The notation.

    Raises:
        GrammarError: The text is no such grammar; the message shows the place.
    """
    if notation == "cfg":
        return scan(text, name)
    return with_escapes_or_without(text, lambda escapes: _read(text, name, notation, escapes))


def notation_of(text: str, name: str) -> tuple[Format, str]:
    """Return the notation of a grammar file, and what tells it.

    The file's ending tells it; where that is none of a grammar's, its content, if it reads in one
    notation only.

    Args:
        text: The content.
        name: The file's name.

    Raises:
        GrammarError: The content reads in several notations, or in none.
    """
    ending = PurePath(name).suffix.lower()
    if ending in OF_ENDING:
        return OF_ENDING[ending], f"its name ends in {ending}"
    for notation, pattern in _SURELY.items():
        if pattern.search(text):
            return notation, "its rules are written so"
    served = [notation for notation in FORMATS if reads_as(text, name, notation)]
    if len(served) == 1:
        return served[0], "it reads in no other notation"
    if "cfg" in served or not text.strip():
        return "cfg", "it reads so"
    found = f"it reads as {' and as '.join(served)}" if served else "it reads in none of them"
    raise GrammarError(
        f"{name}: which notation this grammar is in cannot be told: {found}; name it with "
        f"--format {', '.join(FORMATS[:-1])} or {FORMATS[-1]}"
    )


def reads_as(text: str, name: str, notation: Format) -> bool:
    """Tell whether a text is a grammar in a notation."""
    with suppress(GrammarError):
        read_source(text, name, notation)
        return True
    return False


def _read(text: str, name: str, notation: Format, escapes: bool) -> GrammarSource:
    from grammar_lisa.grammar.formats.notation_reader import read_notation  # lark takes a while

    word, place = pragma_of(text)
    definitions, blanks = read_notation(text, name, notation, escapes)
    if notation == "lark" and not blanks:
        word = word or "joined"
    if not definitions:
        raise GrammarError(f"{name}: no rules, read as {notation}; see the page on grammars")
    rules = plain_rules(_merged(definitions))
    start = definitions[0] if notation == "lark" else None
    return GrammarSource(text, name, rules, *_start(rules, start), word, place, escapes=escapes)


def _start(rules: Sequence[SourceRule], named: Definition | None) -> tuple[Nonterminal, Position]:
    """Return the start symbol and its place: the first, unless only another one leads to all."""
    first = rules[0]
    symbols = unique(rule.lhs for rule in rules)
    if named is None and len(reachable(rules, first.lhs)) < len(symbols):
        used = {part for rule in rules for part in rule.rhs if part != rule.lhs}
        roots = [
            symbol
            for symbol in symbols
            if symbol not in used and reachable(rules, symbol) >= set(symbols)
        ]
        if roots:
            first = next(rule for rule in rules if rule.lhs == roots[0])
    return first.lhs, first.place


def _merged(definitions: Sequence[Definition]) -> list[Definition]:
    """Return the definitions with those of one symbol made one, where the first stands."""
    found: dict[str, Definition] = {}
    for each in definitions:
        known = found.get(each.name)
        if known:
            both = known.body.alternatives + each.body.alternatives
            each = replace(known, body=replace(known.body, alternatives=both))
        found[each.name] = each
    return list(found.values())
