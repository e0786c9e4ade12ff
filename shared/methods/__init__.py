"""How codes are learnt: one frozen dataclass a method, one file a family."""

from shared.methods.base import Codes, Method, equip
from shared.methods.deterministic import AE, RAEGP, RAEL2, AESphere
from shared.methods.flow import IAFVAE, PlanarVAE
from shared.methods.geometric import GeoVAE
from shared.methods.hamiltonian import HVAE
from shared.methods.hyperspherical import SVAE
from shared.methods.low_rank import IRMAE, LoRAE
from shared.methods.matching import GMMDAE, WAE, InfoVAE
from shared.methods.quantised import VQVAE
from shared.methods.records import method_from_record, method_to_record
from shared.methods.sampling import fit_sampler, sampler_names
from shared.methods.spherical import LISA, READOUT
from shared.methods.two_stage import TwoStageVAE
from shared.methods.vampprior import VampPriorVAE
from shared.methods.variational import VAE, BetaVAE, ConstantVarianceVAE

METHODS: dict[str, type[Method]] = {
    method.name: method
    for method in (
        VAE,
        BetaVAE,
        VampPriorVAE,
        VQVAE,
        InfoVAE,
        SVAE,
        HVAE,
        PlanarVAE,
        IAFVAE,
        ConstantVarianceVAE,
        TwoStageVAE,
        AE,
        AESphere,
        WAE,
        RAEGP,
        RAEL2,
        IRMAE,
        GMMDAE,
        GeoVAE,
        LoRAE,
        LISA,
    )
}
"""Every method by its name, in the order of the paper's Table 3."""

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
