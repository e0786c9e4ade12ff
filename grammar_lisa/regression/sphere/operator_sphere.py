"""Skeletons from the sphere that ships, for a search with operators."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from grammar_lisa.expressions.expression import VARIABLE
from grammar_lisa.regression.search.formula_search import FormulaSearch
from grammar_lisa.regression.sphere.candidates import (
    BATCH,
    NEEDED,
    Scored,
    Skeletons,
    SphereCandidates,
    score_of,
)
from grammar_lisa.regression.sphere.skeleton_grammar import (
    MAX_RULES,
    MOST_VARIABLES,
    canonical_formula,
    n_rules,
    read_sentence,
    renamed,
    sentence_of,
    variable_names,
    write_sentence,
)
from grammar_lisa.regression.sphere.weights import shipped_model
from shared.common.callbacks import Notify, silent
from shared.common.errors import LisaError

STARTS: Final = 4
"""Starts of the fit of a skeleton."""
_REMEMBERED: Final = 1 << 15
"""Sentences whose canonical form is remembered."""


class OperatorSphere:
    """Candidates that a sphere of skeletons gives to a search with operators.

    Of more than three inputs the three are taken that the best formulas so far are made of.

    Args:
        seed: Of all draws.
        notify: Hears why the sphere is left out, where it is.
        untrained: Whether the network has the weights that its training began from, a control.
    """

    def __init__(self, seed: int, notify: Notify = silent, *, untrained: bool = False) -> None:
        self._seed, self._notify, self._untrained = seed, notify, untrained
        self._off = False
        self._chosen: tuple[str, ...] = ()
        self._candidates: SphereCandidates | None = None

    def turn(self, search: FormulaSearch) -> bool:
        """Fit the skeletons that the sphere hopes most of; tell whether there were any."""
        begun = self._candidates is not None
        if self._off or (not begun and search.deadline - search.clock() < NEEDED):
            return False
        try:
            candidates = self._updated(search)
        except LisaError as error:
            self._off = True
            self._notify(f"the sphere is left out: {error}")
            return False
        names = dict(zip(variable_names(len(self._chosen)), self._chosen, strict=True))
        asked = candidates.ask(BATCH)
        scored = list[Scored]()
        for text in asked:
            if search.ended:
                return False
            tree = renamed(read_sentence(text), names)
            assert tree is not None
            entry = search.fit(tree, "sphere", STARTS) if tree.size <= search.most else None
            loss = float("inf") if entry is None else entry.loss
            scored.append((text, score_of(loss, tree.size)))
        candidates.tell(scored)
        return bool(asked)

    def _updated(self, search: FormulaSearch) -> SphereCandidates:
        """Return the candidates after they were told what other sources have found."""
        chosen = most_used(search)
        if self._candidates is None or chosen != self._chosen:
            self._chosen = chosen
            model = shipped_model(len(chosen), untrained=self._untrained)
            language = Skeletons(lru_cache(maxsize=_REMEMBERED)(_canonical))
            self._candidates = SphereCandidates(model, language, canonical=True, seed=self._seed)
        self._candidates.tell(self._sentences(search))
        return self._candidates

    def _sentences(self, search: FormulaSearch) -> Iterator[Scored]:
        """Yield the formulas of a search that are sentences, with their scores."""
        own_names = variable_names(len(self._chosen))
        names = dict(zip(self._chosen, own_names, strict=True))
        for loss, _, tree in search.scored:
            own = renamed(tree, names)
            formula = None if own is None else canonical_formula(own)
            if formula is not None and n_rules(formula) <= MAX_RULES:
                yield sentence_of(formula), score_of(loss, tree.size)


def most_used(search: FormulaSearch) -> tuple[str, ...]:
    """Return at most three variables, those that the best formulas are made of."""
    if len(search.variables) <= MOST_VARIABLES:
        return search.variables
    uses = Counter[str]()
    for entry in search.archive:
        uses.update({part.name for _, part in entry.tree.paths() if part.operator == VARIABLE})
    ranked = sorted(search.variables, key=lambda name: -uses[name])[:MOST_VARIABLES]
    return tuple(name for name in search.variables if name in ranked)


def _canonical(text: str) -> str:
    return write_sentence(read_sentence(text)) or text
