"""Expressions as a search sees them before they are scored: sums of terms."""

from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np
from scipy import sparse

from grammar_lisa.objectives.objective import COLUMNS, Forms, text_key
from grammar_lisa.objectives.sums import Sums, identity, identity_of_term

_LARGEST: Final = 1e6
"""The largest coefficient that is told of a term."""


def forms_of(sentences: Sequence[str | None], variables: Iterable[str]) -> Forms:
    """The forms of sentences that are expressions in some variables; see `Sums`.

    A sentence that is no expression comes to the same as its own text only.
    """
    sums = Sums(variables)
    found = [sums.of(sentence) for sentence in sentences]
    keys = [
        text_key(sentence) if each is None else identity(each)
        for sentence, each in zip(sentences, found, strict=True)
    ]
    entries = [
        (row, identity_of_term(term) % COLUMNS, min(max(value, -_LARGEST), _LARGEST))
        for row, each in enumerate(found)
        for term, value in each or ()
    ]
    rows, columns, values = zip(*entries, strict=True) if entries else ((), (), ())
    shape = len(found), COLUMNS
    terms = sparse.csr_matrix((np.array(values, dtype=np.float64), (rows, columns)), shape)
    return Forms(np.array(keys, dtype=np.int64), terms)
