"""What `grammar-lisa fit TABLE` takes."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, Final

import tyro

from grammar_lisa.grammar.source import read_text
from grammar_lisa.regression.fit_config import (
    COMPLEXITIES,
    JOBS,
    OPERATORS,
    FitConfig,
    seconds_of,
    sources_without,
)
from grammar_lisa.regression.tables.table_options import SEVERAL_MISSING, TableOptions
from shared.cli.records import check_once, check_resumed, flags_of
from shared.cli.terminal import Output, Ranges
from shared.common.errors import LisaError

RESUMED: Final = ("time", "stop-at", "jobs")
"""What a run that goes on is told anew."""

_ALL_BUT_SPHERE: Final = sources_without("sphere")


@dataclass(frozen=True, kw_only=True)
class Options(Output):
    """Find the formula behind a table of data, its constants fitted.

    Attributes:
        table: The table: a .csv, .tsv or .txt file, perhaps zipped (.gz, .bz2, .xz, .zip), or
            .parquet or .feather; - for standard input.
        data: How the table is read.
        operators: What formulas are made with: some of + - * / pow sqrt log exp sin cos
            tan asin acos atan sinh cosh tanh abs.
        grammar: A .cfg file whose sentences are the formulas that are allowed, each c in them a
            number to be fitted; in place of the operators.
        max_complexity: The most operations, variables and numbers of a formula.
        time: How long to search and, at the end, to fit and round: seconds, or a time such as 90s,
            2m or 1.5h.
        stop_at: What is good enough, as in r2=0.9999 or loss=1e-6.
        loss: What is made small: mse, mae, huber, relative, log, or a Python function from targets
            and predictions to a loss for each, package.module:function.
        guess: A formula to begin from; each c in it is a number to be fitted. May be repeated.
        digits: The most significant digits of a number; by default what the data bear.
        without: Sources of candidates to leave out, with commas between: some of subexpressions,
            polynomials, features, dictionary, pairs, backpropagation, separability, variation,
            sphere.
        seed: Of everything random.
        jobs: Searches at a time, each with a seed of its own and on one core.
        name: The run's folder in --runs; by default a new one, fit-001 and so on.
        runs: The folder that runs are kept in.
        overwrite: Replace the run of that name.
        resume: Go on with a run: its folder. All else is read from it but --time, --stop-at
            and --jobs.
    """

    inputs: ClassVar[tuple[str, ...]] = ("table",)
    ranges: ClassVar[Ranges] = {"max_complexity": COMPLEXITIES, "digits": (1, 17), "jobs": JOBS}

    table: tyro.conf.Positional[Path | None] = None
    data: TableOptions = field(default_factory=TableOptions)
    operators: str = OPERATORS
    grammar: Path | None = None
    max_complexity: int = 40
    time: str = "60s"
    stop_at: str | None = None
    loss: str = "mse"
    guess: tyro.conf.UseAppendAction[tuple[str, ...]] = ()
    digits: int | None = None
    without: str | None = None
    seed: int = 0
    jobs: int = 1
    name: str | None = None
    runs: Path = Path("runs")
    overwrite: bool = False
    resume: Path | None = None

    @property
    def config(self) -> FitConfig:
        """What the search is told."""
        return FitConfig(
            operators=self.operators,
            grammar=None if self.grammar is None else str(self.grammar),
            max_complexity=self.max_complexity,
            max_time=seconds_of(self.time),
            loss=self.loss,
            digits=self.digits,
            stop_at=self.stop_at,
            guesses=tuple(self.guess),
            seed=self.seed,
            jobs=self.jobs,
            sources=sources_without(self.without or ""),
        )

    def check(self) -> None:
        """Refuse options that contradict each other or make no sense.

        Raises:
            LisaError: Naming the first.
        """
        if self.table is None and self.resume is None:
            raise LisaError("name the table to fit, or a run to go on with: --resume runs/fit-001")
        if self.table is not None and self.resume is not None:
            raise LisaError(
                f"--resume goes on with the table of its run; leave {self.table} away, or --resume"
            )
        super().check()
        if self.grammar is not None:
            read_text(self.grammar)
            if sources_without(self.without or "") not in (None, _ALL_BUT_SPHERE):
                raise LisaError(
                    f"--without {self.without}: beside --grammar sphere alone can be left out"
                )
        self.data.check()
        self.config.check()

    @property
    def opening(self) -> str:
        """What is said while all is loaded."""
        return f"reading {self.table}" if self.resume is None else f"going on with {self.resume}"


def check_words(words: Sequence[str]) -> None:
    """Refuse options that would be ignored beside others.

    Raises:
        LisaError: Naming them.
    """
    check_resumed(words, RESUMED)
    check_once(words, missing=SEVERAL_MISSING)
    if {"grammar", "operators"} <= set(flags_of(words)):
        raise LisaError(
            "--grammar says what formulas are made of, in place of --operators; leave one away"
        )
