"""Several searches from several seeds, side by side."""

from collections.abc import Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from grammar_lisa.grammar.restrictions import Restrictions
from grammar_lisa.objectives.composite import SquaredErrors
from grammar_lisa.objectives.objective import Objective
from grammar_lisa.optimize.config import SearchConfig
from grammar_lisa.optimize.history import Evaluation, History
from grammar_lisa.optimize.optimizer import Optimizer
from grammar_lisa.optimize.search import search
from grammar_lisa.optimize.start import open_optimizer
from shared.common.errors import LisaError
from shared.common.seeds import derive_seed
from shared.common.threads import limited_threads
from shared.jobs.backends import Backend, Lost, check_sees


@dataclass(frozen=True)
class Trial:
    """One search: all that a worker needs to carry it out.

    Attributes:
        number: Counted from 1.
        run: The folder of the trained model.
        history: The file that evaluations are written to.
        sentences: The initial design.
        scores: Theirs; NaN for what could not be scored.
        config: What the search consists of.
        black_box: Whether the search sees scores alone, though the objective has outputs.
        seed: Of this trial.
        untrained: Whether the network has its initial weights instead of the trained ones.
        restrictions: What every sentence obeys.
    """

    number: int
    run: Path
    history: Path
    sentences: list[str]
    scores: NDArray[np.float64]
    config: SearchConfig
    black_box: bool
    seed: int
    untrained: bool = False
    restrictions: Restrictions = field(default_factory=Restrictions)

    @property
    def best_known(self) -> float:
        """The best score of the initial design."""
        return float(np.nanmin(self.scores))

    def header(self) -> dict[str, object]:
        """Return what identifies the trial in its history."""
        return {
            "trial": self.number,
            "seed": self.seed,
            "n_initial": len(self.sentences),
            "black_box": self.black_box,
            "untrained": self.untrained,
            "config": asdict(self.config),
            **({"restrictions": str(self.restrictions)} if self.restrictions else {}),
        }

    def composite(self, objective: Objective) -> SquaredErrors | None:
        """Return how outputs make the score, where there are outputs and the search sees them."""
        sees = self.config.sees_outputs and not self.black_box
        return objective.composite() if sees else None

    def optimizer(self, objective: Objective) -> Optimizer:
        """Return the search at its beginning.

        Raises:
            LisaError: The run cannot be read, or is not fit for the configuration.
        """
        return open_optimizer(
            self.run,
            self.sentences,
            self.scores,
            config=self.config,
            language=objective.language,
            composite=self.composite(objective),
            seed=self.seed,
            untrained=self.untrained,
            restrictions=self.restrictions,
        )


def trial_seed(seed: int, number: int) -> int:
    """Return the seed of a trial, counted from 1, of a command with a seed."""
    return derive_seed(derive_seed(seed, "search"), "trial", number)


def initial_rows(size: int, count: int, seed: int) -> NDArray[np.int64]:
    """Draw which of some scored sentences are the initial design of a trial, ``[count]``.

    Those of a smaller number are the first of those of a larger one.

    Args:
        size: How many there are.
        count: How many a trial begins from; all where they are fewer.
        seed: Of the trial.
    """
    return np.random.default_rng(derive_seed(seed, "begin")).permutation(size)[:count]


def run_trial(trial: Trial, objective: Objective) -> list[Evaluation]:
    """Carry one trial out, on one thread, from its history if there is one."""
    with limited_threads(1), np.errstate(all="ignore"):
        history = History(trial.history, trial.header())
        return search(trial.optimizer(objective), objective, history)


def run_trials(
    trials: Sequence[Trial], objective: Objective, backend: Backend
) -> list[list[Evaluation]]:
    """Carry trials out, one thread each; return what each evaluated, in order.

    Args:
        trials: What to do.
        objective: Scores sentences; it is handed to each worker.
        backend: What carries them out.

    Raises:
        LisaError: A trial is refused; or, when the others are done, its process died.
    """
    with closing(backend.calls(_trial_of, objective, [(trial,) for trial in trials])) as ended:
        found = dict(ended)
    results = [found[place] for place in range(len(trials))]
    for trial, result in zip(trials, results, strict=True):
        if isinstance(result, Lost):
            raise LisaError(f"trial {trial.number}: {result.reason}; what was evaluated is kept")
    return [result for result in results if not isinstance(result, Lost)]


def _trial_of(objective: Objective, trial: Trial) -> list[Evaluation]:
    check_sees(trial.history.parent)
    return run_trial(trial, objective)
