"""The prior of variational autoencoders."""

from typing import Self, final

import numpy as np

from shared import sphere
from shared.samplers.base import Floats, Sampler, State, check_dim, generator, integer_of, unfitted
from shared.sphere import Rows


@final
class StandardNormal(Sampler):
    """N(0, I); fitting learns the dimension only."""

    kind = "prior"
    _dim: int = 0

    def fit(self, codes: Rows) -> Self:
        """Learn the dimension; see `Sampler.fit`."""
        self._dim = sphere.finite_rows(codes).shape[1]
        return self

    def sample(self, n: int, seed: int) -> Floats:
        """Draw codes ``[n, dim]``; see `Sampler.sample`."""
        return generator(n, seed).standard_normal((n, self._fitted_dim()))

    def log_prob(self, points: Rows) -> Floats:
        """Compute the log density with respect to volume; see `Sampler.log_prob`."""
        rows = sphere.finite_rows(points, "points").numpy()
        check_dim(rows.shape[1], self._fitted_dim())
        density: Floats = -0.5 * ((rows**2).sum(1) + rows.shape[1] * np.log(2 * np.pi))
        return density

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
