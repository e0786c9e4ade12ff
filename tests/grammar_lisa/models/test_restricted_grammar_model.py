"""A restricted model: what it decodes obeys, what it encodes does not change."""

import numpy as np
import pytest
import torch
from small_models import EXPR, learn, untrained

from grammar_lisa.grammar.sampling import sample_uniform
from grammar_lisa.grammar.text import derivations_to_texts
from shared.common.errors import LisaError
from shared.sphere.geometry import uniform

POINTS = uniform(500, 8, 0).numpy()


@pytest.fixture(scope="module")
def sentences(model):
    return derivations_to_texts(model.grammar, sample_uniform(model.grammar, 40, 12, 0))


@pytest.fixture(scope="module")
def model():
    made = untrained(EXPR, 12, 8)
    drawn = derivations_to_texts(made.grammar, sample_uniform(made.grammar, 40, 12, 0))
    learn(made, made.rows(drawn), 60)
    return made


def test_what_is_decoded_obeys_and_the_model_stays_as_it_is(model):
    before = model.decode(POINTS)
    restricted = model.restricted(forbid=["sin"], at_most={"x": 1, "T -> '(' S ')'": 1})
    for temperature in (0.0, 2.0):
        texts = restricted.decode(POINTS, temperature=temperature)
        bare = [text.replace("exp(", "") for text in texts]
        assert not [text for text in bare if "sin" in text or text.count("x") > 1]
        assert max(text.count("(") for text in bare) == 1
    rows = restricted.decode_rows(POINTS)
    assert restricted.obeys(rows).all()
    assert model.obeys(model.decode_rows(POINTS)).all()
    obeyed = restricted.obeys(model.decode_rows(POINTS))
    assert 0 < obeyed.sum() < len(POINTS)
    decoded = restricted.decode(POINTS)
    assert [text for text, same in zip(decoded, obeyed, strict=True) if same] == [
        text for text, same in zip(before, obeyed, strict=True) if same
    ]
    assert restricted.sentences(POINTS) == decoded
    assert model.decode(POINTS) == before
    assert str(restricted.restrictions) == "no sin, at most 1 of x, at most 1 of T -> '(' S ')'"


def test_codes_do_not_depend_on_restrictions(model, sentences):
    restricted = model.restricted(forbid=["x"])
    codes = model.codes(sentences)
    np.testing.assert_array_equal(restricted.codes(sentences), codes)
    back = model.reconstructed(sentences, codes)
    obeying = np.array(["x" not in text.replace("exp", "") for text in sentences])
    assert back[obeying].any()
    np.testing.assert_array_equal(restricted.reconstructed(sentences, codes), back & obeying)
    assert "x" not in "".join(restricted.interpolate("x", "x*x", 7)).replace("exp", "")


def test_restrictions_are_replaced_lifted_and_survive_untraining(model):
    restricted = model.restricted(forbid=["x"])
    assert restricted.restricted().decode(POINTS) == model.decode(POINTS)
    only = restricted.restricted(forbid=["sin"])
    assert only.decode(POINTS) == model.restricted(forbid=["sin"]).decode(POINTS)
    first = restricted.untrained()
    assert "x" not in "".join(first.decode(POINTS)).replace("exp", "")
    assert not torch.equal(*(next(each.net.parameters()) for each in (first, restricted)))


def test_what_makes_no_sense_is_refused(model):
    with pytest.raises(LisaError, match=r"forbid takes names, such as \['sin'\], not one text"):
        model.restricted(forbid="sin")
    with pytest.raises(LisaError, match="no terminal or nonterminal 'y'"):
        model.restricted(at_most={"y": 1})
    with pytest.raises(LisaError, match=r"no sentence of .* obeys: no x, no 1, no 2, no 3$"):
        model.restricted(forbid=["x", "1", "2", "3"])
