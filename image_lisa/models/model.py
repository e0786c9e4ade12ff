"""A trained run as an object: images to codes, codes to images."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from image_lisa.data.levels import Levels
from image_lisa.data.reading import FileImages, Source, read_as
from image_lisa.data.values import check_values
from image_lisa.models.architecture import Architecture, run_architecture
from image_lisa.models.labels import class_sampler
from image_lisa.models.names import TOOL
from image_lisa.models.networks import ImageAutoencoder
from image_lisa.models.scores import ImageScores, scores_of
from shared.common.arrays import Floats
from shared.common.errors import LisaError
from shared.common.seeds import derive_seed
from shared.methods import Codes
from shared.models import LatentModel
from shared.runs.expost import load_codes, load_sampler
from shared.runs.run import CONFIG, MODEL, Run, open_run, read_model
from shared.training.weights import load_weights

CHUNK = 500
"""The most images that are encoded or decoded at once."""

_COMPARED = 10_000
"""Training codes whose densities are compared with those of images."""

ImageSet = Tensor | NDArray[np.generic] | Source | Sequence[Source]
"""Images `[n, channel, height, width]`, a folder of them, the file of one, or several files."""


@dataclass(frozen=True, eq=False)
class ReconstructedBatch:
    """What one pass through a network gives of some images.

    Attributes:
        codes: Of the images `[n, dim]`, float64.
        images: What they come back as, in [0, 1].
        errors: ½ Σ (x − x̂)² of each `[n]`, float64.
    """

    codes: Tensor
    images: Tensor
    errors: Tensor


class ImageModel(LatentModel):
    """Images to codes, and codes to images.

    Attributes:
        architecture: Network, method and sizes.
        net: The trained network, in evaluation mode.
        run: The run that the model is of; None of a model that was made otherwise.
        at_once: Images that are encoded or decoded at once: no more than a step of the training
            had, so that a model needs no more memory than its training did.
    """

    architecture: Architecture
    net: ImageAutoencoder

    def __init__(
        self, architecture: Architecture, net: ImageAutoencoder, run: Run | None = None
    ) -> None:
        super().__init__(architecture, net, run)
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

    def codes(self, images: Tensor) -> Codes:
        """Return codes of images `[n, channel, height, width]`, in bytes or in [0, 1]."""
        return self.codes_of_batches(self._prepared(images))

    @torch.no_grad()
    def decode(self, codes: ArrayLike) -> Tensor:
        """Return images in [0, 1], on the processor, of codes `[n, dim]`; they pass `to_decoder`.

        Raises:
            LisaError: The codes have another shape or are not finite.
        """
        parts = [
            self.net.decode(self.method.to_decoder(self.net, part.to(self.device).float())).cpu()
            for part in self._checked(codes).split(self.at_once)
        ]
        return torch.cat(parts) if parts else torch.empty(0, *self.architecture.shape)

    def sample(
        self, n: int, *, sampler: str = "gmm", seed: int = 0, label: str | None = None
    ) -> Tensor:
        """Draw images in [0, 1], ``[n, channel, height, width]``, from a sampler of the run.

        Args:
            n: How many.
            sampler: Its name, such as gaussian, gmm or uniform.
            seed: Of the draws; those of `image-lisa sample` with the same seed are the same.
            label: A class of the training images, to whose codes alone the sampler (gaussian, gmm
                or dirichlet) is then fitted; None for the sampler that was fitted to all.

        Raises:
            LisaError: The model is of no run, or the run has no such sampler or class.
        """
        own = derive_seed(seed, "codes", sampler) % 2**32
        if label is None:
            return self.decode(self.draw(n, sampler, own))
        run = self.own_run()
        fitted = class_sampler(run, self.method, self.net, sampler, label, self.architecture.seed)
        return self.decode(fitted.sample(n, own))

    def read(self, source: Source | Sequence[Source]) -> FileImages:
        """Read images from files as the model takes them.

        They are brought to the size and the colours of the training images, deep ones with the
        levels that the run recorded; see `read_as`.

        Args:
            source: A folder, the file of an image, or several files.

        Raises:
            LisaError: There is no such file or folder, or no readable image.
        """
        record = {} if self.run is None else self.run.config.get("data")
        levels = record.get("levels") if isinstance(record, dict) else None
        if levels is None or self.run is None:
            return read_as(source, self.architecture.shape)
        found = Levels.from_record(levels, str(self.run.path / CONFIG))
        return read_as(source, self.architecture.shape, found)

    def encode(self, images: ImageSet) -> Floats:
        """Return points of images, `[n, dim]`: unit vectors where the method is spherical.

        They are what the decoder sees of the `codes` of images, see `directions`.

        Args:
            images: `[n, channel, height, width]`, in bytes or in [0, 1]; or a folder, the file of
                an image, or several files, see `read`.

        Raises:
            LisaError: The images are not of this model's shape, or cannot be read.
        """
        return self.directions(self.codes(self._images(images)).mean)

    def interpolate(self, first: ImageSet, second: ImageSet, steps: int = 10) -> Tensor:
        """Return images on the paths between pairs of images, see `path`.

        Args:
            first: Where paths begin, n images; see `encode`.
            second: Where they end, as many.
            steps: Images of a path, its two ends included.

        Returns:
            Images in [0, 1], `[n, steps, channel, height, width]`.

        Raises:
            LisaError: There are not as many ends as beginnings, or fewer than two steps.
        """
        begin, end = (self.codes(self._images(each)).mean for each in (first, second))
        path = self.path(begin, end, steps)
        decoded: Tensor = self.decode(path.reshape(-1, self.dim)).unflatten(0, path.shape[:2])
        return decoded

    def score(self, images: ImageSet, *, sampler: str = "gmm") -> ImageScores:
        """Tell how well the model knows images: reconstruction error, density of the code.

        Args:
            images: See `encode`.
            sampler: Of the run, whose density is taken: gaussian, gmm or another with one.

        Raises:
            LisaError: The model is of no run, the run has no such sampler or it has no density,
                or the images are not of this model's shape or cannot be read.
        """
        run, given = self.own_run(), self._images(images)
        law, training = load_sampler(run, sampler), load_codes(run).mean[:_COMPARED]
        codes, errors = self.codes_and_errors(given)
        if self.method.spherical:
            codes, training = self.directions(codes), self.directions(training)
        densities, known = law.log_prob(codes), law.log_prob(training)
        return scores_of(errors, densities, known)

    def reconstruct(self, images: ImageSet) -> Tensor:
        """Return what images come back as, in [0, 1], on the processor; see `encode`."""
        return torch.cat([each.images for each in self.reconstructions(self._images(images))])

    def reconstruction_losses(self, images: Tensor) -> Tensor:
        """Return ½ Σ (x − x̂)² of each image, `[n]`, float64."""
        return torch.cat([each.errors for each in self.reconstructions(images)])

    def codes_and_errors(self, images: Tensor) -> tuple[Floats, Floats]:
        """Return codes `[n, dim]` and ½ Σ (x − x̂)² `[n]` of images, from one pass."""
        parts = [(each.codes, each.errors) for each in self.reconstructions(images)]
        codes, errors = (torch.cat(part).numpy() for part in zip(*parts, strict=True))
        return codes, errors

    @torch.no_grad()
    def reconstructions(self, images: Tensor) -> Iterator[ReconstructedBatch]:
        """Yield what one pass gives of images `[n, channel, height, width]`, batch by batch.

        It is on the processor; a batch is of `at_once` images.
        """
        for x in self._prepared(images):
            z = self.method.encode(self.net, x)
            back = self.net.decode(self.method.to_decoder(self.net, z))
            errors = self.net.reconstruction_loss(x, back)
            yield ReconstructedBatch(z.cpu().double(), back.cpu(), errors.cpu().double())

    def _images(self, images: ImageSet) -> Tensor:
        """Return images of the model's shape, read from files where they are named."""
        if isinstance(images, np.ndarray):
            images = torch.from_numpy(images)
        if not isinstance(images, Tensor):
            return self.read(images).images
        sizes = ", ".join(str(size) for size in self.architecture.shape)
        if (
            images.ndim != 4
            or tuple(images.shape[1:]) != self.architecture.shape
            or not len(images)
        ):
            raise LisaError(
                f"images must have the shape [n, {sizes}] of this model, not {list(images.shape)}"
            )
        check_values(images)
        return images if images.dtype == torch.uint8 else images.float()

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


def _batch_size(run: Run) -> int:
    """Return how many images a step of a run's training had."""
    training = run.config.get("training")
    size = training.get("batch_size") if isinstance(training, dict) else None
    return size if isinstance(size, int) and size > 0 else CHUNK
