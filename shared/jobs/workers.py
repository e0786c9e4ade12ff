"""Work in other processes that does not outlive what waits for it."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from shared.common.polling import polling

_EVERY: Final = 0.1
"""Seconds between two looks whether the work is still wanted."""


@contextmanager
def ends_with(owner: int | None) -> Iterator[None]:
    """End this process, within the block, when the one that it works for was killed.

    Otherwise it would go on writing to files that a resumed command has taken up.

    Args:
        owner: The number of the process that waits for the result; None, or this process itself,
            is not watched.
    """
    if owner in (None, os.getpid()):
        yield
        return
    with ends_when(lambda: os.getppid() != owner):
        yield


@contextmanager
def ends_when(unwanted: Callable[[], bool]) -> Iterator[None]:
    """End this process, within the block, as soon as its work is unwanted."""

    def look() -> None:
        if unwanted():
            os._exit(1)

    with polling(look, _EVERY):
        yield
