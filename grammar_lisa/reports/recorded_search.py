"""A search of `grammar-lisa bo` as its folder records it."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from grammar_lisa.expressions.expression import variables_of
from grammar_lisa.grammar.text import derivations_to_texts
from grammar_lisa.models.load import load_model
from grammar_lisa.models.names import TOOL
from grammar_lisa.models.run import read_data
from grammar_lisa.models.sentence_model import SentenceModel
from grammar_lisa.objectives.kusner import KUSNER_TARGET
from grammar_lisa.objectives.regression import Regression
from grammar_lisa.objectives.targets import regression_for
from grammar_lisa.optimize.history import Evaluation, read_history
from shared.common.arrays import Floats
from shared.common.errors import LisaError
from shared.common.seeds import derive_seed
from shared.reports.charts import number
from shared.reports.page import Cell, Formula
from shared.reports.runs import mapping, read_record
from shared.runs.expost import load_codes
from shared.runs.run import SUMMARY, Run, open_run

_CONTEXT = 600
"""Training sentences that a map shows."""


@dataclass(frozen=True)
class RecordedSearch:
    """A search, as far as its folder tells.

    Attributes:
        run: Its folder.
        trials: The evaluations of each trial, in order, by its number.
        summary: What it came to; empty of a search that did not end.
    """

    run: Run
    trials: Mapping[int, list[Evaluation]]
    summary: Mapping[str, Any]

    @classmethod
    def read(cls, run: Run) -> "RecordedSearch":
        """Read the histories and the summary of a search.

        Raises:
            LisaError: A file is damaged.
        """
        trials = {}
        for path in sorted(run.path.glob("trial-*.jsonl")):
            _, evaluations = read_history(path)
            trials[int(path.stem.removeprefix("trial-"))] = evaluations
        return cls(run, trials, read_record(run, SUMMARY))

    @property
    def options(self) -> Mapping[str, Any]:
        """The options that it was begun with."""
        return mapping(self.run.config.get("options"))

    @property
    def target(self) -> str | None:
        """The expression or the name of one that was searched for; None of other objectives."""
        if self.options.get("objective") or self.options.get("command"):
            return None
        return str(self.options.get("target") or KUSNER_TARGET)

    @property
    def objective_text(self) -> str:
        """What was searched for, as the user named it."""
        named = self.options.get("objective") or self.options.get("command")
        return str(named or self.target)

    @property
    def system(self) -> str:
        """What searched."""
        return str(self.options.get("system", "search"))

    @property
    def score_title(self) -> str:
        """What a score is."""
        return "score" if self.target is None else "score, log(1 + MSE)"

    @property
    def start(self) -> float | None:
        """The best score that a trial knew when it began."""
        rows = mapping(self.summary.get("trials")).get("search", [])
        known = [row.get("start") for row in rows if isinstance(row, Mapping)]
        return min((value for value in known if isinstance(value, float)), default=None)

    @property
    def evaluations(self) -> list[tuple[int, int, Evaluation]]:
        """Every evaluation with its trial and its number there, both counted from 1."""
        return [
            (number, place, each)
            for number, evaluations in self.trials.items()
            for place, each in enumerate(evaluations, start=1)
        ]

    @property
    def best(self) -> list[tuple[int, int, Evaluation]]:
        """The evaluations with a score, the best first, each sentence once."""
        scored = [each for each in self.evaluations if each[2].score is not None]
        scored.sort(key=lambda each: (each[2].value, len(each[2].sentence), each[:2]))
        first: dict[str, tuple[int, int, Evaluation]] = {}
        for each in scored:
            first.setdefault(each[2].sentence, each)
        return list(first.values())

    @cached_property
    def trained(self) -> Run:
        """The run whose codes were searched: the folder that this one lies in.

        Raises:
            LisaError: It is none.
        """
        return open_run(self.run.path.resolve().parent, TOOL)

    @cached_property
    def model(self) -> SentenceModel:
        """The model whose codes were searched."""
        return load_model(self.trained)

    def regression(self) -> Regression | None:
        """Return the objective where it has data and no code of the user's; else None.

        Raises:
            LisaError: The run that was searched is not there.
        """
        if self.target is None:
            return None
        texts = derivations_to_texts(self.model.grammar, read_data(self.trained).train)
        seed = derive_seed(int(self.options.get("seed", 0)), "points")
        return regression_for(self.target, seed, variables_of(texts) or None)

    def training_codes(self) -> Floats:
        """Return the codes of some training sentences, `[n, dim]`.

        Raises:
            LisaError: The run that was searched is not there.
        """
        codes = load_codes(self.trained).mean
        rows = np.linspace(0, len(codes) - 1, min(_CONTEXT, len(codes))).astype(np.int64)
        some: Floats = codes[rows]
        return some


def best_cells(search: RecordedSearch) -> list[Cell]:
    """Return the best score and the best sentence of a search, dashes where nothing was scored."""
    if not search.best:
        return ["–", "–"]
    best = search.best[0][2]
    return [number(best.score), Formula(best.sentence)]


def latex_of(text: str) -> str | None:
    """Return a text in LaTeX's mathematics where it is an expression, else None."""
    from grammar_lisa.expressions.latex import latex

    try:
        return latex(text)
    except LisaError:
        return None
