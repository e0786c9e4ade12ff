"""From extended notations to plain rules: repetitions and groups become symbols of their own."""

import re
from collections.abc import Iterable

from grammar_lisa.grammar.formats.tree import (
    Choice,
    Definition,
    Expression,
    Literal,
    Name,
    Repeat,
    Sequence,
)
from grammar_lisa.grammar.source import Position, SourceRule
from grammar_lisa.grammar.symbols import Nonterminal

Part = tuple[Nonterminal | str, Position]


def plain_rules(definitions: Iterable[Definition]) -> tuple[SourceRule, ...]:
    """Return definitions as rules without groups and repetitions.

    The symbols that take their places are named after what they repeat: ``digit_plus`` for one
    digit or more, ``item_star`` for any number of items, ``sign_opt`` for a sign or none,
    ``expr_group`` for alternatives in parentheses within ``expr``. Equal parts share a symbol.
    """
    translation = _Translation(definitions)
    for definition in translation.definitions:
        translation.define(definition)
    return tuple(translation.rules)


class Names:
    """Names of symbols that a .cfg file can hold, each given once."""

    def __init__(self) -> None:
        self._of: dict[str, Nonterminal] = {}
        self._taken: set[str] = set()

    def of(self, written: str) -> Nonterminal:
        """Return the symbol for a name as its file writes it."""
        if written not in self._of:
            self._of[written] = self.new(re.sub(r"[^\w/^-]+", "_", written.strip("<> ")) or "_")
        return self._of[written]

    def new(self, name: str) -> Nonterminal:
        """Return a symbol of that name, with a number behind it where it is taken."""
        name = name if re.match(r"[\w/]", name) else f"_{name}"
        free, number = name, 2
        while free in self._taken:
            free, number = f"{name}_{number}", number + 1
        self._taken.add(free)
        return Nonterminal(free)


class _Translation:
    """Rules that are being made, and the symbols that stand for parts of definitions."""

    def __init__(self, definitions: Iterable[Definition]) -> None:
        self.definitions = tuple(definitions)
        self.rules: list[SourceRule] = []
        self.names = Names()
        self._helpers: dict[Expression, Nonterminal] = {}
        for definition in self.definitions:
            self.names.of(definition.name)

    def define(self, definition: Definition) -> None:
        """Add the rules of a definition, then those of the parts it needs."""
        later: list[SourceRule] = []
        symbol = self.names.of(definition.name)
        body: Expression = definition.body
        self._add(symbol, self._alternatives(body, symbol, later), definition.place)
        self.rules += later

    def _add(self, lhs: Nonterminal, alternatives: Iterable[list[Part]], place: Position) -> None:
        self.rules += _rules(lhs, alternatives, place)

    def _alternatives(
        self, part: Expression, lhs: Nonterminal, later: list[SourceRule]
    ) -> list[list[Part]]:
        """Return the alternatives of a part, in parentheses or not."""
        while isinstance(part, Sequence) and len(part.parts) == 1:
            part = part.parts[0]
        if isinstance(part, Choice):
            return [
                alternative
                for own in part.alternatives
                for alternative in self._alternatives(own, lhs, later)
            ]
        return [self._flat(part, lhs, later)]

    def _flat(self, part: Expression, lhs: Nonterminal, later: list[SourceRule]) -> list[Part]:
        """Return a part as symbols and tokens."""
        match part:
            case Name():
                return [(self.names.of(part.name), part.place)]
            case Literal():
                return [(part.text, part.place)] if part.text else []
            case Sequence():
                return [found for own in part.parts for found in self._flat(own, lhs, later)]
            case Choice():
                if len(part.alternatives) == 1:
                    return self._flat(part.alternatives[0], lhs, later)
                return [(self._helper(part, "group", part, lhs, later), part.place)]
            case Repeat():
                return self._repeated(part, lhs, later)

    def _repeated(self, repeat: Repeat, lhs: Nonterminal, later: list[SourceRule]) -> list[Part]:
        """Return a repetition as its certain parts, and a symbol for those that may follow."""
        part, most, place = repeat.part, repeat.most, repeat.place
        if most is None:
            again = repeat.least - 1 if repeat.least else 0
            ending = "plus" if repeat.least else "star"
            key = Repeat(part, min(repeat.least, 1), None, place)
            last = [(self._helper(key, ending, part, lhs, later), place)]
            return self._times(part, again, lhs, later) + last
        flat = self._times(part, repeat.least, lhs, later)
        if most == repeat.least:
            return flat
        rest: Expression = part
        if most - repeat.least > 1:
            rest = Sequence((part, Repeat(part, 0, most - repeat.least - 1, place)), place)
        key = Repeat(rest, 0, 1, place)
        return [*flat, (self._helper(key, "opt", part, lhs, later), place)]

    def _times(
        self, part: Expression, times: int, lhs: Nonterminal, later: list[SourceRule]
    ) -> list[Part]:
        return [found for _ in range(times) for found in self._flat(part, lhs, later)]

    def _helper(
        self,
        key: Choice | Repeat,
        ending: str,
        named: Expression,
        lhs: Nonterminal,
        later: list[SourceRule],
    ) -> Nonterminal:
        """Return the symbol of a part, whose rules go to `later` when it is first met."""
        if key in self._helpers:
            return self._helpers[key]
        base = self.names.of(named.name).name if isinstance(named, Name) else lhs.name
        symbol = self._helpers[key] = self.names.new(f"{base}_{ending}")
        place = len(later)
        inner: list[SourceRule] = []
        if isinstance(key, Choice):
            alternatives = self._alternatives(key, lhs, inner)
        elif key.most is not None:
            alternatives = [*self._alternatives(key.part, lhs, inner), []]
        else:
            alternatives = self._endless(key, symbol, lhs, inner)
        later[place:place] = [*_rules(symbol, alternatives, key.place), *inner]
        return symbol

    def _endless(
        self, key: Repeat, symbol: Nonterminal, lhs: Nonterminal, later: list[SourceRule]
    ) -> list[list[Part]]:
        """Return the alternatives of a repetition without end, which recur at their right."""
        again = (symbol, key.place)
        if key.least:
            flat = self._flat(key.part, lhs, later)
            return [[*flat, again], flat]
        return [*([*own, again] for own in self._alternatives(key.part, lhs, later)), []]


def _rules(
    lhs: Nonterminal, alternatives: Iterable[list[Part]], place: Position
) -> list[SourceRule]:
    """Return the rules of a symbol."""
    rules: list[SourceRule] = []
    for parts in alternatives:
        places = tuple(where for _, where in parts)
        rhs = tuple(symbol for symbol, _ in parts)
        rules.append(SourceRule(lhs, rhs, None, places[0] if places else place, places))
    return rules
