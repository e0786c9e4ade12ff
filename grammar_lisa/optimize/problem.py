"""What a search is given, and the random draws that it is compared with."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from grammar_lisa.grammar.restrictions import Restrictions
from grammar_lisa.models.load import load_model
from grammar_lisa.models.names import TOOL
from grammar_lisa.models.sentence_model import SentenceModel
from grammar_lisa.objectives.decontamination import Decontamination
from grammar_lisa.objectives.external import failure_report
from grammar_lisa.objectives.objective import Objective
from grammar_lisa.objectives.regression import Regression
from grammar_lisa.optimize.baselines import from_data, from_grammar, from_space
from grammar_lisa.optimize.config import SpaceName, TrialSettings
from grammar_lisa.optimize.history import Evaluation
from grammar_lisa.optimize.spaces import Space, space_of_run
from grammar_lisa.optimize.start import draw_design, training_sentences
from grammar_lisa.optimize.trials import Trial, initial_rows, trial_seed
from shared.common.callbacks import Notify
from shared.common.errors import LisaError
from shared.runs.run import Run

Draws = Sequence[str | None]
"""What was drawn, in order; None for a text that is no sentence."""


@dataclass(frozen=True)
class SearchProblem:
    """What a search is given: model, objective, and the sentences it may begin from.

    Attributes:
        model: Of the run.
        space: That its codes are searched in.
        objective: Scores sentences.
        sentences: The scored ones that a trial may begin from.
        scores: Theirs; NaN for what could not be scored.
        decontamination: What was kept out.
        data: The training sentences that random draws are made from.
    """

    model: SentenceModel
    space: Space
    objective: Objective
    sentences: list[str]
    scores: NDArray[np.float64]
    decontamination: Decontamination
    data: list[str]

    @property
    def seen(self) -> int:
        """How many sentences that are left out the network was trained on."""
        return self.decontamination.equal + self.decontamination.near

    def trials(self, run: Path, folder: Path, count: int, settings: TrialSettings) -> list[Trial]:
        """Return the trials of a search for it, the same for every command with the same options.

        Args:
            run: The folder of the trained model.
            folder: Where histories go.
            count: How many; each has a draw of scored sentences of its own.
            settings: Of all of them; a trial begins from all sentences where they are fewer.
        """
        seeds = {number: trial_seed(settings.seed, number) for number in range(1, count + 1)}
        return [
            Trial(
                number,
                run,
                folder / f"trial-{number:02d}.jsonl",
                *self.initial_design(settings.n_initial, own),
                settings.search,
                settings.black_box,
                own,
                restrictions=self.model.restrictions,
            )
            for number, own in seeds.items()
        ]

    def initial_design(self, count: int, seed: int) -> tuple[list[str], NDArray[np.float64]]:
        """Draw the sentences that a trial begins from, and return them with their scores.

        Args:
            count: How many, or all where they are fewer.
            seed: Of the trial.
        """
        rows = initial_rows(len(self.sentences), count, seed)
        return [self.sentences[row] for row in rows], self.scores[rows]


@dataclass(frozen=True)
class SearchedRun:
    """A run whose codes can be searched, with the sentences it was trained on.

    Attributes:
        run: The run.
        model: Its model.
        space: That its codes are searched in.
        sentences: On which it was trained, distinct; those that obey what restricts the model.
    """

    run: Run
    model: SentenceModel
    space: Space
    sentences: list[str]

    @classmethod
    def load(
        cls, run: Run, space: SpaceName = "auto", restrictions: Restrictions | None = None
    ) -> "SearchedRun":
        """Load the model and the sentences of a run.

        Args:
            run: The run.
            space: In which its codes are searched.
            restrictions: What all sentences obey, those of the training too.

        Raises:
            LisaError: The run cannot be read, has no such space, or no training sentence obeys.
        """
        model = load_model(run).obeying(restrictions)
        sentences = training_sentences(run, model)
        return cls(run, model, space_of_run(model, run, space), sentences)

    def problem(
        self, objective: Objective, *, decontaminate: bool, notify: Notify
    ) -> SearchProblem:
        """Return what a search is given where all training sentences can be scored at no cost.

        Args:
            objective: Scores sentences.
            decontaminate: Whether sentences that equal the target, or nearly do, are left out.
            notify: Hears what cannot be scored and what was left out.

        Raises:
            LisaError: No sentence can be scored, fewer than two are left to begin from, or there
                is no target that could be left out.
        """
        decontamination = Decontamination(_with_target(objective) if decontaminate else None)
        sentences = self._readable(objective, notify)
        scores = objective(sentences)
        kept = decontamination(sentences)
        notify(str(decontamination))
        chosen = [text for text, keep in zip(sentences, kept, strict=True) if keep]
        problem = SearchProblem(
            self.model, self.space, objective, chosen, scores[kept], decontamination, chosen
        )
        if problem.seen:
            notify(
                f"the network was trained on these {problem.seen}: to keep them from it as well, "
                "train with the --target of this search"
            )
        if len(chosen) < 2:
            raise LisaError(
                f"{len(chosen)} of the {len(self.sentences)} training sentences are left to begin "
                "from; a search needs at least 2: keep the others with "
                f"'{TOOL} bo --decontaminate no', or train on more data"
            )
        return problem

    def design(self, count: int, seed: int) -> list[str]:
        """Draw training sentences to be scored before a search, where scoring has a cost."""
        return draw_design(self.sentences, count, seed)

    def problem_from(
        self, objective: Objective, evaluations: Sequence[Evaluation]
    ) -> SearchProblem:
        """Return what a search is given that begins from these evaluations and no others.

        Args:
            objective: Scored them.
            evaluations: Of distinct training sentences.

        Raises:
            LisaError: Fewer than two have a score.
        """
        scored = sum(evaluation.score is not None for evaluation in evaluations)
        if scored < 2:
            failures = failure_report([evaluation.evaluated for evaluation in evaluations])
            raise LisaError(
                f"a search begins from at least 2 scored sentences, not {scored}"
                + (f": {failures}" if failures else "")
            )
        sentences = [evaluation.sentence for evaluation in evaluations]
        scores = np.array([evaluation.value for evaluation in evaluations])
        nothing = Decontamination(None)
        return SearchProblem(
            self.model, self.space, objective, sentences, scores, nothing, self.sentences
        )

    def _readable(self, objective: Objective, notify: Notify) -> list[str]:
        """Return the training sentences that mean something to the objective."""
        readable = objective.language.readable(self.sentences)
        if not readable.any():
            raise LisaError(
                f"no sentence of {self.run.path} can be scored: they are no "
                f"{objective.language}, such as this one: {self.sentences[0]}"
            )
        if not readable.all():
            notify(
                f"{(~readable).mean():.0%} of the training sentences cannot be scored, and are "
                f"left out: they are no {objective.language}"
            )
        return [text for text, good in zip(self.sentences, readable, strict=True) if good]


def random_draws(
    problem: SearchProblem, budget: int, seeds: Sequence[int]
) -> dict[str, list[Draws]]:
    """Draw at random what could be evaluated in place of a search: for each seed, distinct.

    None stands for a text that is no sentence, as codes may decode to where the network writes
    characters.

    Args:
        problem: Of the search.
        budget: Evaluations of a trial; draws may be fewer where there is nothing new.
        seeds: Of the trials.
    """
    return {
        "random data": [from_data(problem.data, budget, seed) for seed in seeds],
        "random grammar": [from_grammar(problem.model, budget, seed) for seed in seeds],
        f"random {problem.space.name}": [
            from_space(problem.model, problem.space, budget, seed) for seed in seeds
        ],
    }


def _with_target(objective: Objective) -> Regression:
    if isinstance(objective, Regression):
        return objective
    raise LisaError(
        "sentences near a target are left out, and this objective has none; "
        "--decontaminate yes goes with --target"
    )
