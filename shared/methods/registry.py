"""Every method by its name, imported when it is asked for."""

import importlib
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from shared.methods.base import Method

DEFAULT_METHOD: Final = "lisa"


class Methods(Mapping[str, "type[Method]"]):
    """Classes of methods by name, of which each is imported when it is asked for.

    Args:
        places: For each name the module, within this package, and the class: ``module:Class``.
    """

    def __init__(self, places: Mapping[str, str]) -> None:
        self._places = places

    def __getitem__(self, name: str) -> "type[Method]":
        module, _, kind = self._places[name].partition(":")
        found: type[Method] = getattr(importlib.import_module(f"shared.methods.{module}"), kind)
        return found

    def __contains__(self, name: object) -> bool:
        return name in self._places

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)


METHODS: Final = Methods(
    {
        "vae": "variational:VAE",
        "beta-vae": "variational:BetaVAE",
        "vae-vampprior": "vampprior:VampPriorVAE",
        "vq-vae": "quantised:VQVAE",
        "infovae": "matching:InfoVAE",
        "s-vae": "hyperspherical:SVAE",
        "hvae": "hamiltonian:HVAE",
        "vae-linnf": "flow:PlanarVAE",
        "vae-iaf": "flow:IAFVAE",
        "cv-vae": "variational:ConstantVarianceVAE",
        "2s-vae": "two_stage:TwoStageVAE",
        "ae": "deterministic:AE",
        "ae-sphere": "deterministic:AESphere",
        "wae": "matching:WAE",
        "rae-gp": "deterministic:RAEGP",
        "rae-l2": "deterministic:RAEL2",
        "irmae": "low_rank:IRMAE",
        "gmm-dae": "matching:GMMDAE",
        "geo-vae": "geometric:GeoVAE",
        "lorae": "low_rank:LoRAE",
        "lisa": "spherical:LISA",
    }
)
"""Every method by its name, in the order of the paper's Table 3."""
