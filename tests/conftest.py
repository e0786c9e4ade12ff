"""What all tests share, so that they pass on a busy machine and under any parent process."""

import gc
import os
import signal

from hypothesis import settings

settings.register_profile("any machine", deadline=None, derandomize=True)
settings.register_profile("new examples", deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "any machine"))

os.fsync = lambda handle: None  # no test cuts the power, and to wait for the disk takes a minute

# A shell starts what runs in the background with Ctrl-C ignored, and children inherit that.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_finish() -> None:
    """Take what was collected, thousands of tests, out of what is looked through for garbage."""
    gc.collect()
    gc.freeze()
