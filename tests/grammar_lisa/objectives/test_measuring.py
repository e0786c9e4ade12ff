"""Values of properties, and what has none."""

import numpy as np
import pytest
from molecules_at_hand import needs_rdkit
from small_models import EXPR, TINY, untrained

from grammar_lisa.models.architecture import Architecture
from grammar_lisa.models.character_model import CharacterModel
from grammar_lisa.models.tokenizer import CharacterTokenizer
from grammar_lisa.objectives.measuring import DecodedTexts, measured
from shared.common.errors import LisaError
from shared.methods import LISA

TEXTS = ["x", "x+1", "sin(x*x)"]


@pytest.fixture(scope="module")
def model():
    return untrained(EXPR, 9)


def values(name, model, decoded):
    return [each.score for each in measured(name, model)(decoded)]


def test_length_and_rules_are_those_of_what_was_decoded(model):
    decoded = DecodedTexts.of(model, model.rows(TEXTS))
    assert decoded.texts == TEXTS
    assert values("length", model, decoded) == [1, 3, 8]
    assert values("rules", model, decoded) == [2, 4, 6]
    assert values("rules", model, decoded.chosen([2, 0])) == [6, 2]
    assert values("rules", model, decoded.chosen([])) == []


def test_texts_that_are_no_sentences_have_no_rules():
    tokenizer = CharacterTokenizer.of(["x+1", "x+2"])
    grammar = untrained(TINY, 3).grammar
    architecture = Architecture(
        network="characters", dim=5, max_rules=3, method=LISA(), seed=0, tokenizer=tokenizer
    )
    model = object.__new__(CharacterModel)
    model.grammar, model.architecture = grammar, architecture
    decoded = DecodedTexts.of(model, tokenizer.rows(["x+1", "x+", "2"]))
    found = measured("rules", model)(decoded)
    assert [each.score for each in found] == [2, None, 1]
    assert found[1].failure == "no sentence"


def test_a_function_gives_the_value_and_is_called_once_for_each_text(model, tmp_path, monkeypatch):
    (tmp_path / "own_property.py").write_text(
        "calls = []\n"
        "def inverse(text):\n    calls.append(text)\n    return 1 / (len(text) - 1)\n"
        "def words(text):\n    return 'many'\n"
    )
    monkeypatch.chdir(tmp_path)
    measure = measured("own_property:inverse", model)
    decoded = DecodedTexts.of(model, model.rows([*TEXTS, "x+1"]))
    found = measure(decoded)
    assert [each.score for each in found] == [None, 0.5, pytest.approx(1 / 7), 0.5]
    assert found[0].failure == "ZeroDivisionError: division by zero"
    measure(decoded)
    from own_property import calls

    assert calls == TEXTS
    assert values("own_property:words", model, decoded) == [None] * 4


@needs_rdkit
def test_properties_of_molecules_are_as_they_are_not_negated():
    model = untrained("S -> 'C' S | 'C'", 6)
    decoded = DecodedTexts.of(model, np.array([[0, 0, 1, 2, 2, 2]]))
    assert decoded.texts == ["CCC"]
    assert values("logp", model, decoded)[0] == pytest.approx(1.4163)
    assert 0 < values("qed", model, decoded)[0] < 1


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("lenght", "there is no property 'lenght'; did you mean 'length'. valid: length, rules, "),
        ("no_such_module:f", "property 'no_such_module:f': there is no module no_such_module"),
        ("math:no", "module math.* has no no; "),
        (":", "property ':' does not have the form package.module:function"),
    ],
)
def test_what_is_no_property_is_refused(model, name, message):
    with pytest.raises(LisaError, match=message):
        measured(name, model)
