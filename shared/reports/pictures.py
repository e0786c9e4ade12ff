"""Pictures of a run in its report."""

import base64
import io
from pathlib import Path

from PIL import Image, UnidentifiedImageError

from shared.reports.page import Picture, Prose, missing
from shared.runs.files import read_file

_WIDEST = 1040
"""Of a picture, in pixels of the page."""
_LARGEST = 600_000
"""Bytes of a picture; one that takes more is brought to the page's width."""
_GROWN = 4
"""How many times as large small pictures are shown at most."""


def picture(path: Path, title: str, alt: str, caption: str = "") -> Picture | Prose:
    """Return a picture of a run, or the sentence that it is not there.

    Args:
        path: A PNG file.
        title: What is seen.
        alt: The same for those who do not see it.
        caption: Below it.
    """
    if not path.is_file():
        return missing(f"{title}: the run has no {path.name}.")
    content = read_file(path)
    try:
        with Image.open(io.BytesIO(content)) as image:
            width = image.width
            if len(content) > _LARGEST:
                content = _shrunk(image)
    except (UnidentifiedImageError, OSError):
        return missing(f"{title}: {path.name} is no picture.")
    shown = width * max(1, min(_GROWN, 720 // width)) if width < 720 else min(width, _WIDEST)
    uri = "data:image/png;base64," + base64.b64encode(content).decode()
    return Picture(title, alt, uri, shown, caption)


def _shrunk(image: Image.Image) -> bytes:
    image.thumbnail((_WIDEST, 4 * _WIDEST))
    file = io.BytesIO()
    image.save(file, format="png", optimize=True)
    return file.getvalue()
