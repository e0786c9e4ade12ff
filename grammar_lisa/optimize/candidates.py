"""Sentences with what a surrogate expects of them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from grammar_lisa.optimize.sentences import Sentences
from grammar_lisa.optimize.surrogate import Surrogate


@dataclass(frozen=True)
class Candidates:
    """Sentences, and what a surrogate expects of them.

    Attributes:
        sentences: `n` of them.
        value: What is maximised, at the posterior mean, ``[n]``.
    """

    sentences: Sentences
    value: Tensor

    def rows(self, index: Sequence[int]) -> "Candidates":
        """Return some of them."""
        rows = np.array(index, dtype=np.int64)
        return Candidates(self.sentences.rows(rows), self.value[torch.as_tensor(rows)])

    def __add__(self, other: "Candidates") -> "Candidates":
        return Candidates(self.sentences + other.sentences, torch.cat([self.value, other.value]))


def expected(sentences: Sentences, lead: Surrogate | None) -> Candidates:
    """Return sentences with what a surrogate expects of them, or with 0 without one."""
    if lead is None or not len(sentences):
        return Candidates(sentences, torch.zeros(len(sentences), dtype=torch.float64))
    return Candidates(sentences, lead.value(sentences.inputs))


def equal_to(known: Sentences, read: Sentences) -> Sentences:
    """Return those that equal a known one by their canonical forms, but not by text."""
    keys, texts = set(known.hashes.tolist()), set(known.texts)
    pairs = enumerate(zip(read.hashes.tolist(), read.texts, strict=True))
    rows = [row for row, (key, text) in pairs if key in keys and text not in texts]
    return read.rows(np.array(rows, dtype=np.int64))
