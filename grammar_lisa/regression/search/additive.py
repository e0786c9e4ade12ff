"""Sums of functions of one input each, whose constants are fitted together.

On the grid of the dictionary two peaks of the wrong widths leave more than a wave does. So such
sums are fitted at once, not remembered and compared first.
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Final

import numpy as np

from grammar_lisa.regression.search.archive import ArchiveEntry
from grammar_lisa.regression.search.dictionary import parametric_functions
from grammar_lisa.regression.search.library import Library
from grammar_lisa.regression.search.recombination import Match, Sums
from grammar_lisa.regression.search.rows import scales
from grammar_lisa.regression.search.tree import Tree, open_constant, product, total, variable
from shared.common.arrays import Floats

if TYPE_CHECKING:
    from grammar_lisa.regression.search.operator_search import OperatorSearch

_COST: Final = 4.0
"""Of a function of an input."""
_EACH: Final = 3
_PAIRS: Final = 60
"""Pairs that are fitted, of a kind and of all kinds: the best of each kind first."""
_MOST_OF_A_KIND: Final = 400
"""Kinds of more functions, waves that fade, are paired by the dictionary's own turn."""
_TERMS: Final = 4
"""The most terms of a sum that grows, beside a constant."""
_TRIED: Final = 3
"""Functions that a sum is tried with, each of another kind or input, and sums that grow further."""
_VARYING: Final = 1e-6
"""The share of its size that a function must vary by."""


class AdditiveModels:
    """Sums of functions of the dictionary, one input each.

    Args:
        search: Keeps what is good, and says when time is over.
        source: What it is told that formulas come from.
    """

    def __init__(self, search: OperatorSearch, source: str) -> None:
        self._search, self._source = search, source
        kinds = defaultdict[str, list[tuple[Tree, Floats]]](list)
        for name in search.variables:
            values = search.sample[name]
            for tree in parametric_functions(variable(name), values, search.operators, fine=False):
                with np.errstate(all="ignore"):
                    made = tree.values(search.sample)
                if np.isfinite(made).all():
                    kinds[tree.text].append((tree, made))
        self._kinds = [made for made in kinds.values() if 1 < len(made) <= _MOST_OF_A_KIND]

    def fit_pairs(self) -> None:
        """Fit sums of two functions of one kind of one input, such as two peaks or two steps."""
        found = list[tuple[int, Match, Sums]]()
        for functions in self._kinds:
            library = Library((), len(self._search.sample_targets))
            for tree, values in functions:
                library.add(tree, values, _COST)
            sums = Sums(library, weight_roots=self._search.weight_roots)
            pairs = sums.pairs([self._search.root], _EACH, len(library))
            found += [(place, match, sums) for place, match in enumerate(pairs)]
        found.sort(key=lambda each: (each[0], each[1].left))
        for _, match, sums in found[:_PAIRS]:
            solution = next(sums.solutions(match), None)
            if solution is not None:
                self._fit(solution.tree())

    def fit_stagewise(self) -> None:
        """Fit sums that grow term by term.

        As in matching pursuit (Mallat & Zhang 1993) each step takes functions that lower the
        squared error most beside what is there; but the constants of all terms are then fitted
        again, and the best sums go on together, as the right function of one input is told from
        others like it only where those of the other inputs stand.
        """
        made = list(chain.from_iterable(self._kinds))
        if not made:
            return
        functions = [tree for tree, _ in made]
        rows = np.array([values for _, values in made])
        mean = float(self._search.sample_targets.mean())
        sums: list[Sequence[Tree]] = [(open_constant(mean),)]
        for _ in range(_TERMS):
            longer = [each for terms in sums for each in self._longer(terms, functions, rows)]
            entries = [entry for each in longer if (entry := self._fit(total(*each)))]
            best = heapq.nsmallest(_TRIED, entries, key=lambda entry: entry.loss)
            sums = [_terms(entry.tree) for entry in best]

    def _longer(
        self, terms: Sequence[Tree], functions: Sequence[Tree], rows: Floats
    ) -> Iterator[Sequence[Tree]]:
        """Yield the terms with one of the functions that lower the squared error most."""
        targets, roots = self._search.sample_targets, self._search.weight_roots
        left = targets - total(*terms).values(self._search.sample)
        roots = np.ones_like(left) if roots is None else roots
        constant = roots / np.linalg.norm(roots)
        weighted = rows * roots
        varying = weighted - np.outer(weighted @ constant, constant)
        sizes = scales(varying)
        sizes[sizes <= _VARYING * scales(weighted)] = np.inf
        gains = varying @ (left * roots) / sizes
        kinds = set[str]()
        for place in np.argsort(-np.abs(gains)).tolist():
            if len(kinds) < _TRIED and gains[place] and functions[place].text not in kinds:
                kinds.add(functions[place].text)
                term = product(open_constant(float(gains[place] / sizes[place])), functions[place])
                yield (*terms[:-1], term, terms[-1])

    def _fit(self, tree: Tree) -> ArchiveEntry | None:
        if tree.size > self._search.most or self._search.ended:
            return None
        return self._search.fit(tree, self._source)


def _terms(tree: Tree) -> tuple[Tree, ...]:
    """Return the terms of a sum, left to right."""
    if tree.operator != "+":
        return (tree,)
    return tuple(chain.from_iterable(map(_terms, tree.operands)))
