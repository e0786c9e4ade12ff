"""Grammars as text, in each of the notations."""

import re
from collections.abc import Callable, Sequence
from itertools import groupby

from grammar_lisa.grammar.formats.names import Format
from grammar_lisa.grammar.formats.translation import Names
from grammar_lisa.grammar.quoting import quoted
from grammar_lisa.grammar.source import SourceRule
from grammar_lisa.grammar.symbols import Nonterminal

_WIDTH = 96

Write = Callable[[Nonterminal | str], str]


def written(
    rules: Sequence[SourceRule], start: Nonterminal, spacing: str, notation: Format = "cfg"
) -> str:
    """Return rules as the text of a grammar file.

    What is written as .cfg reads back as the same rules in the same order, with their weights. The
    other notations hold no weights; they group the rules by symbol, the start symbol first, and
    lark, whose names of rules are small, gets names of its own.

    Args:
        rules: The rules.
        start: The start symbol.
        spacing: How tokens are joined: ``words``, ``joined`` or ``spaced``.
        notation: The notation.
    """
    if notation == "cfg":
        return _cfg(rules, start, spacing)
    order = sorted(rules, key=lambda rule: rule.lhs != start)
    groups: dict[Nonterminal, list[SourceRule]] = {}
    for rule in order:
        groups.setdefault(rule.lhs, []).append(rule)
    symbols = _symbols(groups, notation)
    quote = '"' if notation == "lark" else None

    def write(symbol: Nonterminal | str) -> str:
        return quoted(symbol, quote) if isinstance(symbol, str) else symbols[symbol]

    if notation == "bnf":
        return _pragma("#", spacing) + _grouped(groups, write, "::=", empty='""')
    if notation == "ebnf":
        return _pragma("//", spacing) + _grouped(groups, write, ":", end=" ;")
    ignored = "" if spacing == "joined" else "%ignore /\\s+/\n"
    return _pragma("//", spacing) + ignored + _grouped(groups, write, ":")


def _pragma(comment: str, spacing: str) -> str:
    return f"{comment} tokens: {spacing}\n" if spacing in ("joined", "spaced") else ""


def _cfg(rules: Sequence[SourceRule], start: Nonterminal, spacing: str) -> str:
    """Return rules in nltk's notation; an empty first alternative stands alone on its line."""
    lines = [_pragma("#", spacing) + f"%start {start}"]
    for lhs, own in groupby(rules, key=lambda rule: rule.lhs):
        parts = [_alternative(rule, _plain) + _weight(rule) for rule in own]
        if not parts[0]:
            lines.append(f"{lhs} ->")
            parts = parts[1:]
        if parts:
            lines.append((f"{lhs} -> " + _joined(parts)).rstrip())
    return "\n".join(lines) + "\n"


def _joined(parts: Sequence[str]) -> str:
    """Return alternatives behind one another, or on lines of their own where they are long."""
    line = " | ".join(parts)
    return line if len(line) <= _WIDTH else "\n  | ".join(parts)


def _grouped(
    groups: dict[Nonterminal, list[SourceRule]],
    write: Write,
    defines: str,
    empty: str = "",
    end: str = "",
) -> str:
    lines = []
    for lhs, own in groups.items():
        parts = [_alternative(rule, write) or empty for rule in own]
        lines.append(f"{write(lhs)} {defines} {_joined(parts)}{end}".rstrip())
    return "\n".join(lines) + "\n"


def _alternative(rule: SourceRule, write: Write) -> str:
    return " ".join(write(part) for part in rule.rhs)


def _weight(rule: SourceRule) -> str:
    if rule.weight is None:
        return ""
    return f"{' ' if rule.rhs else ''}[{rule.weight:.10g}]"


def _plain(symbol: Nonterminal | str) -> str:
    return quoted(symbol) if isinstance(symbol, str) else symbol.name


def _symbols(
    groups: dict[Nonterminal, list[SourceRule]], notation: Format
) -> dict[Nonterminal, str]:
    """Return how a notation writes the symbols, the first of which is the start symbol."""
    names = Names()
    if notation == "bnf":
        return {lhs: f"<{names.of(lhs.name).name}>" for lhs in groups}
    found: dict[Nonterminal, str] = {}
    for lhs in groups:
        word = re.sub(r"\W", "_", lhs.name)
        if notation == "lark":
            word = word.lower() if found else "start"
        found[lhs] = names.new(f"r_{word}" if word[0].isdecimal() else word).name
    return found
