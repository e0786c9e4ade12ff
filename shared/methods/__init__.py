"""How codes are learnt: one frozen dataclass a method, one file a family."""

from shared.methods.base import Codes, Method, equip
from shared.methods.sampling import fit_sampler, sampler_names
from shared.methods.spherical import LISA
from shared.methods.variational import VAE

METHODS: dict[str, type[Method]] = {method.name: method for method in (VAE, LISA)}
"""Every method by its name, in the order of the paper's Table 3."""

__all__ = ["LISA", "METHODS", "VAE", "Codes", "Method", "equip", "fit_sampler", "sampler_names"]
