"""Candidates from a trained sphere: decoded sentences, ranked by what a surrogate expects."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final

import numpy as np

from grammar_lisa.expressions.canonical import Canonical
from grammar_lisa.expressions.canonical_forms import CanonicalForms, text_forms
from grammar_lisa.expressions.language import Language
from grammar_lisa.optimize.config import SearchConfig
from shared.common.arrays import Bools
from shared.common.seeds import derive_seed

if TYPE_CHECKING:
    from grammar_lisa.models.sentence_model import SentenceModel
    from grammar_lisa.optimize.optimizer import Optimizer

SPHERE: Final = SearchConfig(
    space="sphere",
    pool=800,
    steps=2,
    crossover=0.0,
    mutation=0.0,
    parents=40,
    kernel="direction",
    fit_points=250,
    candidates=200,
    acquisition="believer",
    max_same_form=0,
    simplicity=0.0,
    by_terms=0.0,
)
"""How the sphere is searched: caps around good sentences, arcs between them, and all over."""

BATCH: Final = 20
"""Sentences of a turn."""
PRICE: Final = 0.05
"""What a node or a rule costs, in decimal orders of magnitude of the loss."""
NEEDED: Final = 20.0
"""The fewest seconds that must be left for a search to begin with a sphere."""
_LEAST: Final = 1e-30

Scored = tuple[str, float]
"""A sentence and its score; the smaller, the better."""


def score_of(loss: float, size: int) -> float:
    """Return the loss in decimal orders of magnitude, and a price of the length; NaN for none."""
    return float(np.log10(max(loss, _LEAST))) + PRICE * size if np.isfinite(loss) else float("nan")


@dataclass(frozen=True)
class Skeletons(Language):
    """Sentences that are formulas with open constants.

    Attributes:
        canonical_text: Returns one text for all sentences that are the same formula.
    """

    has_terms: ClassVar[bool] = False

    canonical_text: Callable[[str], str]

    def canonical(self, sentences: Sequence[str]) -> list[Canonical]:
        """Return one text for all sentences that are the same formula."""
        texts = [self.canonical_text(sentence) for sentence in sentences]
        return [Canonical(text, text) for text in texts]

    def canonical_forms(self, sentences: Sequence[str]) -> CanonicalForms:
        """Return hashes of the canonical texts."""
        return text_forms([self.canonical_text(sentence) for sentence in sentences])

    def readable(self, sentences: Sequence[str]) -> Bools:
        """Tell that all are."""
        return np.ones(len(sentences), dtype=np.bool_)


class SphereCandidates:
    """Sentences that a surrogate on the sphere expects to be good.

    The surrogate learns from what is told: sentences that were decoded and scored, and those that
    other sources found.

    Args:
        model: Encodes and decodes.
        language: Knows which sentences are equal.
        canonical: Whether a sentence is encoded by its canonical text.
        seed: Of all draws.
    """

    def __init__(
        self, model: SentenceModel, language: Language, *, canonical: bool, seed: int
    ) -> None:
        self._model, self._language = model, language
        self._config = SPHERE.changed(canonical=canonical)
        self._seed = derive_seed(seed, "sphere")
        self._optimizer: Optimizer | None = None
        self._scores = dict[str, float]()

    def tell(self, scored: Iterable[Scored]) -> None:
        """Take the scores of sentences; one that is known already is left out."""
        new = {text: score for text, score in scored if text not in self._scores}
        self._scores |= new
        if self._optimizer is not None:
            if new:
                self._optimizer.tell(list(new), np.array(list(new.values())))
        elif sum(map(np.isfinite, self._scores.values())) >= 2:
            self._optimizer = self._begun()

    def ask(self, count: int) -> list[str]:
        """Return new sentences, at most so many; none before there are two to learn from."""
        return [] if self._optimizer is None else self._optimizer.ask(count)

    def _begun(self) -> Optimizer:
        from grammar_lisa.optimize.optimizer import Optimizer
        from grammar_lisa.optimize.sentences import Reader
        from grammar_lisa.optimize.spaces import Sphere

        reader = Reader(self._model, Sphere(self._model.dim), self._language)
        scores = np.array(list(self._scores.values()))
        return Optimizer(reader, self._config, list(self._scores), scores, seed=self._seed)
