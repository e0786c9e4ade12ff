"""The evaluations of `grammar-lisa bo`: its trials, and what your own code scores beside them."""

import dataclasses
import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from grammar_lisa.cli.followed_trials import following
from grammar_lisa.cli.options.bo import Options
from grammar_lisa.cli.progress import shown_progress
from grammar_lisa.models.character_model import CharacterModel
from grammar_lisa.models.names import TOOL
from grammar_lisa.objectives.objective import Objective
from grammar_lisa.optimize.config import TrialSettings
from grammar_lisa.optimize.history import Evaluation, History
from grammar_lisa.optimize.problem import Draws, SearchedRun, SearchProblem, random_draws
from grammar_lisa.optimize.search import score_all
from grammar_lisa.optimize.trials import Trial, run_trials
from grammar_lisa.reports.search_outcome import Scored, SearchOutcome
from shared.cli.terminal import Terminal
from shared.common.errors import LisaError
from shared.common.words import counted
from shared.jobs.backends import Backend
from shared.runs.run import Run
from shared.trackers.tracker import Tracker


@dataclass(frozen=True)
class Search:
    """A search under way.

    Attributes:
        folder: Where it keeps what it finds.
        options: Of the command.
        backend: What carries trials out.
        terminal: Where it speaks.
        tracker: What follows it.
    """

    folder: Run
    options: Options
    backend: Backend
    terminal: Terminal
    tracker: Tracker

    def scored_first(self, searched: SearchedRun, objective: Objective) -> list[Evaluation]:
        """Score the sentences that all trials begin from, where that has a cost."""
        design = searched.design(self.options.known_count, self.options.seed)
        header = {
            "n_initial": len(design),
            "seed": self.options.seed,
            "objective": self.options.scoring.text,
        }
        history = self._history("initial", header)
        with self._progress("scoring to begin with", [history], len(design)):
            scored = score_all(design, objective, history)
        self.terminal.note(f"scored to begin with: {counted(len(scored), 'sentence')}")
        return scored

    def outcome(self, problem: SearchProblem, initial: Sequence[Evaluation] = ()) -> SearchOutcome:
        """Search, and score what the search is compared with.

        Raises:
            LisaError: Nothing new was found to score.
        """
        options = self.options
        settings = TrialSettings(
            search=options.search,
            n_initial=options.known_count,
            black_box=options.black_box,
            seed=options.seed,
        )
        folder, count = self.folder.path, options.trial_count
        trials = problem.trials(folder.parent, folder, count, settings)
        target, system, config = options.scoring.text, options.system, options.search
        outcome = SearchOutcome(target, system, config, problem, trials, initial)
        self.terminal.note(outcome.announcement)
        found = self._found(trials, problem.objective)
        if not any(found):
            raise LisaError(_nothing_new(self.folder.path.parent, problem, trials[0]))
        controls = self._controls(problem, trials) if options.compared else {}
        return dataclasses.replace(outcome, found=found, controls=controls)

    def _found(self, trials: Sequence[Trial], objective: Objective) -> list[list[Evaluation]]:
        paths = [trial.history for trial in trials]
        total = self.options.search.budget * len(trials)
        with self._progress("searching", paths, total), following(self.tracker, trials):
            return run_trials(trials, objective, self.backend)

    def _controls(self, problem: SearchProblem, trials: Sequence[Trial]) -> dict[str, list[Scored]]:
        """Score random draws, by name and trial."""
        draws = random_draws(problem, self.options.search.budget, [trial.seed for trial in trials])
        if not self.options.own_code:
            return {
                name: [Scored(texts, problem.objective(texts)) for texts in each]
                for name, each in draws.items()
            }
        histories = {
            name: [
                self._history(
                    f"{name.replace(' ', '-')}-{trial.number:02d}",
                    {"draws": name, "trial": trial.number, "seed": trial.seed},
                )
                for trial in trials
            ]
            for name in draws
        }
        paths = [history for each in histories.values() for history in each]
        total = sum(len(texts) for each in draws.values() for texts in each)
        with self._progress("scoring random sentences", paths, total):
            return {
                name: [
                    _scored_one_by_one(texts, problem.objective, history)
                    for texts, history in zip(each, histories[name], strict=True)
                ]
                for name, each in draws.items()
            }

    def _history(self, name: str, header: Mapping[str, object]) -> History:
        """Open a file of evaluations that belong to no trial."""
        return History(self.folder.path / f"{name}.jsonl", dict(header))

    @contextmanager
    def _progress(self, label: str, files: Sequence[Path | History], total: int) -> Iterator[None]:
        """Show how many evaluations are on disk, and say on Ctrl-C how to go on."""
        every = [file.path if isinstance(file, History) else file for file in files]
        paths = [path for path in every if path is not None]
        try:
            with shown_progress(self.terminal, label, paths, total):
                yield
        except KeyboardInterrupt:
            raise KeyboardInterrupt(
                f"what was evaluated is kept; go on with '{TOOL} bo --resume {self.folder.path}'"
            ) from None


def _scored_one_by_one(texts: Draws, objective: Objective, history: History) -> Scored:
    """Score the sentences among some texts, each on disk before the next."""
    sentences = [text for text in texts if text is not None]
    evaluations = score_all(sentences, objective, history)
    values = {evaluation.sentence: evaluation.value for evaluation in evaluations}
    scores = np.array([math.nan if text is None else values[text] for text in texts])
    return Scored(texts, scores, evaluations)


def _nothing_new(run: Path, problem: SearchProblem, trial: Trial) -> str:
    """Say why a search may have ended without a sentence, and what to do."""
    found = "the search found no new sentence to score: "
    known = len(trial.sentences)
    if isinstance(problem.model, CharacterModel):
        return (
            f"{found}the texts that {run} decodes to are no sentences of "
            f"{problem.model.grammar.source}, or among the {known} that it began from; train for "
            "more --epochs, or decode more with --pool"
        )
    return (
        f"{found}all that {run} decodes to is among the {known} that it began from, or equals one "
        "of them by algebra; decode more with --pool, or train on longer sentences"
    )
