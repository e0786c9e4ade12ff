"""A second variational autoencoder, on the codes of the first, as a law of codes."""

import math
from itertools import pairwise
from typing import Self, final

import numpy as np
import torch
from torch import Tensor, nn

from shared import sphere
from shared.common.arrays import Floats
from shared.common.errors import LisaError
from shared.common.fitting import fit_module
from shared.common.seeds import derive_seed
from shared.common.torch_seeds import seeded
from shared.samplers.base import (
    Sampler,
    State,
    floats_of,
    generator,
    integer_of,
    load_module,
    unfitted,
)
from shared.samplers.gaussians import kl_to_standard, sample_gaussian, split_parameters
from shared.sphere.geometry import Rows

LEAST_NOISE = 1e-3
"""The smallest γ of a `NoiseLevel`, about the rounding error of pixels in 256 steps."""

_BATCH = 256
_LEARNING_RATE = 1e-3
_LAYERS = 3
_START = 0.5
"""γ_z at first. At 1, the deviation of standardised codes, the decoder that ignores its input is
already stationary, as no direction of the codes varies more than the noise does."""

_SPEED = 10.0
"""At the speed of the other weights γ_z would end about where it began."""

_LARGEST = 1e100


class NoiseLevel(nn.Module):
    """A learned standard deviation γ of a Gaussian decoder, one number for all outputs.

    γ² = `LEAST_NOISE`² + exp(2·speed·raw), which is bounded below and yet has a gradient
    everywhere: perfect reconstruction would otherwise pull γ to 0 and the loss to −∞.
    """

    def __init__(self, start: float = 1.0, speed: float = 1.0) -> None:
        """Begin at γ = `start`, up to the bound.

        Args:
            start: The first γ.
            speed: How many times as fast as other weights log γ moves under Adam.
        """
        super().__init__()
        self.speed = speed
        self.raw = nn.Parameter(torch.tensor(math.log(start) / speed))

    def forward(self) -> Tensor:
        """Return the standard deviation γ, a scalar."""
        return torch.sqrt(LEAST_NOISE**2 + torch.exp(2 * self.speed * self.raw))

    def negative_log_likelihood(self, half_squares: Tensor, outputs: int) -> Tensor:
        """Return ½ Σ (x − x̂)²/γ² + outputs·log γ: −log N(x; x̂, γ²I) without its constant.

        Args:
            half_squares: ½ Σ (x − x̂)² of each example, of any shape.
            outputs: How many numbers each sum is over.

        Returns:
            Nats, of the shape of `half_squares`.
        """
        gamma = self.forward()
        return half_squares / gamma**2 + outputs * gamma.log()


@final
class TwoStage(Sampler):
    """A variational autoencoder of codes; draws are z = mean(u) + γ_z·ε with u and ε from N(0, I).

    The first stage's aggregate posterior is not its prior, but it fills its space, so a second
    variational autoencoder, with as many latent coordinates as the code has, can learn it. Its
    loss is KL(q(u|z) ‖ N(0, I)) + ½‖z − mean(u)‖²/γ_z² + dim·log γ_z with γ_z learned. Encoder
    and decoder have three hidden layers, and their last layer sees the input beside the hidden
    units.

    Codes are centred and each coordinate is divided by its own standard deviation before the
    fit; a constant coordinate stays constant in every draw. There is no density in closed form.

    The original trains 1,024 hidden units for hundreds of epochs. The default here is smaller, so
    that a fit takes about a minute at most on one core however many codes there are.

    References:
        Dai and Wipf, Diagnosing and Enhancing VAE Models, 2019, arXiv:1903.05789, section 4.

    Attributes:
        width: Units of each hidden layer.
        steps: Training steps of up to 256 codes; rounded to whole passes over the codes.
        seed: Seed of the weights and of training.
    """

    kind = "two-stage"
    _decoder: "_SkipNetwork | None" = None
    _noise: float
    _centre: Floats
    _scale: Floats

    def __init__(self, width: int = 256, steps: int = 5000, seed: int = 0) -> None:
        if width < 1 or steps < 1 or seed < 0:
            raise LisaError(
                f"a second stage needs width >= 1, steps >= 1 and seed >= 0, "
                f"not width = {width}, steps = {steps} and seed = {seed}"
            )
        self.width = width
        self.steps = steps
        self.seed = seed

    def fit(self, codes: Rows, spread: Rows | None = None) -> Self:
        """Train the second stage on fresh draws of the posterior; see `Sampler.fit`.

        Args:
            codes: Unnormalised training codes ``[n, dim]``, n >= 1; posterior means.
            spread: Posterior standard deviations ``[n, dim]``; None where a code is a point.

        Returns:
            The sampler itself.

        Raises:
            LisaError: As `Sampler.fit`; if the spread has another shape or negative entries,
                entries are too large to be squared, or training diverges.
        """
        means = sphere.finite_rows(codes).numpy()
        spreads = _spreads_like(means, spread)
        centre, scale = _standard_scale(means, spreads)
        divisor = np.where(scale > 0, scale, 1.0)
        tensors = tuple(
            torch.from_numpy(np.where(scale > 0, each / divisor, 0.0)).float()
            for each in (means - centre, spreads)
        )
        stage = self._train(tensors, means.shape[1])
        self._decoder, self._noise = stage.decoder.requires_grad_(False), stage.noise().item()
        self._centre, self._scale = centre, scale
        return self

    def sample(self, n: int, seed: int) -> Floats:
        """Draw codes; see `Sampler.sample`."""
        decoder = self._fitted_decoder()
        random = generator(n, seed)
        latent, noise = random.standard_normal((2, n, len(self._centre)))
        means = decoder(torch.from_numpy(latent).float()).double().numpy()
        draws: Floats = self._centre + self._scale * (means + self._noise * noise)
        return draws

    def _train(self, tensors: tuple[Tensor, ...], dim: int) -> "_SecondStage":
        with seeded(derive_seed(self.seed, "weights")):
            stage = _SecondStage(dim, self.width)
        return fit_module(
            stage,
            _SecondStage.loss,
            tensors,
            epochs=max(1, round(self.steps / math.ceil(len(tensors[0]) / _BATCH))),
            batch_size=_BATCH,
            learning_rate=_LEARNING_RATE,
            seed=self.seed,
        )

    def _fitted_decoder(self) -> "_SkipNetwork":
        if self._decoder is None:
            raise unfitted(self.kind)
        return self._decoder

    def _arrays(self) -> State:
        weights = self._fitted_decoder().state_dict()
        settings = {"width": self.width, "steps": self.steps, "seed": self.seed}
        return (
            {"noise": np.array(self._noise), "centre": self._centre, "scale": self._scale}
            | {name: np.array(value, dtype=np.int64) for name, value in settings.items()}
            | {f"decoder.{name}": value.double().numpy() for name, value in weights.items()}
        )

    @classmethod
    def _from_arrays(cls, state: State) -> Self:
        sampler = cls(
            integer_of(state, "width", least=1),
            integer_of(state, "steps", least=1),
            integer_of(state, "seed", least=0),
        )
        noise, centre, scale = (floats_of(state, name) for name in ("noise", "centre", "scale"))
        if noise.shape or noise < 0 or centre.ndim != 1 or not len(centre):
            raise LisaError("the sampler's noise is not one number, or its centre is no code")
        if scale.shape != centre.shape or (scale < 0).any():
            raise LisaError("the sampler's scale does not fit its centre, or is negative")
        sampler._noise, sampler._centre, sampler._scale = float(noise), centre, scale
        sampler._decoder = _load_decoder(state, len(centre), sampler.width)
        return sampler


class _SkipNetwork(nn.Module):
    """Hidden layers, and a last layer that sees the input beside the hidden units."""

    def __init__(self, inputs: int, width: int, outputs: int) -> None:
        super().__init__()
        sizes = [inputs, *[width] * _LAYERS]
        self.hidden = nn.Sequential()
        for below, above in pairwise(sizes):
            self.hidden.extend([nn.Linear(below, above), nn.ReLU()])
        self.last = nn.Linear(width + inputs, outputs)

    def forward(self, rows: Tensor) -> Tensor:
        outputs: Tensor = self.last(torch.cat([self.hidden(rows), rows], dim=1))
        return outputs


class _SecondStage(nn.Module):
    """A variational autoencoder of standardised codes with a learned noise level."""

    def __init__(self, dim: int, width: int) -> None:
        super().__init__()
        self.encoder = _SkipNetwork(dim, width, 2 * dim)
        self.decoder = _SkipNetwork(dim, width, dim)
        self.noise = NoiseLevel(_START, _SPEED)

    def loss(self, means: Tensor, spreads: Tensor) -> Tensor:
        """Return the negative ELBO of one draw from each posterior, a mean over the batch."""
        z = means + spreads * torch.randn_like(means)
        mean, log_variance = split_parameters(self.encoder(z))
        decoded = self.decoder(sample_gaussian(mean, log_variance))
        half_squares = 0.5 * (z - decoded).square().sum(1)
        likelihood = self.noise.negative_log_likelihood(half_squares, z.shape[1])
        return (likelihood + kl_to_standard(mean, log_variance)).mean()


def _spreads_like(means: Floats, spread: Rows | None) -> Floats:
    """Return the posterior standard deviations, zero where codes are points."""
    if spread is None:
        return np.zeros_like(means)
    spreads: Floats = sphere.finite_rows(spread, "spreads").numpy()
    if spreads.shape != means.shape or (spreads < 0).any():
        raise LisaError(
            f"the spreads of codes {list(means.shape)} must have that shape and no negative "
            f"entry, not shape {list(spreads.shape)} and least entry {spreads.min():.3g}"
        )
    return spreads


def _standard_scale(means: Floats, spreads: Floats) -> tuple[Floats, Floats]:
    """Centre and standard deviation of the mixture of posteriors, zero where it is constant."""
    size = float(max(np.abs(means).max(), spreads.max()))
    if size > _LARGEST:
        raise LisaError(f"the largest entry of the codes is {size:.1e}: the most is {_LARGEST:.0e}")
    centre = means.mean(0)
    scale: Floats = np.sqrt(means.var(0) + (spreads**2).mean(0))
    rounding = 4 * np.finfo(np.float64).eps * np.abs(means).max(0)
    return centre, np.where(scale > rounding, scale, 0.0)


def _load_decoder(state: State, dim: int, width: int) -> _SkipNetwork:
    """Return the decoder whose weights are in a state."""
    with torch.device("meta"):
        decoder = _SkipNetwork(dim, width, dim)
    return load_module(decoder, state, "decoder", torch.float32)
