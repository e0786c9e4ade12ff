"""The options that a run was made with, as it recorded them."""

from collections.abc import Iterator, Mapping
from typing import Any

from shared.runs.run import Run


def options_of(run: Run) -> dict[str, Any]:
    """Return the options of a run by the names that its command knows them by; none without any."""
    record = run.config.get("options")
    return dict(flat_options(record)) if isinstance(record, Mapping) else {}


def flat_options(record: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield the names and values of a record of options, and of the groups of options in it."""
    for name, value in record.items():
        if isinstance(value, Mapping):
            yield from flat_options(value)
        else:
            yield name, value
