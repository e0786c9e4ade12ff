"""Packages that only some of the work needs, which extras of this one bring."""

from importlib.util import find_spec

from shared.common.distribution import DISTRIBUTION
from shared.common.errors import LisaError


def check_extra(extra: str, *packages: str) -> None:
    """Refuse work whose packages are not installed; nothing is imported to find out.

    Args:
        extra: That brings them.
        packages: As they are imported.

    Raises:
        LisaError: Naming those that are missing, and the extra.
    """
    absent = [name for name in packages if find_spec(name) is None]
    if absent:
        are, them = ("is", "it") if len(absent) == 1 else ("are", "them")
        raise LisaError(
            f"{' and '.join(absent)} {are} not installed; "
            f"get {them} with: pip install '{DISTRIBUTION}[{extra}]'"
        )
