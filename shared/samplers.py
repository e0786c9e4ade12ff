"""Ex-post samplers: laws fitted to the codes of a trained model, from which new codes are drawn.

A sampler is fitted to unnormalised training codes (LISA, Section 3.4) and is nothing but numeric
arrays, so that it can be stored without pickle: `Sampler.state` and `sampler_from_state`.
"""

import abc
import json
import warnings
from typing import ClassVar, Self, final

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.linalg import solve_triangular
from sklearn.mixture import GaussianMixture as SklearnMixture

from shared import projected_normal, sphere
from shared.errors import LisaError
from shared.sphere import Rows

Floats = NDArray[np.float64]
State = dict[str, NDArray[np.generic]]

RELATIVE_JITTER = 1e-6
"""What is added to a covariance's diagonal, relative to the mean variance of the codes."""

_LARGEST = 1e100


class Sampler(abc.ABC):
    """A law of codes: fitted to training codes, then drawn from.

    Attributes:
        kind: The name under which the sampler is registered and stored.
        notes: What the fit had to do beyond fitting, in plain sentences.
    """

    kind: ClassVar[str]
    notes: tuple[str, ...] = ()

    @abc.abstractmethod
    def fit(self, codes: Rows) -> Self:
        """Fit the law to codes, forgetting any earlier fit.

        Args:
            codes: Unnormalised training codes ``[n, dim]``, n >= 1.

        Returns:
            The sampler itself.

        Raises:
            LisaError: If the shape is wrong, or rows hold NaN or infinite values.
        """

    @abc.abstractmethod
    def sample(self, n: int, seed: int) -> Floats:
        """Draw codes; the same seed gives the same draws in every process.

        Args:
            n: Number of draws.
            seed: Seed of numpy's generator, not negative.

        Returns:
            Codes ``[n, dim]``.

        Raises:
            LisaError: If the sampler is not fitted, or ``n`` or ``seed`` is negative.
        """

    def log_prob(self, points: Rows) -> Floats:
        """Compute the log density of the law at points.

        Args:
            points: Points ``[n, dim]`` of the space that `sample` draws from.

        Returns:
            Log densities ``[n]``: with respect to volume for codes, and to surface measure for
            directions.

        Raises:
            LisaError: If the sampler is not fitted, has no density in closed form, or the points
                are not finite ``[n, dim]``.
        """
        raise LisaError(f"the sampler {self.kind!r} has no density in closed form")

    def direction_log_prob(self, u: Rows) -> Floats:
        """Compute the log density of the direction of a draw (LISA, Lemma 1).

        Args:
            u: Directions ``[n, dim]``.

        Returns:
            Log densities ``[n]`` with respect to the surface measure of the sphere.

        Raises:
            LisaError: If the sampler is not fitted, has no such density in closed form, or ``u``
                does not hold finite unit vectors ``[n, dim]``.
        """
        raise LisaError(f"the sampler {self.kind!r} has no density of directions in closed form")

    def state(self) -> State:
        """Describe the fitted sampler as numeric arrays, for `sampler_from_state`.

        Returns:
            Arrays by name; text is stored as UTF-8 bytes.

        Raises:
            LisaError: If the sampler is not fitted.
        """
        return {"kind": _pack(self.kind), "notes": _pack(list(self.notes))} | self._arrays()

    @classmethod
    def from_state(cls, state: State) -> Self:
        """Rebuild a fitted sampler from its `state`.

        Args:
            state: Arrays by name.

        Returns:
            A sampler that draws the same codes.

        Raises:
            LisaError: If an array is missing or does not have the shape and values it must have.
        """
        if (kind := _unpack(state, "kind")) != cls.kind:
            raise LisaError(f"this is the state of a sampler {kind!r}, not {cls.kind!r}")
        notes = _unpack(state, "notes")
        if not isinstance(notes, list) or not all(isinstance(note, str) for note in notes):
            raise LisaError("the sampler's notes are not a list of sentences")
        sampler = cls._from_arrays(state)
        sampler.notes = tuple(notes)
        return sampler

    @abc.abstractmethod
    def _arrays(self) -> State:
        """Describe what is particular to this kind of sampler."""

    @classmethod
    @abc.abstractmethod
    def _from_arrays(cls, state: State) -> Self:
        """Rebuild from `_arrays`."""


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
        return _project(_generator(n, seed).standard_normal((n, dim)))

    def log_prob(self, points: Rows) -> Floats:
        """Compute the density on the sphere, which is the same everywhere."""
        rows = sphere.unit_rows(points)
        _check_dim(rows.shape[1], self._fitted_dim())
        return np.full(len(rows), -projected_normal.log_sphere_area(rows.shape[1]))

    def direction_log_prob(self, u: Rows) -> Floats:
        """Compute `log_prob`: the draws are directions already."""
        return self.log_prob(u)

    def _fitted_dim(self) -> int:
        if not self._dim:
            raise _unfitted(self.kind)
        return self._dim

    def _arrays(self) -> State:
        return {"dim": np.array(self._fitted_dim(), dtype=np.int64)}

    @classmethod
    def _from_arrays(cls, state: State) -> Self:
        sampler = cls()
        sampler._dim = _integer(state, "dim", least=1)
        return sampler


class _Mixture(Sampler):
    """A mixture of Gaussians with full covariances, however its parameters were found."""

    _weights: Floats | None = None
    _means: Floats
    _covariances: Floats
    _factors: Floats

    def sample(self, n: int, seed: int) -> Floats:
        """Draw codes; see `Sampler.sample`."""
        weights = self._fitted_weights()
        generator = _generator(n, seed)
        component = generator.choice(len(weights), size=n, p=weights)
        draws: Floats = generator.standard_normal((n, self._means.shape[1]))
        for k in range(len(weights)):
            mine = component == k
            draws[mine] = self._means[k] + draws[mine] @ self._factors[k].T
        return draws

    def log_prob(self, points: Rows) -> Floats:
        """Compute the log density with respect to volume; see `Sampler.log_prob`."""
        weights = self._fitted_weights()
        rows = sphere.finite_rows(points, "points").numpy()
        _check_dim(rows.shape[1], self._means.shape[1])
        logs = [
            _normal_log_density(rows, mean, factor)
            for mean, factor in zip(self._means, self._factors, strict=True)
        ]
        return projected_normal.mix(logs, weights)

    def direction_log_prob(self, u: Rows) -> Floats:
        """Compute the density of the projected mixture; see `Sampler.direction_log_prob`."""
        weights = self._fitted_weights()
        return projected_normal.mixture_log_density(u, weights, self._means, self._covariances)

    def _fitted_weights(self) -> Floats:
        if self._weights is None:
            raise _unfitted(self.kind)
        return self._weights

    def _set(self, weights: Floats, means: Floats, covariances: Floats) -> None:
        try:
            self._factors = np.linalg.cholesky(covariances).astype(np.float64)
        except np.linalg.LinAlgError as error:
            raise LisaError("a covariance of the sampler is not positive definite") from error
        self._weights, self._means, self._covariances = weights, means, covariances

    def _arrays(self) -> State:
        return {
            "weights": self._fitted_weights(),
            "means": self._means,
            "covariances": self._covariances,
        }

    def _load(self, state: State) -> Self:
        weights, means, covariances = (
            _floats(state, name) for name in ("weights", "means", "covariances")
        )
        components, dim = means.shape if means.ndim == 2 else (0, 0)
        shapes = weights.shape == (components,) and covariances.shape == (components, dim, dim)
        if not components or not dim or not shapes:
            raise LisaError("the sampler's weights, means and covariances do not fit together")
        if (weights < 0).any() or abs(weights.sum() - 1) > 1e-9:
            raise LisaError("the sampler's weights are not probabilities")
        self._set(weights, means, covariances)
        return self


@final
class Gaussian(_Mixture):
    """One Gaussian with the codes' mean and full covariance (maximum likelihood): the MVG.

    A singular covariance gets `RELATIVE_JITTER` times the mean variance on its diagonal, and a
    note says so.
    """

    kind = "gaussian"

    def fit(self, codes: Rows) -> Self:
        """Fit mean and covariance; see `Sampler.fit`."""
        standard, centre, scale = _standardise(sphere.finite_rows(codes).numpy())
        covariance, notes = _regularised(standard.T @ standard / len(standard), scale)
        self._set(np.ones(1), centre[None], scale**2 * covariance[None])
        self.notes = notes
        return self

    @classmethod
    def _from_arrays(cls, state: State) -> Self:
        return cls()._load(state)


@final
class GaussianMixture(_Mixture):
    """A mixture of Gaussians with full covariances, fitted by expectation maximisation.

    Starts from k-means. Codes are centred and divided by one common scale before the fit, so that
    the jitter, `RELATIVE_JITTER` times the mean variance on every diagonal, means the same for
    codes of any size.

    Attributes:
        components: Number of Gaussians; fewer where there are fewer distinct codes.
        seed: Seed of k-means.
    """

    kind = "gmm"

    def __init__(self, components: int = 10, seed: int = 0) -> None:
        if components < 1 or seed < 0:
            raise LisaError(
                f"a mixture needs components >= 1 and seed >= 0, "
                f"not components = {components} and seed = {seed}"
            )
        self.components = components
        self.seed = seed

    def fit(self, codes: Rows) -> Self:
        """Fit weights, means and covariances; see `Sampler.fit`."""
        standard, centre, scale = _standardise(sphere.finite_rows(codes).numpy())
        distinct = len(np.unique(standard, axis=0))
        count = min(self.components, distinct)
        notes: list[str] = []
        if count < self.components:
            notes.append(
                f"{distinct} distinct codes for {self.components} components: fitted {count}"
            )
        if count == 1:
            covariance, more = _regularised(standard.T @ standard / len(standard), scale)
            weights, means, covariances = np.ones(1), np.zeros((1, len(centre))), covariance[None]
        else:
            weights, means, covariances, more = self._maximise(standard, count, scale)
        self._set(weights, centre + scale * means, scale**2 * covariances)
        self.notes = (*notes, *more)
        return self

    def _maximise(
        self, standard: Floats, count: int, scale: float
    ) -> tuple[Floats, Floats, Floats, tuple[str, ...]]:
        mixture = SklearnMixture(
            n_components=count,
            covariance_type="full",
            reg_covar=RELATIVE_JITTER,
            max_iter=200,
            init_params="kmeans",
            random_state=self.seed,
        )
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            mixture.fit(standard)
        notes = [f"scikit-learn: {' '.join(str(each.message).split())}" for each in caught]
        for k, covariance in enumerate(mixture.covariances_):
            # The smallest eigenvalues of a singular covariance are the jitter that was added.
            rank = int((np.linalg.eigvalsh(covariance) > 1.001 * RELATIVE_JITTER).sum())
            if rank < len(covariance):
                added = RELATIVE_JITTER * scale**2
                notes.append(f"component {k}: {_rank_note(rank, len(covariance), added)}")
        weights = mixture.weights_ / mixture.weights_.sum()
        return weights, mixture.means_, mixture.covariances_, tuple(dict.fromkeys(notes))

    def _arrays(self) -> State:
        settings = {"components": self.components, "seed": self.seed}
        return super()._arrays() | {
            name: np.array(value, dtype=np.int64) for name, value in settings.items()
        }

    @classmethod
    def _from_arrays(cls, state: State) -> Self:
        components = _integer(state, "components", least=1)
        return cls(components, _integer(state, "seed", least=0))._load(state)


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
        return _project(self.sampler.sample(n, seed))

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


SAMPLERS: dict[str, type[Sampler]] = {
    each.kind: each for each in (Uniform, Gaussian, GaussianMixture)
}
"""The samplers that need nothing but codes, by name; each is made without arguments."""


def sampler_from_state(state: State) -> Sampler:
    """Rebuild a fitted sampler of any kind from its `Sampler.state`.

    Args:
        state: Arrays by name.

    Returns:
        A sampler that draws the same codes.

    Raises:
        LisaError: If the kind is unknown, or an array is missing or not what it must be.
    """
    kinds = SAMPLERS | {Projected.kind: Projected}
    kind = _unpack(state, "kind")
    if not isinstance(kind, str) or kind not in kinds:
        raise LisaError(f"unknown sampler {kind!r}: expected one of {', '.join(sorted(kinds))}")
    return kinds[kind].from_state(state)


def _project(codes: Floats) -> Floats:
    directions: Floats = sphere.project(torch.from_numpy(codes)).numpy()
    return directions


def _generator(n: int, seed: int) -> np.random.Generator:
    if n < 0 or seed < 0:
        raise LisaError(f"sampling needs n >= 0 and seed >= 0, not n = {n} and seed = {seed}")
    return np.random.default_rng(seed)


def _standardise(codes: Floats) -> tuple[Floats, Floats, float]:
    """Centre codes and divide them by one scale, the root of their mean variance.

    Codes that are equal to within rounding have no such scale and take their own size instead.
    """
    size = float(np.abs(codes).max()) or 1.0
    if not 1 / _LARGEST < size < _LARGEST:
        raise LisaError(
            f"the largest entry of the codes is {size:.1e}: "
            f"it must lie between {1 / _LARGEST:.0e} and {_LARGEST:.0e}"
        )
    centre = codes.mean(0)
    centred = codes - centre
    spread = float(np.sqrt((centred**2).mean()))
    if spread <= 4 * np.finfo(np.float64).eps * size:
        return np.zeros_like(codes), codes[0].copy(), size
    return centred / spread, centre, spread


def _regularised(covariance: Floats, scale: float) -> tuple[Floats, tuple[str, ...]]:
    """Add jitter to a singular covariance of standardised codes."""
    dim = len(covariance)
    values = np.linalg.eigvalsh(covariance)
    rank = int((values > 10 * dim * np.finfo(np.float64).eps * max(values[-1], 1.0)).sum())
    if rank == dim:
        return covariance, ()
    note = _rank_note(rank, dim, RELATIVE_JITTER * scale**2)
    return covariance + RELATIVE_JITTER * np.eye(dim), (note,)


def _rank_note(rank: int, dim: int, added: float) -> str:
    return f"covariance has rank {rank} of {dim}: added {added:.1e} to its diagonal"


def _normal_log_density(points: Floats, mean: Floats, factor: Floats) -> Floats:
    white = solve_triangular(factor, (points - mean).T, lower=True)
    log_volume = np.log(np.diag(factor)).sum() + 0.5 * len(mean) * np.log(2 * np.pi)
    density: Floats = -0.5 * (white**2).sum(0) - log_volume
    return density


def _unfitted(kind: str) -> LisaError:
    return LisaError(f"the sampler {kind!r} is not fitted: call fit(codes) first")


def _check_dim(found: int, expected: int) -> None:
    if found != expected:
        raise LisaError(f"the sampler was fitted in dimension {expected}, not {found}")


def _pack(value: str | list[str]) -> NDArray[np.uint8]:
    return np.frombuffer(json.dumps(value).encode(), dtype=np.uint8).copy()


def _unpack(state: State, name: str) -> object:
    array = _array(state, name)
    try:
        decoded: object = json.loads(array.tobytes() if array.dtype == np.uint8 else b"")
    except (ValueError, RecursionError) as error:
        raise LisaError(f"the sampler's array {name!r} does not hold text") from error
    return decoded


def _array(state: State, name: str) -> NDArray[np.generic]:
    if name not in state:
        raise LisaError(f"the sampler's state lacks the array {name!r}")
    return state[name]


def _floats(state: State, name: str) -> Floats:
    array = _array(state, name)
    if array.dtype != np.float64 or not np.isfinite(array.astype(np.float64)).all():
        raise LisaError(f"the sampler's array {name!r} does not hold finite float64 numbers")
    return array.astype(np.float64)


def _integer(state: State, name: str, least: int) -> int:
    array = _array(state, name)
    if array.shape != () or array.dtype != np.int64 or int(array.astype(np.int64)) < least:
        raise LisaError(f"the sampler's array {name!r} is not one integer of at least {least}")
    return int(array.astype(np.int64))
