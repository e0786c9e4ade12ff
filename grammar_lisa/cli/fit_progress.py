"""Progress of a search for formulas, and what it has found kept on disk meanwhile."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from grammar_lisa.regression.equations import Equations
from grammar_lisa.regression.fitting import Fitting
from grammar_lisa.regression.measures import fine_r2
from shared.cli.terminal import Meter, Terminal
from shared.common.errors import LisaError
from shared.common.polling import polling

_EVERY = 0.25
_LOOK = 1.0
"""Seconds between looks at what was found, at least."""
_SHARE = 20
"""How many times as long as a look took the next one waits, at least."""
_WIDEST = 40


@contextmanager
def watching(
    fitting: Fitting, terminal: Terminal, keep: Callable[[Equations], None]
) -> Iterator[None]:
    """Show seconds and the best formula while a search runs, and keep what was found.

    Args:
        fitting: The search.
        terminal: Where the bar is shown.
        keep: Called with the formulas where they have changed.
    """
    total = max(1, round(fitting.config.max_time))
    with (
        terminal.progress("searching, seconds", total) as meter,
        polling(_Watcher(fitting, meter, keep, total).watch, _EVERY),
    ):
        yield


class _Watcher:
    def __init__(
        self, fitting: Fitting, meter: Meter, keep: Callable[[Equations], None], total: int
    ) -> None:
        self._fitting, self._meter, self._keep, self._total = fitting, meter, keep, total
        self._begun = time.monotonic()
        self._due = self._begun + _LOOK
        self._kept: list[str] = []
        self._note = ""

    def watch(self) -> None:
        """Show the seconds, and look where it is time to."""
        if time.monotonic() >= self._due:
            self._look()
        seconds = int(time.monotonic() - self._begun)
        self._meter.update(min(seconds, self._total), self._note)

    def _look(self) -> None:
        begun = time.monotonic()
        try:
            found = self._fitting.sketch()
            texts = [each.text for each in found]
            if texts != self._kept:
                self._keep(found)
                self._kept = texts
        except LisaError:
            # The same is met again, and told, when the search has ended.
            self._due = begun + _LOOK
            return
        best = found.recommended
        shown = best.text if len(best.text) <= _WIDEST else f"{best.text[: _WIDEST - 1]}…"
        self._note = f"R² {fine_r2(best.r2)}: {shown}"
        took = time.monotonic() - begun
        self._due = time.monotonic() + max(_LOOK, _SHARE * took)
