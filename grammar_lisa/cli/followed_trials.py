"""Trials of a search, as a tracker follows them while they run."""

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Final

from grammar_lisa.optimize.history import Evaluation, read_history
from grammar_lisa.optimize.trials import Trial
from shared.common.errors import LisaError
from shared.common.polling import polling
from shared.trackers.tracker import NoTracker, Tracker

_EVERY: Final = 2.0
"""Seconds between two looks at the histories."""


class FollowedTrials:
    """Tells a tracker the scores of trials and the best so far, as their histories grow.

    Each trial counts its evaluations along an axis of its own, as several run at a time. What a
    tracker keeps of an earlier session is not told again.
    """

    def __init__(self, tracker: Tracker, trials: Sequence[Trial]) -> None:
        self._tracker = NoTracker() if tracker.keeps else tracker
        self._trials = trials
        self._sizes = [0] * len(trials)
        self._told = [0] * len(trials)
        self._best = [math.inf] * len(trials)
        self.look()
        self._tracker = tracker

    def look(self) -> None:
        """Tell what was evaluated since the last look.

        A history that is damaged is passed over: its trial says so.
        """
        for place, trial in enumerate(self._trials):
            size = trial.history.stat().st_size if trial.history.exists() else 0
            if size > self._sizes[place]:
                self._sizes[place] = size
                with suppress(LisaError):
                    self._tell(place, read_history(trial.history)[1])

    def _tell(self, place: int, evaluations: Sequence[Evaluation]) -> None:
        name = f"trial-{self._trials[place].number:02d}"
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
    if isinstance(tracker, NoTracker):
        yield
        return
    followed = FollowedTrials(tracker, trials)
    try:
        with polling(followed.look, _EVERY):
            yield
    finally:
        followed.look()
