"""Work in other processes that does not outlive the process that waits for it."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager


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
    done = threading.Event()

    def watch() -> None:
        while not done.wait(0.1):
            if os.getppid() != owner:
                os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
    try:
        yield
    finally:
        done.set()
