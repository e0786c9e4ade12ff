"""Calls that take no time, and some that end badly; workers of clusters import them, too."""

import os
import signal
import time
from pathlib import Path


def squared(shared, number):
    """A number's square plus what all share."""
    return number**2 + shared


def where(shared):
    """The folder that a call is made in."""
    return Path.cwd()


def process(shared):
    """The process that makes a call."""
    return os.getpid()


def dying(shared, number, tries=None, times=1):
    """A square; its process is killed so many times that it was tried, one file for each."""
    if tries is not None:
        count = len(list(tries.iterdir()))
        (tries / str(count)).touch()
        if count < times:
            os.kill(os.getpid(), signal.SIGKILL)
    return squared(shared, number)


def endless(shared, number, folder):
    """A square at once, or a call that never ends and tells which process does it."""
    if number:
        return squared(shared, number)
    (folder / str(os.getpid())).touch()
    while True:
        time.sleep(0.05)


def alone(shared, folder):
    """A call that fails beside another of its kind."""
    (folder / "busy").touch(exist_ok=False)
    time.sleep(0.2)
    (folder / "busy").unlink()


def broken(shared):
    """A call with a bug."""
    raise TypeError("a bug")
