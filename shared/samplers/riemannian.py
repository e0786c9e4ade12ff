"""Draws that are uniform with respect to the volume of a learned metric."""

from typing import Self, final

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.cluster import KMeans
from sklearn.metrics import pairwise_distances
from torch import Tensor

from shared import sphere
from shared.common.arrays import Floats
from shared.common.errors import LisaError
from shared.samplers.base import Sampler, State, floats_of, generator, integer_of, unfitted
from shared.samplers.leapfrog import leapfrog
from shared.sphere.geometry import Rows

STARTS = 10_000
"""Of how many training codes, at most, centroids are chosen and chains start."""

LEAST_DEVIATION = 1e-6
"""Where posterior deviations are held, relative to the spread of the codes."""

_BLOCK = 512
_PILOT_CHAINS, _PILOT_STEPS = 128, 10
_LEAST_ACCEPTANCE = 0.5
_HALVINGS = 40


class Metric:
    """A diagonal metric whose volume is large near the centroids.

    G(z) = Σ_i Σ_i⁻¹·exp(−(z − μ_i)ᵀΣ_i⁻¹(z − μ_i)/T²) + λI, with diagonal Σ_i (Chadebec &
    Allassonnière 2022, Eq. 6 with τ = 0).
    """

    def __init__(
        self, centroids: Tensor, deviations: Tensor, temperature: float, regularisation: float
    ) -> None:
        """Prepare the products that a metric and its slope are made of.

        Args:
            centroids: μ ``[centroid, dim]``, float64.
            deviations: The roots of the diagonals of Σ ``[centroid, dim]``, positive.
            temperature: T, positive.
            regularisation: λ, positive.
        """
        self._precisions = deviations**-2
        self._regularisation = regularisation
        # Around their middle, squares of differences lose least by being multiplied out.
        self._middle = centroids.mean(0)
        means = centroids - self._middle
        scaled = self._precisions / temperature**2
        self._offset = (scaled * means**2).sum(1)
        self._squares = torch.cat([scaled, -2 * scaled * means], 1).T.contiguous()
        self._pulls = torch.cat([scaled * means, scaled], 1)

    def log_volume(self, z: Tensor) -> Tensor:
        """Return log √det G(z), `[batch]`, of codes `z` `[batch, dim]`."""
        weights = self._weights(z - self._middle)
        return 0.5 * self._diagonal(weights).log().sum(1)

    def slope(self, z: Tensor) -> Tensor:
        """Return the gradient of `log_volume`, `[batch, dim]`.

        −(1/T²)·Σ_i a_i·Σ_i⁻¹(z − μ_i) with a_i = exp(−‖z − μ_i‖²/T²)·tr(G⁻¹Σ_i⁻¹).
        """
        z = z - self._middle
        weights = self._weights(z)
        weights *= self._diagonal(weights).reciprocal() @ self._precisions.T
        to_means, inward = (weights @ self._pulls).chunk(2, dim=1)
        return to_means - z * inward

    def _weights(self, z: Tensor) -> Tensor:
        """Return exp(−(z − μ_i)ᵀΣ_i⁻¹(z − μ_i)/T²), `[batch, centroid]`."""
        distances = torch.addmm(self._offset, torch.cat([z * z, z], 1), self._squares)
        return distances.clamp_(min=0).neg_().exp_()

    def _diagonal(self, weights: Tensor) -> Tensor:
        return (weights @ self._precisions).add_(self._regularisation)


@final
class Riemannian(Sampler):
    """Codes of density √det G(z) within the box that the training codes span, by HMC.

    G is `Metric` with posterior means and covariances at centroids: codes nearest to the means of
    k-means. Each draw is the end of a chain of its own, which starts at a random training code.
    Where Metropolis' rule would refuse most moves, the step size is halved until it accepts at
    least half of them; the notes tell.

    References:
        Chadebec and Allassonnière, A Geometric Perspective on Variational Autoencoders, 2022,
        arXiv:2209.07370, section 4.
    """

    kind = "riemannian"
    _metric: Metric | None = None
    _centroids: Floats
    _deviations: Floats
    _starts: Floats
    _box: Floats

    def __init__(
        self,
        spread: Rows,
        *,
        centroids: int = 100,
        temperature: float | None = None,
        regularisation: float = 0.01,
        steps: int = 100,
        leapfrog: int = 10,
        step_size: float = 0.01,
        seed: int = 0,
    ) -> None:
        """Set up the sampler.

        Args:
            spread: Posterior standard deviations ``[n, dim]`` of the codes it will be fitted to.
            centroids: How many centroids G has; fewer where there are fewer distinct codes.
            temperature: T; None for the largest distance from a centroid to its nearest one.
            regularisation: λ.
            steps: Moves of each chain.
            leapfrog: Leapfrog steps of each move.
            step_size: Of these steps.
            seed: Of k-means and of the choice of training codes to start from.

        Raises:
            LisaError: If a value is not positive, or ``posterior_std`` does not hold finite numbers
                ``[n, dim]`` of at least 0.
        """
        self._spread = sphere.finite_rows(spread, "posterior deviations").numpy()
        if (self._spread < 0).any():
            raise LisaError("posterior deviations must not be negative")
        positive = {
            "centroids": centroids,
            "temperature": 1.0 if temperature is None else temperature,
            "regularisation": regularisation,
            "steps": steps,
            "leapfrog": leapfrog,
            "step_size": step_size,
        }
        for name, value in positive.items():
            if not 0 < value < np.inf:
                raise LisaError(
                    f"the sampler {self.kind!r} needs a {name} above 0 and finite, not {value}"
                )
        self.centroids, self.steps, self.leapfrog, self.seed = centroids, steps, leapfrog, seed
        self.temperature, self.regularisation = temperature, regularisation
        self.step_size = step_size

    def fit(self, codes: Rows) -> Self:
        """Choose centroids and step size; see `Sampler.fit`.

        Raises:
            LisaError: As `Sampler.fit`, and if there are not as many codes as deviations.
        """
        rows = sphere.finite_rows(codes).numpy()
        if rows.shape != self._spread.shape:
            raise LisaError(
                f"codes of shape {list(rows.shape)} need posterior deviations of the same shape, "
                f"not {list(self._spread.shape)}"
            )
        random = np.random.default_rng(self.seed)
        kept = np.arange(len(rows))
        if len(rows) > STARTS:
            kept = np.sort(random.choice(len(rows), STARTS, replace=False))
        chosen, notes = self._choose(rows[kept])
        centroids = rows[kept][chosen]
        deviations, more = _held(self._spread[kept][chosen], rows)
        temperature = self.temperature
        if temperature is None:
            temperature, last = _largest_gap(centroids)
            more += last
        self._set(
            centroids, deviations, rows[kept], np.stack([rows.min(0), rows.max(0)]), temperature
        )
        self.notes = (*notes, *more, *self._tune(random))
        return self

    def sample(self, n: int, seed: int) -> Floats:
        """Draw codes ``[n, dim]``; see `Sampler.sample`."""
        if self._metric is None:
            raise unfitted(self.kind)
        random = generator(n, seed)
        starts = self._starts[random.integers(len(self._starts), size=n)]
        blocks = [
            self._move(starts[begin : begin + _BLOCK], self.steps, self._step, random)[0]
            for begin in range(0, n, _BLOCK)
        ]
        return np.concatenate([starts[:0], *blocks])

    def _choose(self, codes: Floats) -> tuple[NDArray[np.intp], tuple[str, ...]]:
        """Return the row of the code nearest to the mean of each cluster of k-means."""
        distinct = len(np.unique(codes, axis=0))
        count = min(self.centroids, distinct)
        clusters = KMeans(count, n_init=1, random_state=self.seed % 2**32).fit(codes)
        gaps = ((codes - clusters.cluster_centers_[clusters.labels_]) ** 2).sum(1)
        order = np.lexsort((gaps, clusters.labels_))
        chosen = order[np.unique(clusters.labels_[order], return_index=True)[1]]
        if count == self.centroids:
            return chosen, ()
        return chosen, (f"{distinct} distinct codes for {self.centroids} centroids: took {count}",)

    def _set(
        self,
        centroids: Floats,
        deviations: Floats,
        starts: Floats,
        box: Floats,
        temperature: float,
    ) -> None:
        self._centroids, self._deviations = centroids, deviations
        self._starts, self._box, self._step = starts, box, self.step_size
        self._temperature = temperature
        self._metric = Metric(
            torch.from_numpy(centroids),
            torch.from_numpy(deviations),
            temperature,
            self.regularisation,
        )

    def _tune(self, random: np.random.Generator) -> tuple[str, ...]:
        """Halve the step size until enough moves of a few short chains are accepted."""
        starts = self._starts[random.integers(len(self._starts), size=_PILOT_CHAINS)]
        for _ in range(_HALVINGS):
            rate = self._move(starts, _PILOT_STEPS, self._step, random)[1]
            if rate >= _LEAST_ACCEPTANCE:
                break
            self._step /= 2
        accepts = f"HMC accepts {rate:.0%} of its moves"
        if self._step == self.step_size:
            return (accepts,)
        return (f"lowered the step size from {self.step_size:g} to {self._step:.1e}: {accepts}",)

    def _move(
        self, starts: Floats, steps: int, step: float, random: np.random.Generator
    ) -> tuple[Floats, float]:
        """Move chains from codes ``[chain, dim]``: where they end, and the share of moves made."""
        metric = self._metric
        assert metric is not None
        low, high = torch.from_numpy(self._box)
        z = torch.from_numpy(starts)
        log_volume, slope = metric.log_volume(z), metric.slope(z)
        made = 0.0
        for _ in range(steps):
            momentum = torch.from_numpy(random.standard_normal(starts.shape))
            threshold = torch.from_numpy(np.log1p(-random.random(len(starts))))
            end, speed, pull = z, momentum, slope
            for _ in range(self.leapfrog):
                end, speed, pull = leapfrog(end, speed, pull, metric.slope, step)
            volume_there = metric.log_volume(end)
            gain = volume_there - log_volume + 0.5 * (momentum**2 - speed**2).sum(1)
            # A motion that overflowed has a gain of NaN, and is refused like one that left.
            accepted = (gain >= threshold) & ((end >= low) & (end <= high)).all(1)
            z = torch.where(accepted[:, None], end, z)
            slope = torch.where(accepted[:, None], pull, slope)
            log_volume = torch.where(accepted, volume_there, log_volume)
            made += accepted.double().mean().item() / steps
        return z.numpy(), made

    def _arrays(self) -> State:
        if self._metric is None:
            raise unfitted(self.kind)
        numbers = {
            "temperature": self._temperature,
            "regularisation": self.regularisation,
            "step_size": self._step,
        }
        counts = {"steps": self.steps, "leapfrog": self.leapfrog, "seed": self.seed}
        return {
            "centroids": self._centroids,
            "deviations": self._deviations,
            "starts": self._starts,
            "box": self._box,
            **{name: np.array(value, dtype=np.float64) for name, value in numbers.items()},
            **{name: np.array(value, dtype=np.int64) for name, value in counts.items()},
        }

    @classmethod
    def _from_arrays(cls, state: State) -> Self:
        centroids, deviations, starts, box = (
            floats_of(state, name) for name in ("centroids", "deviations", "starts", "box")
        )
        dim = centroids.shape[-1]
        fit = deviations.shape == centroids.shape == (len(centroids), dim)
        if not fit or starts.shape[1:] != (dim,) or box.shape != (2, dim) or not starts.size:
            raise LisaError("the sampler's centroids, deviations, starts and box do not fit")
        if (deviations <= 0).any() or not ((box[0] <= starts) & (starts <= box[1])).all():
            raise LisaError("the sampler's deviations are not positive or its box is too small")
        numbers = [
            _number_of(state, name) for name in ("temperature", "regularisation", "step_size")
        ]
        sampler = cls(
            deviations,
            centroids=len(centroids),
            temperature=numbers[0],
            regularisation=numbers[1],
            step_size=numbers[2],
            steps=integer_of(state, "steps", least=1),
            leapfrog=integer_of(state, "leapfrog", least=1),
            seed=integer_of(state, "seed", least=0),
        )
        sampler._set(centroids, deviations, starts, box, numbers[0])
        return sampler


def _held(deviations: Floats, codes: Floats) -> tuple[Floats, tuple[str, ...]]:
    """Return deviations that are not too small for their inverse squares."""
    least = LEAST_DEVIATION * (float(codes.std(0).mean()) or 1.0)
    low = int((deviations < least).sum())
    if not low:
        return deviations, ()
    note = f"raised {low} of {deviations.size} posterior deviations to {least:.1e}"
    return np.maximum(deviations, least), (note,)


def _largest_gap(centroids: Floats) -> tuple[float, tuple[str, ...]]:
    """Return the largest distance from a centroid to the nearest other one."""
    if len(centroids) == 1:
        return 1.0, ("one centroid has no distance to another: took 1 as the temperature",)
    distances = pairwise_distances(centroids)
    np.fill_diagonal(distances, np.inf)
    return float(distances.min(1).max()), ()


def _number_of(state: State, name: str) -> float:
    """Return one number of a state."""
    value = floats_of(state, name)
    if value.shape != ():
        raise LisaError(f"the sampler's array {name!r} is not one number")
    return float(value)
