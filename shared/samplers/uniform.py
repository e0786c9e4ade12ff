"""The uniform law of the sphere."""

from typing import final

import numpy as np

from shared import sphere
from shared.common.arrays import Floats
from shared.samplers.base import check_dim, generator
from shared.samplers.fixed import Fixed
from shared.sphere import projected_normal
from shared.sphere.geometry import Rows, project_rows


@final
class Uniform(Fixed):
    """The uniform law of the sphere; fitting learns the dimension only."""

    kind = "uniform"

    def sample(self, n: int, seed: int) -> Floats:
        """Draw directions ``[n, dim]`` by projecting normal vectors; see `Sampler.sample`."""
        dim = self.fitted_dim()
        return project_rows(generator(n, seed).standard_normal((n, dim)))

    def log_prob(self, points: Rows) -> Floats:
        """Compute the density on the sphere, which is the same everywhere."""
        rows = sphere.unit_rows(points)
        check_dim(rows.shape[1], self.fitted_dim())
        return np.full(len(rows), -projected_normal.log_sphere_area(rows.shape[1]))

    def direction_log_prob(self, u: Rows) -> Floats:
        """Compute `log_prob`: the draws are directions already."""
        return self.log_prob(u)
