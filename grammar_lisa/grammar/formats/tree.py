"""What the right-hand sides of extended notations are made of."""

from dataclasses import dataclass, field

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


@dataclass(frozen=True)
class Definition:
    """A symbol and what it derives."""

    name: str
    body: Choice
    place: Position
