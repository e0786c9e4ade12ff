"""Where this machine keeps what can be computed or downloaded again."""

import os
from pathlib import Path
from typing import Final

from shared.common.distribution import DISTRIBUTION

CACHE_VARIABLE: Final = "LISA_CACHE_DIR"
"""The environment variable that names another folder."""


def user_cache() -> Path:
    """Return the user's own folder for what can be downloaded or computed again."""
    named = os.environ.get(CACHE_VARIABLE)
    if named:
        return Path(named)
    import pooch

    return Path(pooch.os_cache(DISTRIBUTION))
