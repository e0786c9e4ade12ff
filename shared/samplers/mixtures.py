"""Gaussians and mixtures of them, with full covariances."""

import abc
import warnings
from collections.abc import Sequence
from typing import Any, Self, final

import numpy as np
from scipy.linalg import solve_triangular
from sklearn.mixture import BayesianGaussianMixture
from sklearn.mixture import GaussianMixture as SklearnMixture

from shared import sphere
from shared.common.arrays import Floats
from shared.common.errors import LisaError
from shared.common.words import counted
from shared.samplers.base import (
    Sampler,
    State,
    check_dim,
    floats_of,
    generator,
    integer_of,
    unfitted,
)
from shared.sphere import projected_normal
from shared.sphere.geometry import Rows

RELATIVE_JITTER = 1e-6
"""What is added to a covariance's diagonal, relative to the mean variance of the codes."""

_LARGEST = 1e100

_FIT: dict[str, Any] = {
    "covariance_type": "full",
    "reg_covar": RELATIVE_JITTER,
    "tol": 1e-3,
    "max_iter": 200,
    "init_params": "kmeans",
}
"""How scikit-learn fits."""

MOST_FITTED = 2**16
"""The most codes that several components are fitted to; of more, so many are drawn."""

_WIDE = 128
"""Numbers of a code above which fewer are fitted to, as the time of a fit grows as their square."""

_CODES_A_NUMBER = 8
"""Codes fitted to for each number of a component's mean, at least."""


class FullMixture(Sampler):
    """A mixture of Gaussians with full covariances, however its parameters were found."""

    _weights: Floats | None = None
    _means: Floats
    _covariances: Floats
    _factors: Floats

    def sample(self, n: int, seed: int) -> Floats:
        """Draw codes; see `Sampler.sample`."""
        weights = self._fitted_weights()
        random = generator(n, seed)
        component = random.choice(len(weights), size=n, p=weights)
        draws: Floats = random.standard_normal((n, self._means.shape[1]))
        for k in range(len(weights)):
            mine = component == k
            draws[mine] = self._means[k] + draws[mine] @ self._factors[k].T
        return draws

    def log_prob(self, points: Rows) -> Floats:
        """Compute the log density with respect to volume; see `Sampler.log_prob`."""
        weights = self._fitted_weights()
        rows = sphere.finite_rows(points, "points").numpy()
        check_dim(rows.shape[1], self._means.shape[1])
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
            raise unfitted(self.kind)
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
            floats_of(state, name) for name in ("weights", "means", "covariances")
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
class Gaussian(FullMixture):
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


class ComponentMixture(FullMixture):
    """A mixture of some number of Gaussians, fitted by scikit-learn from k-means.

    It is fitted to at most `MOST_FITTED` codes, drawn by the seed: ten full covariances do not need
    more, and the time of a fit grows with their number. Of codes of more than 128 numbers it takes
    fewer, see `most_fitted`.

    Codes are centred and divided by one common scale before the fit, so that
    the jitter, `RELATIVE_JITTER` times the mean variance on every diagonal, means the same for
    codes of any size.

    Attributes:
        components: Number of Gaussians; fewer where there are fewer distinct codes.
        seed: Seed of k-means.
    """

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
            most = most_fitted(standard.shape[1], count)
            if len(standard) > most:
                notes.append(f"fitted to {most:,} of {len(standard):,} codes")
                drawn = np.random.default_rng(self.seed).permutation(len(standard))
                standard = standard[np.sort(drawn[:most])]
            weights, means, covariances, more = self._maximise(standard, count, scale)
        self._set(weights, centre + scale * means, scale**2 * covariances)
        self.notes = (*notes, *more)
        return self

    @staticmethod
    @abc.abstractmethod
    def _estimator(standard: Floats, **settings: Any) -> Any:
        """Return the scikit-learn estimator of standardised codes."""

    def _maximise(
        self, standard: Floats, count: int, scale: float
    ) -> tuple[Floats, Floats, Floats, tuple[str, ...]]:
        mixture = self._estimator(standard, n_components=count, random_state=self.seed, **_FIT)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            mixture.fit(standard)
        notes = [f"scikit-learn: {' '.join(str(each.message).split())}" for each in caught]
        # The smallest eigenvalues of a singular covariance are the jitter that was added.
        ranks = (np.linalg.eigvalsh(mixture.covariances_) > 1.001 * RELATIVE_JITTER).sum(1)
        singular = ranks[ranks < standard.shape[1]]
        if len(singular):
            notes.append(
                f"{len(singular)} of {counted(count, 'component')}: "
                f"{_rank_note(singular, standard.shape[1], RELATIVE_JITTER * scale**2)}"
            )
        weights = mixture.weights_ / mixture.weights_.sum()
        return weights, mixture.means_, mixture.covariances_, tuple(dict.fromkeys(notes))

    def _arrays(self) -> State:
        settings = {"components": self.components, "seed": self.seed}
        return super()._arrays() | {
            name: np.array(value, dtype=np.int64) for name, value in settings.items()
        }

    @classmethod
    def _from_arrays(cls, state: State) -> Self:
        components = integer_of(state, "components", least=1)
        return cls(components, integer_of(state, "seed", least=0))._load(state)


@final
class GaussianMixture(ComponentMixture):
    """A mixture of Gaussians with full covariances, fitted by expectation maximisation."""

    kind = "gmm"

    @staticmethod
    def _estimator(standard: Floats, **settings: Any) -> Any:
        return SklearnMixture(**settings)


@final
class DirichletMixture(ComponentMixture):
    """A mixture whose weights have a Dirichlet-process prior, fitted by variational inference.

    Components that the codes do not need get next to no weight.

    References:
        Blei & Jordan 2006, "Variational inference for Dirichlet process mixtures".
    """

    kind = "dirichlet"

    @staticmethod
    def _estimator(standard: Floats, **settings: Any) -> Any:
        # An empty component has the prior's covariance, which must not be singular as codes may.
        jitter = RELATIVE_JITTER * np.eye(standard.shape[1])
        return BayesianGaussianMixture(
            weight_concentration_prior_type="dirichlet_process",
            covariance_prior=np.atleast_2d(np.cov(standard.T)) + jitter,
            **settings,
        )


def most_fitted(dim: int, components: int) -> int:
    """Return to how many codes of so many numbers a mixture of some components is fitted at most.

    A fit takes about as long for codes of 256 numbers as for those of 128.
    """
    return min(
        MOST_FITTED, max(MOST_FITTED * _WIDE**2 // dim**2, _CODES_A_NUMBER * components * dim)
    )


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
    note = _rank_note([rank], dim, RELATIVE_JITTER * scale**2)
    return covariance + RELATIVE_JITTER * np.eye(dim), (note,)


def _rank_note(ranks: Sequence[int], dim: int, added: float) -> str:
    """Say what was added to the covariances of these ranks."""
    least, most = min(ranks), max(ranks)
    rank = f"{least}" if least == most else f"{least} to {most}"
    return f"covariance has rank {rank} of {dim}: added {added:.1e} to its diagonal"


def _normal_log_density(points: Floats, mean: Floats, factor: Floats) -> Floats:
    white = solve_triangular(factor, (points - mean).T, lower=True)
    log_volume = np.log(np.diag(factor)).sum() + 0.5 * len(mean) * np.log(2 * np.pi)
    density: Floats = -0.5 * (white**2).sum(0) - log_volume
    return density
