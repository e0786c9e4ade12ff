from .geometry import exp_map as exp_map
from .geometry import finite_rows as finite_rows
from .geometry import geodesic as geodesic
from .geometry import log_map as log_map
from .geometry import project as project
from .geometry import slerp as slerp
from .geometry import uniform as uniform
from .geometry import unit_rows as unit_rows
from .uniformity import uniformity_gap as uniformity_gap
from .uniformity import uniformity_loss as uniformity_loss

__all__ = [
    "exp_map",
    "finite_rows",
    "geodesic",
    "log_map",
    "project",
    "slerp",
    "uniform",
    "uniformity_gap",
    "uniformity_loss",
    "unit_rows",
]
