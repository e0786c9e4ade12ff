"""A process that works for another does not outlive it."""

import os
import subprocess
import sys
import time

from shared.workers import ends_with

WORK = """
import sys, time
from shared.workers import ends_with
with ends_with(int(sys.argv[1])):
    time.sleep(20)
"""


def test_work_for_this_process_or_nobody_is_not_watched():
    for owner in (None, os.getpid()):
        with ends_with(owner):
            time.sleep(0.2)


def test_a_process_ends_when_its_owner_is_gone():
    began = time.monotonic()
    done = subprocess.run([sys.executable, "-c", WORK, "999999999"], check=False)
    assert done.returncode == 1
    assert time.monotonic() - began < 15


def test_a_process_whose_owner_lives_goes_on():
    work = WORK.replace("time.sleep(20)", "time.sleep(0.5)")
    done = subprocess.run([sys.executable, "-c", work, str(os.getpid())], check=False)
    assert done.returncode == 0
