"""A folder that several calls of a command work on, and what they must agree in."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from shared.common.distribution import DISTRIBUTION
from shared.common.errors import LisaError
from shared.runs.files import to_json
from shared.runs.run import CONFIG, Run, create_run, open_run


def open_folder(
    path: Path,
    tool: str,
    settings: dict[str, Any],
    free: Sequence[str] = (),
    *,
    renew: bool = False,
) -> Run:
    """Return the folder that experiments of one setting are kept in, made if it is not there.

    Args:
        path: The folder.
        tool: What makes it.
        settings: What every call that works on it must agree in.
        free: Names of settings that change no training.
        renew: Whether those may be changed, here and now.

    Raises:
        LisaError: The folder was made with other settings, naming them.
    """
    settings = as_json(settings)
    config = {"tool": tool, "settings": settings}
    if not (path / CONFIG).is_file():
        return create_run(path, config | {"created": now()})
    folder = open_run(path, tool)
    recorded = folder.config.get("settings", {})
    names = [n for n in {**recorded, **settings} if recorded.get(n) != settings.get(n)]
    if names and renew and set(names) <= set(free):
        folder = Run(path, {**folder.config, **config})
        folder.write_json(CONFIG, folder.config)
    elif names:
        details = ", ".join(
            f"{n} {recorded.get(n, 'not recorded')} → {settings.get(n)}" for n in names
        )
        again = ", or --evaluate-again to measure all anew" if set(names) <= set(free) else ""
        raise LisaError(
            f"{path} was made with other settings: {details}; use the recorded ones, or give "
            f"another --name{again}"
        )
    return folder


def as_json(value: Any) -> Any:
    """Return a value as it comes back from a JSON file."""
    return json.loads(to_json(value))


def made_by(tool: str) -> dict[str, str]:
    """Return what the configuration of a folder begins with: what made it, and when."""
    return {"tool": tool, "version": version(DISTRIBUTION), "created": now()}


def now() -> str:
    """Return the time, in UTC, as configurations record it."""
    return datetime.now(UTC).isoformat(timespec="microseconds")
