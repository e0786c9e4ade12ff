"""The uniform law of the sphere."""

from typing import Self, final

import numpy as np

from shared import projected_normal, sphere
from shared.samplers.base import (
    Floats,
    Sampler,
    State,
    check_dim,
    generator,
    integer_of,
    project_rows,
    unfitted,
)
from shared.sphere import Rows


@final
class Uniform(Sampler):
    """The uniform law of the sphere; fitting learns the dimension only."""

    kind = "uniform"
    _dim: int = 0

    def fit(self, codes: Rows) -> Self:
        """Learn the dimension; see `Sampler.fit`."""
        self._dim = sphere.finite_rows(codes).shape[1]
        return self

    def sample(self, n: int, seed: int) -> Floats:
        """Draw directions ``[n, dim]`` by projecting normal vectors; see `Sampler.sample`."""
        dim = self._fitted_dim()
        return project_rows(generator(n, seed).standard_normal((n, dim)))

    def log_prob(self, points: Rows) -> Floats:
        """Compute the density on the sphere, which is the same everywhere."""
        rows = sphere.unit_rows(points)
        check_dim(rows.shape[1], self._fitted_dim())
        return np.full(len(rows), -projected_normal.log_sphere_area(rows.shape[1]))

    def direction_log_prob(self, u: Rows) -> Floats:
        """Compute `log_prob`: the draws are directions already."""
        return self.log_prob(u)

    def _fitted_dim(self) -> int:
        if not self._dim:
            raise unfitted(self.kind)
        return self._dim

    def _arrays(self) -> State:
        return {"dim": np.array(self._fitted_dim(), dtype=np.int64)}

    @classmethod
    def _from_arrays(cls, state: State) -> Self:
        sampler = cls()
        sampler._dim = integer_of(state, "dim", least=1)
        return sampler
