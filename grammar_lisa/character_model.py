"""A trained model of sentences as texts: its network reads characters and knows no grammar."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from grammar_lisa.alphabet import Alphabet
from grammar_lisa.derivations.text import derivation_to_text
from grammar_lisa.sentence_model import SentenceModel
from shared.errors import LisaError


class CharacterModel(SentenceModel):
    """Texts to codes, and codes to texts, which may be no sentences of the grammar."""

    @property
    def alphabet(self) -> Alphabet:
        """The characters and the length of the texts that the network reads."""
        alphabet = self.architecture.alphabet
        assert alphabet is not None
        return alphabet

    def rows(self, texts: Sequence[str]) -> NDArray[np.signedinteger]:
        """Texts as numbers of characters `[n, length]`, padded; see `Alphabet.rows`.

        Raises:
            LisaError: naming the text that is too long or has another character.
        """
        return self.alphabet.rows(texts)

    def texts(self, rows: NDArray[np.signedinteger]) -> list[str]:
        """What rows of characters' numbers say; see `Alphabet.texts`."""
        return self.alphabet.texts(rows)

    def sentences(self, codes: ArrayLike) -> list[str | None]:
        """The sentences that codes `[n, dim]` decode to by the grammar's parser, else None."""
        return [self._sentence(text) for text in self.decode(codes)]

    def valid(self, texts: Sequence[str]) -> NDArray[np.bool_]:
        """Which texts the grammar's parser reads, `[n]`."""
        return np.array([self._sentence(text) is not None for text in texts], dtype=np.bool_)

    def _sentence(self, text: str) -> str | None:
        try:
            return derivation_to_text(self.grammar, self.parser.parse(text))
        except LisaError:
            return None
