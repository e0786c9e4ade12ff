"""Whether the sentences of a grammar are formulas over the inputs of a table."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

import numpy as np

from grammar_lisa.expressions.evaluation import evaluate_readable
from grammar_lisa.expressions.expression import CONSTANT_TERMINAL, Pool, UnknownNameError
from grammar_lisa.grammar.cfg import Grammar, Rule
from grammar_lisa.grammar.symbols import Nonterminal
from grammar_lisa.regression.tables.column_names import both, listed
from grammar_lisa.regression.tables.table import Table
from shared.common.errors import LisaError

_HAS_CONSTANT: Final = re.compile(rf"\b{CONSTANT_TERMINAL}\b")

Tokens = tuple[str, ...]


class _Fault(NamedTuple):
    """A sentence that is no formula.

    Attributes:
        rule: That it was made with.
        sentence: Its text.
        error: What is wrong with it.
    """

    rule: Rule
    sentence: str
    error: LisaError


class Checked(NamedTuple):
    """A grammar whose sentences are formulas.

    Attributes:
        variables: The inputs that they use, in the order of the table.
        notes: What is to be said of sentences that are no formulas, where others are.
    """

    variables: tuple[str, ...]
    notes: tuple[str, ...]


def check_sentences(grammar: Grammar, table: Table, max_rules: int) -> Checked:
    """Refuse a grammar whose sentences are no formulas, or use names that the table has not.

    A short sentence is looked at for each rule.

    Args:
        grammar: Whose sentences should be formulas.
        table: The inputs.
        max_rules: The most rules of a sentence.

    Raises:
        LisaError: Naming the first sentence that is at fault, and why.
    """
    pool = Pool(table.variables, CONSTANT_TERMINAL)
    faults, checked = list[_Fault](), 0
    for rule, sentence in short_sentences(grammar, max_rules):
        checked += 1
        try:
            pool.add(sentence)
        except UnknownNameError as error:
            raise LisaError(_described(grammar, rule, sentence, error, table)) from None
        except LisaError as error:
            faults.append(_Fault(rule, sentence, error))
    used = {node.name for node in pool.nodes}
    variables = tuple(name for name in table.variables if name in used)
    if not faults:
        return Checked(variables, ())
    said = _described(grammar, *faults[0], table)
    if len(faults) == checked:
        raise LisaError(f"no sentence was found that is a formula: {said}")
    note = f"some sentences of the grammar are no formulas, and passed over: {said}"
    return Checked(variables, (note,))


def describe_undefined(grammar: Grammar, table: Table, max_rules: int) -> str:
    """Return what is to be said where no sentence of a grammar is finite in all rows.

    Args:
        grammar: Whose sentences are formulas.
        table: The rows.
        max_rules: The most rules of a sentence.
    """
    said = f"no sentence of {grammar.source} was found that is finite in all {len(table):,} rows"
    points = {**table.features, CONSTANT_TERMINAL: np.ones(len(table))}
    for rule, sentence in short_sentences(grammar, max_rules):
        (values,) = evaluate_readable([sentence], points)
        wrong = np.flatnonzero(~np.isfinite(values))
        if len(wrong):
            place = ", ".join(f"{n}={v[wrong[0]]:g}" for n, v in table.features.items())
            ones = " with 1 for each c" if _HAS_CONSTANT.search(sentence) else ""
            said += (
                f": {sentence!r} of line {rule.line}{ones} has no finite value in {len(wrong):,} "
                f"of them, first at {place}"
            )
            break
    return (
        f"{said}. Leave such rows out, or write rules that are defined there, as log(exp(c)+x) and "
        "sqrt(abs(x)) are for more x than log(c+x) and sqrt(x)"
    )


def of_table(error: LisaError, table: Table) -> str:
    """Return what a table tells of a name that is unknown in a formula; '' where that is nothing.

    Args:
        error: The refusal of the formula.
        table: Its inputs and target.
    """
    name = error.name if isinstance(error, UnknownNameError) else None
    if name is None:
        return ""
    if name in (table.target_name, table.names[table.target_name]):
        return f"\n{name} is the target, which no formula may use"
    others = {
        own: safe
        for safe, own in table.names.items()
        if own and own != safe and safe != table.target_name
    }
    return f"\nthe table has {listed(both(others))}" if others else ""


def short_sentences(grammar: Grammar, max_rules: int) -> Iterator[tuple[Rule, str]]:
    """Yield for each rule a short sentence that is made with it, if there is one.

    Args:
        grammar: The grammar.
        max_rules: The most rules of a sentence.
    """
    shortest = _Shortest(grammar)
    around = {grammar.start: (0, Tokens(), Tokens())}
    pending = [grammar.start]
    for symbol in pending:
        rules, before, after = around[symbol]
        for number in grammar.rules_of[symbol]:
            rule = grammar.rules[number]
            count = rules + 1 + sum(shortest.rules(part) for part in rule.rhs)
            if count > max_rules:
                continue
            parts = [shortest.tokens(part) for part in rule.rhs]
            yield rule, grammar.spacing.join((*before, *_joined(parts), *after))
            for place, part in enumerate(rule.rhs):
                if not isinstance(part, str) and part not in around:
                    left, right = _joined(parts[:place]), _joined(parts[place + 1 :])
                    rest = count - shortest.rules(part)
                    around[part] = (rest, (*before, *left), (*right, *after))
                    pending.append(part)


class _Shortest:
    """What each symbol becomes by the fewest rules.

    Args:
        grammar: Whose symbols these are.
    """

    def __init__(self, grammar: Grammar) -> None:
        self._grammar = grammar
        self._tokens: dict[Nonterminal, Tokens] = {}

    def rules(self, symbol: Nonterminal | str) -> int:
        """Return the number of these rules."""
        return 0 if isinstance(symbol, str) else self._grammar.least_rules[symbol]

    def tokens(self, symbol: Nonterminal | str) -> Tokens:
        """Return the tokens that a symbol becomes."""
        if isinstance(symbol, str):
            return (symbol,)
        if symbol not in self._tokens:
            rules = [self._grammar.rules[number] for number in self._grammar.rules_of[symbol]]
            best = min(rules, key=lambda rule: sum(map(self.rules, rule.rhs)))
            self._tokens[symbol] = _joined([self.tokens(part) for part in best.rhs])
        return self._tokens[symbol]


def _joined(parts: Sequence[Tokens]) -> Tokens:
    return tuple(token for part in parts for token in part)


def _described(grammar: Grammar, rule: Rule, sentence: str, error: LisaError, table: Table) -> str:
    return (
        f"{grammar.source}, line {rule.line}: the sentence {sentence!r}: "
        f"{error}{of_table(error, table)}"
    )
