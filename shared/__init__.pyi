from .common.errors import LisaError as LisaError
from .common.seeds import derive_seed as derive_seed
from .methods import Method as Method
from .methods.registry import METHODS as METHODS
from .samplers import DirichletMixture as DirichletMixture
from .samplers import Gaussian as Gaussian
from .samplers import GaussianMixture as GaussianMixture
from .samplers import Projected as Projected
from .samplers import Sampler as Sampler
from .samplers import Uniform as Uniform
from .sphere import exp_map as exp_map
from .sphere import geodesic as geodesic
from .sphere import log_map as log_map
from .sphere import project as project
from .sphere import slerp as slerp
from .sphere import uniformity_gap as uniformity_gap
from .sphere import uniformity_loss as uniformity_loss
from .training import Trainer as Trainer
from .training import Training as Training

__all__ = [
    "METHODS",
    "DirichletMixture",
    "Gaussian",
    "GaussianMixture",
    "LisaError",
    "Method",
    "Projected",
    "Sampler",
    "Trainer",
    "Training",
    "Uniform",
    "derive_seed",
    "exp_map",
    "geodesic",
    "log_map",
    "project",
    "slerp",
    "uniformity_gap",
    "uniformity_loss",
]
