"""The symbols of a grammar that rules replace; terminals are plain strings."""

from typing import NamedTuple


class Nonterminal(NamedTuple):
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
