from .latent_bo import LATENT_BO_TOOL as LATENT_BO_TOOL
from .table5 import open_comparison as open_comparison
from .targets import TargetBenchmark as TargetBenchmark
from .targets import open_targets as open_targets

__all__ = [
    "LATENT_BO_TOOL",
    "TargetBenchmark",
    "open_comparison",
    "open_targets",
]
