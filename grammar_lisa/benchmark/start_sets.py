"""What published searches of Kusner's task begin from, rebuilt from the lines of his file.

A protocol says which lines a model may be trained on (the pool), of how many of them the search
knows the scores, how sentences are scored, and how many it may evaluate. The pool of a protocol is
the same for every trial; which of it are known is drawn by the seed of the trial.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from grammar_lisa.grammar import Grammar
from grammar_lisa.grammar.sampling import sample_uniform
from grammar_lisa.grammar.text import derivations_to_texts
from grammar_lisa.objectives.decontamination import NEAR
from grammar_lisa.objectives.kusner import KUSNER_TARGET
from grammar_lisa.objectives.objective import Objective
from grammar_lisa.objectives.regression import CLIP, Regression
from grammar_lisa.optimize.trials import initial_rows
from shared.common.arrays import Floats, Integers
from shared.common.errors import LisaError
from shared.common.seeds import derive_seed

CAP: Final = 7.0
"""The largest score of all protocols but Kusner's own and ours."""
NONE: Final = "none"
"""The protocol without a file."""

Known = int | Literal["all"]
"""How many scored sentences a search begins from."""
Pick = Callable[[Floats], Integers]
"""From the scores of all lines to the numbers of those a model may be trained on, in order."""

_DRAWN: Final = 0.05
"""How many lines T-LBO draws from the better ones, as a share of all."""


@dataclass(frozen=True, eq=False)
class StartSet:
    """What a search begins from.

    Attributes:
        name: Of the protocol.
        pool: The lines that a model may be trained on.
        scores: Of all of them, ``[line]``. A model of the search may look at those known only.
        known: Which of the pool the search knows the scores of, in the order they were drawn.
    """

    name: str
    pool: tuple[str, ...]
    scores: Floats
    known: Integers

    @property
    def known_lines(self) -> list[str]:
        """The lines whose scores the search knows."""
        return [self.pool[i] for i in self.known]

    @property
    def known_scores(self) -> Floats:
        """Their scores."""
        return self.scores[self.known]

    @property
    def best(self) -> float:
        """The best known score."""
        return float(self.known_scores.min())


@dataclass(frozen=True)
class LatentBOProtocol:
    """What a search begins from and how long it goes on.

    Attributes:
        name: What the command line calls it.
        description: One line for tables.
        budget: The most evaluations of a trial.
        known: How many scored sentences a trial begins from, unless the user says otherwise.
        cap: The largest score, without clipping; None for squared errors clipped at 1000.
        pick: Which lines of the file a model may be trained on; None where there is no file.
    """

    name: str
    description: str
    budget: int
    known: Known
    cap: float | None
    pick: Pick | None

    @property
    def score(self) -> str:
        """How a sentence is scored, for tables."""
        if self.cap is None:
            return f"log(1 + MSE), squared errors clipped at {CLIP:g}"
        return f"min({self.cap:g}, log(1 + MSE))"

    def regression(self, target: str = KUSNER_TARGET) -> Regression:
        """Return what scores sentences under this protocol."""
        return Regression.target(target, cap=self.cap)

    def start(
        self, lines: Sequence[str], scores: npt.ArrayLike, seed: int, known: Known | None = None
    ) -> StartSet:
        """Return the start set of a trial.

        Args:
            lines: Those of the file, in its order.
            scores: Theirs, by `regression`.
            seed: Of the trial.
            known: How many lines are known; by default the protocol's number.

        Raises:
            LisaError: This protocol begins from no file, the scores do not fit the lines, or the
                lines are too few.
        """
        if self.pick is None:
            raise LisaError(
                f"the protocol {self.name} begins from no file; draw its sentences from a grammar"
            )
        wanted = self.known if known is None else known
        return _start_set(self.name, lines, scores, self.pick, seed, wanted)


def drawn_from_grammar(
    grammar: Grammar, objective: Objective, seed: int, known: int = 15, max_rules: int = 15
) -> StartSet:
    """Return the start set of the protocol `none`: a few distinct sentences, all of them known.

    They are uniform over all derivations, so most of them are about as long as is allowed.

    Args:
        grammar: Drawn from.
        objective: Scores them.
        seed: Of the trial.
        known: How many.
        max_rules: The most rules of a sentence.

    Raises:
        LisaError: Fewer than one is asked for, or the grammar has too few.
    """
    if known < 1:
        raise LisaError(f"{known} known sentences are asked for; ask for at least 1")
    drawn = sample_uniform(grammar, known, max_rules, derive_seed(seed, "begin"))
    texts = derivations_to_texts(grammar, drawn)
    return StartSet(NONE, tuple(texts), objective(texts), np.arange(known))


def t_lbo_lines(scores: Floats) -> Integers:
    """Return the lines of T-LBO's data set: the worst 35 % and, drawn, 5 % of those better.

    It has the best 3 % left out. The draws are those of huawei-noah/HEBO (T-LBO), so that the set
    is theirs line by line; a line just at the 65th percentile can be in it twice.

    Raises:
        LisaError: So few lines lie between the 3rd and the 65th percentile that 5 % cannot be
            drawn from them.
    """
    low, high = np.percentile(scores, 3), np.percentile(scores, 65)
    bad = np.flatnonzero(scores >= high)
    good = np.flatnonzero((scores > low) & (scores <= high))
    count = int(_DRAWN * len(scores))
    if len(good) < count:
        raise LisaError(
            f"only {len(good)} of {len(scores)} lines score above the 3rd percentile, {low:g}, and "
            f"up to the 65th, {high:g}, but {count} are to be drawn from them; give lines whose "
            "scores differ more"
        )
    legacy = np.random.RandomState(0)
    bad = bad[legacy.permutation(len(bad))]
    good = good[legacy.choice(len(good), size=count, replace=False)]
    both = np.concatenate([bad, good])
    return both[legacy.permutation(len(both))]


def worse_half(scores: Floats) -> Integers:
    """Return the lines that do not score better than the median."""
    return np.flatnonzero(scores >= np.median(scores))


def far_lines(scores: Floats) -> Integers:
    """Return the lines that neither equal the target nor come near it."""
    return np.flatnonzero(scores >= NEAR)


def withheld_lines(scores: Floats) -> Integers:
    """Return the lines but the best 3 %, and those that tie with the worst of these.

    Where nothing is worse than these, as most lines have the largest score, ties stay.
    """
    limit = np.percentile(scores, 3)
    worse = np.flatnonzero(scores > limit)
    return worse if len(worse) else np.flatnonzero(scores >= limit)


def tells_apart(scores: Floats) -> bool:
    """Tell whether lines other than the best 3 %, and those that tie with these, are left."""
    return bool(np.percentile(scores, 3) < scores.max())


def all_lines(scores: Floats) -> Integers:
    """Return all lines, the answer with them if they hold it."""
    return np.arange(len(scores))


PROTOCOLS: Final[Mapping[str, LatentBOProtocol]] = MappingProxyType(
    {
        protocol.name: protocol
        for protocol in (
            LatentBOProtocol(
                "published",
                "the whole file, answer included (Kusner et al. 2017)",
                budget=250,
                known="all",
                cap=None,
                pick=all_lines,
            ),
            LatentBOProtocol(
                "weighted-retraining",
                "the worse half of the file, 5,000 of it known (Tripp et al. 2020)",
                budget=500,
                known=5000,
                cap=CAP,
                pick=worse_half,
            ),
            LatentBOProtocol(
                "t-lbo",
                "the worst 35 % of the file and 5 % of the better, best 3 % left out (T-LBO)",
                budget=500,
                known=5000,
                cap=CAP,
                pick=t_lbo_lines,
            ),
            LatentBOProtocol(
                "few",
                "105 lines of the T-LBO set known, the network trained on all of it",
                budget=500,
                known=105,
                cap=CAP,
                pick=t_lbo_lines,
            ),
            LatentBOProtocol(
                "withheld",
                "the file without the best 3 % of its lines for the target, 5,000 known (ours)",
                budget=500,
                known=5000,
                cap=CAP,
                pick=withheld_lines,
            ),
            LatentBOProtocol(
                NONE,
                "no data: 15 random sentences of the grammar (BOSS)",
                budget=25,
                known=15,
                cap=CAP,
                pick=None,
            ),
            LatentBOProtocol(
                "clean",
                f"nothing that equals the target or scores under {NEAR:g} (ours)",
                budget=500,
                known=5000,
                cap=None,
                pick=far_lines,
            ),
        )
    }
)
"""By name, in the order of tables."""


def _start_set(
    name: str, lines: Sequence[str], scores: npt.ArrayLike, pick: Pick, seed: int, known: Known
) -> StartSet:
    values = _checked(lines, scores)
    rows = pick(values)
    pool = tuple(lines[row] for row in rows)
    return StartSet(name, pool, values[rows], _drawn(name, len(pool), seed, known))


def _drawn(name: str, size: int, seed: int, known: Known) -> Integers:
    """Draw which lines are known; fewer are the first of more."""
    count = size if known == "all" else known
    if not 1 <= count <= size:
        raise LisaError(
            f"{known} known lines are asked for, but the start set {name} holds {size}; "
            + (f"ask for 1 to {size}, or all" if size else "give lines that score worse")
        )
    return initial_rows(size, count, seed)


def _checked(lines: Sequence[str], scores: npt.ArrayLike) -> Floats:
    values = np.asarray(scores, dtype=np.float64)
    if values.shape != (len(lines),) or not len(lines):
        raise LisaError(
            f"the scores have shape {values.shape} for {len(lines)} lines; one for each is needed"
        )
    if not np.isfinite(values).all():
        bad = int(np.argmin(np.isfinite(values)))
        raise LisaError(f"line {bad + 1} scores {values[bad]}; finite scores are needed")
    return values
