"""Weights of methods as they were published for a data set, in the units of this project.

Here R = ½ Σ (x − x̂)² is a sum over the P numbers of an image, and ‖z‖² one over the d numbers of a
code. Other units are converted: see `CONVERSIONS`.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from shared.methods.registry import METHODS

if TYPE_CHECKING:
    from shared.methods import Method

SIZES: Final[Mapping[str, tuple[int, int]]] = MappingProxyType(
    {"mnist": (32 * 32, 16), "cifar10": (3 * 32 * 32, 128), "celeba": (3 * 64 * 64, 64)}
)
"""P and d of the published experiments, by data set; MNIST was padded to 32 × 32."""

PUBLISHED: Final[Mapping[str, Mapping[str, Mapping[str, float]]]] = MappingProxyType(
    {
        "rae-l2": {
            "mnist": {"code_weight": 1e-4, "decoder_weight": 1e-7},
            "cifar10": {"code_weight": 1e-3, "decoder_weight": 1e-6},
            "celeba": {"code_weight": 1e-4, "decoder_weight": 1e-7},
        },
        "rae-gp": {
            "mnist": {"code_weight": 1e-4, "gradient_weight": 5e-8},
            "cifar10": {"code_weight": 9e-4},
            "celeba": {"code_weight": 1e-4, "gradient_weight": 1e-7},
        },
        "wae": {"mnist": {"mmd_weight": 10.0}, "celeba": {"mmd_weight": 100.0}},
    }
)
"""By method and data set, in the units of the authors.

RAE: Ghosh et al., 2019, arXiv:1903.12436; a gradient weight for CIFAR-10 is not given. WAE:
Tolstikhin et al., 2017, arXiv:1711.01558.
"""

CONVERSIONS: Final[Mapping[tuple[str, str], Callable[[int, int], float]]] = MappingProxyType(
    {
        ("rae-l2", "code_weight"): lambda numbers, dim: numbers / (2 * dim),
        ("rae-l2", "decoder_weight"): lambda numbers, dim: numbers / 2,
        ("rae-gp", "code_weight"): lambda numbers, dim: numbers / (2 * dim),
        ("rae-gp", "gradient_weight"): lambda numbers, dim: numbers / 2,
        ("wae", "mmd_weight"): lambda numbers, dim: 0.5,
    }
)
"""What a weight is multiplied by, from P and d.

RAE's R is the mean of (x − x̂)² over P and its norm of codes the mean over d; the penalties on the
decoder are sums as they are here. WAE's R is the sum of (x − x̂)².
"""


def published_values(method: str, dataset: str | None) -> dict[str, Any]:
    """Return the hyperparameters published for a data set, where there are any, in our units."""
    weights = PUBLISHED.get(method, {}).get(dataset or "", {})
    return {
        name: float(f"{weight * CONVERSIONS[method, name](*SIZES[dataset or '']):.6g}")
        for name, weight in weights.items()
    }


def default_method(method: str, dataset: str | None) -> "Method":
    """Return a method with its defaults, those published for the data set where there are any."""
    return METHODS[method](**published_values(method, dataset))
