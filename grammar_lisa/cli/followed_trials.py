"""Trials of a search, as a tracker follows them while they run."""

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from grammar_lisa.optimize.history import read_history
from grammar_lisa.optimize.trials import Trial
from shared.common.polling import polling
from shared.trackers.tracker import Tracker

_EVERY: Final = 2.0
"""Seconds between two looks at the histories."""


class FollowedTrials:
    """Tells a tracker the scores of trials and the best so far, as their histories grow.

    Each trial counts its evaluations along an axis of its own, as several run at a time.
    """

    def __init__(self, tracker: Tracker, trials: Sequence[Trial]) -> None:
        self._tracker = tracker
        self._trials = trials
        self._told = [0] * len(trials)
        self._best = [math.inf] * len(trials)

    def look(self) -> None:
        """Tell what was evaluated since the last look."""
        for place, trial in enumerate(self._trials):
            if trial.history.exists():
                self._tell(place, f"trial-{trial.number:02d}")

    def _tell(self, place: int, name: str) -> None:
        evaluations = read_history(self._trials[place].history)[1]
        for step in range(self._told[place] + 1, len(evaluations) + 1):
            score = evaluations[step - 1].score
            values: dict[str, float] = {}
            if score is not None:
                self._best[place] = min(self._best[place], score)
                values[f"score/{name}"] = score
            if self._best[place] < math.inf:
                values[f"best/{name}"] = self._best[place]
                self._tracker.log(values, step, f"evaluation/{name}")
        self._told[place] = len(evaluations)


@contextmanager
def following(tracker: Tracker, trials: Sequence[Trial]) -> Iterator[None]:
    """Tell a tracker what trials evaluate within the block, and at its end what is left."""
    followed = FollowedTrials(tracker, trials)
    try:
        with polling(followed.look, _EVERY):
            yield
    finally:
        followed.look()
