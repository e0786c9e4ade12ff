"""What a model of images is built from."""

from dataclasses import dataclass
from typing import Any, ClassVar

from image_lisa.models.names import LARGEST_DIM
from image_lisa.models.networks import NETWORKS, ImageAutoencoder, Shape, build_network
from shared.models import LatentArchitecture
from shared.runs.run import CONFIG, Run


@dataclass(frozen=True, kw_only=True)
class Architecture(LatentArchitecture):
    """What a network on images is built from.

    Attributes:
        network: A key of `NETWORKS`.
        dim: The code size.
        method: How codes are learnt.
        seed: Of the initial weights.
        shape: Of an image: channels, height, width.
    """

    largest_dim: ClassVar[int] = LARGEST_DIM

    shape: Shape

    def to_json(self) -> dict[str, Any]:
        """Return the architecture as JSON values."""
        return super().to_json() | {"shape": list(self.shape)}

    @classmethod
    def known_network(cls, name: str) -> str:
        """Return the name of a network on images."""
        if name not in NETWORKS:
            raise KeyError(name)
        return name

    @classmethod
    def other_fields(cls, record: dict[str, Any]) -> dict[str, Any]:
        """Return the shape."""
        channels, height, width = (int(size) for size in record["shape"])
        return {"shape": (channels, height, width)}

    def build(self) -> ImageAutoencoder:
        """Return the network with the method's parts and its initial weights."""
        width = self.encoder_width()
        net = build_network(self.network, self.shape, self.dim, width, self.seed)
        self.equip(net)
        return net


def run_architecture(run: Run) -> Architecture:
    """Return the architecture that a run's `config.json` records."""
    return Architecture.from_json(run.config.get("model", {}), str(run.path / CONFIG))
