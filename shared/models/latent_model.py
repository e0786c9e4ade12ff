"""A trained network as an object: codes, what the decoder sees of them, paths, draws."""

from collections.abc import Iterable

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from shared.common.arrays import Floats
from shared.common.errors import LisaError
from shared.methods import Codes, Method
from shared.methods.autoencoder import Autoencoder
from shared.models.architecture import LatentArchitecture
from shared.runs.expost import load_sampler
from shared.runs.run import Run
from shared.sphere.geometry import slerp


class LatentModel:
    """A trained network with its latent space, whatever it was trained on.

    Attributes:
        architecture: Network, method and sizes.
        net: The trained network, in evaluation mode.
        run: The run that the model is of; None of a model that was made otherwise.
    """

    architecture: LatentArchitecture
    net: Autoencoder

    def __init__(
        self, architecture: LatentArchitecture, net: Autoencoder, run: Run | None = None
    ) -> None:
        self.architecture, self.net, self.run = architecture, net.eval(), run

    def __repr__(self) -> str:
        kind = f"{self.method.title}, {self.architecture.network} network"
        return f"{type(self).__name__}({self._source()!r}, {kind}, d = {self.dim})"

    def _source(self) -> str:
        """Return what the model is of, for its printed form."""
        return "no run" if self.run is None else str(self.run.path)

    @property
    def dim(self) -> int:
        """The code size d."""
        return self.architecture.dim

    @property
    def method(self) -> Method:
        """How the codes were learnt."""
        return self.architecture.method

    @property
    def device(self) -> torch.device:
        """Where the network is."""
        return next(self.net.parameters()).device

    def own_run(self, what: str = "no sampler was fitted to its codes") -> Run:
        """Return the run that the model is of.

        Args:
            what: What is missing without one, for the message.

        Raises:
            LisaError: It is of none.
        """
        if self.run is None:
            raise LisaError(f"this model is of no run, so {what}")
        return self.run

    @torch.no_grad()
    def codes_of_batches(self, batches: Iterable[Tensor]) -> Codes:
        """Encode batches of what the network reads: codes, with deviations where there are any."""
        means, deviations = [], []
        for x in batches:
            means.append(self.method.encode(self.net, x).cpu().double())
            std = self.method.posterior_std(self.net, x)
            if std is not None:
                deviations.append(std.cpu().double())
        mean = torch.cat(means).numpy()
        return Codes(mean, torch.cat(deviations).numpy() if deviations else None)

    def directions(self, codes: ArrayLike) -> Floats:
        """Return what the decoder sees of codes `[n, dim]`.

        Unit vectors `[n, dim]` where the method is spherical, else its `to_decoder` of the codes,
        for most methods the codes themselves.

        Raises:
            LisaError: The codes are not `[n, dim]` or not finite.
        """
        array: NDArray[np.float64] = self._decoder_inputs(codes).numpy()
        return array

    def _checked(self, codes: ArrayLike) -> Tensor:
        """Return codes as a tensor `[n, dim]` on the processor, float64."""
        array = np.asarray(codes, dtype=np.float64)
        if array.ndim != 2 or array.shape[1] != self.dim:
            one = "; of one code u give u[np.newaxis]" if array.shape == (self.dim,) else ""
            raise LisaError(
                f"codes must have the shape [n, {self.dim}] of this model, not "
                f"{list(array.shape)}{one}"
            )
        broken = ~np.isfinite(array).all(axis=1)
        if broken.any():
            raise LisaError(f"code {int(broken.argmax()) + 1} is not finite")
        return torch.from_numpy(array)

    @torch.no_grad()
    def _decoder_inputs(self, codes: ArrayLike) -> Tensor:
        """Return `directions` as a tensor on the processor, float64."""
        # An MPS device has no float64.
        dtype = torch.float32 if self.device.type == "mps" else torch.float64
        z = self._checked(codes).to(self.device, dtype)
        return self.method.to_decoder(self.net, z).cpu().double()

    def draw(self, n: int, sampler: str, seed: int) -> Floats:
        """Draw codes `[n, dim]` from a sampler that was fitted to the codes of the run.

        Raises:
            LisaError: The model is of no run, or the run has no such sampler.
        """
        return load_sampler(self.own_run(), sampler).sample(n, seed)

    def path(self, first: ArrayLike, second: ArrayLike, steps: int) -> Floats:
        """Return points on the ways between what the decoder sees of codes.

        A way is the great circle between directions where the method is spherical, else the
        straight line between codes.

        Args:
            first: Where the ways begin, `[n, dim]`.
            second: Where they end, as many.
            steps: Points of a way, both ends included.

        Returns:
            Points `[n, steps, dim]`.

        Raises:
            LisaError: There are not as many ends as beginnings, or fewer than two steps.
        """
        begin, end = self._decoder_inputs(first), self._decoder_inputs(second)
        if len(begin) != len(end) or steps < 2:
            raise LisaError(
                f"paths need as many ends as beginnings and 2 steps or more, not {len(begin)}, "
                f"{len(end)} and {steps}"
            )
        t = torch.linspace(0, 1, steps, dtype=torch.float64)[:, None]
        if self.method.spherical:
            way = slerp(begin, end, t)
        else:
            way = torch.lerp(begin, end, t.unsqueeze(-1))
        points: NDArray[np.float64] = way.transpose(0, 1).numpy()
        return points
