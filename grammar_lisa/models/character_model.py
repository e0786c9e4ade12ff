"""A trained model of sentences as texts: its network reads characters and knows no grammar."""

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from grammar_lisa.grammar.arrays import to_array
from grammar_lisa.grammar.text import Writer
from grammar_lisa.models.sentence_model import SentenceModel
from grammar_lisa.models.tokenizer import CharacterTokenizer
from shared.common.errors import LisaError


class CharacterModel(SentenceModel):
    """Texts to codes, and codes to texts, which may be no sentences of the grammar."""

    @property
    def tokenizer(self) -> CharacterTokenizer:
        """The characters and the length of the texts that the network reads."""
        tokenizer = self.architecture.tokenizer
        assert tokenizer is not None
        return tokenizer

    def restricted(
        self, *, forbid: Iterable[str] = (), at_most: Mapping[str, int] | None = None
    ) -> Self:
        """Refuse restrictions: what is decoded are characters, not rules.

        Raises:
            LisaError: Always.
        """
        raise LisaError(
            f"a model with --network {self.architecture.network} decodes characters and knows no "
            "rules that could be forbidden or bounded; train with another --network"
        )

    def rows(self, texts: Sequence[str]) -> NDArray[np.signedinteger]:
        """Return texts as numbers of characters `[n, length]`, padded.

        See `CharacterTokenizer.rows`.

        Raises:
            LisaError: Naming the text that is too long or has another character.
        """
        return self.tokenizer.rows(texts)

    def texts(self, rows: NDArray[np.signedinteger]) -> list[str]:
        """Return what rows of characters' numbers say; see `CharacterTokenizer.texts`."""
        return self.tokenizer.texts(rows)

    def parse(self, texts: Sequence[str]) -> NDArray[np.signedinteger]:
        """Return sentences as padded derivations `[n, step]`, of which some may exceed `max_rules`.

        Raises:
            LisaError: A text is no sentence of the grammar, showing where.
        """
        return self._padded([self.parser.parse(text) for text in texts])

    def derivations(
        self, rows: NDArray[np.signedinteger]
    ) -> tuple[NDArray[np.signedinteger], NDArray[np.bool_]]:
        """Return the derivations `[k, step]` of rows that say sentences, and which rows do, `[n]`.

        A sentence that does not fit the alphabet as the grammar writes it, e.g. with blanks that
        the network left out, does not count.
        """
        found = [self._derivation(text) for text in self.texts(rows)]
        readable = np.array([each is not None for each in found], dtype=np.bool_)
        return self._padded([each for each in found if each is not None]), readable

    def sentences(self, codes: ArrayLike) -> list[str | None]:
        """Return sentences that codes `[n, dim]` decode to by the grammar's parser, else None."""
        return [self._sentence(text) for text in self.decode(codes)]

    def valid(self, texts: Sequence[str]) -> NDArray[np.bool_]:
        """Tell which texts the grammar's parser reads, `[n]`."""
        return np.array([self._sentence(text) is not None for text in texts], dtype=np.bool_)

    def _sentence(self, text: str) -> str | None:
        try:
            return self._writer.text(self.parser.parse(text))
        except LisaError:
            return None

    def _derivation(self, text: str) -> tuple[int, ...] | None:
        try:
            derivation = self.parser.parse(text)
            self.rows([self._writer.text(derivation)])
        except LisaError:
            return None
        return derivation

    def _padded(self, derivations: Sequence[tuple[int, ...]]) -> NDArray[np.signedinteger]:
        longest = max(map(len, derivations), default=0)
        width = max(longest, self.architecture.max_rules)
        return to_array(derivations, width, len(self.grammar.rules))

    @cached_property
    def _writer(self) -> Writer:
        return Writer(self.grammar)
