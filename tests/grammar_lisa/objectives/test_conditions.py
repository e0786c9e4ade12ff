import math

import pytest

from grammar_lisa.objectives.conditions import Condition
from shared.common.errors import LisaError


@pytest.mark.parametrize(
    ("word", "name", "relation", "bound"),
    [
        ("length<=20", "length", "<=", 20),
        ("length < 20", "length", "<", 20),
        (" penalised-logp >= -1.5e0 ", "penalised-logp", ">=", -1.5),
        ("my.module:function=3", "my.module:function", "=", 3),
        ("a_b==0", "a_b", "==", 0),
        ("rules!=7", "rules", "!=", 7),
        ("x>-.5", "x", ">", -0.5),
    ],
)
def test_words_say_conditions(word, name, relation, bound):
    assert Condition.of_word(word) == Condition(name, relation, bound)
    assert Condition.of_word(str(Condition(name, relation, bound))).bound == bound


@pytest.mark.parametrize(
    "word",
    [
        *("", "length", "length<", "<3", "length<three", "length<nan", "length<1e999"),
        *("1<length<3", "length=>3", "length<3>2", "f(x)>1", "__import__('os')>1", "a b>1"),
    ],
)
def test_what_is_no_condition_is_refused(word):
    with pytest.raises(LisaError, match=r"a condition is PROPERTY, one of .*, such as"):
        Condition.of_word(word)


@pytest.mark.parametrize(
    ("relation", "expected"),
    [
        ("<", [1, 0, 0]),
        ("<=", [1, 1, 0]),
        (">", [0, 0, 1]),
        (">=", [0, 1, 1]),
        ("=", [0, 1, 0]),
        ("==", [0, 1, 0]),
        ("!=", [1, 0, 1]),
    ],
)
def test_conditions_hold_by_their_relation(relation, expected):
    condition = Condition("length", relation, 2.0)
    assert [condition.holds(value) for value in (1.0, 2.0, 3.0)] == list(map(bool, expected))
    assert not condition.holds(None)
    assert math.isfinite(condition.bound)
