"""What the right-hand sides of extended notations are made of."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from grammar_lisa.grammar.source import Position


@dataclass(frozen=True)
class Name:
    """A symbol, as the file writes it."""

    name: str
    place: Position = field(compare=False)


@dataclass(frozen=True)
class Literal:
    """A token; the empty one derives nothing."""

    text: str
    place: Position = field(compare=False)


@dataclass(frozen=True)
class Sequence:
    """Parts one behind the other; none derive nothing."""

    parts: tuple["Expression", ...]
    place: Position = field(compare=False)


@dataclass(frozen=True)
class Choice:
    """Alternatives."""

    alternatives: tuple[Sequence, ...]
    place: Position = field(compare=False)


@dataclass(frozen=True)
class Repeat:
    """A part at least and at most so many times; `most` None is without end."""

    part: "Expression"
    least: int
    most: int | None
    place: Position = field(compare=False)


Expression = Name | Literal | Sequence | Choice | Repeat
Leaf = Callable[[Name | Literal], Name | Literal]
"""What becomes of a symbol or a token."""


@dataclass(frozen=True)
class Definition:
    """A symbol and what it derives."""

    name: str
    body: Choice
    place: Position

    def of(self, leaf: Leaf, place: Position | None = None) -> "Definition":
        """Return the definition with its symbols and tokens replaced, all at a place if given."""
        body = _replaced(self.body, leaf, place)
        assert isinstance(body, Choice)
        return Definition(self.name, body, place or self.place)


def _replaced(part: Expression, leaf: Leaf, place: Position | None) -> Expression:
    where = place or part.place
    match part:
        case Name() | Literal():
            return replace(leaf(part), place=where)
        case Sequence():
            return Sequence(tuple(_replaced(each, leaf, place) for each in part.parts), where)
        case Repeat():
            return Repeat(_replaced(part.part, leaf, place), part.least, part.most, where)
        case Choice():
            own = (_replaced(each, leaf, place) for each in part.alternatives)
            return Choice(tuple(each for each in own if isinstance(each, Sequence)), where)
