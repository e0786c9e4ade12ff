"""One process at a time in a folder."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from shared.common.errors import LisaError


@contextmanager
def working_in(folder: Path) -> Iterator[None]:
    """Keep other processes that ask out of a folder; the system lets go if this one is killed.

    The lock is a hidden file beside the folder, so that the folder may be renamed meanwhile.

    Raises:
        LisaError: Another process works in it, or its parent cannot be written to.
    """
    folder = folder.resolve()
    file = folder.with_name(f".{folder.name}.lock")
    lock = FileLock(file)
    try:
        lock.acquire(blocking=False)
    except Timeout:
        raise LisaError(
            f"another process is working in {folder}; wait until it ends, or name another folder"
        ) from None
    except OSError as error:
        raise LisaError(f"cannot write {file}: {error.strerror or error}") from error
    try:
        yield
    finally:
        with suppress(OSError):  # Windows removes no file that is open
            file.unlink()
        lock.release()
