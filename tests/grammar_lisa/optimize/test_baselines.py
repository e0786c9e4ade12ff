import numpy as np
import pytest
import torch

from grammar_lisa.optimize.baselines import from_data, from_grammar, from_space
from grammar_lisa.optimize.spaces import Box, Sphere
from shared.common.seeds import derive_seed

SENTENCES = [f"x+{n}" for n in range(100)]


def box_of(model, sentences):
    return Box.holding(torch.from_numpy(model.codes(sentences, refine=False)))


def first_texts(model, box):
    """The distinct texts of the first batch of points that a box is drawn from."""
    draw = torch.Generator().manual_seed(derive_seed(0, "baseline", "box", 0))
    return list(dict.fromkeys(model.decode(box.codes(box.sample(1000, draw)))))


def test_draws_from_the_data_are_distinct_and_seeded():
    drawn = from_data(SENTENCES, 20, 0)
    assert len(set(drawn)) == 20
    assert set(drawn) <= set(SENTENCES)
    assert drawn == from_data(SENTENCES, 20, 0) != from_data(SENTENCES, 20, 1)
    assert sorted(from_data(SENTENCES, 500, 0)) == sorted(SENTENCES)


def uniform(model, count, seed):
    return from_space(model, Sphere(model.dim), count, seed)


@pytest.mark.parametrize("draw", [from_grammar, uniform])
def test_draws_from_grammar_and_sphere_are_distinct_and_seeded(model, draw):
    drawn = draw(model, 15, 0)
    assert len(set(drawn)) == 15
    assert len(model.parse(drawn)) == 15
    assert drawn == draw(model, 15, 0) != draw(model, 15, 1)


def test_a_small_language_gives_what_it_has(tiny_model):
    assert len(set(from_grammar(tiny_model, 50, 0))) == 9
    found = uniform(tiny_model, 50, 0)
    assert 1 <= len(set(found)) == len(found) <= 9


def test_draws_from_a_box_decode_codes_within_it(trained, sentences):
    model = trained("rae-l2")
    box = box_of(model, sentences)
    drawn = from_space(model, box, 15, 0)
    assert len(set(drawn)) == 15
    assert drawn == from_space(model, box, 15, 0) != from_space(model, box, 15, 1)
    assert drawn == first_texts(model, box)[:15]


def test_each_text_that_is_no_sentence_is_one_invalid_draw(trained, sentences):
    model = trained("ae", "characters")
    box = box_of(model, sentences)
    texts = first_texts(model, box)[:60]
    drawn = from_space(model, box, 60, 0)
    assert drawn == [text if model.valid([text])[0] else None for text in texts]
    assert 0 < sum(text is None for text in drawn) < 60


def test_texts_that_differ_in_blanks_alone_are_one_draw(monkeypatch, trained):
    model = trained("ae", "characters")
    monkeypatch.setattr(model, "decode_rows", lambda codes: np.zeros((4, 9), dtype=np.int64))
    monkeypatch.setattr(model, "texts", lambda rows: ["x +1", "x+", "x+1", "x+ "])
    assert from_space(model, Box.holding(torch.eye(6)), 50, 0) == ["x+1", None, None]
