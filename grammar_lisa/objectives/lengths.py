"""How long the derivation of an expression will be, by what it is written with."""

import re
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from grammar_lisa.objectives.evaluation import Floats

OPERATORS: Final = ("+", "-", "*", "/", "**")
_SYMBOL: Final = re.compile(r"(?P<function>\w+\s*\()|(?P<leaf>[\w.]+)|\*\*|[-+*/(]")
_KINDS: Final = ("leaf", "function", "(", *OPERATORS)
_STEADY: Final = 1e-3
"""How much is taken for seen that each kind of symbol adds nothing; against kinds unseen."""
_SEEN: Final = 1000
"""The most sentences that lengths are learnt from."""


class Lengths:
    """A linear model: each leaf, function, operator and pair of parentheses adds its own.

    That is exact for the usual grammars of expressions, ambiguous or by precedence, and about
    right for others.
    """

    def __init__(self) -> None:
        self._counts = symbols([])
        self._lengths: list[float] = []
        self._adds: Floats = np.zeros(len(_KINDS) + 1)

    def learn(self, sentences: Sequence[str], lengths: Sequence[int]) -> None:
        """Take the lengths of the derivations of sentences."""
        some = slice(max(0, _SEEN - len(self._counts)))
        if not sentences[some]:
            return
        self._counts = np.concatenate([self._counts, symbols(sentences[some])])
        self._lengths += [float(length) for length in lengths[some]]
        design = np.column_stack([self._counts, np.ones(len(self._counts))])
        gram = design.T @ design + _STEADY * np.eye(design.shape[1])
        self._adds = np.linalg.solve(gram, design.T @ np.array(self._lengths))

    def added(self, counts: Floats) -> Floats:
        """What expressions add to the length of one that they stand in, ``[text]``.

        Args:
            counts: of their symbols; see `symbols`.
        """
        added: Floats = counts @ self._adds[:-1]
        return added

    def of(self, texts: Sequence[str]) -> Floats:
        """The lengths of whole expressions, ``[text]``."""
        lengths: Floats = self.added(symbols(texts)) + self._adds[-1]
        return lengths

    @property
    def parentheses(self) -> float:
        """What a pair of parentheses adds."""
        return float(self._adds[_KINDS.index("(")])

    @property
    def joints(self) -> Mapping[str, float]:
        """What an operator adds."""
        return dict(zip(OPERATORS, self._adds[-1 - len(OPERATORS) : -1].tolist(), strict=True))


def symbols(texts: Sequence[str]) -> Floats:
    """How many symbols of each kind texts have, ``[text, kind]``."""
    counts = np.array([_counted(text) for text in texts], dtype=np.float64)
    return counts.reshape(-1, len(_KINDS))


def _counted(text: str) -> list[int]:
    """How many symbols of each kind a text has."""
    counts = dict.fromkeys(_KINDS, 0)
    for match in _SYMBOL.finditer(text):
        counts[match.lastgroup or match.group()] += 1
    return list(counts.values())
