"""What sentences do, as vectors that a training can learn from; no label and no target is in them.

The semantics of a sentence, in the sense of genetic programming, is the vector of its outputs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from grammar_lisa.expressions.evaluation import evaluate
from grammar_lisa.expressions.expression import variables_of
from grammar_lisa.objectives.user_function import FORM, SHORT, describe_error, hosting, resolve
from shared.common.arrays import Floats
from shared.common.errors import LisaError
from shared.common.seeds import derive_seed

Semantics = npt.NDArray[np.float32]

OUTPUTS: Final = "outputs"
"""The semantics of expressions: their values at points."""

_POINTS: Final = 64
_REACH: Final = 10.0
_CLIP: Final = 5.0
_CHUNK: Final = 50_000


def semantics_of(texts: Sequence[str], kind: str, seed: int) -> Semantics:
    """Return what sentences do, ``[text, number]``, standardised over the sentences.

    Args:
        texts: The sentences.
        kind: `OUTPUTS`, the arsinh of an expression's values at 64 points; or a function's
            ``package.module:function``, which makes of a sentence a vector of numbers, always of
            one length.
        seed: Of the points of expressions in several variables.

    Returns:
        Each column with mean 0 and standard deviation 1 and then clipped to ±5, or 0 where it is
        the same for all sentences. Values that are not finite have the median of their column.

    Raises:
        LisaError: A sentence is no expression; or the function is not found, raises, or returns
            something else than finite numbers of one length.
    """
    if not texts:
        raise LisaError("there are no sentences, so there is nothing that they do")
    return standardised(outputs(texts, seed) if kind == OUTPUTS else _called(texts, kind))


def outputs(texts: Sequence[str], seed: int) -> Floats:
    """Return the arsinh of expressions' values, ``[text, point]``; not all need be finite.

    The points lie evenly on [-10, 10] for one variable; for several they are drawn uniformly.

    Raises:
        LisaError: A text is no expression.
    """
    points = _points(variables_of(texts) or ("x",), seed)
    found = []
    for start in range(0, len(texts), _CHUNK):
        try:
            values = evaluate(texts[start : start + _CHUNK], points)
        except LisaError as error:
            raise LisaError(
                f"the semantics '{OUTPUTS}' are those of expressions, and some sentence is none; "
                f"give --semantics {FORM}, or --alignment-weight 0\n{error}"
            ) from error
        found.append(np.arcsinh(values))
    return np.concatenate(found)


def _points(variables: Sequence[str], seed: int) -> dict[str, Floats]:
    if len(variables) == 1:
        return {variables[0]: np.linspace(-_REACH, _REACH, _POINTS)}
    generator = np.random.default_rng(derive_seed(seed, "points"))
    return {name: generator.uniform(-_REACH, _REACH, _POINTS) for name in variables}


def _called(texts: Sequence[str], name: str) -> Floats:
    """Return what the user's function makes of sentences, ``[text, number]``."""
    folder = str(Path.cwd())
    with hosting(folder):
        try:
            function = resolve(name, folder)
        except LisaError as error:
            reason = str(error).removeprefix("objective ")
            raise LisaError(f"--semantics {reason}; or give '{OUTPUTS}'") from error
        first = _vector(function, texts[0], name)
        rows = np.empty((len(texts), len(first)))
        rows[0] = first
        for row, text in enumerate(texts[1:], start=1):
            vector = _vector(function, text, name)
            if len(vector) != len(first):
                raise LisaError(
                    f"--semantics {name!r} returned {len(vector)} numbers for {SHORT.repr(text)} "
                    f"but {len(first)} for {SHORT.repr(texts[0])}; all vectors need one length"
                )
            rows[row] = vector
    return rows


def _vector(function: Callable[[str], object], text: str, name: str) -> Floats:
    """Return what a function makes of one sentence, as finite numbers.

    Raises:
        LisaError: It raises, or makes something else.
    """
    try:
        value: Any = function(text)
        array = np.asarray(value)
    except (Exception, SystemExit) as error:
        raise LisaError(
            f"--semantics {name!r} failed on {SHORT.repr(text)} with {describe_error(error)}"
        ) from error
    numeric = array.dtype.kind in "biuf"
    if array.ndim != 1 or not array.size or not numeric or not np.isfinite(array).all():
        raise LisaError(
            f"--semantics {name!r} returned {SHORT.repr(value)} for {SHORT.repr(text)}; "
            "it must return a vector of finite numbers"
        )
    return array.astype(np.float64)


def standardised(values: Floats) -> Semantics:
    """Return columns with mean 0 and standard deviation 1, clipped to ±5.

    What is not finite counts as the median of its column, and a constant column is 0.
    """
    result = np.zeros(values.shape, dtype=np.float32)
    for place, column in enumerate(values.T):
        finite = np.isfinite(column)
        if not finite.any():
            continue
        largest = np.abs(column[finite]).max()
        scaled = column / max(largest, np.finfo(np.float64).tiny)  # or sums may overflow
        filled = np.where(finite, scaled, np.median(scaled[finite]))
        if np.ptp(filled) > 0:
            result[:, place] = ((filled - filled.mean()) / filled.std()).clip(-_CLIP, _CLIP)
    return result
