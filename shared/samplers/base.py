"""What a sampler is, and how it becomes arrays and comes back."""

import abc
import json
from typing import ClassVar, Self, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from shared.common.arrays import Floats
from shared.common.errors import LisaError
from shared.sphere.geometry import Rows

Module = TypeVar("Module", bound=nn.Module)
State = dict[str, NDArray[np.generic]]

KINDS: dict[str, type["Sampler"]] = {}
"""Every kind of sampler that can be stored, by name; a final class enters itself."""


class Sampler(abc.ABC):
    """A law of codes: fitted to training codes, then drawn from.

    Attributes:
        kind: The name under which the sampler is registered and stored.
        notes: What the fit had to do beyond fitting, in plain sentences.
    """

    kind: ClassVar[str]
    notes: tuple[str, ...] = ()

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        if "kind" in vars(cls):
            KINDS[cls.kind] = cls

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
        return {"kind": pack(self.kind), "notes": pack(list(self.notes))} | self._arrays()

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
        if (kind := unpack(state, "kind")) != cls.kind:
            raise LisaError(f"this is the state of a sampler {kind!r}, not {cls.kind!r}")
        notes = unpack(state, "notes")
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


def sampler_from_state(state: State) -> Sampler:
    """Rebuild a fitted sampler of any kind from its `Sampler.state`.

    Args:
        state: Arrays by name.

    Returns:
        A sampler that draws the same codes.

    Raises:
        LisaError: If the kind is unknown, or an array is missing or not what it must be.
    """
    kind = unpack(state, "kind")
    if not isinstance(kind, str) or kind not in KINDS:
        raise LisaError(f"unknown sampler {kind!r}: expected one of {', '.join(sorted(KINDS))}")
    return KINDS[kind].from_state(state)


def generator(n: int, seed: int) -> np.random.Generator:
    """Return Numpy's generator of one call of `Sampler.sample`.

    Refuses a negative ``n`` or seed.
    """
    if n < 0 or seed < 0:
        raise LisaError(f"sampling needs n >= 0 and seed >= 0, not n = {n} and seed = {seed}")
    return np.random.default_rng(seed)


def unfitted(kind: str) -> LisaError:
    """Return the error of a sampler that is asked before it was fitted."""
    return LisaError(f"the sampler {kind!r} is not fitted: call fit(codes) first")


def check_dim(found: int, expected: int) -> None:
    """Refuse points of another dimension than the fitted one."""
    if found != expected:
        raise LisaError(f"the sampler was fitted in dimension {expected}, not {found}")


def pack(value: str | list[str]) -> NDArray[np.uint8]:
    """Return text, or a list of texts, as an array."""
    return np.frombuffer(json.dumps(value).encode(), dtype=np.uint8).copy()


def unpack(state: State, name: str) -> object:
    """Return what `pack` packed."""
    array = array_of(state, name)
    try:
        decoded: object = json.loads(array.tobytes() if array.dtype == np.uint8 else b"")
    except (ValueError, RecursionError) as error:
        raise LisaError(f"the sampler's array {name!r} does not hold text") from error
    return decoded


def array_of(state: State, name: str) -> NDArray[np.generic]:
    """Return an array of a state that must be there."""
    if name not in state:
        raise LisaError(f"the sampler's state lacks the array {name!r}")
    return state[name]


def floats_of(state: State, name: str) -> Floats:
    """Return an array of finite float64 numbers that must be in a state."""
    array = array_of(state, name)
    if array.dtype != np.float64 or not np.isfinite(array.astype(np.float64)).all():
        raise LisaError(f"the sampler's array {name!r} does not hold finite float64 numbers")
    return array.astype(np.float64)


def integer_of(state: State, name: str, least: int) -> int:
    """Return one integer that must be in a state."""
    array = array_of(state, name)
    if array.shape != () or array.dtype != np.int64 or int(array.astype(np.int64)) < least:
        raise LisaError(f"the sampler's array {name!r} is not one integer of at least {least}")
    return int(array.astype(np.int64))


def load_module(module: Module, state: State, prefix: str, dtype: torch.dtype) -> Module:
    """Return a network, made without storage, with the weights that lie in a state; for use alone.

    Raises:
        LisaError: An array is missing or has another shape.
    """
    weights = {}
    for name, value in module.state_dict().items():
        array = floats_of(state, f"{prefix}.{name}")
        if array.shape != value.shape:
            raise LisaError(
                f"the sampler's array '{prefix}.{name}' must have shape {list(value.shape)}, "
                f"not {list(array.shape)}"
            )
        weights[name] = torch.from_numpy(array).to(dtype)
    module.load_state_dict(weights, assign=True)
    return module.requires_grad_(False).eval()
