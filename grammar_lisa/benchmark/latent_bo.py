"""Systems of latent-space optimisation on one protocol: the same network, data and harness.

A comparison is a folder: the lines that networks learn from, a run for each target and autoencoder,
and a file for each trial. What is there is not done again.
"""

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any, Final

import numpy as np

from grammar_lisa.benchmark.drawn import drawn_targets, targets_among
from grammar_lisa.benchmark.jobs import SearchJob, TrainingJob
from grammar_lisa.benchmark.latent_bo_settings import LatentBOSettings
from grammar_lisa.benchmark.start_sets import NONE, StartSet, drawn_from_grammar, tells_apart
from grammar_lisa.grammar import load_grammar
from grammar_lisa.grammar.sentence_files import read_lines
from grammar_lisa.models.names import TOOL
from grammar_lisa.objectives.decontamination import EXACT
from grammar_lisa.objectives.kusner import KUSNER_TARGET
from grammar_lisa.objectives.objective import Objective
from grammar_lisa.objectives.regression import Regression
from grammar_lisa.optimize.config import SearchConfig
from grammar_lisa.optimize.history import Evaluation
from grammar_lisa.optimize.trials import Trial
from grammar_lisa.training.config import TrainConfig
from grammar_lisa.training.experiment import Plan
from shared.common.errors import LisaError
from shared.common.seeds import derive_seed
from shared.jobs.backends import Backend
from shared.jobs.folder import JobFolder
from shared.jobs.jobs import OnEnd, kept_files, run_jobs
from shared.methods import Method
from shared.runs.files import read_json

LATENT_BO_TOOL: Final = f"{TOOL} benchmark latent-bo"
MARKS: Final = (100, 250, 500)
"""After how many evaluations the best score so far is told."""
TRAINED_ON = 50_000
"""The most sentences that a network learns from."""
_DRAWS = 1000


@dataclass(frozen=True)
class Entrant:
    """A system, with what is different from its own configuration.

    Attributes:
        name: As it was asked for, ``SYSTEM[+option=value]…``.
        config: What its searches consist of.
        method: How the codes that are searched were learnt.
        learnt: What tells their network from others: the method's name, and what is different
            from its defaults.
        untrained: Whether the network keeps its initial weights.
    """

    name: str
    config: SearchConfig
    method: Method
    learnt: str
    untrained: bool


def reached_by(
    found: Sequence[Evaluation], objective: Objective, *, start: float
) -> dict[str, Any]:
    """Return what a trial reached whose best line at the beginning scores `start`."""
    return reached(np.array([each.value for each in found]), start, objective.worst)


def reached(scores: np.ndarray[Any, Any], start: float, worst: float) -> dict[str, Any]:
    """Return what a trial reached.

    Args:
        scores: Of its evaluations, in order.
        start: The best known score at the beginning.
        worst: The score of what is useless, which no average includes.

    Returns:
        The number of evaluations; the first that met the target, or None; the best score known
        after each of `MARKS`; the average score, and the best line known at the beginning.
    """
    exact = np.flatnonzero(scores <= EXACT)
    best = {str(mark): float(np.fmin.reduce([start, *scores[:mark]])) for mark in MARKS}
    useful = scores[scores < worst]
    return {
        "evaluations": len(scores),
        "exact": int(exact[0]) + 1 if len(exact) else None,
        "best": best,
        "average": float(useful.mean()) if len(useful) else None,
        "start": start,
    }


@dataclass(frozen=True)
class LatentBOBenchmark(JobFolder):
    """A folder of trials.

    Attributes:
        setting: What all share.
    """

    setting: LatentBOSettings

    @cached_property
    def lines(self) -> list[str]:
        """The lines of the file of data.

        Raises:
            LisaError: There is none, or it cannot be read.
        """
        if self.setting.data is None:
            raise LisaError(
                f"the protocol {self.setting.how.name} begins from lines of a file; name it "
                "with --data FILE"
            )
        return read_lines(self.setting.data)

    def objective(self, target: str) -> Regression:
        """Return what scores sentences."""
        return self.setting.how.regression(target)

    def tells(self, target: str) -> bool:
        """Tell whether the data, if there are any, have better and worse lines for a target."""
        return self.setting.data is None or tells_apart(self.objective(target)(self.lines))

    def drawn(self, count: int) -> Sequence[str]:
        """Return targets that the seed draws: from the grammar, and of lines half of them.

        Raises:
            LisaError: There are too few.
        """
        setting, points = self.setting, self.objective(KUSNER_TARGET).data
        of_lines = count // 2 if setting.data is not None else 0
        targets = drawn_targets(
            load_grammar(setting.grammar),
            setting.max_rules,
            points,
            count - of_lines,
            derive_seed(setting.seed, "targets"),
            self.tells,
        )
        if of_lines:
            rng = np.random.default_rng(derive_seed(setting.seed, "target lines"))
            lines = [self.lines[row] for row in rng.permutation(len(self.lines)).tolist()]
            source = f"lines of {setting.data}"
            targets += targets_among(lines, points, of_lines, source, self.tells)
        return targets

    def do(
        self,
        target: str,
        entrants: Sequence[Entrant],
        seeds: int,
        backend: Backend,
        on_end: OnEnd[Objective],
    ) -> None:
        """Train and search what is missing for one target."""
        objective = self.objective(target)
        plans = {each.learnt: self._plan(target, each, objective) for each in entrants}
        trainings = [TrainingJob(self._run(target, name), plan) for name, plan in plans.items()]
        run_jobs(trainings, objective, backend, on_end=on_end)
        trained = {name for name, each in zip(plans, trainings, strict=True) if each.done}
        searches = [
            search
            for number in range(1, seeds + 1)
            for search in self._searches(target, objective, entrants, trained, number)
        ]
        run_jobs(searches, objective, backend, on_end=on_end)

    def records(self) -> list[dict[str, Any]]:
        """Return every trial that was kept: target, system, and what it reached."""
        return [read_json(path) for path in kept_files(self.path, "trials/*/*/trial-*.json")]

    def _searches(
        self,
        target: str,
        objective: Regression,
        entrants: Sequence[Entrant],
        trained: set[str],
        number: int,
    ) -> Iterator[SearchJob]:
        """Yield the trials of one seed that are missing."""
        folders = {
            each.name: self.path / "trials" / _folded(target) / _folded(each.name)
            for each in entrants
            if each.learnt in trained
        }
        paths = {name: path / f"trial-{number:02d}.json" for name, path in folders.items()}
        if all(path.is_file() for path in paths.values()):
            return
        seed = derive_seed(self.setting.seed, "trial", number)
        start = self._start(target, objective, seed)
        known = dict(zip(start.known_lines, start.known_scores.tolist(), strict=True))
        scores = np.array(list(known.values()))
        for each in entrants:
            if each.name not in paths:
                continue
            path = paths[each.name]
            trial = Trial(
                number,
                self._run(target, each.learnt),
                path.with_suffix(".jsonl"),
                list(known),
                scores,
                each.config,
                not self.setting.outputs,
                seed,
                each.untrained,
            )
            told = partial(reached_by, start=float(scores.min()))
            yield SearchJob(path, trial, told, {"target": target, "system": each.name})

    def _start(self, target: str, objective: Regression, seed: int) -> StartSet:
        protocol, setting = self.setting.how, self.setting
        if protocol.pick is not None and setting.data is not None:
            return protocol.start(self.lines, objective(self.lines), seed, setting.n_initial)
        known = setting.n_initial or (protocol.known if isinstance(protocol.known, int) else 500)
        drawn = drawn_from_grammar(
            load_grammar(setting.grammar), objective, seed, known, setting.max_rules
        )
        if protocol.name == NONE:
            return drawn
        assert protocol.pick is not None
        return dataclasses.replace(drawn, known=protocol.pick(drawn.scores))

    def _plan(self, target: str, entrant: Entrant, objective: Regression) -> Plan:
        """Return how the run comes about whose codes an entrant searches."""
        setting = self.setting
        data = None if setting.data is None else self._pool(target, objective)
        drawn_clean = data is None and setting.how.name != NONE
        config = TrainConfig(
            grammar=setting.grammar,
            data=data,
            draw=setting.draw,
            distinct="text",
            count=TRAINED_ON,
            held_out=1_000,
            max_rules=setting.max_rules,
            target=target,
            decontaminate="yes" if drawn_clean else "no",
            dim=setting.dim,
            epochs=setting.epochs,
            threads=1,
            draws=_DRAWS,
            seed=setting.seed,
        )
        return Plan(config, entrant.method)

    def _pool(self, target: str, objective: Regression) -> Path:
        """Return the file of the lines that networks learn from for a target, written once."""
        path = self.path / "pools" / f"{_folded(target)}.txt"
        if not path.is_file():
            start = self.setting.how.start(self.lines, objective(self.lines), 0, 1)
            path.parent.mkdir(exist_ok=True)
            path.write_text("\n".join(dict.fromkeys(start.pool)) + "\n", encoding="utf-8")
        return path

    def _run(self, target: str, learnt: str) -> Path:
        return self.path / "runs" / f"{_folded(target)}-{learnt}"


_SIGNS: Final = str.maketrans({"/": "÷", " ": "_"})


def _folded(text: str) -> str:
    """Return a target or system as the name of a folder."""
    return text.translate(_SIGNS)
