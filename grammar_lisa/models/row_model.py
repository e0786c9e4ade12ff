"""Codes to rows of symbols and back, and where codes lie: what a model is beside its texts."""

import math
from functools import partial

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray

from grammar_lisa.models.architecture import Architecture
from grammar_lisa.models.names import REFINE_WORK
from grammar_lisa.models.networks import SequenceAutoencoder
from grammar_lisa.models.refinement import STEPS, Refined, refine
from shared.common.errors import LisaError
from shared.methods import Codes
from shared.models import LatentModel
from shared.sphere.geometry import at_angle, project

_CHUNK = 4096


class RowModel(LatentModel):
    """Rows of symbols `[n, step]` to codes `[n, dim]`, and codes to rows.

    Attributes:
        architecture: Network, method and sizes.
        net: The trained network, in evaluation mode.
    """

    architecture: Architecture
    net: SequenceAutoencoder

    @torch.no_grad()
    def encode_rows(self, rows: ArrayLike) -> NDArray[np.float32]:
        """Return codes of rows `[n, step]`, unnormalised, `[n, dim]`."""
        x = torch.as_tensor(np.asarray(rows))
        chunks = [self.method.encode(self.net, part) for part in x.split(_CHUNK)]
        codes: NDArray[np.float32] = torch.cat(chunks).numpy()
        return codes

    def deviating_codes(self, rows: NDArray[np.signedinteger]) -> Codes:
        """Return codes of rows `[n, step]` with their deviations where the method has any."""
        return self.codes_of_batches(torch.from_numpy(rows).split(_CHUNK))

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
        inputs = self._decoder_inputs(codes)
        if len(inputs) == 0:
            raise LisaError("there are no codes to decode")
        generator = torch.Generator().manual_seed(seed)
        decoded = [
            self.net.read(
                self.net.decode(u.float()),
                temperature=temperature,
                generator=generator,
                beams=beams,
            )
            for u in inputs.split(max(1, _CHUNK // beams))
        ]
        rows: NDArray[np.int64] = torch.cat(decoded).numpy()
        return rows

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
        centre = self._decoder_inputs(code).expand(n, -1)
        if spherical:
            return at_angle(centre, radius, generator).numpy()
        noise = torch.randn(centre.shape, generator=generator, dtype=torch.float64)
        return (centre + radius * project(noise)).numpy()
