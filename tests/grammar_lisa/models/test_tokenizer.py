"""Texts as rows of characters: round trips, and what is refused."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grammar_lisa.models.tokenizer import CharacterTokenizer
from shared.common.errors import LisaError

EXPR = CharacterTokenizer.of(["x+1", "sin(x)"])
SPACED = CharacterTokenizer.of(["a b", "b"])

written = st.text(st.characters(exclude_categories=("Zs", "Zl", "Zp", "Cc", "Cs")), min_size=1)


def test_an_alphabet_has_every_character_once_and_the_longest_length():
    assert CharacterTokenizer("()+1insx", 6) == EXPR
    assert EXPR.pad == 8
    assert CharacterTokenizer.of(["ba", "ab", "a"]) == CharacterTokenizer("ab", 2)


def test_rows_are_numbers_of_characters_padded_behind():
    assert EXPR.rows(["x+1", "sin(x)"]).tolist() == [[7, 2, 3, 8, 8, 8], [6, 4, 5, 0, 7, 1]]
    assert EXPR.rows([]).shape == (0, 6)


@given(st.lists(written, min_size=1, max_size=5))
def test_texts_come_back_from_their_rows(texts):
    tokenizer = CharacterTokenizer.of(texts)
    assert tokenizer.texts(tokenizer.rows(texts)) == texts


@given(st.lists(st.lists(st.integers(0, 8), min_size=6, max_size=6), min_size=1, max_size=4))
def test_any_row_says_something_and_its_padding_is_blank(rows):
    expected = ["".join(" " if n == 8 else EXPR.characters[n] for n in row).strip() for row in rows]
    assert EXPR.texts(np.array(rows)) == expected


def test_padding_at_the_ends_is_dropped_and_within_a_blank():
    rows = np.array([[8, 7, 8, 2, 3, 8], [8, 8, 8, 8, 8, 8]])
    assert EXPR.texts(rows) == ["x +1", ""]


def test_blanks_are_taken_out_unless_they_are_characters():
    assert np.array_equal(EXPR.rows([" x + 1 ", "s in\t(x)\n"]), EXPR.rows(["x+1", "sin(x)"]))
    assert SPACED.texts(SPACED.rows(["a b", " b a ", "bab"])) == ["a b", "b a", "bab"]


def test_another_character_is_refused():
    with pytest.raises(LisaError) as caught:
        EXPR.rows(["x+1", "x*1"])
    assert str(caught.value) == (
        "'x*1' has the character '*'; this model was trained on texts of the characters ()+1insx"
    )


def test_a_longer_text_is_refused():
    with pytest.raises(LisaError) as caught:
        EXPR.rows(["x + 1 + 1", "sin(x)+1"])
    assert str(caught.value) == (
        "'sin(x)+1' has 8 characters; this model was trained on texts of at most 6"
    )


@pytest.mark.parametrize(("characters", "length"), [("", 3), ("aa", 3), ("ab", 0)])
def test_no_alphabet_is_empty_doubled_or_without_length(characters, length):
    with pytest.raises(ValueError, match=r"alphabet has characters|at least 1 character"):
        CharacterTokenizer(characters, length)
