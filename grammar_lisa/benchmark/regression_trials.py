"""Trials of symbolic regression: a problem, a system, a seed and a noise; one file for each."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from grammar_lisa.benchmark.regression_solution import is_solution, written_complexity
from grammar_lisa.benchmark.regression_suites import Problem, Rows, SuiteName, draw_rows
from grammar_lisa.benchmark.regression_systems import FoundFormula, regression_system
from grammar_lisa.expressions.evaluation import evaluate
from grammar_lisa.models.names import TOOL
from shared.common.arrays import Floats
from shared.common.errors import LisaError
from shared.common.seeds import derive_seed
from shared.jobs.backends import Backend
from shared.jobs.folder import JobFolder
from shared.jobs.jobs import FileJob, OnEnd, kept_files, run_jobs
from shared.runs.files import read_json

REGRESSION_TOOL: Final = f"{TOOL} benchmark regression"
ACCURATE: Final = 0.999
"""SRBench's bound of R² on test rows above which a formula is accurate."""
OWN: Final = "own"
"""The noise of a trial that has that of its problem."""


@dataclass(frozen=True)
class RegressionSettings:
    """What all trials of a folder share.

    Attributes:
        suite: The suite.
        problems: All of it, though a call may take some.
        seconds: Of each search: processor time of one core.
        seed: Of everything random.
    """

    suite: SuiteName
    problems: tuple[Problem, ...]
    seconds: float
    seed: int

    def record(self) -> dict[str, Any]:
        """Return what must be the same in every call."""
        digest = hashlib.sha256(repr(self.problems).encode()).hexdigest()[:16]
        return {
            "suite": self.suite,
            "problems": digest,
            "processor_seconds": self.seconds,
            "seed": self.seed,
        }


@dataclass(frozen=True)
class RegressionTrial(FileJob[RegressionSettings]):
    """One search for one formula; it needs no files where it is done.

    Attributes:
        problem: What is searched for.
        system: Which searches.
        number: The seed's number, from 1.
        noise: The share of noise; None for the problem's own.
    """

    problem: Problem
    system: str
    number: int
    noise: float | None

    @property
    def name(self) -> str:
        """Problem, noise, system and number."""
        return f"{self.problem.name}/{self.path.parent.name}/{self.path.stem}"

    def do(self, context: RegressionSettings, threads: int) -> dict[str, Any]:
        """Search, judge the formula, and return what there is to tell.

        Raises:
            LisaError: There is no such system, or its formula cannot be read.
            RuntimeError: The system failed.
        """
        noise = self.problem.noise or 0.0 if self.noise is None else self.noise
        seed = derive_seed(context.seed, "trial", self.number)
        rows = draw_rows(self.problem, noise, seed)
        began, began_cpu = time.monotonic(), time.process_time()
        found = self._found(rows, context.seconds, seed)
        seconds, cpu_seconds = time.monotonic() - began, time.process_time() - began_cpu
        record = {
            "problem": self.problem.name,
            "system": self.system,
            "noise": OWN if self.noise is None else self.noise,
            "trial": self.number,
            "seconds": seconds,
            "cpu_seconds": cpu_seconds,
            "seconds_found": found.seconds,
            "evaluations": found.evaluations,
        }
        return record | judged(found.text, self.problem, rows, noise, seed)

    def _found(self, rows: Rows, seconds: float, seed: int) -> FoundFormula:
        try:
            return regression_system(self.system)(rows, seconds, seed)
        except LisaError:
            raise
        except Exception as error:
            raise RuntimeError(f"{self.system}: {type(error).__name__}: {error}") from error


def judged(text: str, problem: Problem, rows: Rows, noise: float, seed: int) -> dict[str, Any]:
    """Return how good a formula is.

    Args:
        text: The formula.
        problem: What it should solve.
        rows: What it was found with.
        noise: Their share of noise.
        seed: Of the points that a solution is told by.

    Returns:
        The formula, its complexity, R² on the rows and on test rows (None where it has no value),
        whether it is accurate, and whether it is a solution.

    Raises:
        LisaError: The text is no formula over the variables.
    """
    r2_test = _r2(text, rows.test_points, rows.test_target)
    return {
        "formula": text,
        "complexity": written_complexity(text, problem.variables),
        "r2_train": _r2(text, rows.points, rows.target),
        "r2_test": r2_test,
        "accurate": r2_test is not None and r2_test > ACCURATE,
        "solved": is_solution(text, problem, noise, seed),
    }


def _r2(text: str, points: Mapping[str, Floats], target: Floats) -> float | None:
    with np.errstate(all="ignore"):
        errors = evaluate([text], points)[0] - target
        r2 = 1 - float(np.square(errors).mean()) / float(target.var())
    return r2 if np.isfinite(r2) else None


@dataclass(frozen=True)
class RegressionBenchmark(JobFolder):
    """A folder of trials.

    Attributes:
        settings: What all share.
    """

    settings: RegressionSettings

    def do(
        self,
        problems: Sequence[Problem],
        systems: Sequence[str],
        noises: Sequence[float | None],
        seeds: int,
        backend: Backend,
        on_end: OnEnd[RegressionSettings],
    ) -> None:
        """Do the trials that are missing.

        Args:
            problems: What is searched for.
            systems: Who searches.
            noises: Shares of noise; None for the problems' own.
            seeds: Trials of each.
            backend: What carries the trials out, each on one core.
            on_end: Hears of each trial as it ends.
        """
        trials = [
            RegressionTrial(
                self._file(problem, system, noise, number), problem, system, number, noise
            )
            for number in range(1, seeds + 1)
            for noise in noises
            for problem in problems
            for system in systems
        ]
        run_jobs(trials, self.settings, backend, on_end=on_end)

    def records(self) -> list[dict[str, Any]]:
        """Return every trial that was kept, in the order of problems."""
        return [
            read_json(path)
            for problem in self.settings.problems
            for path in kept_files(self.path / "trials" / problem.name, "*/*-*.json")
        ]

    def _file(self, problem: Problem, system: str, noise: float | None, number: int) -> Path:
        share = OWN if noise is None else f"{noise:g}"
        folder = self.path / "trials" / problem.name / f"noise-{share}"
        return folder / f"{system}-{number:02d}.json"
