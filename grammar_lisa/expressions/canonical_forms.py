"""Canonical forms: what is known of sentences by algebra alone, before any of them is scored."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, NamedTuple

import numpy as np
from scipy import sparse

from grammar_lisa.expressions.monomials import Monomials, canonical_hash, monomial_hash
from grammar_lisa.expressions.reading import reading
from shared.common.arrays import Bools, Integers

COLUMNS: Final = 1 << 26
"""Columns that monomials are hashed to; two share one by chance only."""
_LARGEST: Final = 1e6
"""The largest coefficient that a monomial is given."""


@dataclass(frozen=True)
class CanonicalForms:
    """The canonical forms of sentences.

    Attributes:
        hashes: Canonical hashes, equal for sentences that are equal, ``[sentence]``.
        monomials: The coefficients of the monomials that a sentence is the sum of, each in its
            hashed column, ``[sentence, column]``; without entries for what is no expression.
        readable: Which sentences mean anything at all, ``[sentence]``.
    """

    hashes: Integers
    monomials: sparse.csr_matrix
    readable: Bools


def text_hash(sentence: str | None) -> int:
    """Return the hash of a sentence of which nothing is known, the same in every process."""
    return hash(tuple((sentence or "").encode()))


def text_forms(sentences: Sequence[str | None]) -> CanonicalForms:
    """Return the forms of sentences that equal their own text only."""
    hashes = np.array([text_hash(sentence) for sentence in sentences], dtype=np.int64)
    readable = np.ones(len(hashes), dtype=np.bool_)
    return CanonicalForms(hashes, sparse.csr_matrix((len(hashes), COLUMNS)), readable)


def canonical_forms(sentences: Sequence[str | None], variables: Iterable[str]) -> CanonicalForms:
    """Return the forms of sentences that are expressions in some variables; see `monomials_of`.

    A sentence that is no expression equals its own text only.
    """
    read = reading(tuple(variables))
    found = [_form(read.monomials(sentence), sentence) for sentence in sentences]
    entries = [
        (row, column, value) for row, each in enumerate(found) for column, value in each.monomials
    ]
    rows, columns, values = zip(*entries, strict=True) if entries else ((), (), ())
    shape = len(found), COLUMNS
    monomials = sparse.csr_matrix((np.array(values, dtype=np.float64), (rows, columns)), shape)
    readable = np.array([each.readable for each in found], dtype=np.bool_)
    return CanonicalForms(
        np.array([each.hash for each in found], dtype=np.int64), monomials, readable
    )


class _CanonicalForm(NamedTuple):
    """The canonical form of one sentence: its hash, its monomials by column, and if it is any."""

    hash: int
    monomials: tuple[tuple[int, float], ...]
    readable: bool


def _form(terms: Monomials | None, sentence: str | None) -> _CanonicalForm:
    return _CanonicalForm(text_hash(sentence), (), False) if terms is None else _form_of_sum(terms)


@lru_cache(maxsize=1 << 16)
def _form_of_sum(terms: Monomials) -> _CanonicalForm:
    """Return the form of a sum; a search decodes to the same ones again and again."""
    monomials = tuple(
        (monomial_hash(term) % COLUMNS, min(max(value, -_LARGEST), _LARGEST))
        for term, value in terms
    )
    return _CanonicalForm(canonical_hash(terms), monomials, True)
