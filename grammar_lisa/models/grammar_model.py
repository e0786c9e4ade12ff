"""A trained model of sentences as derivations: every point decodes to a complete sentence."""

import copy
from collections.abc import Iterable, Mapping, Sequence
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from grammar_lisa.grammar.arrays import to_array
from grammar_lisa.grammar.limits import Limits, limits_of
from grammar_lisa.grammar.restrictions import Restrictions
from grammar_lisa.grammar.text import derivations_to_texts, is_sentence
from grammar_lisa.models.names import REFINE_WORK
from grammar_lisa.models.networks import SentenceAutoencoder
from grammar_lisa.models.refinement import STEPS, Refined
from grammar_lisa.models.run import run_architecture
from grammar_lisa.models.sentence_model import SentenceModel
from shared.common.errors import LisaError
from shared.runs.run import Run


class GrammarModel(SentenceModel):
    """Sentences to codes, and every code to a complete sentence."""

    net: SentenceAutoencoder
    _limits: Limits | None = None

    @classmethod
    def load(cls, run: Run) -> "GrammarModel":
        """Return the model of a finished run whose network decodes derivations.

        Raises:
            LisaError: The network decodes characters, the training did not finish, or a file
                is missing, damaged or changed.
        """
        network = run_architecture(run).network
        if run_architecture(run).tokenizer is not None:
            raise LisaError(
                f"{run.path} was trained with --network {network}, which decodes texts that may "
                "be no sentences; name a run with another --network"
            )
        return super().load(run)

    def restricted(
        self, *, forbid: Iterable[str] = (), at_most: Mapping[str, int] | None = None
    ) -> Self:
        """Return the model with everything it decodes restricted; see `SentenceModel`."""
        if isinstance(forbid, str):
            raise LisaError(f"forbid takes names, such as [{forbid!r}], not one text")
        restrictions = Restrictions(tuple(forbid), dict(at_most or {}))
        model = copy.copy(self)
        model.restrictions = restrictions
        model._limits = limits_of(self.grammar, restrictions) if restrictions else None
        model.net = copy.deepcopy(self.net)
        model.net.mask.restrict(model._limits)
        return model

    def untrained(self) -> Self:
        """Return the same model with the weights that its training began from."""
        given = self.restrictions
        return super().untrained().restricted(forbid=given.forbid, at_most=given.at_most)

    def obeys(self, derivations: NDArray[np.signedinteger]) -> NDArray[np.bool_]:
        """Tell which padded derivations `[n, step]` obey the restrictions of the model, `[n]`."""
        return (
            super().obeys(derivations) if self._limits is None else self._limits.obeyed(derivations)
        )

    def refine(
        self, rows: ArrayLike, codes: ArrayLike, *, steps: int = STEPS, work: float = REFINE_WORK
    ) -> Refined:
        """Return codes that decode to given rows; see `SentenceModel.refine`.

        Restrictions are left aside, so that a code does not depend on them, and a sentence that
        does not obey has one too. A code that decodes to a sentence that obeys does so under
        restrictions as well.
        """
        with self.net.mask.unrestricted():
            return super().refine(rows, codes, steps=steps, work=work)

    def rows(self, texts: Sequence[str]) -> NDArray[np.signedinteger]:
        """Return sentences as padded derivations `[n, max_rules]`.

        Raises:
            LisaError: A text is no sentence of the grammar, showing where, or is too long.
        """
        derivations = [self.parser.parse(text) for text in texts]
        limit = self.architecture.max_rules
        for text, derivation in zip(texts, derivations, strict=True):
            if len(derivation) > limit:
                raise LisaError(
                    f"'{text}' needs {len(derivation)} rules; this model was trained for at most "
                    f"{limit} (train with --max-rules {len(derivation)} or more)"
                )
        return to_array(derivations, limit, len(self.grammar.rules))

    def texts(self, rows: NDArray[np.signedinteger]) -> list[str]:
        """Return the sentences of padded derivations `[n, max_rules]`."""
        return derivations_to_texts(self.grammar, rows)

    parse = rows

    def derivations(
        self, rows: NDArray[np.signedinteger]
    ) -> tuple[NDArray[np.signedinteger], NDArray[np.bool_]]:
        """Return the rows: they are derivations, all complete."""
        return rows, np.ones(len(rows), dtype=np.bool_)

    def sentences(self, codes: ArrayLike) -> list[str | None]:
        """Return the sentences of codes `[n, dim]`, each derivation checked rule by rule."""
        distinct, places = np.unique(self.decode_rows(codes), axis=0, return_inverse=True)
        complete = np.array([is_sentence(self.grammar, row) for row in distinct.tolist()])
        written: list[str | None] = [None] * len(distinct)
        texts = self.texts(distinct[complete])
        for place, text in zip(np.flatnonzero(complete), texts, strict=True):
            written[place] = text
        return [written[place] for place in places.ravel()]

    def valid(self, texts: Sequence[str]) -> NDArray[np.bool_]:
        """Tell that all are: what the grammar mask decodes is complete by construction."""
        return np.ones(len(texts), dtype=np.bool_)
