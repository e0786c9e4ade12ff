"""What a search is given, and the random draws that it is compared with."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from grammar_lisa.derivations.text import derivations_to_texts
from grammar_lisa.model import TOOL, SentenceModel, load_model, read_data
from grammar_lisa.objectives.evaluation import parsable
from grammar_lisa.objectives.regression import Regression
from grammar_lisa.objectives.withholding import Withhold
from grammar_lisa.search.baselines import from_data, from_grammar, from_space
from grammar_lisa.search.search import Settings
from grammar_lisa.search.space import Space, space_of_run
from grammar_lisa.search.trials import Trial, plan_trials
from shared.errors import LisaError
from shared.runs import Run
from shared.seeds import derive_seed

Draws = Sequence[str | None]
"""What was drawn, in order; None for a text that is no sentence."""


@dataclass(frozen=True)
class Task:
    """What a search is given: model, objective, and the sentences it may begin from.

    Attributes:
        model: of the run.
        space: that its codes are searched in.
        objective: scores expressions.
        sentences: the training sentences that are not withheld.
        scores: theirs.
        withhold: what was kept out.
    """

    model: SentenceModel
    space: Space
    objective: Regression
    sentences: list[str]
    scores: NDArray[np.float64]
    withhold: Withhold

    @property
    def seen(self) -> int:
        """How many withheld sentences the network was trained on."""
        return self.withhold.equal + self.withhold.near

    def trials(
        self, run: Path, folder: Path, *, count: int, begin_from: int, settings: Settings, seed: int
    ) -> list[Trial]:
        """The trials of a search for it, the same for every command with the same options.

        Args:
            run: the folder of the trained model.
            folder: where records go.
            count: how many.
            begin_from: how many scored sentences a trial begins from.
            settings: of each search.
            seed: of the command.
        """
        return plan_trials(
            run,
            folder,
            self.sentences,
            self.scores,
            count=count,
            begin_from=begin_from,
            settings=settings,
            seed=derive_seed(seed, "search"),
        )


@dataclass(frozen=True)
class Searchable:
    """A run whose codes can be searched, with the sentences it was trained on.

    Attributes:
        run: the run.
        model: its model.
        space: that its codes are searched in.
        sentences: on which it was trained.
    """

    run: Run
    model: SentenceModel
    space: Space
    sentences: list[str]

    @classmethod
    def load(cls, run: Run) -> "Searchable":
        """The run with its model and sentences.

        Raises:
            LisaError: if the run cannot be read.
        """
        model = load_model(run)
        sentences = derivations_to_texts(model.grammar, read_data(run).train)
        return cls(run, model, space_of_run(model, run), sentences)

    def task(self, objective: Regression, *, clean: bool, tell: Callable[[str], None]) -> Task:
        """What a search for an objective is given.

        Args:
            objective: scores expressions.
            clean: whether sentences that equal the target, or nearly do, are withheld.
            tell: hears what cannot be scored and what was withheld.

        Raises:
            LisaError: if no sentence can be scored, or fewer than two are left to begin from.
        """
        sentences = self._readable(objective, tell)
        scores = objective(sentences)
        withhold = Withhold(objective if clean else None)
        kept = withhold(sentences)
        tell(str(withhold))
        chosen = [text for text, keep in zip(sentences, kept, strict=True) if keep]
        task = Task(self.model, self.space, objective, chosen, scores[kept], withhold)
        if task.seen:
            tell(
                f"the network was trained on these {task.seen}: to keep them from it as well, "
                "train with the --target of this search"
            )
        if len(chosen) < 2:
            raise LisaError(
                f"{len(chosen)} of the {len(self.sentences)} training sentences are left to begin "
                f"from; a search needs at least 2: keep the others with '{TOOL} bo --withhold no', "
                "or train on more data"
            )
        return task

    def _readable(self, objective: Regression, tell: Callable[[str], None]) -> list[str]:
        """The training sentences that can be scored."""
        readable = parsable(self.sentences, objective.variables)
        names = ", ".join(objective.variables)
        if not readable.any():
            raise LisaError(
                f"no sentence of {self.run.path} can be scored: they are no expressions in "
                f"{names}, such as this one: {self.sentences[0]}"
            )
        if not readable.all():
            tell(
                f"{(~readable).mean():.0%} of the training sentences cannot be scored, and are "
                f"left out: the data knows the variables {names} only"
            )
        return [text for text, good in zip(self.sentences, readable, strict=True) if good]


def random_draws(task: Task, budget: int, seeds: Sequence[int]) -> dict[str, list[Draws]]:
    """What random draws evaluate in place of a search, by name: for each seed, distinct sentences.

    None stands for a text that is no sentence, as codes may decode to where the network writes
    characters.

    Args:
        task: of the search.
        budget: evaluations of a trial; draws may be fewer where there is nothing new.
        seeds: of the trials.
    """
    return {
        "random data": [from_data(task.sentences, budget, seed) for seed in seeds],
        "random grammar": [from_grammar(task.model, budget, seed) for seed in seeds],
        f"random {task.space.name}": [
            from_space(task.model, task.space, budget, seed) for seed in seeds
        ],
    }
