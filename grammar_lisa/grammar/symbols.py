"""The symbols of a grammar that rules replace; terminals are plain strings."""

from dataclasses import dataclass


@dataclass(frozen=True, order=True, slots=True, repr=False)
class Nonterminal:
    """A symbol that rules replace.

    It is nltk's class of that name without nltk, which takes seconds to import; see `Grammar.cfg`.

    Attributes:
        name: As the grammar writes it.
    """

    name: str

    def __str__(self) -> str:
        return self.name

    def __repr__(self) -> str:
        return self.name
