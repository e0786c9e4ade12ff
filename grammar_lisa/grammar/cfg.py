"""The grammar every other part works on: numbered rules and what follows from them."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from grammar_lisa.grammar.analysis import least_rules, unique
from grammar_lisa.grammar.formats.names import FORMATS, Format
from grammar_lisa.grammar.formats.reading import notation_of, read_source, reads_as
from grammar_lisa.grammar.formats.writing import written
from grammar_lisa.grammar.lint import Finding, check_source, trimmed
from grammar_lisa.grammar.source import (
    SPACINGS,
    GrammarError,
    GrammarSource,
    Position,
    SourceRule,
    read_text,
    scan,
)
from grammar_lisa.grammar.spacing import Spacing
from grammar_lisa.grammar.symbols import Nonterminal
from shared.common.errors import LisaError
from shared.common.words import counted

if TYPE_CHECKING:
    from nltk.grammar import CFG


@dataclass(frozen=True)
class Rule:
    """One production: its number, its symbols (terminals are strings), weight and line."""

    number: int
    lhs: Nonterminal
    rhs: tuple[Nonterminal | str, ...]
    weight: float
    line: int

    def __str__(self) -> str:
        parts = [repr(part) if isinstance(part, str) else str(part) for part in self.rhs]
        return " ".join([str(self.lhs), "->", *parts])


@dataclass(frozen=True, eq=False, repr=False)
class Grammar:
    """A context-free grammar whose every rule is used by some sentence.

    Attributes:
        rules: The working rules, numbered from 0 in file order. Rules that no sentence uses
            (undefined, unproductive or unreachable symbols) are left out, with a finding.
        start: The start symbol.
        text: The grammar as it was written; what was read from another notation, in that of .cfg.
        source: The file's name, or what the caller called the text.
        findings: What the linter remarked.
        spacing: How tokens are joined into text.
    """

    rules: tuple[Rule, ...]
    start: Nonterminal
    text: str
    source: str
    findings: tuple[Finding, ...]
    spacing: Spacing

    @cached_property
    def nonterminals(self) -> tuple[Nonterminal, ...]:
        """The symbols with rules, in order of their first rule."""
        return unique(rule.lhs for rule in self.rules)

    @cached_property
    def terminals(self) -> tuple[str, ...]:
        """The tokens, in order of first appearance."""
        return _terminals(self.rules)

    @cached_property
    def cfg(self) -> "CFG":
        """All rules as written, as an ``nltk.CFG``."""
        return nltk_grammar(scan(self.text, self.source))

    @cached_property
    def digest(self) -> str:
        """The SHA-256 of the text, in hexadecimal."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    @cached_property
    def least_rules(self) -> Mapping[Nonterminal, int]:
        """The least number of rules that finishes each symbol, d."""
        return least_rules(self.rules)

    @property
    def shortest(self) -> int:
        """The number of rules of a shortest derivation."""
        return self.least_rules[self.start]

    @cached_property
    def rules_of(self) -> Mapping[Nonterminal, tuple[int, ...]]:
        """The numbers of each symbol's rules, ascending."""
        numbers: dict[Nonterminal, list[int]] = {}
        for rule in self.rules:
            numbers.setdefault(rule.lhs, []).append(rule.number)
        return {symbol: tuple(own) for symbol, own in numbers.items()}

    def check_length(self, max_rules: int) -> None:
        """Raise LisaError if no derivation has at most ``max_rules`` rules."""
        if max_rules < self.shortest:
            raise LisaError(
                f"no derivation of {self.source} has at most {counted(max_rules, 'rule')}: the "
                f"shortest has {self.shortest}; set max_rules to {self.shortest} or more"
            )

    def __repr__(self) -> str:
        return f"Grammar({self.source!r}, {counted(len(self.rules), 'rule')}, start {self.start})"


def load_grammar(path: str | Path, notation: Format | None = None) -> Grammar:
    """Return the grammar of a file.

    Args:
        path: The file, or the name of a shipped grammar, such as ``expr``.
        notation: In which it is; by default that which its ending tells, or its content.

    Raises:
        GrammarError: The file cannot be read, is no grammar, or has no sentence.
    """
    text, reason = read_text(path), "as asked for"
    if notation is None:
        notation, reason = notation_of(text, str(path))
    try:
        return parse_grammar(text, str(path), notation, reason)
    except GrammarError as error:
        others = [each for each in FORMATS if each != notation and reads_as(text, str(path), each)]
        if not others:
            raise
        raise GrammarError(f"{error}\n(it reads as {others[0]}: --format {others[0]})") from error


def parse_grammar(
    text: str, source: str = "<text>", notation: Format = "cfg", reason: str = "as asked for"
) -> Grammar:
    """Return the grammar of a text, by default in nltk's .cfg syntax.

    Args:
        text: The rules.
        source: What messages call the text.
        notation: In which the text is.
        reason: What told the notation, for the finding that names it.

    Raises:
        GrammarError: The text is no grammar or has no sentence; the message shows the place.
    """
    scanned = read_source(text, source, notation)
    findings = check_source(scanned)
    _raise_first_error(scanned, findings)
    rules = tuple(_rule(number, rule) for number, rule in enumerate(trimmed(scanned)))
    mode = scanned.pragma if scanned.pragma in SPACINGS else "words"
    if notation != "cfg":
        findings.append(Finding("note", "format", f"read as {notation}: {reason}", 1, 1))
        text = written(scanned.rules, scanned.start, mode or "words")
    return Grammar(
        rules=rules,
        start=scanned.start,
        text=text,
        source=source,
        findings=tuple(findings),
        spacing=Spacing(mode or "words", _terminals(rules)),
    )


def nltk_grammar(source: GrammarSource) -> "CFG":
    """Return all rules of a scanned text as an ``nltk.CFG``."""
    from nltk import grammar as nltk

    def theirs(symbol: Nonterminal | str) -> nltk.Nonterminal | str:
        return symbol if isinstance(symbol, str) else nltk.Nonterminal(symbol.name)

    rules = [
        nltk.Production(theirs(rule.lhs), [theirs(part) for part in rule.rhs])
        for rule in source.rules
    ]
    return nltk.CFG(theirs(source.start), rules)


def _rule(number: int, rule: SourceRule) -> Rule:
    weight = 1.0 if rule.weight is None else rule.weight
    return Rule(number, rule.lhs, rule.rhs, weight, rule.place.line)


def _terminals(rules: tuple[Rule, ...]) -> tuple[str, ...]:
    return tuple(
        dict.fromkeys(part for rule in rules for part in rule.rhs if isinstance(part, str))
    )


def _raise_first_error(source: GrammarSource, findings: list[Finding]) -> None:
    errors = [finding for finding in findings if finding.severity == "error"]
    if errors:
        first, others = errors[0], len(errors) - 1
        message, _, hint = first.message.partition("; ")
        more = f"\n({counted(others, 'more error')} of this kind)" if others else ""
        raise source.error(Position(first.line, first.column), message, hint + more)
