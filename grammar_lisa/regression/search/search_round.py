"""One round of a search for formulas: every source of candidates once, on one scale."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Mapping
from itertools import takewhile
from typing import TYPE_CHECKING, Final

import numpy as np

from grammar_lisa.regression.search.contexts import Context, contexts_of, moves_of
from grammar_lisa.regression.search.dictionary import parametric_functions
from grammar_lisa.regression.search.feature_polynomials import SHARE, feature_fits
from grammar_lisa.regression.search.fractions import Fractions
from grammar_lisa.regression.search.library import Library
from grammar_lisa.regression.search.polynomials import Polynomials
from grammar_lisa.regression.search.recombination import Products, Solution, Sums
from grammar_lisa.regression.search.scales import Scale
from grammar_lisa.regression.search.separability import Subproblem
from grammar_lisa.regression.search.shortlist import LEAST
from grammar_lisa.regression.search.tree import number, part_of

if TYPE_CHECKING:
    from grammar_lisa.regression.search.operator_search import OperatorSearch

_AROUND_COST: Final = 2.5
_MOST_AROUND: Final = 200
"""What may stand around an open place: so many subexpressions up to that cost."""
_LIBRARY_COST: Final = 12.0
_FUNCTION_COST: Final = 3.0
_COST_WEIGHT: Final = 0.3
_TALL: Final[Mapping[int, int]] = {1: 10, 2: 6}
"""The highest degree of polynomials in one or two variables, in the first contexts."""
_FRACTIONS: Final = 4
"""Contexts for each of `Scale.quotients` that simple denominators are tried in."""
_DEGREES_ABOVE: Final = (1, 3)
_PAIRED_FUNCTIONS: Final = 2500


class SearchRound:
    """One round of a search, on one scale."""

    def __init__(self, search: OperatorSearch, scale: Scale, subproblem: Subproblem) -> None:
        self._search, self._scale, self._inputs = search, scale, subproblem.inputs
        sample, operators = subproblem.inputs, search.operators
        ones = np.ones(len(search.sample_targets))
        self.library = Library(operators, len(ones))
        for feature, values in sample.items():
            self.library.add(part_of(feature), values, 1.0)
        for tree, values in subproblem.entries.items():
            self.library.add(tree, values, 1.0)
        self.library.add(number(1), ones, 1.0)
        self.library.grow(scale.entries, _LIBRARY_COST)
        self._values = self.library.values
        costs = np.array(self.library.costs)
        around = np.flatnonzero(costs <= _AROUND_COST)[:_MOST_AROUND].tolist()
        entries = [(self.library.tree(m), self._values[m], float(costs[m])) for m in around]
        self._wide = contexts_of(
            subproblem.root,
            moves_of(entries, operators),
            scale.wide,
            late=lambda: search.late,
        )
        self._contexts = self._wide[: scale.contexts]
        self._roots = "sqrt" in operators
        roots = search.weight_roots
        self._sums = Sums(self.library, weight_roots=roots)
        self._linear = Sums(self.library, sample, roots)
        self._products = Products(self.library, sample, roots=self._roots, weight_roots=roots)

    def quick(self) -> Iterator[str]:
        """Take the steps that solve most problems; yield after each."""
        search, sources = self._search, self._search.sources
        search.match(self._products, self._products.alone(self._wide), "powers", 300)
        yield self._fitted("powers")
        if "subexpressions" in sources:
            yield from self._entries()
        if "polynomials" in sources:
            self._polynomials()
            yield self._fitted("polynomials")
            self._quotients()
            yield self._fitted("quotients")

    def thorough(self) -> Iterator[str]:
        """Take the other steps; yield after each."""
        search, sources = self._search, self._search.sources
        if "features" in sources:
            self._features()
            yield self._fitted("features")
        if "dictionary" in sources:
            self._dictionary()
            yield self._fitted("dictionary")
        if "backpropagation" in sources:
            yield from search.improve(self._sums, self._products)
        if "pairs" in sources:
            yield from self._pairs()
        if "backpropagation" in sources:
            yield from search.improve(self._sums, self._products)

    def _fitted(self, name: str) -> str:
        self._search.fit_shortlist()
        return name

    def _entries(self) -> Iterator[str]:
        search = self._search
        for source, name in (
            (self._sums, "sums"),
            (self._linear, "sums"),
            (self._products, "products"),
        ):
            search.match(source, source.single(self._contexts, 2), name, 3000)
        yield self._fitted("subexpressions")
        for context in self._contexts[: self._scale.weighted]:
            search.match(self._sums, self._sums.weighted(context, 4), "sums", 5)
            search.match(self._products, self._products.weighted(context, 4), "products", 5)
        yield self._fitted("subexpressions, weighted")

    def _pairs(self) -> Iterator[str]:
        contexts, most = self._contexts[: self._scale.paired], self._scale.pair_entries
        for source, name in ((self._sums, "sums"), (self._products, "products")):
            self._search.match(source, source.pairs(contexts, 8, most), name, 3000)
            yield self._fitted(f"pairs, {name}")

    def _polynomials(self) -> None:
        search, scale = self._search, self._scale
        roots = search.weight_roots
        few = Polynomials(self._inputs, weight_roots=roots)
        many = Polynomials(self._inputs, SHARE, weight_roots=roots)
        ranked = heapq.nsmallest(4000, many.alone(self._wide), key=lambda each: each[0])
        scored = [(search.rough_loss(context, values), context) for _, context, values in ranked]
        scored += [
            (search.rough_loss(context, few.weighted(context)), context)
            for context in self._contexts[: scale.weighted]
        ]
        scored.sort(key=lambda each: np.log(each[0] + LEAST) + _COST_WEIGHT * each[1].cost)
        for _, context in scored[: scale.polynomials]:
            self._consider(context, many.sums(context), "polynomials")
        if len(self._inputs) in _TALL:
            tall = Polynomials(self._inputs, SHARE, _TALL[len(self._inputs)], roots)
            for context in self._contexts[: scale.quotients]:
                self._consider(context, tall.sums(context), "polynomials")

    def _quotients(self) -> None:
        few = Polynomials(self._inputs, weight_roots=self._search.weight_roots)
        most = self._scale.quotients
        for context in self._contexts[:most]:
            self._consider(context, few.quotients(context), "quotients")
        self._search.fit_shortlist()
        for degree in () if self._search.solved else _DEGREES_ABOVE:
            fractions = Fractions(self._inputs, degree)
            for context in self._contexts[: _FRACTIONS * most]:
                self._consider(context, fractions.solutions(context), "quotients")

    def _features(self) -> None:
        """Look for polynomials in a function beside variables, and for quotients of them."""
        scale, library = self._scale, self.library
        functions = [m for m in range(len(library)) if library.is_function(m)][: scale.features]
        entries = [(library.tree(entry), self._values[entry]) for entry in functions]
        fits = feature_fits(self._contexts[: scale.weighted], self._inputs, entries)
        found = heapq.nsmallest(
            max(scale.polynomials, scale.quotients),
            takewhile(lambda _: not self._search.late, fits),
            key=lambda each: np.log(each.left + LEAST) + _COST_WEIGHT * each.cost,
        )
        for each in found[: scale.polynomials]:
            self._consider(each.context, each.polynomials.sums(each.context), "features")
        for each in found[: scale.quotients]:
            self._consider(each.context, each.polynomials.quotients(each.context), "features")

    def _consider(self, context: Context, solutions: Iterable[Solution], source: str) -> None:
        for solution in solutions:
            if self._search.late:
                return
            self._search.consider(context, solution, source)

    def _dictionary(self) -> None:
        search, costs = self._search, self.library.costs
        functions = Library((), len(search.sample_targets))
        for entry in range(min(len(self.library), 300)):
            functions.add(self.library.tree(entry), self._values[entry], costs[entry])
        for entry in self._arguments():
            if search.late:
                return
            tree = self.library.tree(entry)
            row, fine = self._values[entry], len(self._inputs) == 1
            for made in parametric_functions(tree, row, search.operators, fine=fine):
                values = made.values(search.sample)
                if np.isfinite(values).all():
                    functions.add(made, values, costs[entry] + _FUNCTION_COST)
        contexts = self._contexts[: self._scale.weighted]
        sums = Sums(functions, weight_roots=search.weight_roots)
        search.match(sums, sums.single(contexts, 6), "dictionary", 1000)
        for context in contexts[: 4 * self._scale.paired]:
            if search.late:
                return
            search.match(sums, sums.weighted(context, 6), "dictionary", 6)
        search.match(
            sums,
            sums.pairs(contexts[: self._scale.paired], 12, _PAIRED_FUNCTIONS),
            "dictionary",
            1000,
        )
        products = Products(
            functions, self._inputs, roots=self._roots, weight_roots=search.weight_roots
        )
        search.match(products, products.single(contexts, 6), "dictionary", 600)

    def _arguments(self) -> list[int]:
        """Return the cheapest subexpressions that vary."""
        varying = np.ptp(self._values, axis=1) > 0
        return [int(entry) for entry in np.flatnonzero(varying)[: self._scale.arguments]]
