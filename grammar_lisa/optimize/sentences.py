"""Sentences as a search holds them: read, encoded and taken apart once."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from grammar_lisa.expressions.canonical import Canonical
from grammar_lisa.expressions.canonical_forms import text_hash
from grammar_lisa.expressions.language import Language
from grammar_lisa.grammar.arrays import to_array
from grammar_lisa.grammar.text import derivations_to_texts
from grammar_lisa.models.sentence_model import SentenceModel
from grammar_lisa.optimize.features import NOTHING, monomial_columns, subtrees_and_steps
from grammar_lisa.optimize.spaces import Space
from shared.common.arrays import Integers
from shared.common.errors import LisaError
from shared.common.words import counted

Derivations = NDArray[np.signedinteger]

_REMEMBERED = 1 << 16
"""Sentences whose derivation a reader remembers."""


@dataclass(frozen=True)
class InputLayout:
    """Which columns of a surrogate's inputs hold what.

    Attributes:
        dim: The size of a direction.
        steps: The most rules of a derivation.
        n_monomials: The most monomials of a sentence; 0 where the language has none.
    """

    dim: int
    steps: int
    n_monomials: int

    @property
    def direction(self) -> tuple[int, ...]:
        """The columns of the point of the space."""
        return tuple(range(self.dim))

    @property
    def subtrees(self) -> tuple[int, ...]:
        """The columns of the subtrees' hashes."""
        return tuple(range(self.dim, self.dim + self.steps))

    @property
    def rules(self) -> tuple[int, ...]:
        """The columns of the hashes of the steps from rule to rule."""
        return tuple(range(self.dim + self.steps, self.dim + 2 * self.steps))

    @property
    def monomials(self) -> tuple[int, ...]:
        """The columns of monomials and their coefficients."""
        begin = self.dim + 2 * self.steps
        return tuple(range(begin, begin + 2 * self.n_monomials))


@dataclass(frozen=True)
class Sentences:
    """Sentences with all that proposals and surrogates need to know of them.

    Attributes:
        texts: As the grammar writes them, `n`.
        derivations: Rule numbers, padded, ``[n, step]``.
        hashes: Canonical hashes, ``[n]``.
        skeletons: Hashes of what they are but for constants, ``[n]``.
        readable: Which mean anything at all, ``[n]``.
        inputs: What a surrogate sees: direction, features; float64, ``[n, column]``.
        dim: How many of these columns are the point of the space.
    """

    texts: list[str]
    derivations: Derivations
    hashes: Integers
    skeletons: Integers
    readable: NDArray[np.bool_]
    inputs: Tensor
    dim: int

    def __len__(self) -> int:
        return len(self.texts)

    @property
    def points(self) -> Tensor:
        """Their points of the space, ``[n, dim]``."""
        return self.inputs[:, : self.dim]

    def rows(self, index: NDArray[np.integer]) -> "Sentences":
        """Return some of them."""
        return Sentences(
            [self.texts[row] for row in index],
            self.derivations[index],
            self.hashes[index],
            self.skeletons[index],
            self.readable[index],
            self.inputs[torch.as_tensor(index)],
            self.dim,
        )

    def __add__(self, other: "Sentences") -> "Sentences":
        """Return these and others behind them."""
        return Sentences(
            self.texts + other.texts,
            np.concatenate([self.derivations, other.derivations]),
            np.concatenate([self.hashes, other.hashes]),
            np.concatenate([self.skeletons, other.skeletons]),
            np.concatenate([self.readable, other.readable]),
            torch.cat([self.inputs, other.inputs]),
            self.dim,
        )


@dataclass(frozen=True)
class Reader:
    """Reads sentences: to derivations, points, canonical forms and features, each once.

    Attributes:
        model: Encodes and decodes.
        space: Whose points codes are mapped to.
        language: Knows which sentences are equal.
        canonical: Whether a sentence is encoded, and compared, by its canonical text, where the
            model can read that.
    """

    model: SentenceModel
    space: Space
    language: Language
    canonical: bool = False

    @property
    def layout(self) -> InputLayout:
        """Where the surrogate's inputs hold what."""
        steps = self.model.architecture.max_rules
        return InputLayout(self.space.dim, steps, max(16, steps) if self.language.has_terms else 0)

    def read(self, texts: Sequence[str]) -> Sentences:
        """Parse and encode sentences.

        Raises:
            LisaError: A text is no sentence of the grammar, or too long for the model.
        """
        derivations = self.model.parse(texts)
        steps, pad = self.layout.steps, len(self.model.grammar.rules)
        for text, needed in zip(texts, (derivations != pad).sum(axis=1).tolist(), strict=True):
            if needed > steps:
                rules = counted(needed, "rule")
                raise LisaError(
                    f"'{text}' needs {rules}; this model was trained for at most {steps}"
                )
        return self.describe(derivations[:, :steps], list(texts))

    def describe(self, derivations: Derivations, texts: list[str] | None = None) -> Sentences:
        """Encode derivations ``[n, step]``; texts are written where none are given."""
        texts = self.write(derivations) if texts is None else texts
        written = self.language.canonical(texts)
        forms = self.language.canonical_forms(texts)
        seen = self._seen(derivations, written) if self.canonical else derivations
        monomials = monomial_columns(forms.monomials, self.layout.n_monomials)
        return Sentences(
            texts,
            derivations,
            forms.hashes,
            np.array([text_hash(each.skeleton) for each in written], dtype=np.int64),
            forms.readable,
            torch.cat([self._encoded(seen), torch.from_numpy(monomials)], dim=1),
            self.layout.dim,
        )

    def _encoded(self, derivations: Derivations) -> Tensor:
        """Return the points and the features of derivations, of equal ones computed once."""
        rows, places = np.unique(derivations, axis=0, return_inverse=True)
        features = (torch.from_numpy(x) for x in subtrees_and_steps(self.model.grammar, rows))
        parts = [self.points(rows), *features]
        return torch.cat(parts, dim=1)[torch.from_numpy(places.reshape(-1))]

    def points(self, derivations: Derivations) -> Tensor:
        """Return the points of derivations as they are, ``[n, dim]``."""
        codes = np.empty((0, self.layout.dim), dtype=np.float32)
        if len(derivations):
            rows = self.model.architecture.rows(self.model.grammar, derivations)
            codes = self.model.encode_rows(rows)
        return self.space.project(torch.as_tensor(codes))

    def n_rules(self, sentences: Sentences) -> Tensor:
        """Return of how many rules the derivations are that sentences are compared by, ``[n]``."""
        return (sentences.inputs[:, self.layout.rules] != NOTHING).sum(dim=1)

    def _seen(self, derivations: Derivations, written: list[Canonical]) -> Derivations:
        """Return the derivations of canonical texts; a sentence's own where there is none."""
        parsed = [self._rules_of(each.text) for each in written]
        rows = [row for row, rules in enumerate(parsed) if rules is not None]
        found, pad = derivations.copy(), len(self.model.grammar.rules)
        found[rows] = to_array([parsed[row] or () for row in rows], self.layout.steps, pad)
        return found

    @cached_property
    def _rules_of(self) -> Callable[[str], tuple[int, ...] | None]:
        """`_parsed`, which a search needs of the same sentences again and again."""
        return lru_cache(maxsize=_REMEMBERED)(self._parsed)

    def _parsed(self, text: str) -> tuple[int, ...] | None:
        """Return the derivation of a sentence; None where there is none that the model reads."""
        try:
            rules = self.model.parser.parse(text)
        except LisaError:
            return None
        return rules if len(rules) <= self.layout.steps and self.fits(text) else None

    def write(self, derivations: Derivations) -> list[str]:
        """Return the texts of derivations."""
        return derivations_to_texts(self.model.grammar, derivations)

    def fits(self, text: str) -> bool:
        """Tell whether the network can read a sentence; one on characters cannot read each."""
        if self.model.architecture.tokenizer is None:
            return True
        try:
            self.model.rows([text])
        except LisaError:
            return False
        return True

    def decode(self, points: Tensor) -> Derivations:
        """Return the derivations of points that decode to sentences, each once, ``[k, step]``."""
        rows = self.model.decode_rows(self.space.codes(points).numpy())
        derivations, _ = self.model.derivations(np.unique(rows, axis=0))
        return derivations[self._short(derivations), : self.layout.steps]

    def reproduced(self, derivations: Derivations) -> NDArray[np.bool_]:
        """Tell which derivations ``[n, step]`` are what their points decode to, ``[n]``."""
        codes = self.space.codes(self.points(derivations))
        found, readable = self.model.derivations(self.model.decode_rows(codes.numpy()))
        own = found[:, : self.layout.steps] == derivations[readable]
        same = np.zeros(len(derivations), dtype=np.bool_)
        same[readable] = own.all(axis=1) & self._short(found)
        return same

    def _short(self, derivations: Derivations) -> NDArray[np.bool_]:
        """Tell which derivations have no more rules than the layout has columns for."""
        pad = len(self.model.grammar.rules)
        short: NDArray[np.bool_] = (derivations[:, self.layout.steps :] == pad).all(axis=1)
        return short
