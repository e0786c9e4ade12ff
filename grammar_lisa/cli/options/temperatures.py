"""The temperatures of decoding."""

from typing import Final

TEMPERATURES: Final = (0, 1_000_000)
"""The least and the greatest that can be asked for."""
