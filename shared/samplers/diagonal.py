"""A given mixture of Gaussians with diagonal covariances."""

from typing import Self, final

import numpy as np

from shared import sphere
from shared.common.arrays import Floats
from shared.common.errors import LisaError
from shared.samplers.base import Sampler, State, check_dim, floats_of, generator
from shared.sphere import projected_normal
from shared.sphere.geometry import Rows


@final
class DiagonalMixture(Sampler):
    """A mixture of Gaussians with diagonal covariances that is given, not fitted.

    It is the law of priors that training itself produces, such as the mixture of posteriors of
    a VampPrior.
    """

    kind = "diagonal-mixture"

    def __init__(self, means: Rows, spreads: Rows, weights: Floats | None = None) -> None:
        """Take the mixture's parameters.

        Args:
            means: Means ``[component, dim]``.
            spreads: Standard deviations ``[component, dim]``, positive.
            weights: Weights ``[component]``, summing to one; None for equal ones.

        Raises:
            LisaError: If shapes do not fit, spreads are not positive, their squares are not
                normal float64 numbers, or weights are no probabilities.
        """
        self._means: Floats = sphere.finite_rows(means, "means").numpy()
        self._spreads: Floats = sphere.finite_rows(spreads, "spreads").numpy()
        components = len(self._means)
        self._weights = np.full(components, 1 / components) if weights is None else weights
        if self._spreads.shape != self._means.shape or self._weights.shape != (components,):
            raise LisaError(
                f"a mixture with means {list(self._means.shape)} needs spreads of that shape and "
                f"weights [{components}], "
                f"not {list(self._spreads.shape)} and {list(self._weights.shape)}"
            )
        if not ((self._spreads > 1e-150) & (self._spreads < 1e150)).all():
            raise LisaError(
                f"the spreads of a mixture must lie between 1e-150 and 1e+150, "
                f"not {self._spreads.min():.3g} to {self._spreads.max():.3g}"
            )
        if not (self._weights >= 0).all() or not abs(self._weights.sum() - 1) <= 1e-9:
            raise LisaError("the sampler's weights are not probabilities")

    def fit(self, codes: Rows) -> Self:
        """Refuse: the mixture is given by its parameters.

        Raises:
            LisaError: Always.
        """
        raise LisaError(
            f"the sampler {self.kind!r} is not fitted to codes: it is made from means and spreads"
        )

    def sample(self, n: int, seed: int) -> Floats:
        """Draw codes; see `Sampler.sample`."""
        random = generator(n, seed)
        component = random.choice(len(self._weights), size=n, p=self._weights)
        noise = random.standard_normal((n, self._means.shape[1]))
        draws: Floats = self._means[component] + self._spreads[component] * noise
        return draws

    def log_prob(self, points: Rows) -> Floats:
        """Compute the log density with respect to volume; see `Sampler.log_prob`."""
        rows = sphere.finite_rows(points, "points").numpy()
        check_dim(rows.shape[1], self._means.shape[1])
        volumes = np.log(self._spreads).sum(1) + 0.5 * rows.shape[1] * np.log(2 * np.pi)
        logs = [
            -0.5 * (((rows - mean) / spread) ** 2).sum(1) - volume
            for mean, spread, volume in zip(self._means, self._spreads, volumes, strict=True)
        ]
        return projected_normal.mix(logs, self._weights)

    def direction_log_prob(self, u: Rows) -> Floats:
        """Compute the density of the projected mixture; see `Sampler.direction_log_prob`."""
        covariances = self._spreads[:, None] ** 2 * np.eye(self._means.shape[1])
        return projected_normal.mixture_log_density(u, self._weights, self._means, covariances)

    def _arrays(self) -> State:
        return {"weights": self._weights, "means": self._means, "spreads": self._spreads}

    @classmethod
    def _from_arrays(cls, state: State) -> Self:
        return cls(*(floats_of(state, name) for name in ("means", "spreads", "weights")))
