"""The search for formulas of variables and operators, from several sources of candidates."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import takewhile
from typing import Any, Final

import numpy as np

from grammar_lisa.regression.fit_config import SOURCES
from grammar_lisa.regression.search.allowed import ARITHMETIC, allowed
from grammar_lisa.regression.search.atoms import atoms_of
from grammar_lisa.regression.search.contexts import Context, contexts_of, moves_of
from grammar_lisa.regression.search.formula_search import SAMPLE, FormulaSearch
from grammar_lisa.regression.search.fractions import Fractions
from grammar_lisa.regression.search.letters import SHARE, spellings
from grammar_lisa.regression.search.library import Library
from grammar_lisa.regression.search.local import contexts_within, simpler
from grammar_lisa.regression.search.polynomials import Polynomials
from grammar_lisa.regression.search.recombination import (
    Match,
    Products,
    Recombination,
    Solution,
    Sums,
)
from grammar_lisa.regression.search.scales import SCALES, VIEW_SCALES, Scale
from grammar_lisa.regression.search.shortlist import Candidate, Shortlist
from grammar_lisa.regression.search.tree import (
    Tree,
    number,
    open_constant,
    part_of,
    product,
    total,
    variable,
)
from grammar_lisa.regression.search.variation import Variation
from grammar_lisa.regression.search.views import View, views_of
from shared.common.arrays import Floats

OPERATORS: Final = ("+", "-", "*", "/", "pow", "sqrt", "log", "exp", "sin", "cos")

_AROUND_COST: Final = 2.5
_MOST_AROUND: Final = 200
"""What may stand around an open place: so many members up to that cost."""
_LIBRARY_COST: Final = 12.0
_ATOM_COST: Final = 3.0
_LEAST: Final = 1e-20
"""Smaller losses are not told apart before fits."""
_COST_WEIGHT: Final = 0.3
_TALL: Final[Mapping[int, int]] = {1: 10, 2: 6}
"""The highest degree of polynomials in one or two variables, in the first contexts."""
_FRACTIONS: Final = 4
"""Contexts for each of `Scale.quotients` that simple denominators are tried in."""
_DEGREES_ABOVE: Final = (1, 3)
_PAIRED_ATOMS: Final = 2500
_VARIED: Final = 40
"""Variations between two looks at the clock."""
SPHERE_EVERY: Final = 60
"""Turns of variation to one of the sphere, which has about a tenth of the time so."""


class OperatorSearch(FormulaSearch):
    """A search for formulas made with some operators; see `FormulaSearch`.

    Lines in the variables come first. Rounds on growing scales then look for sums and products of
    members of a library in contexts around one open place, for polynomials and their quotients, for
    functions at a grid of constants, for pairs, and for better parts of the best formulas. After
    the last round good formulas are varied at random until the time is over.

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
        self._restricted = bool(ARITHMETIC - set(self.operators))
        self._shortlist = Shortlist()
        self._improved = set[Tree]()
        self._simplified = set[str]()
        self._library = Library((), 1)
        self._root = Context.root(self.sample_targets, self.weight_roots)

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
        """Yield the stages of all rounds; views come after a first look at the whole."""
        whole, views = View.whole(self.sample, self._root), list[View]()
        for place, (scale, smaller) in enumerate(zip(SCALES, VIEW_SCALES, strict=False)):
            round_ = _Round(self, scale, whole)
            yield from round_.quick()
            self._simplify()
            if "views" in self.sources and place == 0:
                views = views_of(
                    self.points, self.targets, SAMPLE, self.operators, self.weight_roots
                )
            for view in views:
                inner = _Round(self, smaller, view)
                yield from inner.quick()
                yield from inner.thorough()
            yield from round_.thorough()
            self._simplify()
            self._library = round_.library

    def fit(self, tree: Tree, source: str, starts: int = 1) -> float:
        """Fit a formula, in the operators that are allowed; see `FormulaSearch.fit`."""
        form = allowed(tree, self.operators) if self._restricted else tree
        return float("inf") if form is None else super().fit(form, source, starts)

    def consider(self, context: Context, solution: Solution, source: str) -> None:
        """Compare a part in its context on the sample, and remember it for a fit if it is good."""
        self.looked += 1
        loss = max(self.rough_loss(context, solution.values), _LEAST)
        candidate = Candidate(
            loss, context.cost + solution.cost, lambda: context.wrap(solution.tree()), source
        )
        # The form is asked for last: it takes longer than all else.
        wanted = np.isfinite(loss) and self._shortlist.wants(candidate)
        if wanted and self._has_form(candidate):
            self._shortlist.add(candidate)

    def _has_form(self, candidate: Candidate) -> bool:
        """Whether the operators that are allowed express a candidate."""
        return not self._restricted or allowed(candidate.tree(), self.operators) is not None

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

    def improve(self, sums: Sums, products: Products) -> Iterator[str]:
        """Look for better parts of the best formulas."""
        for entry in list(self.archive):
            if entry.tree in self._improved or self.late:
                continue
            self._improved.add(entry.tree)
            contexts = list(contexts_within(entry.tree, self.sample, self._root))
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


class _Round:
    """One round of a search, on one scale."""

    def __init__(self, search: OperatorSearch, scale: Scale, view: View) -> None:
        self._search, self._scale, self._inputs = search, scale, view.inputs
        sample, operators = view.inputs, search.operators
        ones = np.ones(len(search.sample_targets))
        self.library = Library(operators, len(ones))
        for letter, values in sample.items():
            self.library.add(part_of(letter), values, 1.0)
        for tree, values in view.members.items():
            self.library.add(tree, values, 1.0)
        self.library.add(number(1), ones, 1.0)
        self.library.grow(scale.members, _LIBRARY_COST)
        self._values = self.library.values
        costs = np.array(self.library.costs)
        around = np.flatnonzero(costs <= _AROUND_COST)[:_MOST_AROUND].tolist()
        members = [(self.library.tree(m), self._values[m], float(costs[m])) for m in around]
        self._wide = contexts_of(
            view.root,
            moves_of(members, operators),
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
        if "members" in sources:
            yield from self._members()
        if "polynomials" in sources:
            self._polynomials()
            yield self._fitted("polynomials")
            self._quotients()
            yield self._fitted("quotients")

    def thorough(self) -> Iterator[str]:
        """Take the other steps; yield after each."""
        search, sources = self._search, self._search.sources
        if "letters" in sources:
            self._letters()
            yield self._fitted("letters")
        if "atoms" in sources:
            self._atoms()
            yield self._fitted("atoms")
        if "backpropagation" in sources:
            yield from search.improve(self._sums, self._products)
        if "pairs" in sources:
            yield from self._pairs()
        if "backpropagation" in sources:
            yield from search.improve(self._sums, self._products)

    def _fitted(self, name: str) -> str:
        self._search.fit_shortlist()
        return name

    def _members(self) -> Iterator[str]:
        search = self._search
        for source, name in (
            (self._sums, "sums"),
            (self._linear, "sums"),
            (self._products, "products"),
        ):
            search.match(source, source.single(self._contexts, 2), name, 3000)
        yield self._fitted("members")
        for context in self._contexts[: self._scale.weighted]:
            search.match(self._sums, self._sums.weighted(context, 4), "sums", 5)
            search.match(self._products, self._products.weighted(context, 4), "products", 5)
        yield self._fitted("members, weighted")

    def _pairs(self) -> Iterator[str]:
        contexts, most = self._contexts[: self._scale.paired], self._scale.pair_members
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
        scored.sort(key=lambda each: np.log(each[0] + _LEAST) + _COST_WEIGHT * each[1].cost)
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

    def _letters(self) -> None:
        """Look for polynomials in a function beside variables, and for quotients of them."""
        scale, library = self._scale, self.library
        functions = [m for m in range(len(library)) if library.is_function(m)][: scale.letters]
        members = [(library.tree(member), self._values[member]) for member in functions]
        spelt = spellings(self._contexts[: scale.weighted], self._inputs, members)
        found = heapq.nsmallest(
            max(scale.polynomials, scale.quotients),
            takewhile(lambda _: not self._search.late, spelt),
            key=lambda each: np.log(each.left + _LEAST) + _COST_WEIGHT * each.cost,
        )
        for each in found[: scale.polynomials]:
            self._consider(each.context, each.polynomials.sums(each.context), "letters")
        for each in found[: scale.quotients]:
            self._consider(each.context, each.polynomials.quotients(each.context), "letters")

    def _consider(self, context: Context, solutions: Iterable[Solution], source: str) -> None:
        for solution in solutions:
            if self._search.late:
                return
            self._search.consider(context, solution, source)

    def _atoms(self) -> None:
        search, costs = self._search, self.library.costs
        atoms = Library((), len(search.sample_targets))
        for member in range(min(len(self.library), 300)):
            atoms.add(self.library.tree(member), self._values[member], costs[member])
        for member in self._arguments():
            if search.late:
                return
            tree = self.library.tree(member)
            row, fine = self._values[member], len(self._inputs) == 1
            for atom, values in atoms_of(tree, row, search.operators, fine=fine):
                if np.isfinite(values).all():
                    atoms.add(atom, values, costs[member] + _ATOM_COST)
        contexts = self._contexts[: self._scale.weighted]
        sums = Sums(atoms, weight_roots=search.weight_roots)
        search.match(sums, sums.single(contexts, 6), "atoms", 1000)
        for context in contexts[: 4 * self._scale.paired]:
            if search.late:
                return
            search.match(sums, sums.weighted(context, 6), "atoms", 6)
        search.match(
            sums, sums.pairs(contexts[: self._scale.paired], 12, _PAIRED_ATOMS), "atoms", 1000
        )
        products = Products(
            atoms, self._inputs, roots=self._roots, weight_roots=search.weight_roots
        )
        search.match(products, products.single(contexts, 6), "atoms", 600)

    def _arguments(self) -> list[int]:
        """Return the cheapest members that vary."""
        varying = np.ptp(self._values, axis=1) > 0
        return [int(member) for member in np.flatnonzero(varying)[: self._scale.arguments]]
