"""What a search of `grammar-lisa bo` was, what it found, and what it is compared with."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from grammar_lisa.objectives.external import failure_report
from grammar_lisa.objectives.objective import Objective
from grammar_lisa.optimize.config import SearchConfig, title_of
from grammar_lisa.optimize.history import Evaluation
from grammar_lisa.optimize.problem import Draws, SearchProblem
from grammar_lisa.optimize.trials import Trial
from shared.common.words import counted

SEARCH = "search"
"""What files call the search itself among what it is compared with."""


@dataclass(frozen=True)
class Scored:
    """Texts with their scores.

    Attributes:
        texts: In the order of evaluation; None for what is no sentence.
        scores: Theirs; NaN where there is none, ``[n]``.
        evaluations: What your own code said, where it scored them.
    """

    texts: Draws
    scores: NDArray[np.float64]
    evaluations: Sequence[Evaluation] = ()


@dataclass(frozen=True)
class SearchOutcome:
    """A search, what it found, and what it is compared with.

    Attributes:
        target: What was searched for, as the user named it.
        system: What searched.
        config: What it consists of.
        problem: What it was given.
        trials: From where each began.
        initial: What your own code scored before.
        found: The evaluations of each trial.
        controls: Random draws by their name, for each trial.
    """

    target: str
    system: str
    config: SearchConfig
    problem: SearchProblem
    trials: Sequence[Trial]
    initial: Sequence[Evaluation] = ()
    found: Sequence[Sequence[Evaluation]] = ()
    controls: Mapping[str, Sequence[Scored]] = field(default_factory=dict)

    @property
    def objective(self) -> Objective:
        """What scored."""
        return self.problem.objective

    @property
    def budget(self) -> int:
        """The most evaluations of a trial."""
        return self.config.budget

    @property
    def label(self) -> str:
        """What tables and pictures call the search."""
        return f"{self.system} (changed)" if self.changed else self.system

    @property
    def changed(self) -> bool:
        """Whether the search is not that of the system as it is, the budget aside."""
        return title_of(self.system, self.config) != self.system

    @property
    def sees(self) -> str:
        """What the search was shown of an evaluation."""
        return "outputs" if self.trials[0].composite(self.objective) else "scores alone"

    @property
    def best_known(self) -> float:
        """The best score that a trial knew at its start."""
        return min(trial.best_known for trial in self.trials)

    @property
    def announcement(self) -> str:
        """One line on what is about to happen."""
        count, known = len(self.trials), len(self.trials[0].sentences)
        return (
            f"{title_of(self.system, self.config)}: {self.config.describe()}; it sees {self.sees}; "
            f"{counted(count, 'trial')} from {counted(known, 'known sentence')}, the best of which "
            f"scores {self.best_known:.4g}"
        )

    @property
    def failures(self) -> str:
        """How many sentences could not be scored and why; empty where all could."""
        every = [*self.initial, *(e for each in self.found for e in each)]
        every += [
            e for each in self.controls.values() for scored in each for e in scored.evaluations
        ]
        return failure_report([evaluation.evaluated for evaluation in every])

    def scored(self) -> dict[str, list[Scored]]:
        """Return what was evaluated, by the name of what chose it, for each trial."""
        found = [
            Scored([e.sentence for e in each], np.array([e.value for e in each], dtype=np.float64))
            for each in self.found
        ]
        return {SEARCH: found} | {name: list(each) for name, each in self.controls.items()}
