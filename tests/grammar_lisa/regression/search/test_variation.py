import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grammar_lisa.expressions.expression import NEGATION, OPEN, POWER
from grammar_lisa.regression.search.library import Library
from grammar_lisa.regression.search.tree import make, number, open_constant, variable
from grammar_lisa.regression.search.variation import Variation

OPERATORS = ("+", "-", "*", "/", "pow", "sqrt", "exp", "sin")
X = np.random.default_rng(0).uniform(0.5, 2, (2, 20))
FORMULAS = [
    make("+", make("sin", make("*", open_constant(1.3), variable("x"))), variable("y")),
    make("/", variable("x"), make("+", variable("y"), open_constant(2.0))),
    open_constant(0.5),
]


def variation(seed, operators=OPERATORS):
    library = Library(operators, 20)
    library.add(variable("x"), X[0], 1.0)
    library.add(variable("y"), X[1], 1.0)
    library.add(number(1), np.ones(20), 1.0)
    library.grow(200, 12.0)
    return Variation(library, operators, np.random.default_rng(seed))


def varied(seed, count=50, formulas=FORMULAS, operators=OPERATORS):
    change = variation(seed, operators)
    return [change.vary(formulas) for _ in range(count)]


@settings(max_examples=20)
@given(st.sets(st.sampled_from(["pow", "sqrt", "exp", "sin"])), st.integers(0, 99))
def test_nothing_but_the_operators_and_variables_is_used(functions, seed):
    operators = ("+", "-", "*", "/", *functions)
    formulas = [make("*", open_constant(2.0), variable("x")), variable("y")]
    allowed = {POWER if name == "pow" else name for name in operators} | {NEGATION}
    for tree in varied(seed, formulas=formulas, operators=operators):
        assert {part.operator for _, part in tree.paths() if part.operands} <= allowed
        names = {part.name for _, part in tree.paths() if part.operator == "variable"}
        assert names <= {"x", "y"}


def test_formulas_stay_of_a_size_and_can_be_written():
    for tree in varied(1, 300):
        assert 1 <= tree.size < 60
        assert tree.skeleton(("x", "y")).n_constants == len(tree.constants())
        assert not any(
            all(each.operator == OPEN for each in part.operands)
            for _, part in tree.paths()
            if part.operands
        )


def test_many_different_formulas_arise():
    texts = {tree.text for tree in varied(2, 300)}
    assert len(texts) > 150
    sizes = [tree.size for tree in varied(2, 300)]
    assert min(sizes) == 1
    assert max(sizes) > 12


def test_the_generator_decides():
    assert varied(3) == varied(3)
    assert varied(3) != varied(4)


def test_formulas_are_not_changed_themselves():
    before = [tree.text for tree in FORMULAS]
    varied(5)
    assert [tree.text for tree in FORMULAS] == before


@pytest.mark.parametrize("kind", ["exchanged", "wrapped", "joined", "left out"])
def test_each_kind_of_change_occurs(kind):
    formula = make("sin", make("exp", variable("x")))
    texts = {tree.text for tree in varied(6, 500, [formula])}
    assert {
        "exchanged": "sin(exp(y))",
        "wrapped": "exp(c*sin(exp(x)))",
        "joined": "sin(exp(x))+c*y",
        "left out": "sin(x)",
    }[kind] in texts


@pytest.mark.parametrize("operators", [(), ("sqrt",), ("+",)])
def test_few_operators_are_enough(operators):
    assert len(varied(7, 50, [variable("x")], operators)) == 50
