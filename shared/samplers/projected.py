"""The directions of another sampler's draws."""

from typing import Self, final

from shared.common.arrays import Floats
from shared.samplers.base import Sampler, State, sampler_from_state
from shared.sphere.geometry import Rows, project_rows


@final
class Projected(Sampler):
    """The directions of another sampler's draws (LISA, Eqs. 15 and 16).

    Fits the inner sampler to the unnormalised codes and projects what it draws.
    """

    kind = "projected"
    _PREFIX = "inner."

    def __init__(self, sampler: Sampler) -> None:
        self.sampler = sampler
        self.notes = sampler.notes

    def fit(self, codes: Rows) -> Self:
        """Fit the inner sampler; see `Sampler.fit`."""
        self.notes = self.sampler.fit(codes).notes
        return self

    def sample(self, n: int, seed: int) -> Floats:
        """Draw directions ``[n, dim]``; see `Sampler.sample`."""
        return project_rows(self.sampler.sample(n, seed))

    def log_prob(self, points: Rows) -> Floats:
        """Compute the density on the sphere; see `Sampler.direction_log_prob`."""
        return self.sampler.direction_log_prob(points)

    def direction_log_prob(self, u: Rows) -> Floats:
        """Compute `log_prob`: the draws are directions already."""
        return self.log_prob(u)

    def _arrays(self) -> State:
        return {self._PREFIX + name: array for name, array in self.sampler.state().items()}

    @classmethod
    def _from_arrays(cls, state: State) -> Self:
        inner = {
            name.removeprefix(cls._PREFIX): array
            for name, array in state.items()
            if name.startswith(cls._PREFIX)
        }
        return cls(sampler_from_state(inner))
