from .latent_bo import LATENT_BO_TOOL as LATENT_BO_TOOL
from .table5 import open_table5 as open_table5
from .targets import TargetBenchmark as TargetBenchmark
from .targets import open_targets as open_targets
