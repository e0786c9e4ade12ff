"""A process that works for another does not outlive it."""

import os
import sys
import threading

from tools import finish, started

from shared.jobs.workers import ends_with

ENDLESS = """
import sys, time
from shared.jobs.workers import ends_with
with ends_with(int(sys.argv[1])):
    while True:
        time.sleep(1)
"""

WATCHED = """
import os, sys, threading
from shared.jobs.workers import ends_with

look, looks = os.getppid, threading.Semaphore(0)

def counted():
    looks.release()
    return look()

os.getppid = counted
with ends_with(int(sys.argv[1])):
    for _ in range(3):
        looks.acquire()
"""


def run_python(script, owner):
    with started(sys.executable, "-c", script, owner) as process:
        return finish(process)


def test_work_for_this_process_or_nobody_is_not_watched():
    before = threading.enumerate()
    for owner in (None, os.getpid()):
        with ends_with(owner):
            assert threading.enumerate() == before


def test_a_process_ends_when_its_owner_is_gone():
    result = run_python(ENDLESS, 999999999)
    assert (result.status, result.err) == (1, "")


def test_a_process_whose_owner_lives_goes_on():
    """It ends by itself, when the owner was looked for three times."""
    result = run_python(WATCHED, os.getpid())
    assert (result.status, result.err) == (0, "")
