"""The search for formulas: candidates from several sources, constants fitted, the best kept."""

from __future__ import annotations

import heapq
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from grammar_lisa.expressions.evaluation import Floats
from grammar_lisa.regression.archive import Archive, Entry
from grammar_lisa.regression.atoms import atoms_of
from grammar_lisa.regression.constants import polish
from grammar_lisa.regression.contexts import Context, contexts_of, moves_of
from grammar_lisa.regression.library import Library
from grammar_lisa.regression.local import contexts_within, simpler
from grammar_lisa.regression.losses import MSE, Loss
from grammar_lisa.regression.polynomials import Polynomials
from grammar_lisa.regression.recombination import Match, Products, Recombination, Solution, Sums
from grammar_lisa.regression.shortlist import Candidate, Shortlist
from grammar_lisa.regression.tree import Tree, number, open_constant, variable

SAMPLE: Final = 200
FITTED: Final = 1000


@dataclass(frozen=True)
class Scale:
    """How much a round looks at.

    Attributes:
        members: Of the library.
        wide: Contexts that powers and polynomials of all variables are tried in.
        contexts: Contexts that members are tried in.
        weighted: Contexts in which errors are weighed as the whole formula changes with them.
        paired: Contexts for which pairs are tried.
        pair_members: Members that pairs are made of.
    """

    members: int
    wide: int
    contexts: int
    weighted: int
    paired: int
    pair_members: int


SCALES: Final = (
    Scale(800, 2000, 150, 60, 12, 600),
    Scale(4000, 20000, 1500, 300, 30, 1500),
    Scale(12000, 60000, 6000, 1000, 100, 3000),
)


class Search:
    def __init__(
        self,
        points: Mapping[str, Floats],
        targets: Floats,
        weights: Floats | None = None,
        loss: Loss | None = None,
        operators: Sequence[str] = ("+", "-", "*", "/", "pow", "sqrt", "log", "exp", "sin", "cos"),
        most: int = 30,
        seed: int = 0,
        deadline: float = float("inf"),
    ) -> None:
        self.began = time.monotonic()
        self.deadline = deadline
        self.operators = tuple(operators)
        self.loss = loss or MSE()
        self.variables = tuple(points)
        n = len(targets)
        rows = np.random.default_rng(seed).permutation(n)[: min(n, FITTED)]
        some = rows[: min(n, SAMPLE)]
        self.points = {k: np.ascontiguousarray(v[rows]) for k, v in points.items()}
        self.targets = targets[rows]
        self.weights = None if weights is None else weights[rows]
        self.sample = {k: v[some] for k, v in points.items()}
        self.sample_targets = targets[some]
        self._variance = float(np.var(self.sample_targets)) or 1.0
        self.most = most
        self.exact = self.loss.bind(self.targets, self.weights).exact
        self.archive = Archive(max(self.exact, 1e-22), most)
        self.shortlist = Shortlist()
        self.generator = np.random.default_rng(seed)
        self.fits = 0
        self.looked = 0
        self._local_done: set[Tree] = set()
        self._pruned: set[str] = set()

    @property
    def late(self) -> bool:
        return time.monotonic() > self.deadline

    @property
    def solved(self) -> bool:
        best = self.archive.best
        return best is not None and best.loss <= self.archive._exact * 100

    def run(self) -> Iterator[str]:
        """Search until the time is over or the data are met; yield what each stage was."""
        self._fit(open_constant(float(self.targets.mean())), "constant")
        for level, scale in enumerate(SCALES):
            for stage in self._round(scale, level):
                yield stage
                if self.late:
                    return
                if self.solved:
                    self._prune()
                    return

    def _round(self, scale: Scale, level: int) -> Iterator[str]:
        library = Library(self.operators, len(self.sample_targets))
        for name, values in self.sample.items():
            library.add(variable(name), values, 1.0)
        library.add(number(1), np.ones(len(self.sample_targets)), 1.0)
        library.grow(scale.members, 12.0)
        values = library.values
        around = [m for m in range(len(library)) if library.costs[m] <= 2.5][:200]
        members = [(library.tree(m), values[m], library.costs[m]) for m in around]
        wide = contexts_of(self.sample_targets, moves_of(members, self.operators), scale.wide)
        contexts = wide[: scale.contexts]
        sums = Sums(library)
        linear = Sums(library, self.sample)
        products = Products(library, self.sample, roots="sqrt" in self.operators)
        polynomials = Polynomials(self.sample)
        self._matches(products, products.alone(wide), "products", 300)
        yield from self._stage("powers")
        self._matches(sums, sums.single(contexts, 2), "sums", 3000)
        self._matches(linear, linear.single(contexts, 2), "sums", 3000)
        self._matches(products, products.single(contexts, 2), "products", 3000)
        yield from self._stage("one member")
        for context in contexts[: scale.weighted]:
            self._matches(sums, sums.weighted(context, 2), "sums", 3)
            self._matches(products, products.weighted(context, 2), "products", 3)
        yield from self._stage("one member, weighted")
        self._polynomials(polynomials, wide, level)
        yield from self._stage("polynomials")
        if level == 0 or level == 1:
            self._atoms(library, contexts[: 40 * (level + 1)], level)
            yield from self._stage("atoms")
        yield from self._local(sums, products)
        self._matches(
            sums, sums.pairs(contexts[: scale.paired], 8, scale.pair_members), "sums", 3000
        )
        yield from self._stage("pairs of sums")
        self._matches(
            products,
            products.pairs(contexts[: scale.paired], 8, scale.pair_members),
            "products",
            3000,
        )
        yield from self._stage("pairs of products")
        yield from self._local(sums, products)

    def _stage(self, name: str) -> Iterator[str]:
        self._fit_all(self.shortlist.take())
        yield name

    def _matches(
        self, source: Recombination, matches: Iterable[Match], name: str, most: int
    ) -> None:
        for match in sorted(matches, key=lambda match: match.left)[:most]:
            solution = source.solved(match)
            if solution is not None:
                self._consider(match.context, solution, name)

    def _consider(self, context: Context, solution: Solution, name: str) -> None:
        self.looked += 1
        loss = self._loss(context, solution.values)
        if np.isfinite(loss):
            self.shortlist.add(
                Candidate(
                    max(loss, 1e-20),
                    context.cost + solution.cost,
                    lambda: context.wrap(solution.tree()),
                    name,
                )
            )

    def _polynomials(
        self, polynomials: Polynomials, contexts: Sequence[Context], level: int
    ) -> None:
        """Try sums of monomials where all of them do well, and quotients in the cheap contexts."""
        ranked = heapq.nsmallest(4000, polynomials.alone(contexts), key=lambda each: each[0])
        scored = [(self._loss(c, values), c) for _, c, values in ranked]
        scored += [
            (self._loss(c, polynomials.weighted(c)), c) for c in contexts[: 200 * (level + 1)]
        ]
        scored.sort(key=lambda each: np.log(each[0] + 1e-12) + 0.3 * each[1].cost)
        for _, context in scored[: 20 * (level + 1)]:
            for solution in polynomials.sums(context):
                self._consider(context, solution, "polynomials")
        for context in contexts[: 1 + 8 * level]:
            for solution in polynomials.quotients(context):
                self._consider(context, solution, "quotients")

    def _loss(self, context: Context, values: Floats) -> float:
        """The loss on the sample of the whole formula with some values at the open place."""
        with np.errstate(all="ignore"):
            errors = context.forward(values) - self.sample_targets
            loss = float(np.square(errors).mean()) / self._variance
        return loss if np.isfinite(loss) else np.inf

    def _atoms(self, library: Library, contexts: Sequence[Context], level: int) -> None:
        atoms = Library((), len(self.sample_targets))
        values = library.values
        count = min(len(library), 300)
        for member in range(count):
            atoms.add(library.tree(member), values[member], library.costs[member])
        arguments = [
            m
            for m in range(len(library))
            if library.costs[m] <= (1.0 if level == 0 else 2.5) and np.ptp(values[m]) > 0
        ][: 6 if level == 0 else 16]
        for member in arguments:
            for tree, result in atoms_of(library.tree(member), values[member], self.operators):
                if np.isfinite(result).all():
                    atoms.add(tree, result, 3.0)
        sums = Sums(atoms)
        self._matches(sums, sums.single(contexts, 6), "atoms", 1000)
        self._matches(sums, sums.pairs(contexts[: 6 * (level + 1)], 12, 2500), "atoms", 1000)
        products = Products(atoms, self.sample, roots="sqrt" in self.operators)
        self._matches(products, products.single(contexts, 6), "atoms", 600)

    def _local(self, sums: Sums, products: Products) -> Iterator[str]:
        for entry in list(self.archive):
            if entry.tree in self._local_done or self.late:
                continue
            self._local_done.add(entry.tree)
            contexts = list(contexts_within(entry.tree, self.sample, self.sample_targets))
            contexts = [c for c in contexts if np.ptp(c.desired) > 1e-9 * np.abs(c.desired).max()]
            if not contexts:
                continue
            self._matches(sums, sums.single(contexts, 4), "backpropagation", 300)
            self._matches(products, products.alone(contexts), "backpropagation", 50)
            self._matches(products, products.single(contexts, 4), "backpropagation", 300)
            yield from self._stage("backpropagation")

    def _fit_all(self, candidates: Iterable[tuple[Tree, str]]) -> None:
        for tree, source in candidates:
            if self.late or self.solved:
                return
            if tree.size <= self.most:
                self._fit(tree, source)

    def _fit(self, tree: Tree, source: str, steps: int = 8) -> bool:
        self.fits += 1
        skeleton = tree.skeleton(self.variables)
        fit = polish(
            skeleton.bind(self.points),
            self.targets,
            self.weights,
            self.loss,
            tree.constants(),
            steps,
        )
        if not np.isfinite(fit.loss):
            return False
        seconds = time.monotonic() - self.began
        return self.archive.add(
            Entry(tree.with_constants(fit.constants), fit.loss, source, seconds)
        )

    def _prune(self) -> None:
        """Leave out of the best formulas what is not missed."""
        changed = True
        while changed and not self.late:
            changed = False
            best = self.archive.best
            assert best is not None
            for tree in simpler(best.tree):
                if tree.size < best.tree.size and tree.text not in self._pruned:
                    self._pruned.add(tree.text)
                    changed |= self._fit(tree, best.source)
                if self.late:
                    return
