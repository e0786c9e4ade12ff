"""Texts as rows of characters, for networks that read those and know no rules."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shared.common.errors import LisaError

BLANK = " "


@dataclass(frozen=True)
class CharacterTokenizer:
    """The characters of some texts and the length of the longest, with a symbol for padding.

    Padding is written as a blank, and blanks at the ends of a text are dropped, so that padding
    between characters shows. White space within a text counts only where the texts that the
    alphabet was made of have blanks: elsewhere it is taken out.

    References:
        Kusner, Paige and Hernández-Lobato, Grammar Variational Autoencoder, 2017,
        arXiv:1703.01925: the published code of its character network.

    Attributes:
        characters: All there are, each once, in order.
        length: L, the number of characters of the longest text.
    """

    characters: str
    length: int

    def __post_init__(self) -> None:
        if not self.characters or len(set(self.characters)) < len(self.characters):
            raise ValueError(f"an alphabet has characters, each once, not {self.characters!r}")
        if self.length < 1:
            raise ValueError(f"the longest text has at least 1 character, not {self.length}")

    @classmethod
    def of(cls, texts: Iterable[str]) -> "CharacterTokenizer":
        """Return the tokenizer of the given texts, of which at least one is not empty."""
        characters: set[str] = set()
        length = 0
        for text in texts:
            characters.update(text)
            length = max(length, len(text))
        return cls("".join(sorted(characters)), length)

    @property
    def pad(self) -> int:
        """The number of the padding symbol, one past the last character's."""
        return len(self.characters)

    def rows(self, texts: Sequence[str]) -> NDArray[np.int32]:
        """Return texts as numbers of characters `[n, length]`, padded behind.

        Raises:
            LisaError: Naming the text, if it is longer than any can be or has a character that
                the alphabet has not.
        """
        numbers = {character: number for number, character in enumerate(self.characters)}
        rows = np.full((len(texts), self.length), self.pad, np.int32)
        for row, text in zip(rows, texts, strict=True):
            written = text.strip() if BLANK in numbers else "".join(text.split())
            strange = next((character for character in written if character not in numbers), None)
            if strange is not None:
                raise LisaError(
                    f"'{text}' has the character {strange!r}; this model was trained on texts of "
                    f"the characters {self.characters}"
                )
            if len(written) > self.length:
                raise LisaError(
                    f"'{text}' has {len(written)} characters; this model was trained on texts of "
                    f"at most {self.length}"
                )
            row[: len(written)] = [numbers[character] for character in written]
        return rows

    def texts(self, rows: NDArray[np.integer]) -> list[str]:
        """Return what rows of characters' numbers `[n, length]` say; any may stand anywhere."""
        symbols = np.array([*self.characters, BLANK])
        return ["".join(row).strip() for row in symbols[rows]]
