"""Images that took long to decode are kept, so that the next time is quick."""

from collections.abc import Callable

from torch import Tensor

from shared.common.errors import LisaError
from shared.runs.cache import user_cache
from shared.runs.tensors import read_tensors, write_tensors

_VERSION = 1
"""Of what is kept; what another version kept is made again."""


def kept(
    name: str, source: str, build: Callable[[], dict[str, Tensor]], notes: list[str]
) -> dict[str, Tensor]:
    """Return tensors that were kept under a name, or those that `build` makes, which are then kept.

    Args:
        name: Of the file in the user's cache folder.
        source: What the tensors are made from, e.g. a checksum: others are made anew.
        build: Makes them.
        notes: Hears of damage and of a folder that cannot be written; neither stops the loading.
    """
    path = user_cache() / "decoded" / f"{name}.safetensors"
    record = {"source": source, "version": _VERSION}
    if path.exists():
        try:
            tensors, found = read_tensors(path)
            if found == record:
                return tensors
        except LisaError:
            _once(notes, f"the decoded images kept in {path.parent} were damaged: made again")
    tensors = build()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_tensors(path, tensors, record)
    except (LisaError, OSError):
        _once(notes, f"decoded images cannot be kept in {path.parent}: the next time is as slow")
    return tensors


def _once(notes: list[str], note: str) -> None:
    if note not in notes:
        notes.append(note)
