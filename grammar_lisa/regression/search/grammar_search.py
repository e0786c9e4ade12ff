"""The search for formulas among the sentences of a grammar, which is never left."""

from __future__ import annotations

import heapq
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from grammar_lisa.expressions.evaluation import evaluate_readable
from grammar_lisa.expressions.expression import CONSTANT_TERMINAL
from grammar_lisa.expressions.reading import Reading
from grammar_lisa.expressions.skeleton import Skeleton
from grammar_lisa.grammar.arrays import to_array
from grammar_lisa.grammar.cfg import Grammar
from grammar_lisa.grammar.counting import Counts
from grammar_lisa.grammar.moves import TreeMoves
from grammar_lisa.grammar.text import derivations_to_texts
from grammar_lisa.regression.search.formula_search import FormulaSearch
from grammar_lisa.regression.search.tree import tree_of
from shared.common.arrays import Floats

if TYPE_CHECKING:
    from grammar_lisa.grammar.parsing import Parser

MAX_RULES: Final = 40
"""The most rules of a sentence, where nothing else is said."""
_BLOCK: Final = 500
"""Sentences of a stage."""
_POPULATION: Final = 300
_TOURNAMENT: Final = 4
_STARTS: Final = 4

_OPEN: Final = re.compile(rf"\b{CONSTANT_TERMINAL}\b")

Derivation = tuple[int, ...]


class _Individual(NamedTuple):
    """A sentence that others are made of.

    Attributes:
        loss: Of its formula.
        text: Its canonical text.
        derivation: Its rules.
    """

    loss: float
    text: str
    derivation: Derivation


class GrammarSearch(FormulaSearch):
    """A search among the sentences of a grammar; see `FormulaSearch`.

    Sentences are taken by their number of rules, the short ones first, in turns with crossover and
    mutation of the derivations of good ones. A terminal `c` stands for a constant, which is fitted
    for each sentence. What is no formula of the variables, is undefined on a row of the data, or
    equals what was tried before but for the order of terms and factors, costs nothing.

    Args:
        points: The variables, each ``[row]``.
        targets: What is to be met, ``[row]``.
        grammar: Whose sentences are formulas.
        max_rules: The most rules of a sentence; None takes `MAX_RULES`.
        sphere: Fits candidates of its own when it has its turn; tells whether there were any.
        options: What `FormulaSearch` takes.

    Raises:
        LisaError: The grammar has no sentence of so few rules.
    """

    def __init__(
        self,
        points: Mapping[str, Floats],
        targets: Floats,
        grammar: Grammar,
        max_rules: int | None = None,
        sphere: Callable[[GrammarSearch], bool] | None = None,
        **options: Any,
    ) -> None:
        super().__init__(points, targets, **options)
        self.grammar = grammar
        self.max_rules = max_rules or MAX_RULES
        self._sphere = sphere
        self._moves = TreeMoves(grammar, self.max_rules)
        self._counts = Counts(grammar, self.max_rules)
        self._reading = Reading((*self.variables, CONSTANT_TERMINAL))
        self._tried = set[str]()
        self._population: list[_Individual] = []
        self._readable = 0

    def run(self) -> Iterator[str]:
        """Search until it has ended or no sentence is left; yield the name of each stage.

        Where none of the first sentences is a formula that is finite on the sample, it has ended.
        """
        ranks = iter(range(self._counts.at_most()))
        exhausted = False
        while not (self.ended or exhausted):
            block = [self._counts.unrank(rank) for rank in islice(ranks, _BLOCK)]
            exhausted = not block
            self.attempt(block, "enumeration")
            if not self._readable:
                return
            if block:
                yield "enumeration"
            if self._population and not self.ended:
                before = len(self._tried)
                self.attempt(self._offspring(), "tree moves")
                exhausted &= len(self._tried) == before
                yield "tree moves"
            if self._sphere is not None and not self.ended and self._sphere(self):
                exhausted = False
                yield "sphere"

    def _array(self, derivations: Sequence[Derivation]) -> Any:
        return to_array(list(derivations), self.max_rules, len(self.grammar.rules))

    def _offspring(self) -> list[Derivation]:
        """Crossovers and mutations of good sentences."""
        first, second = self._parents(_BLOCK // 2), self._parents(_BLOCK // 2)
        crossed = self._moves.crossover(first, second, self.generator)
        mutated = self._moves.mutate(self._parents(_BLOCK // 2), self.generator)
        rows = np.concatenate([crossed, mutated])
        pad = len(self.grammar.rules)
        return [tuple(row[row != pad].tolist()) for row in rows]

    def _parents(self, count: int) -> Any:
        draws = self.generator.integers(len(self._population), size=(count, _TOURNAMENT))
        return self._array([self._population[k].derivation for k in draws.min(axis=1).tolist()])

    def attempt(self, derivations: Sequence[Derivation], source: str) -> dict[str, float]:
        """Fit new sentences, and keep the good ones to make others of.

        Returns:
            The losses of those that were fitted, by their canonical texts.
        """
        losses = dict[str, float]()
        if not derivations:
            return losses
        texts = derivations_to_texts(self.grammar, self._array(derivations))
        fresh = list[tuple[Derivation, str, str]]()
        for derivation, text in zip(derivations, texts, strict=True):
            canonical = self.canonical(text)
            if canonical not in self._tried:
                self._tried.add(canonical)
                fresh.append((derivation, text, canonical))
        defined = self._defined([text for _, text, _ in fresh])
        self._readable += sum(defined)
        for (derivation, text, canonical), is_defined in zip(fresh, defined, strict=True):
            if self.ended:
                break
            if is_defined:
                loss = losses[canonical] = self._fitted(text, source)
                if np.isfinite(loss):
                    self._population.append(_Individual(loss, canonical, derivation))
        self._population = heapq.nsmallest(_POPULATION, self._population)
        return losses

    @property
    def n_sentences(self) -> int:
        """How many derivations there are of at most `max_rules` rules."""
        return self._counts.at_most()

    @cached_property
    def parser(self) -> Parser:
        """The grammar's parser."""
        from grammar_lisa.grammar.parsing import Parser

        return Parser(self.grammar)

    def text(self, derivation: Derivation) -> str:
        """Return the text of a sentence."""
        return derivations_to_texts(self.grammar, self._array([derivation]))[0]

    def canonical(self, text: str) -> str:
        """Return one text for all sentences that differ in the order of terms and factors alone."""
        return self._reading.canonical(text).text

    def best(self, count: int) -> list[tuple[float, Derivation]]:
        """Return the losses and derivations of the best sentences, best first, at most so many."""
        return [(each.loss, each.derivation) for each in self._population[:count]]

    def _defined(self, texts: Sequence[str]) -> list[bool]:
        """Whether sentences are formulas that are finite on the sample, with constants of 1."""
        points = dict(self.sample)
        points[CONSTANT_TERMINAL] = np.full(len(self.sample_targets), 1.234)
        values = evaluate_readable(texts, points)
        return [
            bool(finite.all()) or (bool(_OPEN.search(text)) and bool(finite.any()))
            for text, finite in zip(texts, np.isfinite(values), strict=True)
        ]

    def _fitted(self, text: str, source: str) -> float:
        skeleton = Skeleton.read(text, self.variables)
        tree = tree_of(skeleton, np.ones(skeleton.n_constants))
        if tree.size > self.most:
            return float("inf")
        entry = self.fit(tree, source, _STARTS)
        return float("inf") if entry is None else entry.loss
