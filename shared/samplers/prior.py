"""The prior of variational autoencoders."""

from typing import final

import numpy as np

from shared import sphere
from shared.common.arrays import Floats
from shared.samplers.base import check_dim, generator
from shared.samplers.fixed import Fixed
from shared.sphere import projected_normal
from shared.sphere.geometry import Rows


@final
class StandardNormal(Fixed):
    """N(0, I); fitting learns the dimension only."""

    kind = "prior"

    def sample(self, n: int, seed: int) -> Floats:
        """Draw codes ``[n, dim]``; see `Sampler.sample`."""
        return generator(n, seed).standard_normal((n, self.fitted_dim()))

    def log_prob(self, points: Rows) -> Floats:
        """Compute the log density with respect to volume; see `Sampler.log_prob`."""
        rows = sphere.finite_rows(points, "points").numpy()
        check_dim(rows.shape[1], self.fitted_dim())
        density: Floats = -0.5 * ((rows**2).sum(1) + rows.shape[1] * np.log(2 * np.pi))
        return density

    def direction_log_prob(self, u: Rows) -> Floats:
        """Compute the density of directions, which is uniform; see `Sampler.direction_log_prob`."""
        rows = sphere.unit_rows(u)
        check_dim(rows.shape[1], self.fitted_dim())
        return np.full(len(rows), -projected_normal.log_sphere_area(rows.shape[1]))
