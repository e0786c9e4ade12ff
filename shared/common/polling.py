"""Looking again and again, beside other work."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def polling(look: Callable[[], object], every: float) -> Iterator[None]:
    """Call a function again and again, in a thread beside the block, until the block ends.

    Args:
        look: What is called; once it raised something it is called no more, and where the block
            ends well that is raised at its end.
        every: The seconds before each call.
    """
    done = threading.Event()
    raised: list[Exception] = []

    def poll() -> None:
        try:
            while not done.wait(every):
                look()
        except Exception as error:
            raised.append(error)

    thread = threading.Thread(target=poll, daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
    if raised:
        raise raised[0]
