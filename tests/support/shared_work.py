"""Work that several test processes need, done by one of them."""

import os

from filelock import FileLock


def once(factory, name, make):
    """A folder of this name that `make(folder)` has filled, in one process of a session for all.

    Args:
        factory: pytest's `tmp_path_factory`.
        name: The name of the folder, which no other work of the session has.
        make: Fills the folder, which exists and is empty.
    """
    base = factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        base = base.parent
    folder, done = base / name, base / f"{name}.done"
    with FileLock(base / f"{name}.lock"):
        if not done.exists():
            folder.mkdir()
            make(folder)
            done.touch()
    return folder
