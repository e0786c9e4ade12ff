"""What this tool calls itself and its files in a run, and how large a model may be."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal

TOOL: Final = "image-lisa"
LAST: Final = "last.safetensors"
"""The weights of the last epoch."""
DIAGNOSIS: Final = "diagnosis.json"
EVALUATION: Final = "evaluation.json"
"""What `diagnose` and `evaluate` leave in a run."""

LARGEST_DIM: Final = 1024
"""The largest code size that can be asked for."""

DISTANCE_TITLES: Final[Mapping[str, str]] = MappingProxyType(
    {"fid": "FID", "fde": "FD (EfficientNet)", "fcd": "FD (classifier)"}
)
"""What tables call the Fréchet distance on Inception, EfficientNet and a classifier of one's own.

The last is no FCD, which is the Fréchet ChemNet distance.
"""

FeatureName = Literal["inception", "efficientnet", "classifier"]
"""Networks whose features distances are measured on."""
