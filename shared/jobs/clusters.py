"""What the clusters that jobs may run on have in common."""

import socket
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from typing import Final

from shared.common.distribution import DISTRIBUTION
from shared.common.errors import LisaError

TIMEOUT: Final = 5
"""Seconds in which a cluster must answer."""


def knock(address: str) -> None:
    """Find out at once whether somebody listens; clusters themselves ask for long.

    Args:
        address: HOST:PORT, perhaps with a protocol and :// before.

    Raises:
        OSError: Nobody does.
        ValueError: It is no such address.
    """
    host, _, port = address.rpartition("://")[2].rpartition(":")
    if not (host and port.isdigit()):
        raise ValueError("it is not HOST:PORT")
    socket.create_connection((host, int(port)), TIMEOUT).close()


def check_versions(found: Mapping[str, object]) -> None:
    """Refuse workers whose version of this package is not the one here.

    Args:
        found: By worker the version, or the error that stands in its place.

    Raises:
        LisaError: Naming the first.
    """
    ours = version(DISTRIBUTION)
    for worker, theirs in found.items():
        if theirs != ours:
            absent = isinstance(theirs, PackageNotFoundError)
            said = f"no {DISTRIBUTION}" if absent else f"{DISTRIBUTION} {theirs}"
            raise LisaError(
                f"the worker {worker} has {said}, and this machine has {ours}; install the same "
                "version on both"
            )
