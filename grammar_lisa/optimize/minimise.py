"""A search in one call."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from grammar_lisa.models.sentence_model import SentenceModel
from grammar_lisa.objectives.external import FunctionObjective
from grammar_lisa.objectives.objective import Objective
from grammar_lisa.objectives.regression import Regression
from grammar_lisa.optimize.config import system_named
from grammar_lisa.optimize.history import Evaluation, History
from grammar_lisa.optimize.optimizer import Optimizer
from grammar_lisa.optimize.problem import SearchedRun, SearchProblem
from grammar_lisa.optimize.search import score_all, search
from grammar_lisa.optimize.sentences import Reader
from grammar_lisa.optimize.spaces import space_of_run
from grammar_lisa.optimize.start import training_sentences
from grammar_lisa.optimize.trials import trial_seed
from shared.common.callbacks import Notify, silent
from shared.common.errors import LisaError
from shared.common.threads import limited_threads
from shared.common.words import counted

KNOWN_FREE, KNOWN_COSTLY = 1000, 50
"""Scored sentences that a search begins from where scoring is free, and where it costs."""


@dataclass(frozen=True)
class Found:
    """What a search found.

    Attributes:
        evaluations: What was scored in the search, in order.
        initial: The initial design with its scores.
        left_out: What was kept out of the search, in words.
    """

    evaluations: list[Evaluation]
    initial: list[Evaluation]
    left_out: str

    def __repr__(self) -> str:
        scored = f"{counted(len(self.evaluations), 'evaluation')} from {len(self.initial):,} known"
        return f"Found({self.sentence!r}, score {self.score:.6g}, {scored})"

    @property
    def best(self) -> Evaluation:
        """The best sentence known: found, or of the initial design, whose round is 0."""
        scored = [each for each in self.initial + self.evaluations if each.score is not None]
        return min(scored, key=lambda each: each.value)

    @property
    def sentence(self) -> str:
        """The best sentence known."""
        return self.best.sentence

    @property
    def score(self) -> float:
        """Its score."""
        return self.best.value


def optimize(
    model: SentenceModel,
    objective: Objective | Callable[[str], float],
    *,
    system: str = "lisa",
    n_initial: int | None = None,
    black_box: bool = False,
    decontaminate: bool | None = None,
    seed: int = 0,
    notify: Notify = silent,
    **changes: object,
) -> Found:
    """Search the codes of a trained model for the sentence with the least score.

    >>> import grammar_lisa as gl
    >>> model = gl.load("runs/demo")
    >>> found = gl.optimize(model, gl.Regression.target("1/3+x+sin(x*x)"), rounds=20, batch=25)
    >>> found.sentence
    '1/3+x+sin(x*x)'

    Args:
        model: Of a run, as `load` and `train` return it.
        objective: Scores sentences, smaller is better: an `Objective`, or a function of a sentence
            that returns a number. What a function raises counts as a failure of its sentence.
        system: What searches, one of `SYSTEMS`.
        n_initial: Training sentences whose scores the search knows at the start; by default 1,000,
            or 50 of a function, which are scored first.
        black_box: Whether the search sees scores alone, though the objective has outputs.
        decontaminate: Whether training sentences that equal the target, or nearly do, are kept from
            the search; by default where there is a target.
        seed: Of everything random.
        notify: Hears what was left out and what the search consists of.
        changes: Fields of `SearchConfig` other than the system's, such as ``rounds``, ``batch``.

    Returns:
        All evaluations, and the best sentence known.

    Raises:
        LisaError: The model has no run, there is no such system or setting, nothing can be scored,
            or there is nothing to begin from.
    """
    run = model.own_run("there is nothing to begin from: 'load' and 'train' return models of runs")
    config = system_named(system).changed(**changes)
    space = space_of_run(model, run, config.space)
    searched = SearchedRun(run, model, space, training_sentences(run, model))
    if not isinstance(objective, Objective):
        objective = FunctionObjective(objective)
    with limited_threads(1), np.errstate(all="ignore"):
        problem, initial = _initial(searched, objective, n_initial, decontaminate, seed, notify)
        composite = objective.composite() if config.sees_outputs and not black_box else None
        sentences = [each.sentence for each in initial]
        scores = [each.value for each in initial]
        reader = Reader(model, space, objective.language)
        optimizer = Optimizer(reader, config, sentences, scores, composite=composite, seed=seed)
        notify(f"{system}: {config.describe()}; it begins from {len(initial)} scored sentences")
        evaluations = search(optimizer, objective, History.in_memory())
    return Found(evaluations, initial, str(problem.decontamination))


def _initial(
    searched: SearchedRun,
    objective: Objective,
    n_initial: int | None,
    decontaminate: bool | None,
    seed: int,
    notify: Notify,
) -> tuple[SearchProblem, list[Evaluation]]:
    """Return the search problem, and the scored sentences that the search begins from."""
    if not isinstance(objective, Regression):
        if decontaminate:
            raise LisaError("there is no target that sentences could be left out for")
        design = searched.design(n_initial or KNOWN_COSTLY, seed)
        initial = score_all(design, objective, History.in_memory())
        return searched.problem_from(objective, initial), initial
    problem = searched.problem(objective, decontaminate=decontaminate is not False, notify=notify)
    sentences, scores = problem.initial_design(n_initial or KNOWN_FREE, trial_seed(seed, 1))
    found = zip(sentences, scores.tolist(), strict=True)
    return problem, [Evaluation(0, text, score) for text, score in found]
