"""Networks on images."""

from collections.abc import Callable

from image_lisa.models.networks.base import ImageAutoencoder, Shape
from image_lisa.models.networks.light import Light
from image_lisa.models.networks.paper import Paper
from shared.common.seeds import derive_seed
from shared.common.torch_seeds import seeded

NETWORKS: dict[str, Callable[[Shape, int, int], ImageAutoencoder]] = {
    "light": Light,
    "paper": Paper,
}


def build_network(name: str, shape: Shape, dim: int, width: int, seed: int) -> ImageAutoencoder:
    """Return a network with freshly drawn weights.

    Args:
        name: A key of `NETWORKS`.
        shape: Of an image: channels, height, width.
        dim: The code size.
        width: How many numbers an image the encoder gives; the method chooses it.
        seed: Of the weights; the global random state is left as it was.

    Raises:
        LisaError: Images are too small.
    """
    with seeded(derive_seed(seed, "weights")):
        return NETWORKS[name](shape, dim, width)


__all__ = ["NETWORKS", "ImageAutoencoder", "Light", "Paper", "Shape", "build_network"]
