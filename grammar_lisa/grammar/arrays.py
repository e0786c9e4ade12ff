"""Derivations as one padded array."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from shared.common.errors import LisaError


def to_array(
    derivations: Sequence[Sequence[int]], max_rules: int, pad: int
) -> NDArray[np.signedinteger]:
    """Return derivations as an array of rule numbers ``[n, max_rules]``, padded behind.

    Args:
        derivations: Rule numbers in leftmost order, each of at most ``max_rules``.
        max_rules: The width of the array.
        pad: What fills the rest of a row: ``len(grammar.rules)``. It fixes the type too: int16
            where the number fits, else int32.

    Raises:
        LisaError: A derivation is too long, or holds a number that is no rule.
    """
    dtype: type[np.signedinteger] = np.int16 if pad <= np.iinfo(np.int16).max else np.int32
    lengths = np.fromiter((len(row) for row in derivations), np.int64, len(derivations))
    if len(lengths) and lengths.max() > max_rules:
        first = int(np.argmax(lengths > max_rules))
        raise LisaError(
            f"derivation {first} has {lengths[first]} rules and max_rules is {max_rules}; "
            f"these derivations need max_rules of {lengths.max()}"
        )
    array = np.full((len(derivations), max_rules), pad, dtype)
    flat = np.fromiter((rule for row in derivations for rule in row), np.int64, lengths.sum())
    wrong = (flat < 0) | (flat >= pad)
    if wrong.any():
        at = int(np.argmax(wrong))
        row = int(np.searchsorted(np.cumsum(lengths), at, side="right"))
        raise LisaError(f"derivation {row} holds {flat[at]}; rule numbers go from 0 to {pad - 1}")
    array[np.arange(max_rules) < lengths[:, None]] = flat
    return array


def from_array(array: NDArray[np.integer], pad: int) -> list[tuple[int, ...]]:
    """Return the derivations of a padded array: each row up to its first ``pad``.

    Args:
        array: Rule numbers ``[n, step]``.
        pad: What fills the rest of a row: ``len(grammar.rules)``.

    Raises:
        LisaError: The array has not two dimensions, is no integer array, or a row goes on
            behind its padding.
    """
    if array.ndim != 2 or not np.issubdtype(array.dtype, np.integer):
        raise LisaError(
            f"an array of shape {array.shape} and type {array.dtype} holds no derivations; "
            "expected integers [n, step]"
        )
    filled = array != pad
    lengths = filled.sum(axis=1)
    gaps = (filled[:, 1:] & ~filled[:, :-1]).any(axis=1)
    if gaps.any():
        raise LisaError(
            f"row {int(np.argmax(gaps))} has rules behind its padding ({pad}); a derivation "
            "stands at the front of its row"
        )
    return [
        tuple(row[:length]) for row, length in zip(array.tolist(), lengths.tolist(), strict=True)
    ]
