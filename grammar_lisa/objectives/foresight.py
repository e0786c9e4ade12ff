"""What a search may expect of expressions that were not scored, and which it might try."""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from grammar_lisa.objectives.evaluation import Floats, Integers, evaluate_readable
from grammar_lisa.objectives.joining import Joiner, Vocabulary, Wanted
from grammar_lisa.objectives.lengths import Lengths
from grammar_lisa.objectives.meanings import Meanings

_GROWN: Final = 1.3
"""By how much more must be known for small expressions to be gone through anew."""
_SHARE, _FEWEST = 3, 10
"""Hopes are joined at one in so many of the points, but at no fewer than so many."""
_BETTER: Final = 0.1
"""What a hope's mean squared error there may be, as a share of the least of a scored sentence."""


class ExpressionForesight:
    """Learns what functions do from scored expressions, and looks for expressions on paper.

    It foresees what expressions come to (see `Meanings`), and joins pieces that it foresees to
    such as would meet the target (see `Joiner`).

    Args:
        points: the values of the variables at which expressions are foreseen, each ``[point]``.
        target: the values to meet there, ``[point]``.
        unit: what an error of 1 is.
        bound: the largest error that counts at a point, in units.
        scored: the values of the variables at which scored expressions are learnt from, each
            ``[point]``: the more there are, the denser what is known of a function.
    """

    def __init__(
        self,
        points: Mapping[str, Floats],
        target: Floats,
        unit: float,
        bound: float,
        scored: Mapping[str, Floats],
    ) -> None:
        self._meanings, self._scored = Meanings(points), dict(scored)
        self._target = Wanted(target, unit, bound)
        self._lengths = Lengths()
        self._somewhere: Joiner | None = None
        self._begin()

    def learn(self, sentences: Sequence[str], lengths: Sequence[int]) -> None:
        """Take what scored sentences come to, and how long their derivations are."""
        outputs = evaluate_readable(sentences, self._scored)
        self._meanings.learn(sentences, outputs, self._scored)
        self._lengths.learn(sentences, lengths)
        if self._meanings.extent >= _GROWN * self._everywhere.vocabulary.meanings.extent:
            self._begin()

    def errors(self, sentences: Sequence[str]) -> Floats:
        """The errors to expect in units, ``[sentence, point]``; NaN all over where unknown."""
        return self._target.errors(self._meanings.foresee(sentences))

    def joins(self, best: Sequence[str], longest: int, count: int) -> list[str]:
        """Expressions that should come near the target, the nearest first, `count` at most.

        They need not be sentences of a grammar.

        Args:
            best: scored sentences, best first, whose parts are worth using.
            longest: how long a derivation may be.
            count: how many to tell.
        """
        return self._everywhere.joins(best, longest)[0][:count] if best else []

    def hopes(self, best: Sequence[str], longest: int, count: int) -> list[str]:
        """Expressions that come nearer to the target than any so far where they are foreseen.

        They are joined at a third of the points, those at which most is known of functions, and
        not known at all others: a function of large arguments, say.

        Args:
            best: scored sentences, best first, whose parts are worth using.
            longest: how long a derivation may be.
            count: how many to tell at most; none where there are too few points.
        """
        if not best or len(self._target.values) <= _FEWEST:
            return []
        somewhere = self._somewhere
        if somewhere is None:
            somewhere = self._somewhere = self._at(self._best_known())
        reached = (somewhere.target.clipped(somewhere.meanings.foresee(best)) ** 2).mean(axis=1)
        texts, squares = somewhere.joins(best, longest)
        near = squares <= _BETTER * np.min(reached, initial=np.inf, where=np.isfinite(reached))
        hoped = [text for text, good in zip(texts, near.tolist(), strict=True) if good]
        unknown = np.isnan(self.errors(hoped)[:, 0])
        return [text for text, open_ in zip(hoped, unknown.tolist(), strict=True) if open_][:count]

    def _begin(self) -> None:
        """Join from now on what is known now."""
        vocabulary = Vocabulary(self._meanings.copy())
        self._everywhere = Joiner(self._meanings, vocabulary, self._target, self._lengths)
        self._somewhere = None

    def _at(self, points: Integers) -> Joiner:
        """The joiner at some of the points."""
        vocabulary = Vocabulary(self._everywhere.vocabulary.meanings.at(points))
        target = self._target.at(points)
        return Joiner(self._meanings.at(points), vocabulary, target, self._lengths)

    def _best_known(self) -> Integers:
        """The points at which functions of small expressions are known best, ascending."""
        known = self._everywhere.vocabulary
        unknown = np.zeros(len(self._target.values))
        for table in known.meanings.tables.values():
            unknown += np.isnan(table(known.small.values)).sum(axis=0)
        count = max(_FEWEST, len(unknown) // _SHARE)
        rows: Integers = np.sort(np.argsort(unknown, kind="stable")[:count])
        return rows
