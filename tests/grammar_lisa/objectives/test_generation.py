"""Generation near a sentence and by conditions, of a model that needs no run."""

import pytest
from small_models import EXPR, learn, untrained

from grammar_lisa.grammar.sampling import sample_uniform
from grammar_lisa.grammar.text import derivations_to_texts
from grammar_lisa.objectives.conditions import Condition
from grammar_lisa.objectives.generation import Acceptance, generate
from shared.common.errors import LisaError
from shared.methods.registry import METHODS

NEAR = {"near": "x", "angle": 1.2}


@pytest.fixture(scope="module")
def model():
    made = untrained(EXPR, 9)
    learn(made, made.rows([*drawn(made), "x", "x"]), 60)
    return made


def drawn(model):
    return derivations_to_texts(model.grammar, sample_uniform(model.grammar, 40, 9, 0))


def test_sentences_lie_around_the_one_that_is_named(model):
    found = generate(model, 30, **NEAR)
    assert len(found.sentences) == 30
    assert found.plain == Acceptance(30, 30)
    assert found == generate(model, 30, **NEAR)
    assert found != generate(model, 30, **NEAR, seed=1)
    assert found == generate(model, 30, **NEAR, where=[])
    assert set(generate(model, 30, near="x", angle=1e-6).sentences) == {"x"}
    assert len(set(generate(model, 300, near="x", angle=1.5).sentences)) > 10


def test_what_is_given_fulfils_every_condition(model):
    words = ["length>=3", "rules<=6", Condition("length", "!=", 5.0)]
    found = generate(model, 200, **NEAR, where=words)
    assert len(found.sentences) == 200
    assert len({len(text) for text in found.sentences}) > 2
    assert min(len(text) for text in found.sentences) >= 3
    assert 5 not in {len(text) for text in found.sentences}
    rows = model.rows(found.sentences)
    assert (rows != len(model.grammar.rules)).sum(axis=1).max() <= 6
    assert found.plain.accepted < found.plain.draws
    assert found.draws == found.plain.draws
    plain = generate(model, found.draws, **NEAR).sentences
    assert 0 < found.plain.share < 1
    assert set(found.sentences) <= {text for text in plain if len(text) >= 3} | set(found.sentences)


def test_distinct_sentences_come_once_and_draws_are_bounded(model):
    found = generate(model, 20, **NEAR, distinct=True)
    assert len(set(found.sentences)) == len(found.sentences) == 20
    few = generate(model, 50, **NEAR, where=["length>14"], most_draws=300)
    assert few.draws == 300
    assert len(few.sentences) == few.plain.accepted < 50
    none = generate(model, 2, **NEAR, where=["length>1000"])
    assert none.sentences == []
    assert none.draws == 1000
    assert none.plain.share == 0
    only = generate(model, 10, near="x", angle=0.0, distinct=True)
    assert (only.sentences, only.draws) == (["x"], 500)


def test_conditions_and_restrictions_go_together(model):
    restricted = model.restricted(forbid=["x"])
    found = generate(restricted, 40, **NEAR, where=["length>2"]).sentences
    assert len(found) == 40
    assert not [text for text in found if "x" in text.replace("exp", "") or len(text) < 3]


def test_texts_without_a_value_are_told(model, tmp_path, monkeypatch):
    (tmp_path / "short_property.py").write_text(
        "def short(text):\n    assert len(text) < 6, 'too long'\n    return len(text)\n"
    )
    monkeypatch.chdir(tmp_path)
    found = generate(model, 50, **NEAR, where=["short_property:short>0"])
    assert all(len(text) < 6 for text in found.sentences)
    assert {each.failure for each in found.failed} == {"AssertionError: too long"}
    assert len(found.failed) == found.plain.draws - found.plain.accepted


def test_a_method_that_is_not_spherical_takes_a_distance(model):
    other = untrained(EXPR, 9)
    object.__setattr__(other.architecture, "method", METHODS["ae"]())
    assert len(set(generate(other, 50, near="x", distance=30.0).sentences)) > 3
    with pytest.raises(LisaError, match="around a sentence, the codes of AE lie at a distance"):
        generate(other, 5, **NEAR)
    with pytest.raises(LisaError, match="the codes of LISA lie at an angle: give it, and no dist"):
        generate(model, 5, near="x", distance=1.0)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"angle": 0.3}, "an angle or a distance goes with a sentence"),
        ({**NEAR, "sampler": "gmm"}, "from a sampler or near a sentence, not both"),
        ({"near": "x"}, "lie at an angle: give it"),
        ({"near": "x", "angle": 4.0}, r"an angle is from 0 to π radians, not 4\.0"),
        ({"near": "x", "angle": float("nan")}, "an angle is from 0 to π radians, not nan"),
        ({"near": "x+", "angle": 0.3}, "not a sentence of"),
        ({**NEAR, "where": ["length"]}, "a condition is PROPERTY"),
        ({}, "this model is of no run, so no sampler"),
        ({**NEAR, "where": ["length>90"], "probe": True}, "no sentences to fit a probe to"),
    ],
)
def test_what_makes_no_sense_is_refused(model, wrong, message):
    with pytest.raises(LisaError, match=message):
        generate(model, 5, **wrong)
