"""A trained run as an object: images to codes, codes to images."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from image_lisa.models.names import LARGEST_DIM, TOOL
from image_lisa.models.networks import NETWORKS, ImageAutoencoder, Shape, build_network
from shared.common.errors import LisaError
from shared.common.seeds import derive_seed
from shared.methods import Codes, Method, equip, method_from_record, method_to_record
from shared.methods.registry import METHODS
from shared.runs.expost import load_sampler
from shared.runs.run import MODEL, Run, open_run, read_model
from shared.training.trainer import load_weights

CHUNK = 500
"""The most images that are encoded or decoded at once."""


@dataclass(frozen=True)
class Architecture:
    """What a network is built from.

    Attributes:
        network: A key of `NETWORKS`.
        shape: Of an image: channels, height, width.
        dim: The code size.
        method: How codes are learnt.
        seed: Of the initial weights.
    """

    network: str
    shape: Shape
    dim: int
    method: Method
    seed: int

    def to_json(self) -> dict[str, Any]:
        """Return the architecture as JSON values."""
        return {
            "network": self.network,
            "shape": list(self.shape),
            "dim": self.dim,
            "method": method_to_record(self.method),
            "seed": self.seed,
        }

    @classmethod
    def from_json(cls, record: dict[str, Any], source: str) -> "Architecture":
        """Return the architecture that a run recorded.

        Raises:
            LisaError: Naming `source`, if the record lacks a value or holds an unknown one.
        """
        try:
            if record["network"] not in NETWORKS:
                raise KeyError(record["network"])
            channels, height, width = (int(size) for size in record["shape"])
            return cls(
                network=record["network"],
                shape=(channels, height, width),
                dim=int(record["dim"]),
                method=method_from_record(record["method"], METHODS),
                seed=int(record["seed"]),
            )
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            raise LisaError(
                f"{source} does not describe a model of this version: {error}"
            ) from error

    def build(self) -> ImageAutoencoder:
        """Return the network with the method's parts and its initial weights."""
        if not 2 <= self.dim <= LARGEST_DIM:
            raise LisaError(f"the code size must be from 2 to {LARGEST_DIM}, not {self.dim}")
        width = self.method.encoder_width(self.dim)
        net = build_network(self.network, self.shape, self.dim, width, self.seed)
        equip(net, self.method, self.seed)
        return net


class ImageModel:
    """Images to codes, and codes to images.

    Attributes:
        architecture: Network, method and sizes.
        net: The trained network, in evaluation mode.
        run: The run that the model is of; None of a model that was made otherwise.
        at_once: Images that are encoded or decoded at once: no more than a step of the training
            had, so that a model needs no more memory than its training did.
    """

    def __init__(
        self, architecture: Architecture, net: ImageAutoencoder, run: Run | None = None
    ) -> None:
        self.architecture, self.net, self.run = architecture, net.eval(), run
        self.method = architecture.method
        self.at_once = CHUNK if run is None else min(CHUNK, _batch_size(run))

    @classmethod
    def load(cls, run: Run, device: torch.device | str = "cpu", name: str = MODEL) -> "ImageModel":
        """Return the model of a finished run: its best weights, or those of another file of it.

        Raises:
            LisaError: The training did not finish, or a file is missing, damaged or changed.
        """
        architecture = run_architecture(run)
        weights = read_model(run, name, architecture.to_json())
        net = architecture.build()
        load_weights(net, weights, str(run.path / name))
        return cls(architecture, net.to(device), run)

    @property
    def device(self) -> torch.device:
        """Where the network is."""
        return next(self.net.parameters()).device

    @torch.no_grad()
    def codes(self, images: Tensor) -> Codes:
        """Return codes of images `[n, channel, height, width]`, in bytes or in [0, 1]."""
        means, deviations = [], []
        for x in self._prepared(images):
            means.append(self.method.encode(self.net, x).cpu().double())
            std = self.method.posterior_std(self.net, x)
            if std is not None:
                deviations.append(std.cpu().double())
        mean = torch.cat(means).numpy()
        return Codes(mean, torch.cat(deviations).numpy() if deviations else None)

    @torch.no_grad()
    def decode(self, codes: Any) -> Tensor:
        """Return images in [0, 1], on the processor, of codes `[n, dim]`; they pass `to_decoder`.

        Raises:
            LisaError: The codes have another shape or are not finite.
        """
        rows = torch.as_tensor(codes, dtype=torch.float64)
        if rows.ndim != 2 or rows.shape[1] != self.architecture.dim:
            raise LisaError(
                f"codes must have the shape [n, {self.architecture.dim}] of this model, "
                f"not {list(rows.shape)}"
            )
        if not rows.isfinite().all():
            raise LisaError("there are codes that are not finite")
        parts = [
            self.net.decode(self.method.to_decoder(self.net, part.to(self.device).float())).cpu()
            for part in rows.split(self.at_once)
        ]
        return torch.cat(parts) if parts else torch.empty(0, *self.architecture.shape)

    def sample(self, n: int, *, sampler: str = "gmm", seed: int = 0) -> Tensor:
        """Draw images in [0, 1], ``[n, channel, height, width]``, from a sampler of the run.

        Args:
            n: How many.
            sampler: Its name, such as gaussian, gmm or uniform.
            seed: Of the draws; those of `image-lisa sample` with the same seed are the same.

        Raises:
            LisaError: The model is of no run, or the run has no such sampler.
        """
        if self.run is None:
            raise LisaError("this model is of no run, so no sampler was fitted to its codes")
        own = derive_seed(seed, "codes", sampler) % 2**32
        return self.decode(load_sampler(self.run, sampler).sample(n, own))

    @torch.no_grad()
    def reconstruct(self, images: Tensor) -> Tensor:
        """Return what images come back as, in [0, 1], on the processor."""
        return torch.cat([self._reconstruct(x).cpu() for x in self._prepared(images)])

    @torch.no_grad()
    def reconstruction_losses(self, images: Tensor) -> Tensor:
        """Return ½ Σ (x − x̂)² of each image, `[n]`, float64."""
        losses = [
            self.net.reconstruction_loss(x, self._reconstruct(x)).cpu().double()
            for x in self._prepared(images)
        ]
        return torch.cat(losses)

    def _reconstruct(self, x: Tensor) -> Tensor:
        z = self.method.encode(self.net, x)
        return self.net.decode(self.method.to_decoder(self.net, z))

    def _prepared(self, images: Tensor) -> Iterator[Tensor]:
        for part in images.split(self.at_once):
            yield self.net.prepare(part.to(self.device))


def load(path: Path | str, device: torch.device | str = "cpu") -> ImageModel:
    """Load the model of a finished run: its best weights.

    >>> import image_lisa as il
    >>> il.load("runs/digits").sample(64, sampler="gmm").shape
    torch.Size([64, 1, 8, 8])

    Args:
        path: The folder of the run.
        device: Where the network goes.

    Raises:
        LisaError: There is no such run, it is another tool's or not finished, or a file in it is
            damaged.
    """
    return ImageModel.load(open_run(Path(path), TOOL), device)


def run_architecture(run: Run) -> Architecture:
    """Return the architecture that a run's `config.json` records."""
    return Architecture.from_json(run.config.get("model", {}), str(run.path / "config.json"))


def _batch_size(run: Run) -> int:
    """Return how many images a step of a run's training had."""
    training = run.config.get("training")
    size = training.get("batch_size") if isinstance(training, dict) else None
    return size if isinstance(size, int) and size > 0 else CHUNK
