"""Laws that fitting teaches nothing but their dimension."""

import abc
from typing import Self

import numpy as np

from shared import sphere
from shared.samplers.base import Sampler, State, integer_of, unfitted
from shared.sphere.geometry import Rows


class Fixed(Sampler, abc.ABC):
    """A law that is the same for all codes of one dimension."""

    _dim: int = 0

    def fit(self, codes: Rows) -> Self:
        """Learn the dimension; see `Sampler.fit`."""
        self._dim = sphere.finite_rows(codes).shape[1]
        return self

    def fitted_dim(self) -> int:
        """Return the dimension; raises `LisaError` before the fit."""
        if not self._dim:
            raise unfitted(self.kind)
        return self._dim

    def _arrays(self) -> State:
        return {"dim": np.array(self.fitted_dim(), dtype=np.int64)}

    @classmethod
    def _from_arrays(cls, state: State) -> Self:
        sampler = cls()
        sampler._dim = integer_of(state, "dim", least=1)
        return sampler
