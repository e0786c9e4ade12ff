import numpy as np
import pytest

from grammar_lisa.search.baselines import from_data, from_grammar, from_space
from grammar_lisa.search.space import Box, Sphere
from shared.seeds import derive_seed

SENTENCES = [f"x+{n}" for n in range(100)]


def test_draws_from_the_data_are_distinct_and_seeded():
    drawn = from_data(SENTENCES, 20, 0)
    assert len(set(drawn)) == 20
    assert set(drawn) <= set(SENTENCES)
    assert drawn == from_data(SENTENCES, 20, 0) != from_data(SENTENCES, 20, 1)
    assert sorted(from_data(SENTENCES, 500, 0)) == sorted(SENTENCES)


def anywhere(model, count, seed):
    return from_space(model, Sphere(model.dim), count, seed)


@pytest.mark.parametrize("draw", [from_grammar, anywhere])
def test_draws_from_grammar_and_sphere_are_distinct_and_seeded(model, draw):
    drawn = draw(model, 15, 0)
    assert len(set(drawn)) == 15
    assert len(model.parse(drawn)) == 15
    assert drawn == draw(model, 15, 0) != draw(model, 15, 1)


def test_a_small_language_gives_what_it_has(tiny_model):
    assert len(set(from_grammar(tiny_model, 50, 0))) == 9
    found = anywhere(tiny_model, 50, 0)
    assert 1 <= len(set(found)) == len(found) <= 9


def test_draws_from_a_box_decode_codes_within_it(trained, sentences):
    model = trained("rae-l2")
    box = Box.holding(model.encode(sentences, refine=False))
    drawn = from_space(model, box, 15, 0)
    assert len(set(drawn)) == 15
    assert drawn == from_space(model, box, 15, 0) != from_space(model, box, 15, 1)
    codes = box.codes_of(box.anywhere(1000, derive_seed(0, "baseline", "box", 0)))
    assert drawn == list(dict.fromkeys(model.decode(codes)))[:15]


def test_each_text_that_is_no_sentence_is_one_invalid_draw(trained, sentences):
    model = trained("ae", "characters")
    box = Box.holding(model.encode(sentences, refine=False))
    codes = box.codes_of(box.anywhere(1000, derive_seed(0, "baseline", "box", 0)))
    texts = list(dict.fromkeys(model.decode(codes)))[:60]
    drawn = from_space(model, box, 60, 0)
    assert drawn == [text if model.valid([text])[0] else None for text in texts]
    assert 0 < sum(text is None for text in drawn) < 60


def test_texts_that_differ_in_blanks_alone_are_one_draw(monkeypatch, trained):
    model = trained("ae", "characters")
    monkeypatch.setattr(model, "decode_rows", lambda codes: np.zeros((4, 9), dtype=np.int64))
    monkeypatch.setattr(model, "texts", lambda rows: ["x +1", "x+", "x+1", "x+ "])
    assert from_space(model, Box.holding(np.eye(6)), 50, 0) == ["x+1", None, None]
