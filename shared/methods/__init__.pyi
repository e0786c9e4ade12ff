from .autoencoder import Autoencoder as Autoencoder
from .base import Codes as Codes
from .base import Method as Method
from .base import equip as equip
from .deterministic import AE as AE
from .deterministic import RAEGP as RAEGP
from .deterministic import RAEL2 as RAEL2
from .deterministic import AESphere as AESphere
from .flow import IAFVAE as IAFVAE
from .flow import PlanarVAE as PlanarVAE
from .geometric import GeoVAE as GeoVAE
from .hamiltonian import HVAE as HVAE
from .hyperspherical import SVAE as SVAE
from .low_rank import IRMAE as IRMAE
from .low_rank import LoRAE as LoRAE
from .matching import GMMDAE as GMMDAE
from .matching import WAE as WAE
from .matching import InfoVAE as InfoVAE
from .quantised import VQVAE as VQVAE
from .records import method_from_record as method_from_record
from .records import method_to_record as method_to_record
from .registry import METHODS as METHODS
from .sampling import fit_sampler as fit_sampler
from .sampling import sampler_names as sampler_names
from .spherical import LISA as LISA
from .spherical import READOUT as READOUT
from .two_stage import TwoStageVAE as TwoStageVAE
from .vampprior import VampPriorVAE as VampPriorVAE
from .variational import VAE as VAE
from .variational import BetaVAE as BetaVAE
from .variational import ConstantVarianceVAE as ConstantVarianceVAE

__all__ = [
    "AE",
    "GMMDAE",
    "HVAE",
    "IAFVAE",
    "IRMAE",
    "LISA",
    "METHODS",
    "RAEGP",
    "RAEL2",
    "READOUT",
    "SVAE",
    "VAE",
    "VQVAE",
    "WAE",
    "AESphere",
    "Autoencoder",
    "BetaVAE",
    "Codes",
    "ConstantVarianceVAE",
    "GeoVAE",
    "InfoVAE",
    "LoRAE",
    "Method",
    "PlanarVAE",
    "TwoStageVAE",
    "VampPriorVAE",
    "equip",
    "fit_sampler",
    "method_from_record",
    "method_to_record",
    "sampler_names",
]
