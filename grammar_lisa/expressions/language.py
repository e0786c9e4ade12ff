"""What sentences of a grammar are beyond text: which are readable, and which are equal."""

import abc
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from grammar_lisa.expressions.canonical import Canonical
from grammar_lisa.expressions.canonical_forms import CanonicalForms, canonical_forms, text_forms
from grammar_lisa.expressions.evaluation import parsable
from grammar_lisa.expressions.reading import reading
from shared.common.arrays import Bools


class Language(abc.ABC):
    """What may be known of a sentence without scoring it.

    Attributes:
        has_terms: Whether canonical forms are sums of monomials.
    """

    has_terms: ClassVar[bool]

    @abc.abstractmethod
    def canonical_forms(self, sentences: Sequence[str]) -> CanonicalForms:
        """Return the canonical forms of sentences, which costs no evaluation."""

    @abc.abstractmethod
    def canonical(self, sentences: Sequence[str]) -> list[Canonical]:
        """Return one text for all sentences that differ in order alone, and their skeletons."""

    @abc.abstractmethod
    def readable(self, sentences: Sequence[str]) -> Bools:
        """Tell which sentences mean anything at all, ``[sentence]``."""


@dataclass(frozen=True)
class PlainText(Language):
    """Sentences of which nothing is known: each equals its own text only."""

    has_terms: ClassVar[bool] = False

    def __str__(self) -> str:
        return "sentences"

    def canonical_forms(self, sentences: Sequence[str]) -> CanonicalForms:
        """Return hashes of the texts."""
        return text_forms(sentences)

    def canonical(self, sentences: Sequence[str]) -> list[Canonical]:
        """Return the sentences as they are, each its own skeleton."""
        return [Canonical(sentence, sentence) for sentence in sentences]

    def readable(self, sentences: Sequence[str]) -> Bools:
        """Tell that all are."""
        return np.ones(len(sentences), dtype=np.bool_)


@dataclass(frozen=True)
class Expressions(Language):
    """Sentences that are arithmetic expressions.

    Attributes:
        variables: The names that they may use as variables.
    """

    has_terms: ClassVar[bool] = True

    variables: tuple[str, ...]

    def __str__(self) -> str:
        return f"expressions in {', '.join(self.variables)}"

    def canonical_forms(self, sentences: Sequence[str]) -> CanonicalForms:
        """Return the sums of monomials that expressions are by the rules of algebra."""
        return canonical_forms(sentences, self.variables)

    def canonical(self, sentences: Sequence[str]) -> list[Canonical]:
        """Return the sentences with terms and factors in one order."""
        read = reading(self.variables)
        return [read.canonical(sentence) for sentence in sentences]

    def readable(self, sentences: Sequence[str]) -> Bools:
        """Tell which are expressions in the variables."""
        return parsable(sentences, self.variables)
