"""How large images may be."""

from typing import Final

SIZES: Final = (4, 1024)
"""The least and the greatest size of an image."""
