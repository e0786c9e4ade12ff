import pytest

from grammar_lisa.search.baselines import from_data, from_grammar, from_sphere

SENTENCES = [f"x+{n}" for n in range(100)]


def test_draws_from_the_data_are_distinct_and_seeded():
    drawn = from_data(SENTENCES, 20, 0)
    assert len(set(drawn)) == 20
    assert set(drawn) <= set(SENTENCES)
    assert drawn == from_data(SENTENCES, 20, 0) != from_data(SENTENCES, 20, 1)
    assert sorted(from_data(SENTENCES, 500, 0)) == sorted(SENTENCES)


@pytest.mark.parametrize("draw", [from_grammar, from_sphere])
def test_draws_from_grammar_and_sphere_are_distinct_and_seeded(model, draw):
    drawn = draw(model, 15, 0)
    assert len(set(drawn)) == 15
    assert len(model.parse(drawn)) == 15
    assert drawn == draw(model, 15, 0) != draw(model, 15, 1)


def test_a_small_language_gives_what_it_has(tiny_model):
    assert len(set(from_grammar(tiny_model, 50, 0))) == 9
    found = from_sphere(tiny_model, 50, 0)
    assert 1 <= len(set(found)) == len(found) <= 9
