"""What a grammar's rules reveal without deriving a single sentence."""

import difflib
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from grammar_lisa.grammar.analysis import (
    cycles,
    least_rules,
    left_graph,
    nonterminals_of,
    reachable,
    unique,
    unit_graph,
)
from grammar_lisa.grammar.source import SPACINGS, GrammarSource, Position, SourceRule
from grammar_lisa.grammar.symbols import Nonterminal

Severity = Literal["error", "warning", "note"]
FIRST_BAR = re.compile(r"^[ \t]*([\w/<>^-]+)[ \t]*(?:->|→|::=|:|=)[ \t\r]*\n[ \t]*\|", re.MULTILINE)
EMPTY_NAMES = {"ε", "epsilon", "eps", "empty", "λ", "lambda"}


@dataclass(frozen=True)
class Finding:
    """One remark about a grammar, with the line and column it is about (from 1)."""

    severity: Severity
    code: str
    message: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.line}:{self.column}: {self.severity}: {self.message} [{self.code}]"


def check_source(source: GrammarSource) -> list[Finding]:
    """Return all findings about the rules as they are written, errors first.

    An error means that the grammar cannot be used: an undefined symbol that a sentence could
    need, or a start symbol from which no sentence can be derived.
    """
    findings = [
        *_start(source),
        *_undefined(source),
        *_unproductive(source),
        *_unreachable(source),
        *_duplicates(source),
        *_weights(source),
        *_pragma(source),
        *_escapes(source),
        *_first_alternatives(source),
        *_cycles(source),
        *_left_recursion(source),
    ]
    order = ("error", "warning", "note")
    return sorted(findings, key=lambda finding: order.index(finding.severity))


def trimmed(source: GrammarSource) -> list[SourceRule]:
    """Return the rules that some sentence uses: productive and reachable, in file order."""
    least = least_rules(source.rules)
    usable = [
        rule for rule in source.rules if all(part in least for part in nonterminals_of(rule.rhs))
    ]
    within = reachable(usable, source.start)
    return [rule for rule in usable if rule.lhs in within]


def _finding(severity: Severity, code: str, place: Position, message: str) -> Finding:
    return Finding(severity, code, message, place.line, place.column)


def _defined(source: GrammarSource) -> tuple[Nonterminal, ...]:
    return unique(rule.lhs for rule in source.rules)


def _rule_text(rule: SourceRule) -> str:
    symbols = [repr(part) if isinstance(part, str) else str(part) for part in rule.rhs]
    return " ".join([str(rule.lhs), "->", *symbols])


def _path_text(path: Sequence[Nonterminal]) -> str:
    return " => ".join(str(symbol) for symbol in path)


def _names(symbols: Sequence[Nonterminal]) -> str:
    return ", ".join(str(symbol) for symbol in symbols)


def _hint(name: str, defined: Sequence[Nonterminal]) -> str:
    """Return what was probably meant by an undefined name."""
    if name in EMPTY_NAMES:
        return "to derive nothing leave the alternative empty"
    near = difflib.get_close_matches(name, [str(symbol) for symbol in defined], 1)
    other = f"or did you mean {near[0]}?" if near else "or define it"
    return f"probably an unquoted terminal: write '{name}', {other}"


def _start(source: GrammarSource) -> list[Finding]:
    defined = _defined(source)
    name = str(source.start)
    if source.start not in defined:
        near = difflib.get_close_matches(name, [str(symbol) for symbol in defined], 1)
        valid = f"did you mean {near[0]}?" if near else f"defined are {_names(defined)}"
        message = f"the start symbol {name} has no rules; {valid}"
        return [_finding("error", "undefined-start", source.start_place, message)]
    undefined = any(finding.severity == "error" for finding in _undefined(source))
    if source.start in least_rules(source.rules) or undefined:
        return []
    message = (
        f"the language is empty: every rule of {name} needs a symbol that never ends; "
        "add an alternative of terminals alone"
    )
    return [_finding("error", "empty-language", source.start_place, message)]


def _undefined(source: GrammarSource) -> list[Finding]:
    defined = _defined(source)
    within = reachable(source.rules, source.start)
    findings: list[Finding] = []
    for rule in source.rules:
        for part, place in zip(rule.rhs, rule.rhs_places, strict=True):
            if not isinstance(part, str) and part not in defined:
                message = f"the symbol {part} is defined nowhere; {_hint(str(part), defined)}"
                if rule.lhs in within:
                    findings.append(_finding("error", "undefined-symbol", place, message))
                else:
                    message += f" (no sentence uses the rule {_rule_text(rule)}: dropped)"
                    findings.append(_finding("warning", "undefined-symbol", place, message))
    return findings


def _unproductive(source: GrammarSource) -> list[Finding]:
    least = least_rules(source.rules)
    defined = _defined(source)
    findings: list[Finding] = []
    for symbol in defined:
        if symbol not in least and symbol != source.start:
            own = [rule for rule in source.rules if rule.lhs == symbol]
            users = [rule for rule in source.rules if symbol in rule.rhs or rule.lhs == symbol]
            parts = {part for rule in own for part in nonterminals_of(rule.rhs)}
            if parts <= set(defined):
                lines = ", ".join(dict.fromkeys(str(rule.place.line) for rule in users))
                message = (
                    f"{symbol} can never be finished: all its rules need a symbol that never "
                    f"ends; the rules with it are dropped (line {lines})"
                )
                findings.append(_finding("warning", "unproductive", own[0].place, message))
    return findings


def _unreachable(source: GrammarSource) -> list[Finding]:
    least = least_rules(source.rules)
    kept = {rule.lhs for rule in trimmed(source)}
    if source.start not in kept:
        return []
    findings: list[Finding] = []
    for symbol in _defined(source):
        own = [rule for rule in source.rules if rule.lhs == symbol]
        if symbol not in kept and (symbol in least or symbol not in _used(source)):
            message = f"no sentence uses {symbol}: its rules are dropped"
            findings.append(_finding("warning", "unreachable", own[0].place, message))
    return findings


def _used(source: GrammarSource) -> set[Nonterminal]:
    return reachable(source.rules, source.start)


def _duplicates(source: GrammarSource) -> list[Finding]:
    seen: dict[tuple[Nonterminal, tuple[Nonterminal | str, ...]], SourceRule] = {}
    findings: list[Finding] = []
    for rule in source.rules:
        first = seen.setdefault((rule.lhs, rule.rhs), rule)
        if first is not rule:
            message = (
                f"the rule {_rule_text(rule)} stands on line {first.place.line} already; "
                "every sentence that uses it has several derivations"
            )
            findings.append(_finding("warning", "duplicate-rule", rule.place, message))
    return findings


def _weights(source: GrammarSource) -> list[Finding]:
    findings: list[Finding] = []
    given = Counter(rule.lhs for rule in source.rules if rule.weight is not None)
    for symbol in given:
        own = [rule for rule in source.rules if rule.lhs == symbol]
        if given[symbol] < len(own):
            without = next(rule for rule in own if rule.weight is None)
            message = f"some rules of {symbol} have a weight and this one does not: it counts as 1"
            findings.append(_finding("warning", "mixed-weights", without.place, message))
        total = sum(rule.weight or 1.0 for rule in own)
        if given[symbol] == len(own) and abs(total - 1) > 1e-6:
            message = f"the weights of {symbol} sum to {total:g}; they are used in proportion"
            findings.append(_finding("note", "weights", own[0].place, message))
    return findings


def _pragma(source: GrammarSource) -> list[Finding]:
    if source.pragma is None or source.pragma in SPACINGS:
        return []
    message = f"tokens: {source.pragma} means nothing; valid are {' and '.join(SPACINGS)}"
    return [_finding("warning", "unknown-pragma", source.pragma_place, message)]


def _escapes(source: GrammarSource) -> list[Finding]:
    if source.escapes:
        return []
    message = (
        "read without escapes, since only so it reads: a backslash in quotes is itself; to use "
        "escapes write '\\\\' for a backslash at the end of a terminal"
    )
    return [_finding("note", "no-escapes", Position(1, 1), message)]


def _first_alternatives(source: GrammarSource) -> list[Finding]:
    """Warn of empty alternatives that are perhaps only a way to lay a rule out."""
    findings: list[Finding] = []
    for match in FIRST_BAR.finditer(source.text):
        name, line = match.group(1), source.text.count("\n", 0, match.start(1)) + 1
        message = (
            f"nothing stands before the first | of {name}, so {name} can be empty; "
            "if that is not meant, begin the rule with its first alternative"
        )
        findings.append(_finding("warning", "empty-first", Position(line, 1), message))
    return findings


def _first_place(source: GrammarSource, symbol: Nonterminal) -> Position:
    return next(rule.place for rule in source.rules if rule.lhs == symbol)


def _cycles(source: GrammarSource) -> list[Finding]:
    findings: list[Finding] = []
    for path in cycles(unit_graph(trimmed(source))):
        message = (
            f"{path[0]} derives itself and nothing else ({_path_text(path)}): every sentence "
            "with it has endlessly many derivations"
        )
        findings.append(_finding("warning", "cycle", _first_place(source, path[0]), message))
    return findings


def _left_recursion(source: GrammarSource) -> list[Finding]:
    findings: list[Finding] = []
    for path in cycles(left_graph(trimmed(source))):
        kind = "itself" if len(path) == 2 else f"itself by way of {_path_text(path)}"
        message = f"left recursion: {path[0]} can begin with {kind} (harmless here)"
        place = _first_place(source, path[0])
        findings.append(_finding("note", "left-recursion", place, message))
    return findings
