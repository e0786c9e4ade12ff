"""What this tool calls itself and its files in a run, and how large a model may be."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

TOOL: Final = "image-lisa"
LAST: Final = "last.safetensors"
"""The weights of the last epoch."""

LARGEST_DIM: Final = 1024
"""The largest code size that can be asked for."""

DISTANCE_TITLES: Final[Mapping[str, str]] = MappingProxyType(
    {"fid": "FID", "fcd": "FD (classifier)"}
)
"""What tables call the Fréchet distance on Inception's features, and on a classifier's own.

The second is no FCD, which is the Fréchet ChemNet distance.
"""
