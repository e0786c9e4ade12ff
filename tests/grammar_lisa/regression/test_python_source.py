import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grammar_lisa.expressions import evaluate
from grammar_lisa.expressions.expression import UNARY_FUNCTIONS
from grammar_lisa.regression import python_function

leaves = st.sampled_from(["x", "value", "1", "2", "0", "0.5", "1e300", "1e999", "pi", "e", "3"])


def compound(inner):
    return st.one_of(
        st.builds("({}{}{})".format, inner, st.sampled_from(["+", "-", "*", "/", "**"]), inner),
        st.builds("{}{}{}".format, inner, st.sampled_from(["+", "-", "*", "/", "**"]), inner),
        st.builds("-{}".format, inner),
        st.builds("{}({})".format, st.sampled_from(UNARY_FUNCTIONS), inner),
        st.builds("pow({},{})".format, inner, inner),
    )


texts = st.recursive(leaves, compound, max_leaves=10)
POINTS = {"x": np.array([-2.0, 0, 0.5, 3]), "value": np.array([1.0, -1, 0, 2])}


def made(source):
    space = {}
    exec(source, space)
    return space["f"]


def source_of(text, *variables):
    return python_function(text, variables, {name: name for name in variables}, "y")


@given(texts)
def test_the_function_gives_what_evaluation_gives(text):
    function = made(source_of(text, *POINTS))
    np.testing.assert_allclose(function(**POINTS), evaluate([text], POINTS)[0], rtol=1e-12)


def test_numbers_lists_and_integers_are_taken():
    function = made(source_of("a**-1+b", "a", "b"))
    assert function(2, 1) == 1.5
    np.testing.assert_array_equal(function([1, 2, 4], 0), [1, 0.5, 0.25])
    assert made(source_of("3"))() == 3
    assert made(source_of("3", "a"))([1, 2]).tolist() == [3, 3]


def test_it_says_what_its_parameters_are_and_imports_numpy_alone():
    names = {"t": 'Time (s)\n"""', "v": "µ"}
    source = python_function("t*v", ["t", "v"], names, "T")
    assert source.startswith("import numpy as np\n\n\ndef f(t, v):\n")
    assert "    # t: 'Time (s)\\n\"\"\"'\n    # v: '\\xb5'\n    # returns: 'T'\n" in source
    assert source.count("import") == 1
    assert made(source)(2, 3) == 6


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("-x**2", "-x**2"),
        ("(-x)**2", "(-x)**2"),
        ("x-(1-x)", "x-(1-x)"),
        ("x/(2*x)", "x/(2*x)"),
        ("sin(pi*x)", "np.sin(np.pi*x)"),
        ("asin(x)", "np.arcsin(x)"),
        ("1/0+x", "np.inf+x"),
        ("x-1/0", "x-np.inf"),
        ("-1/0*x", "(-np.inf)*x"),
        ("(0-8)**(1/3)+x", "np.nan+x"),
    ],
)
def test_only_needed_parentheses_are_written(text, written):
    assert f"return {written} + np.zeros" in source_of(text, "x")
