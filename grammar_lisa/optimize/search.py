"""A search with an objective at hand: ask, score, tell, with every evaluation on disk."""

import itertools
from collections.abc import Iterable, Sequence

from grammar_lisa.objectives.decontamination import EXACT
from grammar_lisa.objectives.objective import Objective
from grammar_lisa.optimize.history import Evaluation, History
from grammar_lisa.optimize.optimizer import Optimizer


def search(optimizer: Optimizer, objective: Objective, history: History) -> list[Evaluation]:
    """Search to the end of the budget, or until the target is met.

    Each evaluation is on disk before the next one begins; those that are there are not repeated.

    Args:
        optimizer: At its beginning.
        objective: Scores sentences.
        history: Where evaluations are kept, and taken from when the search goes on.
    """
    replay(optimizer, history.evaluations)
    known = {evaluation.sentence: evaluation for evaluation in history.evaluations}
    while optimizer.round < optimizer.config.rounds and not _met(history.evaluations, objective):
        batch = optimizer.ask()
        for sentence in batch:
            if sentence not in known:
                known[sentence] = _score(sentence, objective, history, optimizer.round + 1)
            if _met([known[sentence]], objective):
                return history.evaluations
        if not batch:
            break
        tell_all(optimizer, [known[sentence] for sentence in batch])
    return history.evaluations


def score_all(sentences: Iterable[str], objective: Objective, history: History) -> list[Evaluation]:
    """Score sentences before a search, each on disk before the next; those there are kept.

    Args:
        sentences: Distinct.
        objective: Scores them.
        history: Where evaluations are kept, and taken from.
    """
    known = {evaluation.sentence: evaluation for evaluation in history.evaluations}
    return [
        known.get(sentence) or _score(sentence, objective, history, 0) for sentence in sentences
    ]


def replay(optimizer: Optimizer, evaluations: Sequence[Evaluation]) -> None:
    """Tell the rounds that are whole, without asking again."""
    batch = optimizer.config.batch
    for number, group in itertools.groupby(evaluations, key=lambda e: e.round):
        done = list(group)
        if len(done) < batch and number == evaluations[-1].round:
            return
        tell_all(optimizer, done)


def tell_all(optimizer: Optimizer, evaluations: Sequence[Evaluation]) -> None:
    """Tell evaluations."""
    optimizer.tell([each.sentence for each in evaluations], [each.value for each in evaluations])


def _score(sentence: str, objective: Objective, history: History, number: int) -> Evaluation:
    """Score a sentence, and put that on disk."""
    (found,) = objective.evaluate([sentence])
    history.append([Evaluation.of(number, found)])
    return history.evaluations[-1]


def _met(evaluations: Sequence[Evaluation], objective: Objective) -> bool:
    """Tell whether one meets the target of an objective whose best possible score is 0."""
    if objective.composite() is None:
        return False
    return any(e.score is not None and e.score <= EXACT for e in evaluations)
