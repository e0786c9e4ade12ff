"""Downloads that are checked before they take their place."""

import errno
import hashlib
import tempfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import pooch

from shared.common.errors import LisaError
from shared.runs.files import read_file

_SECONDS = (5, 30)
"""To wait for a connection, and for the next bytes."""

_LOCAL = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EFBIG)
"""Troubles of this machine, which another address does not mend."""


def fetch(urls: Sequence[str], target: Path, check: Callable[[bytes, Path], object]) -> None:
    """Download a file from the first address that gives what it should.

    Args:
        urls: The same file in several places; each is tried once.
        target: The file to make; nothing is there before the download is whole and checked.
        check: Raises `LisaError` if the content is not what it should be; the path is for its
            message.

    Raises:
        LisaError: With the reason of each address, or if the file cannot be written.
    """
    pooch.get_logger().setLevel("WARNING")
    reasons: list[str] = []
    made = not target.parent.exists()
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".download-", dir=target.parent) as folder:
            for url in urls:
                reason = _try(url, Path(folder) / target.name, check)
                if reason is None:
                    (Path(folder) / target.name).replace(target)
                    return
                reasons.append(reason)
    except OSError as error:
        raise LisaError(
            f"cannot write {target}: {error.strerror or error}; what was there is unchanged"
        ) from error
    if made:
        with suppress(OSError):  # another process may have put its files there
            target.parent.rmdir()
    raise LisaError(f"{target.name} could not be downloaded ({'; '.join(reasons)})")


def check_md5(content: bytes, expected: str, what: str) -> None:
    """Refuse content that is not the official one; `what` says what it should be, and where.

    Raises:
        LisaError: Naming the checksum it should have and the one it has.
    """
    found = hashlib.md5(content, usedforsecurity=False).hexdigest()
    if found != expected:
        raise LisaError(
            f"{what} is {found}, it should be {expected}; put the official file in its place"
        )


def _try(url: str, target: Path, check: Callable[[bytes, Path], object]) -> str | None:
    """Return what went wrong with one address, or None."""
    host = urlsplit(url).netloc
    try:
        pooch.retrieve(
            url,
            known_hash=None,  # `check` knows more than the checksum of one way to pack the file
            fname=target.name,
            path=target.parent,
            downloader=pooch.HTTPDownloader(timeout=_SECONDS, chunk_size=1 << 16),
        )
        check(read_file(target), target)
    except LisaError as error:
        target.unlink(missing_ok=True)
        return f"{host} gave other content: {error}"
    except (OSError, ValueError) as error:
        if isinstance(error, OSError) and error.errno in _LOCAL:
            raise
        return f"{host}: {type(error).__name__}"
    return None
