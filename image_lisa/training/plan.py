"""What decides a run of images: which images, which network, which method, how long."""

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lightning_fabric import Fabric

from image_lisa.data import Images
from image_lisa.models.architecture import Architecture
from image_lisa.training.experiment import Data, make_run
from shared.common.seeds import derive_seed
from shared.methods import Method
from shared.runs.folders import now
from shared.runs.run import Run
from shared.training.settings import Training


@dataclass(frozen=True)
class ImagePlan:
    """What decides a run.

    Attributes:
        data: Which images.
        network: A key of `image_lisa.models.networks.NETWORKS`.
        dim: The code size.
        training: How long and how; its seed follows from that of the run.
        method: How codes are learnt.
        seed: Of everything random.
    """

    data: Data
    network: str
    dim: int
    training: Training
    method: Method
    seed: int

    @property
    def seeded(self) -> Training:
        """The training with the seed of this run."""
        return dataclasses.replace(self.training, seed=derive_seed(self.seed, "training"))

    def architecture(self, images: Images) -> Architecture:
        """Return what the network is built from."""
        return Architecture(
            network=self.network,
            shape=images.shape,
            dim=self.dim,
            method=self.method,
            seed=derive_seed(self.seed, "network"),
        )

    def make_run(
        self,
        fabric: Fabric,
        path: Path,
        images: Images,
        *,
        options: dict[str, Any] | None = None,
        overwrite: bool = False,
    ) -> Run:
        """Make the run's folder, once for all processes of `fabric`.

        Args:
            fabric: Of the training.
            path: The folder.
            images: Of the plan.
            options: What the run records as the options of `image-lisa train`; by default those
                that give this run.
            overwrite: Whether a run that is there is replaced.

        Raises:
            LisaError: The network cannot be built, or the folder is taken.
        """
        architecture = self.architecture(images)
        architecture.build()
        return make_run(
            fabric,
            path,
            images,
            architecture,
            self.seeded,
            options=self.options(path.parent) if options is None else options,
            created=now(),
            overwrite=overwrite,
        )

    def options(self, runs: Path) -> dict[str, Any]:
        """Return the options of `image-lisa train` that give this run, as JSON values."""
        data_dir = self.data.data_dir
        return {
            **dataclasses.asdict(self.data),
            **dataclasses.asdict(self.training),
            "data_dir": None if data_dir is None else str(data_dir),
            "network": self.network,
            "dim": self.dim,
            "method": self.method.name,
            "seed": self.seed,
            "threads": None,
            "runs": str(runs),
            "hyper": dataclasses.asdict(self.method),
        }
