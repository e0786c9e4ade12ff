"""The search for formulas of variables and operators, from several sources of candidates."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import takewhile
from typing import Any, Final

import numpy as np

from grammar_lisa.expressions.expression import POWER
from grammar_lisa.regression.fit_config import ARITHMETIC, SOURCES, FitConfig
from grammar_lisa.regression.search.additive import AdditiveModels
from grammar_lisa.regression.search.allowed import allowed
from grammar_lisa.regression.search.archive import ArchiveEntry
from grammar_lisa.regression.search.contexts import Context
from grammar_lisa.regression.search.formula_search import SAMPLE, FormulaSearch
from grammar_lisa.regression.search.library import Library
from grammar_lisa.regression.search.local import contexts_within, simpler, with_units
from grammar_lisa.regression.search.recombination import (
    Match,
    Products,
    Recombination,
    Solution,
    Sums,
)
from grammar_lisa.regression.search.scales import SCALES, SUBPROBLEM_SCALES
from grammar_lisa.regression.search.search_round import SearchRound
from grammar_lisa.regression.search.separability import Subproblem, subproblems_of
from grammar_lisa.regression.search.shortlist import LEAST, Candidate, Shortlist
from grammar_lisa.regression.search.tree import (
    Tree,
    is_numeric,
    open_constant,
    product,
    total,
    variable,
)
from grammar_lisa.regression.search.variation import Variation
from shared.common.arrays import Floats

OPERATORS: Final = FitConfig().operator_names

_STEEP: Final = 12.0
"""Powers with a greater exponent stand for exponentials, which say more about the data."""
_OUTLYING: Final = 1e-3
"""The root of the weight that outliers of a robust loss have among candidates."""
_VARIED: Final = 40
"""Variations between two looks at the clock."""
SPHERE_EVERY: Final = 60
"""Turns of variation to one of the sphere, which has about a tenth of the time so."""


class OperatorSearch(FormulaSearch):
    """A search for formulas made with some operators; see `FormulaSearch`.

    Lines in the variables come first. Rounds on growing scales then look for sums and products of
    subexpressions of a library in contexts around one open place, for polynomials and their
    quotients, for functions at a grid of constants, for pairs, and for better parts of the best
    formulas. After the last round good formulas are varied at random until the time is over.

    Args:
        points: The variables, each ``[row]``.
        targets: What is to be met, ``[row]``.
        operators: What formulas may be made with.
        sources: Where candidates come from.
        sphere: Fits candidates of its own when it has its turn; tells whether there were any.
        options: What `FormulaSearch` takes.
    """

    def __init__(
        self,
        points: Mapping[str, Floats],
        targets: Floats,
        operators: Sequence[str] = OPERATORS,
        sources: Sequence[str] = SOURCES,
        sphere: Callable[[OperatorSearch], bool] | None = None,
        **options: Any,
    ) -> None:
        super().__init__(points, targets, **options)
        self.operators = tuple(operators)
        self.sources = tuple(sources)
        self._sphere = sphere
        self._restricted = bool(set(ARITHMETIC) - set(self.operators))
        self._shortlist = Shortlist()
        self._improved = set[Tree]()
        self._simplified = set[str]()
        self._with_units = list[Tree]()
        self._library = Library((), 1)
        self.root = Context.root(self.sample_targets, self.weight_roots)
        self._weights = self.weight_roots
        self._whole_loss = self.loss.bind(self.targets, self.weights)
        self._deviation: float | None = None

    def run(self) -> Iterator[str]:
        """Search until it has ended; yield the name of each stage."""
        self.fit_constant()
        self.fit_lines()
        if not self.ended:
            yield from self._stages()
        self._simplify()

    def _stages(self) -> Iterator[str]:
        """Yield the stages of all rounds and of late sources, until the search has ended."""
        for stage in self._rounds():
            yield stage
            if self.ended:
                return
        yield from self._late_sources()

    def fit_lines(self) -> None:
        """Fit a line in each variable, before a library is made."""
        for name in self.variables:
            slope = product(open_constant(1.0), variable(name))
            line = total(slope, open_constant(0.0))
            if line.size <= self.most and not self.ended:
                self.fit(line, "lines")

    def _late_sources(self) -> Iterator[str]:
        """Vary good formulas, in turns with the sphere, until there is nothing more to fit."""
        varies, turn = "variation" in self.sources, 0
        every = SPHERE_EVERY if varies else 1
        while not self.ended:
            before = self.fits
            if varies:
                self._vary(self._library)
                yield "variation"
            if turn % every == 0 and self._sphere and not self.ended and self._sphere(self):
                yield "sphere"
            if self.fits == before:
                return
            turn += 1

    def _rounds(self) -> Iterator[str]:
        """Yield the stages of all rounds; subproblems come after a first look at the whole."""
        subproblems = list[Subproblem]()
        for place, (scale, smaller) in enumerate(zip(SCALES, SUBPROBLEM_SCALES, strict=False)):
            if self.sample_loss.robust:
                yield from SearchRound(self, scale, self._whole).quick()
                self._leave_outliers()
            round_ = SearchRound(self, scale, self._whole)
            yield from round_.quick()
            self._simplify()
            if "separability" in self.sources and place == 0:
                subproblems = subproblems_of(
                    self.points, self.targets, SAMPLE, self.operators, self.weight_roots
                )
            for subproblem in subproblems:
                inner = SearchRound(self, smaller, subproblem)
                yield from inner.quick()
                yield from inner.thorough()
            if "dictionary" in self.sources and place == 0:
                yield from self._additive_models()
            yield from round_.thorough()
            self._simplify()
            self._library = round_.library

    def _additive_models(self) -> Iterator[str]:
        """Fit sums of functions of one input each, which lie between points of the grid."""
        models = AdditiveModels(self, "dictionary")
        for fit in (models.fit_pairs, models.fit_stagewise):
            if not self.ended:
                fit()
                yield "sums of functions"

    @property
    def _whole(self) -> Subproblem:
        return Subproblem.whole(self.sample, self.root)

    def _leave_outliers(self) -> None:
        """Weigh the outliers of the best formula next to nothing where candidates are made.

        Candidates come from least squares, which outliers of a robust loss would decide.
        """
        best = self.archive.best
        if best is None:
            return
        whole = np.broadcast_to(best.tree.values(self.points), len(self.targets))
        self._deviation = self._whole_loss.deviation(whole)
        entries, self.archive = list(self.archive), self.new_archive()
        for entry in entries:
            self._keep(entry)
        values = np.broadcast_to(best.tree.values(self.sample), len(self.sample_targets))
        roots = np.ones(len(values)) if self._weights is None else self._weights
        self.weight_roots = np.where(self.sample_loss.outlying(values), _OUTLYING, roots)
        self.root = Context.root(self.sample_targets, self.weight_roots)

    def judged(self, entry: ArchiveEntry) -> ArchiveEntry:
        """Return a formula with its loss, to which outliers of a robust one add but little."""
        if self._deviation is None:
            return entry
        values = np.broadcast_to(entry.tree.values(self.points), len(self.targets))
        return entry._replace(loss=self._whole_loss.capped(values, self._deviation))

    def fit(self, tree: Tree, source: str, starts: int = 1) -> ArchiveEntry | None:
        """Fit a formula, in the operators that are allowed; see `FormulaSearch.fit`."""
        form = self._form(tree)
        return None if form is None else super().fit(form, source, starts)

    def _form(self, tree: Tree) -> Tree | None:
        """Return a formula in the operators that are allowed; None where they do not express it."""
        return allowed(tree, self.operators) if self._restricted else tree

    def _keep(self, entry: ArchiveEntry) -> None:
        """Keep a formula as others do, but no power so steep that an exponential is meant."""
        steep = (
            part.operator == POWER
            and is_numeric(part.operands[1])
            and abs(part.operands[1].value) > _STEEP
            for _, part in entry.tree.paths()
        )
        if "exp" in self.operators and any(steep):
            return
        super()._keep(entry)
        form = self._form(with_units(entry.tree))
        shorter = form is not None and form.size < entry.complexity
        if form is not None and shorter and entry.loss < self.archive.level(form.size):
            self._with_units.append(form)

    def consider(self, context: Context, solution: Solution, source: str) -> None:
        """Compare a part in its context on the sample, and remember it for a fit if it is good."""
        loss = max(self.rough_loss(context, solution.values), LEAST)
        candidate = Candidate(
            loss, context.cost + solution.cost, lambda: context.wrap(solution.tree()), source
        )
        # The form is asked for last: it takes longer than all else.
        wanted = np.isfinite(loss) and self._shortlist.wants(candidate)
        if wanted and (not self._restricted or self._form(candidate.tree()) is not None):
            self._shortlist.add(candidate)

    def rough_loss(self, context: Context, values: Floats) -> float:
        """Return the loss on the sample with some values at the open place."""
        with np.errstate(all="ignore"):
            loss = float(self.sample_loss.value(context.forward(values)))
        return loss if np.isfinite(loss) else np.inf

    def match(self, source: Recombination, matches: Iterable[Match], name: str, most: int) -> None:
        """Consider the best of some matches, of those that there is time to look for."""
        in_time = takewhile(lambda match: not self.late, matches)
        for match in heapq.nsmallest(most, in_time, key=lambda match: match.left):
            if self.late:
                return
            for solution in source.solutions(match):
                self.consider(match.context, solution, name)

    def fit_shortlist(self) -> None:
        """Fit what was remembered."""
        for tree, source in self._shortlist.take():
            if self.ended:
                return
            if tree.size <= self.most:
                self.fit(tree, source)
            while self._with_units and not self.ended:
                self.fit(self._with_units.pop(), source)

    def improve(self, sums: Sums, products: Products) -> Iterator[str]:
        """Look for better parts of the best formulas."""
        for entry in list(self.archive):
            if entry.tree in self._improved or self.late:
                continue
            self._improved.add(entry.tree)
            contexts = list(contexts_within(entry.tree, self.sample, self.root))
            if contexts:
                name = "backpropagation"
                self.match(sums, sums.single(contexts, 4), name, 300)
                self.match(products, products.alone(contexts), name, 50)
                self.match(products, products.single(contexts, 4), name, 300)
                self.fit_shortlist()
                yield name

    def _vary(self, library: Library) -> None:
        variation = Variation(library, self.operators, self.generator)
        entries = list(self.archive)
        for _ in range(_VARIED):
            tree = variation.vary([entry.tree for entry in entries])
            if self.ended:
                return
            if tree.size <= self.most:
                self.fit(tree, "variation")

    def _simplify(self) -> None:
        """Leave out of the best formulas what is not missed."""
        done = set[Tree]()
        while pending := [e for e in self.archive if e.tree not in done]:
            for entry in pending:
                done.add(entry.tree)
                for tree in simpler(entry.tree):
                    if self.enough or self.late:
                        return
                    text = tree.text
                    if tree.size < entry.complexity and text not in self._simplified:
                        self._simplified.add(text)
                        self.fit(tree, entry.source)
