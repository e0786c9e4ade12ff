"""A search whose scores are made elsewhere: a folder with its configuration and its history."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from itertools import groupby
from pathlib import Path
from typing import Any

from grammar_lisa.expressions.expression import variables_of
from grammar_lisa.expressions.language import Expressions, Language, PlainText
from grammar_lisa.grammar.restrictions import Restrictions
from grammar_lisa.grammar.text import derivations_to_texts
from grammar_lisa.models.load import load_model
from grammar_lisa.models.names import TOOL
from grammar_lisa.models.sentence_model import SentenceModel
from grammar_lisa.molecules.language import Molecules
from grammar_lisa.molecules.reading import check_installed
from grammar_lisa.optimize.config import SearchConfig
from grammar_lisa.optimize.history import Evaluation, History
from grammar_lisa.optimize.optimizer import Optimizer
from grammar_lisa.optimize.search import tell_all
from grammar_lisa.optimize.start import draw_design, open_optimizer, training_sentences
from shared.common.errors import LisaError
from shared.runs.run import Run, open_run

HISTORY = "history.jsonl"
_NO_SCORE = "no score was given"


@dataclass(frozen=True)
class Score:
    """A sentence with the score that was made elsewhere.

    Attributes:
        sentence: Its text.
        score: Smaller is better; None where there is none, as the evaluation failed.
        where: How messages call the place that it was read from.
    """

    sentence: str
    score: float | None
    where: str


@dataclass(frozen=True)
class Setup:
    """What a search by hand is begun with.

    Attributes:
        run: The folder of the trained model.
        config: What the search consists of; how many rounds there are is up to the user.
        language: Which sentences are equal.
        seed: Of every draw.
        restrictions: What every sentence that is asked for obeys; told ones need not.
    """

    run: Path
    config: SearchConfig
    language: Language
    seed: int
    restrictions: Restrictions = field(default_factory=Restrictions)

    def header(self) -> dict[str, Any]:
        """Return what identifies the search in its history."""
        header = {
            "seed": self.seed,
            "language": language_record(self.language),
            "config": asdict(self.config),
        }
        return header | ({"restrictions": str(self.restrictions)} if self.restrictions else {})


@dataclass(frozen=True)
class SearchState:
    """A search by hand.

    What it asks for follows from its setup and its history: asked twice, it asks for the same.

    Attributes:
        folder: Where it is kept.
        setup: What it was begun with.
        history: All scores, in the order in which they came; each time is a round.
    """

    folder: Path
    setup: Setup
    history: History

    @classmethod
    def open(cls, folder: Path, setup: Setup) -> "SearchState":
        """Open the history in a folder, or begin it.

        Raises:
            LisaError: The history is damaged, or was begun with another setup.
        """
        return cls(folder, setup, History(folder / HISTORY, setup.header()))

    @cached_property
    def run(self) -> Run:
        """The run whose codes are searched."""
        return open_run(self.setup.run, TOOL)

    @cached_property
    def model(self) -> SentenceModel:
        """Its model."""
        return load_model(self.run)

    @property
    def scored(self) -> list[Evaluation]:
        """All that have a score."""
        return [e for e in self.history.evaluations if e.score is not None]

    @property
    def best(self) -> Evaluation | None:
        """The best so far; of equal ones the first."""
        return min(self.scored, key=lambda e: e.value, default=None)

    def ask(self, q: int | None = None) -> list[str]:
        """Return the next sentences to score; the first are drawn from the training data.

        Args:
            q: How many; by default the configuration's batch.

        Raises:
            LisaError: The run cannot be read, or is not fit for the configuration.
        """
        if len(self.scored) >= 2:
            return self._optimizer().ask(q)
        known = {evaluation.sentence for evaluation in self.history.evaluations}
        sentences = training_sentences(self.run, self.model.obeying(self.setup.restrictions))
        design = draw_design(sentences, len(sentences), self.setup.seed)
        new = [sentence for sentence in design if sentence not in known]
        return new[: self.setup.config.batch if q is None else q]

    def new_among(self, scores: Sequence[Score]) -> list[Score]:
        """Return those of some scores that are not known yet; see `new_scores`."""
        return new_scores(scores, self.history.evaluations, self.model)

    def take(self, scores: Sequence[Score], *, initial: bool = False) -> None:
        """Append new scores to the history; they make up a round.

        Args:
            scores: As `new_among` returns them.
            initial: Whether they were known before the search began.
        """
        last = max((evaluation.round for evaluation in self.history.evaluations), default=0)
        number = 0 if initial else last + 1
        self.history.append(
            [
                Evaluation(number, s.sentence, s.score, "" if s.score is not None else _NO_SCORE)
                for s in scores
            ]
        )

    def _optimizer(self) -> Optimizer:
        """Return the search that was begun as soon as it could be, and has heard of all since."""
        rounds = [list(group) for _, group in groupby(self.history.evaluations, lambda e: e.round)]
        initial: list[Evaluation] = []
        while sum(evaluation.score is not None for evaluation in initial) < 2:
            initial += rounds.pop(0)
        optimizer = open_optimizer(
            self.setup.run,
            [evaluation.sentence for evaluation in initial],
            [evaluation.value for evaluation in initial],
            config=self.setup.config,
            language=self.setup.language,
            seed=self.setup.seed,
            restrictions=self.setup.restrictions,
        )
        for evaluations in rounds:
            tell_all(optimizer, evaluations)
        return optimizer


def new_scores(
    scores: Sequence[Score], known: Sequence[Evaluation], model: SentenceModel
) -> list[Score]:
    """Return those of some scores that are not known yet, sentences as the grammar writes them.

    Args:
        scores: That were made elsewhere.
        known: What is known.
        model: Whose grammar the sentences are of.

    Raises:
        LisaError: A sentence is none of the grammar or does not fit the model, or has another
            score already; the message says where.
    """
    first = {each.sentence: Score(each.sentence, each.score, "") for each in known}
    new = []
    for score in (_written(score, model) for score in scores):
        before = first.setdefault(score.sentence, score)
        if before is score:
            new.append(score)
        elif before.score != score.score:
            raise LisaError(
                f"{score.where}: '{score.sentence}' has {_score_text(before.score)} already"
                f"{f' in {before.where}' if before.where else ''}, not "
                f"{_score_text(score.score)}; a score that was taken stays"
            )
    return new


def _written(score: Score, model: SentenceModel) -> Score:
    """Return a score with its sentence as the grammar writes it."""
    try:
        (text,) = derivations_to_texts(model.grammar, model.parse([score.sentence]))
        model.rows([text])
    except LisaError as error:
        raise LisaError(f"{score.where}: {error}") from error
    return Score(text, score.score, score.where)


def language_record(language: Language) -> dict[str, Any]:
    """Return a language as JSON has it.

    Raises:
        LisaError: It is none that can be kept.
    """
    if isinstance(language, Expressions):
        return {"name": "expressions", "variables": list(language.variables)}
    if isinstance(language, PlainText):
        return {"name": "text"}
    if isinstance(language, Molecules):
        return {"name": "molecules"}
    raise LisaError(
        f"the language {language} cannot be kept; valid are text, expressions and molecules"
    )


def language_from(record: object, source: str) -> Language:
    """Return the language that JSON has.

    Raises:
        LisaError: Naming the source, where it is none.
    """
    match record:
        case {"name": "text"}:
            return PlainText()
        case {"name": "molecules"}:
            check_installed()
            return Molecules()
        case {"name": "expressions", "variables": [*names]} if all(
            isinstance(name, str) for name in names
        ):
            return Expressions(tuple(names))
    raise LisaError(
        f"{source}: {record!r} is no language; valid are text, expressions and molecules"
    )


def expressions_of(run: Run, model: SentenceModel) -> Expressions:
    """Return the language of expressions in the variables that the training sentences mention.

    Raises:
        LisaError: They are no expressions.
    """
    sentences = training_sentences(run, model)
    language = Expressions(variables_of(sentences))
    readable = language.readable(sentences)
    if not readable.all():
        example = sentences[int(readable.argmin())]
        raise LisaError(
            f"the sentences of {run.path} are no expressions, such as this one: {example}; search "
            "them as text"
        )
    return language


def _score_text(score: float | None) -> str:
    return "no score" if score is None else f"the score {score:g}"
