"""What this tool calls itself and its files in a run, and how large a model may be."""

from typing import Final

TOOL: Final = "image-lisa"
LAST: Final = "last.safetensors"
"""The weights of the last epoch."""

LARGEST_DIM: Final = 1024
"""The largest code size that can be asked for."""
