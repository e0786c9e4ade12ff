"""Looking again and again, beside other work."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def polling(look: Callable[[], object], every: float) -> Iterator[None]:
    """Call a function again and again, in a thread beside the block, until the block ends.

    Args:
        look: What is called.
        every: The seconds before each call.
    """
    done = threading.Event()

    def poll() -> None:
        while not done.wait(every):
            look()

    thread = threading.Thread(target=poll, daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
