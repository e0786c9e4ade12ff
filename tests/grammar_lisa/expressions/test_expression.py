import ast
import math
import operator
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grammar_lisa.expressions.expression import (
    BINARY_FUNCTIONS,
    CONSTANT,
    NEGATION,
    NUMBER,
    POWER,
    UNARY_FUNCTIONS,
    VARIABLE,
    Node,
    Pool,
)
from shared.common.errors import LisaError

_OPERATORS = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.Pow: POWER}


def python_tree(node):
    """Python's own reading of the text, in nested tuples."""
    match node:
        case ast.BinOp(left, op, right):
            return (_OPERATORS[type(op)], python_tree(left), python_tree(right))
        case ast.UnaryOp(ast.USub(), operand):
            return (NEGATION, python_tree(operand))
        case ast.UnaryOp(ast.UAdd(), operand):
            return python_tree(operand)
        case ast.Constant(value):
            return (NUMBER, float(value))
        case ast.Name(name):
            return (CONSTANT if name in {"pi", "e"} else VARIABLE, name)
        case ast.Call(ast.Name("pow"), [left, right]):
            return (POWER, python_tree(left), python_tree(right))
        case ast.Call(ast.Name(name), [argument]):
            return (name, python_tree(argument))
    raise AssertionError(node)


def our_tree(pool, number):
    node = pool.nodes[number]
    if node.operands:
        return (node.operator, *(our_tree(pool, operand) for operand in node.operands))
    return (node.operator, node.value if node.operator == NUMBER else node.name)


def read(text, variables=None):
    pool = Pool(variables)
    return our_tree(pool, pool.add(text))


leaves = st.sampled_from(["x", "y", "1", "2", "3", "0.5", ".25", "1e3", "2.", "1.5e-2", "pi", "e"])
spaces = st.sampled_from(["", " ", "  "])


def compound(inner):
    return st.one_of(
        st.builds("{}{}{}{}{}".format, inner, spaces, st.sampled_from("+-*/"), spaces, inner),
        st.builds("{}{}**{}{}".format, inner, spaces, spaces, inner),
        st.builds("{}{}{}".format, st.sampled_from("+-"), spaces, inner),
        st.builds("({}{})".format, spaces, inner),
        st.builds("{}{}({})".format, st.sampled_from(UNARY_FUNCTIONS), spaces, inner),
        st.builds("pow({},{}{})".format, inner, spaces, inner),
    )


texts = st.recursive(leaves, compound, max_leaves=12)


@settings(deadline=None)
@given(texts)
def test_reads_as_python_does(text):
    assert read(text) == python_tree(ast.parse(text.strip(), mode="eval").body)


@settings(deadline=None)
@given(st.text(alphabet="x1+-*/(). ,sinpowe^", max_size=12))
def test_what_is_read_is_python_and_the_rest_is_refused(text):
    try:
        ours = read(text, ["x"])
    except LisaError:
        return
    assert ours == python_tree(ast.parse(text.strip(), mode="eval").body)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("-2**2", -4.0),
        ("2**-1", 0.5),
        ("2**3**2", 512.0),
        ("2**-3**2", 2.0**-9),
        ("7-2-1", 4.0),
        ("8/4/2", 1.0),
        ("1/3", 1 / 3),
        ("1+2*3", 7.0),
        ("--1", 1.0),
        ("+1-+2", -1.0),
        ("pow(2,1+2)", 8.0),
        ("2*pi", math.tau),
    ],
)
def test_precedence_by_value(text, value):
    functions = {
        "+": operator.add,
        "-": operator.sub,
        "*": operator.mul,
        "/": operator.truediv,
        POWER: operator.pow,
        NEGATION: operator.neg,
    }
    pool = Pool()
    root = pool.add(text)
    values = {}
    for number in pool.reachable(root):
        node = pool.nodes[number]
        operands = [values[operand] for operand in node.operands]
        values[number] = functions[node.operator](*operands) if operands else node.value
    assert values[root] == value


def test_equal_parts_are_one_node_across_texts():
    pool = Pool()
    first = pool.add("sin(x*x) + 1")
    count = len(pool.nodes)
    assert pool.add(" sin( x * x )+1.0") == first
    assert len(pool.nodes) == count
    inner = pool.add("x*x")
    assert len(pool.nodes) == count
    assert pool.nodes[inner] == Node("*", (0, 0))
    assert pool.add("pow(x, 2)") == pool.add("x**2")


def test_operands_have_smaller_numbers():
    pool = Pool()
    pool.add("exp(x/(1+sin(x)))**2 - 3")
    for number, node in enumerate(pool.nodes):
        assert all(operand < number for operand in node.operands)


def test_reachable_lists_only_the_parts():
    pool = Pool()
    pool.add("cos(y)")
    root = pool.add("x + 1")
    parts = [pool.nodes[number].operator for number in pool.reachable(root)]
    assert sorted(parts) == ["+", NUMBER, VARIABLE]


def test_find_gives_none_for_what_is_no_expression():
    pool = Pool(["x"])
    assert pool.find(None) is None
    assert pool.find("") is None
    assert pool.find("x +") is None
    assert pool.find("y") is None
    assert pool.find("x") is not None


@pytest.mark.parametrize("depth", [500, 20_000])
def test_depth_has_no_limit(depth):
    pool = Pool()
    assert pool.add("(" * depth + "x" + ")" * depth) == pool.add("x")
    pool.add("-" * depth + "x")
    pool.add("sin(" * depth + "x" + ")" * depth)
    pool.add("x" + "**x" * depth)


def test_variables_win_over_constants():
    assert read("e*x", ["x", "e"]) == ("*", (VARIABLE, "e"), (VARIABLE, "x"))
    assert read("e*x", ["x"]) == ("*", (CONSTANT, "e"), (VARIABLE, "x"))


def test_numbers_too_large_are_infinite():
    assert read("1e999") == (NUMBER, math.inf)
    assert read("9" * 5000) == (NUMBER, math.inf)


REFUSED = [
    ("", "cannot read an empty expression"),
    ("  ", "cannot read an empty expression"),
    ("x +", "found the end at column 4; expected a number"),
    ("+", "expected a number, a variable, a function or '('"),
    ("x * / 2", "found '/' at column 5; expected a number"),
    ("2 x", "found 'x' at column 3; expected an operator (+ - * / **); a product is written"),
    ("2(x)", "expected an operator"),
    ("x sin(x)", "a product is written with *"),
    ("x^2", "found '^' at column 2; expected an operator (+ - * / **); write ** instead of ^"),
    ("x×2", "write * instead of ×"),
    ("−x", "write - instead of −"),
    ("(x", "found '(' at column 1; this parenthesis is never closed"),
    ("(x) + sin(x*(x)", "found 'sin(' at column 7; this parenthesis is never closed"),
    ("x)", "found ')' at column 2; this parenthesis was never opened"),
    ("()", "found ')' at column 2; expected a number"),
    ("sni(x)", "unknown function sni; did you mean sin? Valid are sin, cos"),
    ("qqqq(x)", "unknown function qqqq; valid are sin, cos"),
    ("x + xx", "unknown variable xx; did you mean x? Valid are x, pi, e"),
    ("zeta", "unknown variable zeta; valid are x, pi, e"),
    ("sin + 1", "the function sin needs '(' after its name"),
    ("x(2)", "x is no function; write x*(...) for a product"),
    ("pi(2)", "pi is no function"),
    ("x, 2", "a comma stands only between the two arguments of pow"),
    ("(x, 2)", "a comma stands only between the two arguments of pow"),
    ("sin(x, 2)", "sin takes one argument"),
    ("pow(x)", "pow takes two arguments, as in pow(x, 2)"),
    ("pow(x, 2, 3)", "pow takes two arguments"),
    ("x . 2", "expected an operator"),
    (".", "expected a number"),
    ("x.__class__", "found '.' at column 2"),
    ("__import__('os')", "unknown function __import__"),
]


@pytest.mark.parametrize(("text", "message"), REFUSED)
def test_refusals_say_where_and_what_is_valid(text, message):
    with pytest.raises(LisaError) as caught:
        Pool(["x"]).add(text)
    assert message in str(caught.value)


@pytest.mark.parametrize("text", [text for text, _ in REFUSED if text.strip()])
def test_the_caret_stands_under_the_column(text):
    with pytest.raises(LisaError, match="at column") as caught:
        Pool(["x"]).add(text)
    headline, shown, caret = str(caught.value).split("\n")
    column = int(headline.partition("at column ")[2].partition(";")[0])
    assert shown == f"  {text}"
    assert caret == " " * (column + 1) + "^"


def test_long_texts_are_shown_around_the_fault():
    with pytest.raises(LisaError) as caught:
        Pool().add("x+" * 500 + "\n*" + "+x" * 500)
    _, shown, caret = str(caught.value).split("\n")
    assert len(shown) < 130
    assert shown[caret.index("^")] == "*"


def test_every_function_name_is_read():
    for name in UNARY_FUNCTIONS:
        assert read(f"{name}(x)") == (name, (VARIABLE, "x"))
    assert set(BINARY_FUNCTIONS) == {"pow"}


def test_reading_is_fast():
    generator = np.random.default_rng(0)
    parts = ["x", "(x+1)", "sin(x)", "exp(2)", "3", "(x*x)"]
    lines = [
        "*".join(generator.choice(parts, 3)) + "+" + "/".join(generator.choice(parts, 2))
        for _ in range(5000)
    ]
    start = time.process_time()
    pool = Pool(["x"])
    for line in lines:
        pool.add(line)
    assert time.process_time() - start < 1.0
