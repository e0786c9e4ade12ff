"""Expressions as sums of terms, against values at random points and rewritten expressions."""

import math
import subprocess
import sys
from pathlib import Path

import mpmath
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from grammar_lisa.expressions.evaluation import evaluate
from grammar_lisa.expressions.monomials import canonical_hash
from grammar_lisa.expressions.reading import Reading
from grammar_lisa.grammar import load_grammar
from grammar_lisa.grammar.sampling import sample_uniform
from grammar_lisa.grammar.text import derivations_to_texts

ROOT = Path(__file__).parents[3]
GRAMMARS = {name: load_grammar(ROOT / "grammars" / f"{name}.cfg") for name in ("expr", "koza")}
# Points at which nothing happens to be zero, and 0 and 1, at which much does.
DATA = {
    "x": np.array([0.7315, 1.9131, -1.2741, 0.0, 1.0, 3.1719]),
    "y": np.array([1.3177, -0.4419, -2.2351, 1.0, 0.0, 0.2113]),
}


def identities(*texts):
    read = Reading(DATA)
    return [canonical_hash(read.monomials(text)) for text in texts]


def equal(first, second):
    """Equal up to rounding wherever both are finite."""
    both = np.isfinite(first) & np.isfinite(second)
    return np.allclose(first[both], second[both], rtol=1e-6, atol=1e-9)


PRECISE = {
    **{name: getattr(mpmath, name) for name in ("sin", "cos", "exp", "log", "sqrt")},
    **{str(number): mpmath.mpf(number) for number in (1, 2, 3)},
}


def precisely(text):
    """The values to sixty digits, NaN where there is none or it is beyond these digits.

    Constants are made numbers of sixty digits, so that a quotient of two is none of sixteen.
    """
    exact = "".join(f"n[{c!r}]" if c in "123" else c for c in text)

    def guarded(name):
        def function(value):
            if isinstance(value, mpmath.mpc) or abs(value) > 1e20:
                raise ValueError("beyond the digits")
            return PRECISE[name](value)

        return function

    names = {name: guarded(name) for name in ("sin", "cos", "exp", "log", "sqrt")}
    values = []
    with mpmath.workdps(60):
        for x, y in zip(DATA["x"], DATA["y"], strict=True):
            try:
                point = {"n": PRECISE, "x": mpmath.mpf(x), "y": mpmath.mpf(y)}
                value = complex(eval(exact, {"__builtins__": {}}, names | point))
            except (ValueError, ArithmeticError):
                value = math.nan
            values.append(value.real if value.imag == 0 else math.nan)
    return np.array(values)


@settings(max_examples=25, deadline=None)
@given(st.sampled_from(sorted(GRAMMARS)), st.integers(0, 10_000), st.sampled_from([6, 8, 10]))
def test_texts_of_one_sum_are_equal_wherever_both_are_finite(name, seed, rules):
    grammar = GRAMMARS[name]
    texts = derivations_to_texts(grammar, sample_uniform(grammar, 250, rules, seed, fewer=True))
    groups = {}
    for text, key in zip(texts, identities(*texts), strict=True):
        groups.setdefault(key, []).append(text)
    assert len(groups) < len(texts)
    for first, *others in groups.values():
        for other in others:
            values = evaluate([first, other], DATA)
            # Where floating point itself loses the digits, sixty of them decide.
            assert equal(*values) or equal(precisely(first), precisely(other)), (first, other)


class Rewritten:
    """Writes an expression in one way and in another that is equal by algebra."""

    def __init__(self, seed):
        self.rng = np.random.default_rng(seed)

    def drawn(self, depth):
        """A random tree of operators and leaves; no product is of more than four terms."""
        if depth == 0 or self.rng.random() < 0.15:
            return str(self.rng.choice(["x", "y", "1", "2", "3"]))
        operator = str(self.rng.choice(["+", "-", "*", "/", "sin", "exp", "sqrt"]))
        count, below = 1 if operator.isalpha() else 2, min(depth - 1, 1 if operator == "*" else 9)
        return (operator, *(self.drawn(below) for _ in range(count)))

    def plain(self, tree):
        match tree:
            case str():
                return tree
            case operator, inner:
                return f"{operator}({self.plain(inner)})"
            case operator, left, right:
                return f"(({self.plain(left)}){operator}({self.plain(right)}))"

    def other(self, tree):
        text = self._other(tree)
        match self.rng.integers(6):
            case 0:
                return f"(1*({text}))"
            case 1:
                return f"((({text}))+(2-1-1))"
            case 2:
                return f"({text})/1"
            case 3:
                return f"(-(0-({text})))"
        return f"({text})"

    def _other(self, tree):
        match tree:
            case str():
                return tree
            case operator, inner:
                return f"{operator}({self.other(inner)})"
            case "*", left, ("+" | "-" as sign, first, second):
                by = self.other(left)
                return f"({by}*{self.other(first)}){sign}({self.other(second)}*{by})"
            case "/", ("+" | "-" as sign, first, second), right:
                by = self.other(right)
                return f"{self.other(first)}/{by}{sign}{self.other(second)}*(1/{by})"
            case "-", left, right:
                return f"-1*{self.other(right)}+{self.other(left)}"
            case "/", left, right:
                return f"1/{self.other(right)}*{self.other(left)}"
            case operator, left, right:
                return f"{self.other(right)}{operator}{self.other(left)}"


# Derandomized, as a rounding may once in a while fall between two numbers of twelve digits.
@settings(max_examples=400, deadline=None, derandomize=True)
@given(st.integers(0, 2**32), st.integers(1, 4))
def test_rewriting_by_algebra_leaves_the_sum_as_it_is(seed, depth):
    rewritten = Rewritten(seed)
    tree = rewritten.drawn(depth)
    plain, other = rewritten.plain(tree), rewritten.other(tree)
    # What divides by zero is no number anywhere, and may have several sums.
    assume(np.isfinite(evaluate([plain], DATA)).any())
    assert len(set(identities(plain, other))) == 1, (plain, other)


@pytest.mark.parametrize(
    "texts",
    [
        ("x*x", "x**2", "(x)*x", "pow(x, 2)", "-x*-x"),
        ("(x+1)**2", "x*x+2*x+1", "x*(x+2)+1", "(1+x)*(x+1)"),
        ("(x+1)**3", "x**3+3*x**2+3*x+1"),
        ("x/3*2", "2*x/3", "x-x/3", "x/3+x/3", "2/3*x"),
        ("x/3+x/3+x/3", "x", "0.1*x+0.2*x+0.7*x"),
        ("x*0.1+x*0.2-0.3*x", "0", "x-x", "0*y", "sin(0)", "log(1)*x"),
        ("x*exp(1)*exp(1)", "exp(1)**2*x", "e*e*x"),
        ("sin(2*x+1)", "sin(1+x+x)", "sin((x*3+1)-x)"),
        ("1/(2*x+2*y)", "0.5/(y+x)", "1/2/(x+y)"),
        ("(x+1)/y", "x/y+1/y"),
        ("1/(1/x)", "x"),
        ("sqrt(2+2)*x", "x+x", "2**1*x", "abs(-2)*x"),
        ("x/y*(1/y)", "x/(y*y)"),
    ],
)
def test_what_is_equal_by_algebra_has_one_sum(texts):
    assert len(set(identities(*texts))) == 1


@pytest.mark.parametrize(
    "texts",
    [
        ("x/x", "1"),
        ("(x+1)/(x+1)", "1", "x/x"),
        ("x*x/x", "x"),
        ("x**0", "1"),
        ("sqrt(x)**2", "x"),
        ("x-1", "x-2", "x+1", "x+2"),
        ("1-x", "1-2*x", "1-x*x"),
        ("sin(x-1)", "sin(x-2)"),
        ("exp(-x)", "exp(-2*x)", "exp(x)", "exp(x)*-1"),
        ("1/(x-1)", "1/(x-2)", "1/(x+1)", "x-1"),
        ("x/y", "y/x", "x*y", "x-y", "y-x"),
        ("x", "y", "1", "0", "sin(x)", "cos(x)"),
        ("x**y", "y**x", "x**2", "x**3", "2**x"),
        ("1/0", "0/0", "2/0*0", "x/0"),
        ("(x+y)*(x+2*y)", "(x+y)*(x+3*y)"),
        ("1", "1.0000001"),
    ],
)
def test_what_differs_somewhere_has_different_sums(texts):
    assert len(set(identities(*texts))) == len(texts)


def coefficients(text):
    return [value for _, value in Reading(DATA).monomials(text)]


def test_numbers_are_folded_and_terms_collected():
    assert coefficients("1/3+x*2/3+sin(3)*0+x") == pytest.approx([1 / 3, 5 / 3])
    assert coefficients("exp(2)*sqrt(3)/log(2)") == pytest.approx(
        [math.exp(2) * 3**0.5 / math.log(2)]
    )
    assert coefficients("2**3**2") == [512]
    assert coefficients("pi*x") == pytest.approx([math.pi])
    assert coefficients("0*x") == coefficients("0/x") == [0]
    assert sorted(coefficients("2*(x+y)*3-y")) == [5, 6]


EXTREMES = [
    *("1e999", "-1e999", "1e999-1e999", "1e999*x", "x**1e999", "1e308*1e308", "1e308*x*1e308"),
    *("1e308+1e308", "1e308*x+1e308*x", "-1e308-1e308", "x/1e-320", "1/1e-320", "1e-308*x*1e-308"),
    *("exp(exp(exp(exp(3))))", "exp(exp(exp(exp(x))))", "2**2**2**2**2", "x**2**2**2**2"),
    *("1/0", "0/0", "x/0", "1/(x-x)", "0**-1", "0**(-x)", "(-1)**(1/2)", "log(0)", "log(-1)"),
    *("sqrt(-1)", "asin(2)*x", "tan(pi/2)", "1/(1e308*x+1e-308*y)", "1/(1e-308*x+1e308)"),
    *("(1e308*x+1e308)/1e-308", "(1e308*x+y)*(1e308*x+y)", "sin(1e308*10)", "log10(0)*0"),
]


@pytest.mark.parametrize("text", EXTREMES)
def test_what_is_too_large_or_no_number_has_a_sum_of_finite_coefficients(text):
    for whole in (text, f"x+sin(y)*({text})", f"({text})/(2-({text}))", f"({text})**2"):
        found = Reading(DATA).monomials(whole)
        assert found
        assert all(math.isfinite(value) for _, value in found)
        assert all(power >= 1 for term, _ in found for _, power in term)
        assert [term for term, _ in found] == sorted({term for term, _ in found})


@pytest.mark.parametrize("text", [None, "", " ", "x+", "z", "sin", "sin(x", "x y", "1..2", "()"])
def test_what_is_no_expression_has_no_sum(text):
    read = Reading(DATA)
    assert read.monomials(text) is None
    assert read.monomials("x+1") == Reading(DATA).monomials("x+1")


def test_a_reader_goes_on_from_what_it_has_read():
    read = Reading(DATA)
    texts = ["x+1", "sin(x+1)*y", "x+", "y*sin(1+x)", "x+1"]
    assert [read.monomials(text) for text in texts] == [
        Reading(DATA).monomials(text) for text in texts
    ]


BIG = [
    "*".join(f"(x+{number})" for number in range(1, 40)),
    "*".join(f"(x**{number}+y+sin(x)+1)" for number in range(1, 40)),
    "(" * 30 + "x+y+1" + ")**12+1" * 30,
    "(" * 30 + "x*y+exp(x)" + ")**12*(x+y)" * 30,
]


@pytest.mark.parametrize("text", BIG, ids=range(4))
def test_products_and_powers_of_long_sums_stay_short(text):
    assert len(Reading(DATA).monomials(text)) <= 13


def test_a_product_is_multiplied_out_to_twelve_terms():
    def length(first, second):
        sums = [
            "+".join(f"{name}**{power}" for power in range(1, count + 1))
            for name, count in (("x", first), ("y", second))
        ]
        return len(Reading(DATA).monomials("({})*({})".format(*sums)))

    assert [length(3, 4), length(2, 6), length(1, 20), length(4, 4), length(20, 2)] == [
        *(12, 12, 20, 1, 1)
    ]
    assert len(set(identities("(x+y+x*y+1)*(x+2*y+3*x*y+3)", "(3+3*y*x+y+y+x)*(1+y*x+y+x)"))) == 1


def test_numbers_of_sums_are_the_same_in_every_process():
    texts = ["x+1", "sin(x*x)/3-y", "1/(x-2)", "(x+y+1+x*y)*(x+y+2+x*x)", "1e999*y", "x**y", "0/0"]
    code = (
        "from grammar_lisa.expressions.reading import Reading\n"
        "from grammar_lisa.expressions.monomials import canonical_hash\n"
        f"print([canonical_hash(Reading(['x', 'y']).monomials(text)) for text in {texts!r}])"
    )
    for seed in ("1", "2"):
        done = subprocess.run(
            [sys.executable, "-c", code],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stdout.strip() == repr(identities(*texts))
