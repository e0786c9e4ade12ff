from pathlib import Path

import lark
import nltk
import numpy as np
import pytest

from grammar_lisa.objectives.evaluation import evaluate
from grammar_lisa.objectives.regression import KUSNER_TARGET
from grammar_lisa.objectives.targets import TARGETS, regression_for
from shared.errors import LisaError

KOZA = Path(__file__).parents[2] / "grammars" / "koza.cfg"
# The twelve formulas as sentences of the grammar, which has the constants 1, 2 and 3.
IN_KOZA = {
    "nguyen-1": "x**3+x**2+x",
    "nguyen-2": "(x**2)**2+x**3+x**2+x",
    "nguyen-3": "x**(2+3)+(x**2)**2+x**3+x**2+x",
    "nguyen-4": "x**(2*3)+x**(2+3)+x**2**2+x**3+x**2+x",
    "nguyen-5": "sin(x*x)*cos(x)-1",
    "nguyen-6": "sin(x)+sin(x+x*x)",
    "nguyen-7": "log(x+1)+log(x*x+1)",
    "nguyen-8": "sqrt(x)",
    "nguyen-9": "sin(x)+sin(y**2)",
    "nguyen-10": "2*sin(x)*cos(y)",
    "nguyen-11": "x**y",
    "nguyen-12": "x**2*x**2-x**3+y**2/2-y",
}


def test_there_are_kusner_and_twelve_of_nguyen():
    assert list(TARGETS) == ["kusner", *(f"nguyen-{n}" for n in range(1, 13))]


@pytest.mark.parametrize("name", TARGETS)
def test_every_target_is_its_own_best(name):
    target = TARGETS[name]
    objective = regression_for(name, seed=3)
    assert objective([target.formula])[0] == 0.0
    assert objective.variables == target.variables
    for values in objective.data.values():
        assert len(values) == target.points
        assert values.min() >= target.low
        assert values.max() <= target.high
        assert values.max() - values.min() > 0.5 * (target.high - target.low)


def test_formulas_at_a_known_point():
    data = {"x": [0.5], "y": [0.25]}
    formulas = [TARGETS[f"nguyen-{n}"].formula for n in range(1, 13)]
    x, y = 0.5, 0.25
    expected = [
        *(sum(x**k for k in range(1, top + 1)) for top in (3, 4, 5, 6)),
        np.sin(x**2) * np.cos(x) - 1,
        np.sin(x) + np.sin(x + x**2),
        np.log(x + 1) + np.log(x**2 + 1),
        np.sqrt(x),
        np.sin(x) + np.sin(y**2),
        2 * np.sin(x) * np.cos(y),
        x**y,
        x**4 - x**3 + y**2 / 2 - y,
    ]
    np.testing.assert_allclose(evaluate(formulas, data)[:, 0], expected, rtol=1e-14)


def test_kusner_is_the_published_grid():
    objective = regression_for("Kusner")
    np.testing.assert_array_equal(objective.data["x"], np.linspace(-10, 10, 1000))
    assert objective([KUSNER_TARGET])[0] == 0.0


def test_seeds_draw_other_points():
    first, again, other = (regression_for("nguyen-9", seed).data["x"] for seed in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize("name", ["NGUYEN-5", "nguyen_5", "Nguyen 5", " nguyen-5 "])
def test_names_are_read_generously(name):
    assert regression_for(name)(["sin(x**2)*cos(x) - 1"])[0] == 0.0


def test_expressions_are_targets():
    assert regression_for("x*x + 1").variables == ("x",)
    assert regression_for("a + x1*b").variables == ("a", "b", "x1")
    assert regression_for("2*pi").variables == ("x",)
    assert regression_for("rate + x", variables=["x", "rate"]).variables == ("x", "rate")
    assert len(regression_for("x").y) == 1000


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("nguyen-13", "nguyen-13 names no target; did you mean nguyen-"),
        ("kuzner", "did you mean kusner[?] Valid are kusner, nguyen-1, .*, or an expression such"),
        ("zebra", "zebra names no target; valid are kusner"),
        ("sin", "sin names no target"),
        ("foo + x", "unknown variable foo; valid are x, pi, e"),
        ("x^2", r"write \*\* instead of \^"),
        ("", "cannot read an empty expression"),
        ("1/x + log(x)", "choose a range on which it is finite"),
    ],
)
def test_unknown_targets_are_refused(target, message):
    with pytest.raises(LisaError, match=message):
        regression_for(target)


@pytest.fixture(scope="module")
def koza():
    lines = KOZA.read_text(encoding="utf-8").splitlines()
    return nltk.CFG.fromstring([line for line in lines if not line.startswith("#")])


@pytest.fixture(scope="module")
def koza_parser(koza):
    """An LALR parser, which exists only where the grammar is unambiguous."""
    rules = {}
    for production in koza.productions():
        symbols = [
            f'"{symbol}"' if isinstance(symbol, str) else str(symbol).lower()
            for symbol in production.rhs()
        ]
        rules.setdefault(str(production.lhs()).lower(), []).append(" ".join(symbols))
    source = "\n".join(f"{head}: {' | '.join(bodies)}" for head, bodies in rules.items())
    return lark.Lark(source, parser="lalr", start="e", keep_all_tokens=True)


def grouped(tree):
    """The text with parentheses around every derivation step that has an operator."""
    if isinstance(tree, lark.Token):
        return str(tree)
    inner = "".join(grouped(child) for child in tree.children)
    return f"({inner})" if len(tree.children) == 3 and tree.data != "a" else inner


@pytest.mark.parametrize("name", IN_KOZA)
def test_nguyens_formulas_are_sentences_of_koza(koza_parser, name):
    koza_parser.parse(IN_KOZA[name])
    assert regression_for(name)([IN_KOZA[name]])[0] <= 1e-9


@pytest.mark.parametrize("text", [*IN_KOZA.values(), "x-y-1", "x/y/2", "x**y**2", "1-x*y**2/3"])
def test_derivations_of_koza_mean_their_text(koza_parser, text):
    data = {"x": [0.3, 0.7], "y": [0.2, 0.9]}
    plain, explicit = evaluate([text, grouped(koza_parser.parse(text))], data)
    np.testing.assert_array_equal(plain, explicit)


def test_koza_has_one_tree_a_sentence(koza):
    parser = nltk.ChartParser(koza)
    tokens = ["sin(", "x", "**", "2", ")", "*", "cos(", "x", ")", "-", "1", "-", "y"]
    assert len(list(parser.parse(tokens))) == 1
