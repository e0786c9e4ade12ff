"""From a table to formulas: the search, what it begins from, and the last fits."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final, Literal

import numpy as np

from grammar_lisa.expressions.expression import CONSTANT_TERMINAL
from grammar_lisa.expressions.skeleton import Skeleton
from grammar_lisa.grammar.cfg import Grammar, load_grammar
from grammar_lisa.regression.equations import Equations, NoFormulaError
from grammar_lisa.regression.finishing import Draft, Finishing, made_with
from grammar_lisa.regression.fit_config import SOURCES, FitConfig
from grammar_lisa.regression.fits.losses import Loss
from grammar_lisa.regression.fits.user_loss import loss_named
from grammar_lisa.regression.guesses import read_guesses, with_open_numbers
from grammar_lisa.regression.measures import measure
from grammar_lisa.regression.search.archive import ArchiveEntry
from grammar_lisa.regression.search.collecting import shortened
from grammar_lisa.regression.search.formula_search import FormulaSearch
from grammar_lisa.regression.search.grammar_search import MAX_RULES, GrammarSearch
from grammar_lisa.regression.search.operator_search import OperatorSearch
from grammar_lisa.regression.search.tree import Tree
from grammar_lisa.regression.sentence_check import check_sentences, describe_undefined
from grammar_lisa.regression.sphere.grammar_sphere import GrammarSphere
from grammar_lisa.regression.sphere.operator_sphere import OperatorSphere
from grammar_lisa.regression.tables.feature_choice import chosen_features, describe_choice, varying
from grammar_lisa.regression.tables.resolution import resolution
from grammar_lisa.regression.tables.table import Table
from shared.common.arrays import Floats
from shared.common.errors import LisaError
from shared.common.seeds import derive_seed

Ending = Literal["exact", "good enough", "time", "searched", "interrupted", "constant"]
"""Why a search ended."""

_DECADES: Final = 3.0
"""So far beyond the median the greatest target decides what is found."""
_CONSTANT: Final = 1e-12
"""Targets that spread less than this share of their size are constant."""
_LEAST: Final = 1e-100
_MOST: Final = 1e100
_LOOKED_AT: Final = 1_000
"""Rows that guesses are fitted on, and that tell whether a formula is good enough."""
_FINISHING: Final = 0.1
"""The share of the time that is kept back for the last fits."""
_LEAST_FINISHING: Final = 0.5
"""Seconds that these have beyond it."""


class Fitting:
    """A search for the formulas behind a table.

    The search looks at a sample of the rows; at the end constants are fitted on up to 50,000 of
    them, and losses and R² are of all.

    Args:
        table: The rows to explain.
        config: What the search is set to; by default 60 seconds of the usual operators.
        test: Rows to judge formulas on that they are not found with.
        loss: What is made small, in place of the one that `config` names.
        front: Formulas with numbers, of an earlier search, to go on from.
        clock: Tells the time, in seconds, that the search may take and has taken.
        number: Of a search among several with one seed: all but their draws is the same.

    Attributes:
        notes: What was left out or chosen, one sentence each, for the user.
        seconds: How long the search has taken.
        stages: How many stages of the search have ended.
        ending: Why the search ended; None before it has.

    Raises:
        LisaError: A setting makes no sense, or a guess is no formula over the inputs.
    """

    def __init__(
        self,
        table: Table,
        config: FitConfig | None = None,
        *,
        test: Table | None = None,
        loss: Loss | None = None,
        front: Sequence[str] = (),
        clock: Callable[[], float] = time.monotonic,
        number: int = 0,
    ) -> None:
        self.config = config or FitConfig()
        self.config.check()
        self.notes: list[str] = []
        self.seconds = 0.0
        self.stages = 0
        self.ending: Ending | None = None
        self._loss = loss or loss_named(self.config.loss)
        self._table = _counted(table)
        _check_sizes(self._table)
        self._loss.bind(self._table.target, self._table.weights)
        free = None if self.config.grammar else self.config.operator_names
        self._finishing = Finishing(self._table, test, self._loss, self.config.digits, free)
        self._some = self._table.spread(_LOOKED_AT)
        self._clock = clock
        self._finish_by = np.inf
        drawn = ("search",) if number == 0 else ("search", number)
        self._seed = derive_seed(self.config.seed, *drawn)
        self._stopped = False
        self._search: FormulaSearch | None = None
        self._sphere: GrammarSphere | None = None
        self._used: tuple[str, ...] = ()
        self._grammar = self._loaded_grammar()
        generator = np.random.default_rng(derive_seed(self.config.seed, "guesses"))
        self._known = read_guesses(self.config.guesses, self._some, self._loss, generator)
        self._known += [Draft.read(text, table.variables) for text in front]

    def run(self) -> Equations:
        """Search, and finish what was found; Ctrl-C ends the search as time does."""
        self.search()
        return self.finished()

    def search(self, tell: Callable[[str], None] = lambda stage: None) -> None:
        """Search until time is over, the rows are met, or the formula is good enough.

        Ctrl-C ends it as time does.

        Args:
            tell: Called with the name of each stage as it ends; `sketch` gives the formulas then.
        """
        names = self._names()
        if self.ending is not None:
            return
        begun = self._clock()
        try:
            with np.errstate(all="ignore"):
                self._search = self._begun(names, begun + (1 - _FINISHING) * self.config.max_time)
                if self._stopped:
                    self.stop()
                self.ending = self._ended(self._search, tell)
        except KeyboardInterrupt:
            self.ending = "interrupted"
        finally:
            self.seconds = self._clock() - begun
            self._finish_by = self._time_to_finish(begun)
            if self._sphere is not None:
                self._sphere.end()

    def stop(self) -> None:
        """End the search soon, as time does; from another thread."""
        self._stopped = True
        if self._search is not None:
            self._search.deadline = -np.inf

    def entries(self) -> list[ArchiveEntry]:
        """Return the best formulas of the search so far; from any thread, at any time."""
        while self._search is not None:
            try:
                return list(self._search.archive)
            except (KeyError, RuntimeError):  # it is being added to
                continue
        return []

    def sketch(self) -> Equations:
        """Return the formulas so far, their constants not yet rounded; at any time."""
        return self._finishing.sketch(self._drafts())

    def finished(self) -> Equations:
        """Return the formulas, their constants fitted on the rows and rounded while there is time.

        A tenth of the time is kept back for that, and half a second follows it; of a search that
        has ended early it has the rest.
        """
        try:
            late = self._clock
            return self._finishing.finished(self._drafts(), lambda: late() > self._finish_by)
        except NoFormulaError:
            if self._grammar is None:
                raise
            text = describe_undefined(self._grammar, self._table, MAX_RULES)
            raise NoFormulaError(text) from None

    def _time_to_finish(self, begun: float) -> float:
        """Return when the last fits must have ended, by the clock."""
        share = _FINISHING * self.config.max_time
        kept = max(begun + self.config.max_time, begun + self.seconds + share)
        return kept + _LEAST_FINISHING

    def _loaded_grammar(self) -> Grammar | None:
        """Return the grammar whose sentences are allowed, where there is one."""
        if self.config.grammar is None:
            return None
        grammar = load_grammar(self.config.grammar)
        checked = check_sentences(grammar, self._table, MAX_RULES)
        self.notes += checked.notes
        self._used = checked.variables
        return grammar

    def _names(self) -> tuple[str, ...]:
        """Return the inputs to search with; the search has ended where none is needed."""
        names = varying(self._table)
        if len(self._table) == 1:
            self.notes.append("the formula is a constant: one row bears no other")
        elif _is_constant(self._table):
            self.notes.append("the formula is a constant, as the target never changes")
        elif not names:
            self.notes.append("the formula is a constant, as no input ever changes")
        elif self._used:
            return self._used
        else:
            self._tell_left_out(names)
            self._tell_decades()
            chosen = chosen_features(self._table, names, self.config.seed)
            if len(chosen) < len(names):
                self.notes.append(describe_choice(chosen, names))
            return chosen
        self.ending = "constant"
        return ()

    def _tell_left_out(self, names: Sequence[str]) -> None:
        for name in self._table.variables:
            if name not in names:
                self.notes.append(f"{name} never changes, so it is left out")

    def _tell_decades(self) -> None:
        """Say that few rows decide where the greatest targets are far beyond most."""
        targets = self._table.target
        if self.config.loss != "mse" or not (targets > 0).all():
            return
        decades = float(np.log10(targets.max() / np.median(targets)))
        if decades > _DECADES:
            self.notes.append(
                f"the greatest {self._table.target_name} is 10^{decades:.0f} times the median, so "
                "few rows decide what is found; --loss log or --loss relative weighs all alike"
            )

    def _run_stages(self, search: FormulaSearch, tell: Callable[[str], None]) -> None:
        """Take the steps of a search; what was found stands when one fails on its numbers."""
        try:
            for stage in search.run():
                self.stages += 1
                tell(stage)
        except (np.linalg.LinAlgError, ArithmeticError) as error:
            if search.archive.best is None:
                raise
            self.notes.append(
                f"a step of the search failed on these numbers ({error}), which ended it"
            )

    def _ended(self, search: FormulaSearch, tell: Callable[[str], None]) -> Ending:
        """Search, and return why the search ended."""
        if not search.enough:
            self._run_stages(search, tell)
        if search.enough:
            return "good enough"
        best = search.archive.best
        if best is None and self._grammar is not None:
            if search.late and not search.fits:
                raise NoFormulaError(
                    f"the time was over before a sentence of {self.config.grammar} was fitted; "
                    "give more"
                )
            raise NoFormulaError(describe_undefined(self._grammar, self._table, MAX_RULES))
        if search.solved and best is not None and self._allowed(best.tree):
            return "exact"
        return "time" if search.late else "searched"

    def _begun(self, names: Sequence[str], deadline: float) -> FormulaSearch:
        """Return a search that knows what it begins from."""
        points = {name: self._table.features[name] for name in names}
        options: dict[str, Any] = {
            "weights": self._table.weights,
            "loss": self._loss,
            "most": self.config.max_complexity,
            "seed": self._seed,
            "deadline": deadline,
            "steps": resolution(self._table.target),
            "clock": self._clock,
            "good_enough": self._good_enough,
        }
        if self._grammar is not None:
            return self._grammar_search(points, self._grammar, options)
        options["sources"] = self._sources
        if "sphere" in self._sources:
            untrained = self.config.untrained
            sphere = OperatorSphere(options["seed"], self.notes.append, untrained=untrained)
            options["sphere"] = sphere.turn
        operators = self.config.operator_names
        search = OperatorSearch(points, self._table.target, operators, **options)
        for draft in self._known:
            skeleton = draft.skeleton
            used = {node.name for node in skeleton.nodes} & set(skeleton.variables)
            if used <= set(names):
                search.fit(with_open_numbers(draft), "guess")
        return search

    @property
    def _sources(self) -> tuple[str, ...]:
        return SOURCES if self.config.sources is None else self.config.sources

    def _grammar_search(
        self, points: Mapping[str, Floats], grammar: Grammar, options: dict[str, Any]
    ) -> GrammarSearch:
        if "sphere" not in self._sources:
            return GrammarSearch(points, self._table.target, grammar, **options)
        untrained = self.config.untrained
        self._sphere = GrammarSphere(options["seed"], self.notes.append, untrained=untrained)
        sphere = self._sphere.turn
        search = GrammarSearch(points, self._table.target, grammar, sphere=sphere, **options)
        self._sphere.begin(search)
        return search

    def _drafts(self) -> list[Draft]:
        """Return all formulas that there are: known ones, those of the search, a constant."""
        drafts = [*self._known, *self._found()]
        if self._grammar is not None and self.ending != "constant":
            return drafts
        constant = Skeleton.read(CONSTANT_TERMINAL, self._table.variables, CONSTANT_TERMINAL)
        mean = float(np.average(self._table.target, weights=self._table.weights))
        return [Draft(constant, (mean,)), *drafts]

    def _found(self) -> Iterator[Draft]:
        """Yield what the search has found."""
        for entry in self._collected():
            # A grammar may not allow the shorter form.
            free = self._grammar is None
            tree = shortened(entry.tree, self._some.features) if free else entry.tree
            if self._allowed(tree):
                skeleton = tree.skeleton(self._table.variables)
                yield Draft(skeleton, tuple(tree.constants()), loss=entry.loss)

    def _collected(self) -> list[ArchiveEntry]:
        """Return what there is to finish."""
        return self.entries()

    def _allowed(self, tree: Tree) -> bool:
        nodes = tree.skeleton(self._table.variables).nodes
        return self._grammar is not None or made_with(nodes, self.config.operator_names)

    def _good_enough(self, best: ArchiveEntry) -> bool:
        stop = self.config.stop
        if stop is None:
            return False
        if stop.measure == "loss":
            return best.loss <= stop.value
        values = np.broadcast_to(best.tree.values(self._some.features), len(self._some))
        some = self._some
        return measure(np.asarray(values), some.target, some.weights).r2 >= stop.value


def fitting_for(
    table: Table,
    config: FitConfig,
    *,
    test: Table | None = None,
    loss: Loss | None = None,
    front: Sequence[str] = (),
) -> Fitting:
    """Return a `Fitting`, or one of several searches at a time where `config` says so.

    Raises:
        LisaError: A setting makes no sense, or a guess is no formula over the inputs.
    """
    if config.jobs == 1:
        return Fitting(table, config, test=test, loss=loss, front=front)
    from grammar_lisa.regression.parallel_fitting import ParallelFitting

    return ParallelFitting(table, config, test=test, loss=loss, front=front)


def _counted(table: Table) -> Table:
    """Return the rows that have a weight."""
    if table.weights is None or table.weights.all():
        return table
    return table.take(table.weights > 0)


def _check_sizes(table: Table) -> None:
    """Refuse numbers whose squares and quotients are no numbers."""
    for name, values in {**table.features, table.target_name: table.target}.items():
        most = float(np.abs(values).max())
        if most and not _LEAST <= most <= _MOST:
            raise LisaError(
                f"{table.shown_name(name)} reaches {most:.3g}; give it in a unit in which its "
                f"greatest number lies between {_LEAST:g} and {_MOST:g}"
            )


def _is_constant(table: Table) -> bool:
    return bool(np.ptp(table.target) <= _CONSTANT * np.abs(table.target).max())
