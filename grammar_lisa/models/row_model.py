"""Codes to rows of symbols and back, and where codes lie: what a model is beside its texts."""

import math
from functools import partial

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from grammar_lisa.models.architecture import Architecture
from grammar_lisa.models.names import REFINE_WORK
from grammar_lisa.models.networks import SequenceAutoencoder
from grammar_lisa.models.refinement import STEPS, Refined, refine
from shared.common.errors import LisaError
from shared.methods import Codes, Method
from shared.sphere.geometry import at_angle, project

_CHUNK = 4096


class RowModel:
    """Rows of symbols `[n, step]` to codes `[n, dim]`, and codes to rows.

    Attributes:
        architecture: Network, method and sizes.
        net: The trained network, in evaluation mode.
    """

    net: SequenceAutoencoder

    def __init__(self, architecture: Architecture, net: SequenceAutoencoder) -> None:
        self.architecture, self.net = architecture, net.eval()

    @property
    def dim(self) -> int:
        """The code size d."""
        return self.architecture.dim

    @property
    def method(self) -> Method:
        """How the codes were learnt."""
        return self.architecture.method

    @torch.no_grad()
    def encode_rows(self, rows: ArrayLike) -> NDArray[np.float32]:
        """Return codes of rows `[n, step]`, unnormalised, `[n, dim]`."""
        x = torch.as_tensor(np.asarray(rows))
        chunks = [self.method.encode(self.net, part) for part in x.split(_CHUNK)]
        codes: NDArray[np.float32] = torch.cat(chunks).numpy()
        return codes

    @torch.no_grad()
    def deviating_codes(self, rows: NDArray[np.signedinteger]) -> Codes:
        """Return codes of rows `[n, step]` with their deviations where the method has any."""
        chunks = torch.from_numpy(rows).split(_CHUNK)
        found = [self.method.posterior_std(self.net, x) for x in chunks]
        deviations = [std.double() for std in found if std is not None]
        mean = self.encode_rows(rows).astype(np.float64)
        return Codes(mean, torch.cat(deviations).numpy() if deviations else None)

    def refine(
        self, rows: ArrayLike, codes: ArrayLike, *, steps: int = STEPS, work: float = REFINE_WORK
    ) -> Refined:
        """Return codes that decode to given rows, where such are found near `codes`; see `refine`.

        Args:
            rows: What the network reads of texts, `[n, step]`.
            codes: First guesses, `[n, dim]`.
            steps: The most steps of the descent.
            work: The most work of it, in billions of floating-point operations.
        """
        to_decoder = partial(self.method.to_decoder, self.net)
        return refine(self.net, to_decoder, rows, codes, steps=steps, work=work)

    @torch.no_grad()
    def decode_rows(
        self, codes: ArrayLike, *, temperature: float = 0.0, beams: int = 1, seed: int = 0
    ) -> NDArray[np.int64]:
        """Turn codes `[n, dim]` into rows `[n, step]`.

        Args:
            codes: Any points; for a spherical method only their directions count.
            temperature: 0 takes the most likely symbol at each step; above 0, they are drawn.
            beams: Above 1, the likeliest row is looked for by a beam search of that width,
                which keeps so many beginnings at each step; it takes so many times as long.
            seed: Of the draws.

        Raises:
            LisaError: The codes are not `[n, dim]` or not finite, or there are both beams and a
                temperature.
        """
        if beams < 1 or (beams > 1 and temperature > 0):
            raise LisaError(
                f"a beam search of {beams} at a temperature of {temperature:g} makes no sense: it "
                "looks for the likeliest text; give 1 or more beams, or a temperature"
            )
        generator = torch.Generator().manual_seed(seed)
        decoded = [
            self.net.read(
                self.net.decode(u.float()),
                temperature=temperature,
                generator=generator,
                beams=beams,
            )
            for u in self._directions(codes).split(max(1, _CHUNK // beams))
        ]
        rows: NDArray[np.int64] = torch.cat(decoded).numpy()
        return rows

    def directions(self, codes: ArrayLike) -> NDArray[np.float64]:
        """Return what the decoder sees of codes `[n, dim]`.

        Unit vectors `[n, dim]` where the method is spherical, else its `to_decoder` of the codes,
        for most methods the codes themselves.
        """
        array: NDArray[np.float64] = self._directions(codes).numpy()
        return array

    @torch.no_grad()
    def _directions(self, codes: ArrayLike) -> Tensor:
        array = np.asarray(codes, dtype=np.float64)
        if array.ndim != 2 or array.shape[1] != self.dim:
            one = "; of one code u give u[np.newaxis]" if array.shape == (self.dim,) else ""
            raise LisaError(
                f"codes must have the shape [n, {self.dim}] of this model, not "
                f"{list(array.shape)}{one}"
            )
        if len(array) == 0:
            raise LisaError("there are no codes to decode")
        broken = ~np.isfinite(array).all(axis=1)
        if broken.any():
            raise LisaError(f"code {int(broken.argmax()) + 1} is not finite")
        return self.method.to_decoder(self.net, torch.from_numpy(array)).double()

    def perturb(
        self, code: ArrayLike, n: int, *, radius: float, seed: int = 0
    ) -> NDArray[np.float64]:
        """Draw points at a radius from a code, `[n, dim]`.

        Args:
            code: The code, `[1, dim]`.
            n: How many.
            radius: Where the method is spherical, the angle from the direction of the code in
                radians: points are uniform among all directions at that very angle. Most
                directions within an angle lie near its rim, so none is lost. Where it is not, the
                distance from the code, in units of codes.
            seed: Of the draws.

        Raises:
            LisaError: No point lies at that radius.
        """
        spherical = self.method.spherical
        if not 0 <= radius <= (math.pi if spherical else math.inf) or math.isinf(radius):
            kind = "an angle is from 0 to π radians"
            raise LisaError(
                f"{kind if spherical else 'a distance is 0 or more and finite'}, not {radius}"
            )
        generator = torch.Generator().manual_seed(seed)
        centre = self._directions(code).expand(n, -1)
        if spherical:
            return at_angle(centre, radius, generator).numpy()
        noise = torch.randn(centre.shape, generator=generator, dtype=torch.float64)
        return (centre + radius * project(noise)).numpy()
