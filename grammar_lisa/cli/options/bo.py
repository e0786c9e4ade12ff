"""The options of `grammar-lisa bo`."""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, Final, Literal, Self

from grammar_lisa.cli.options.objective import ObjectiveOptions
from grammar_lisa.cli.options.restrictions import RestrictionOptions
from grammar_lisa.cli.options.search import N_INITIAL, SystemOptions, with_system
from shared.cli.option_groups import JOB_OPTIONS, JobOptions, RunArgument, TrackOptions
from shared.cli.records import check_resumed, flag_value
from shared.cli.terminal import Ranges
from shared.common.errors import LisaError

TABLE_FLAGS: Final = ("csv", "y")
"""What searches of tables were begun with, before there was `grammar-lisa fit`."""


@dataclass(frozen=True, kw_only=True)
class Options(TrackOptions, RunArgument, SystemOptions, JobOptions, RestrictionOptions):
    """Search the codes of a trained run for the sentence with the least score.

    By default that is the expression that fits a target best. The parts of the search stand at the
    end; --system NAME --help shows those of another system.

    Attributes:
        scoring: What scores sentences.
        black_box: Show the search scores alone. Without it a search for an expression also sees
            the outputs of what was scored, as the score is a known function of them.
        trials: Searches from different seeds; by default 5, or 1 where your own code scores.
        n_initial: Training sentences whose scores a trial knows to begin with; by default 1000.
            Where your own code scores, they are scored first, once for all trials, and the default
            is 50.
        decontaminate: Keep training sentences that equal the target, or score under 0.11, from the
            search (the clean protocol); auto does so for a target.
        controls: Score as many random sentences as a trial does, from the training data, the
            grammar and the space, to compare with; auto does so unless your own code scores.
        top: How many of the best sentences to print and to simplify.
        seed: Of everything random.
        name: The folder of the search within the run; by default a new one, search-001 and so on.
        overwrite: Replace the search of that name.
        resume: Go on with a search that was stopped: its folder. All else is read from it.
    """

    ranges: ClassVar[Ranges] = JobOptions.ranges | {
        "trials": (1, 1000),
        "n_initial": N_INITIAL,
        "top": (1, 1000),
    }

    scoring: ObjectiveOptions = field(default_factory=ObjectiveOptions)
    black_box: bool = False
    trials: int | None = None
    n_initial: int | None = None
    decontaminate: Literal["auto", "yes", "no"] = "auto"
    controls: Literal["auto", "yes", "no"] = "auto"
    top: int = 10
    seed: int = 0
    name: str | None = None
    overwrite: bool = False
    resume: Path | None = None

    @property
    def needs_run(self) -> bool:
        """Whether a new search begins: one that goes on knows its run."""
        return self.resume is None

    @property
    def own_code(self) -> bool:
        """Whether the user's own code scores."""
        return self.scoring.own_code

    @property
    def clean(self) -> bool:
        """Whether sentences near the target are left out."""
        if self.decontaminate == "auto":
            return not self.own_code
        return self.decontaminate == "yes"

    @property
    def compared(self) -> bool:
        """Whether random sentences are scored as well."""
        return not self.own_code if self.controls == "auto" else self.controls == "yes"

    @property
    def trial_count(self) -> int:
        """How many trials there are."""
        return (1 if self.own_code else 5) if self.trials is None else self.trials

    @property
    def known_count(self) -> int:
        """How many scored sentences a trial begins from."""
        return (50 if self.own_code else 1000) if self.n_initial is None else self.n_initial

    def settled(self) -> Self:
        """Return the options with the numbers that depend on what scores filled in."""
        return dataclasses.replace(self, trials=self.trial_count, n_initial=self.known_count)

    def check(self) -> None:
        """Refuse options that contradict each other or make no sense.

        Raises:
            LisaError: Naming the first.
        """
        super().check()
        self.check_system()
        self.scoring.check()
        if self.decontaminate == "yes" and self.own_code:
            raise LisaError(
                "--decontaminate yes keeps sentences near a target from the search, and "
                "--objective and --command have none; leave it away"
            )


def default_options(words: Sequence[str]) -> Options:
    """Return the defaults of a command line: those of the system that it names.

    Raises:
        LisaError: There is no such system, or the words ask for what `fit` does.
    """
    for flag in TABLE_FLAGS:
        if flag_value(words, flag) is not None:
            raise LisaError(
                f"--{flag}: bo fits no tables; 'grammar-lisa fit TABLE' finds the formula behind "
                "one, its constants fitted"
            )
    return with_system(Options, words)


def check_words(words: Sequence[str]) -> None:
    """Refuse options beside --resume that the run has its own values of.

    Raises:
        LisaError: Naming them.
    """
    check_resumed(words, (*JOB_OPTIONS, "track"))
