import numpy as np
import pytest

from grammar_lisa.regression.search.contexts import Context
from grammar_lisa.regression.search.operator_search import OPERATORS
from grammar_lisa.regression.search.separability import Subproblem, subproblems_of
from grammar_lisa.regression.search.tree import variable

ROWS = 400
GENERATOR = np.random.default_rng(0)
POINTS = dict(zip("kpqs", GENERATOR.uniform(1, 4, (4, ROWS)), strict=True))
K, P, Q, S = POINTS.values()
PART = variable("part")


def told(targets, points=POINTS, operators=OPERATORS):
    """The inputs of each subproblem, and what stands around."""
    subproblems = subproblems_of(points, targets, ROWS, operators)
    return [
        ([each if isinstance(each, str) else each.text for each in subproblem.inputs],
         subproblem.root.wrap(PART).text)
        for subproblem in subproblems
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("targets", "inputs", "around"),
    [
        (K / (2 * np.exp(P * Q / S) + np.exp(-P * Q / S)), ["p*q/s"], "part*k"),
        (K * np.exp(-((P - Q) ** 2) / S**2) / S, ["(p-q)/s"], "part*k/s"),
        (np.cos(6.3 * P * Q), ["p*q"], "part"),
        (K * np.sin(4.1 * P), ["p"], "part*k"),
        (np.hypot(P, Q) + 1 / np.hypot(P, Q), ["p**2+q**2"], "part"),
    ],
)
def test_views_of_one_combination(targets, inputs, around):
    names = {name: values for name, values in POINTS.items() if name in "".join(inputs) + around}
    assert (inputs, around) in told(targets, names)


@pytest.mark.parametrize("noise", [0.0, 0.01])
@pytest.mark.parametrize(
    ("targets", "inputs", "around"),
    [
        (K**2 / (P + Q * S), ["p", "q", "s"], "part*k**2"),
        (np.sqrt(P**2 + Q**2 + P * Q) / (K * np.sqrt(S)), ["p", "q"], "part/k/sqrt(s)"),
        (-S * (3 * P + np.exp(Q)), ["k", "p", "q"], "part*s"),
    ],
)
def test_views_without_factors(targets, inputs, around, noise):
    noisy = targets * (1 + noise * GENERATOR.normal(size=ROWS))
    assert (inputs, around) in told(noisy)


def test_a_combination_is_found_beneath_a_factor_of_a_wide_range():
    points = {"k": np.exp(np.linspace(-3, 3, ROWS)), "p": P, "q": Q}
    assert (["p*q"], "part*k**5") in told(points["k"] ** 5 * np.cos(6.3 * P * Q), points)


def test_targets_that_are_zero_in_places_have_a_subproblem():
    assert told(np.maximum(np.cos(6.3 * P * Q), 0), {"p": P, "q": Q}) == [(["p*q"], "part")]


def test_an_input_that_is_the_same_in_all_rows_hides_no_subproblem():
    points = POINTS | {"u": np.ones(ROWS)}
    assert (["(p-q)/s"], "part*k/s") in told(K * np.exp(-(((P - Q) / S) ** 2)) / S, points)


def test_views_are_made_with_the_operators_alone():
    points, few = {"p": P, "q": Q}, ("*", "/")
    for operator, other in ("+-", "-+"):
        targets = np.cos(6.3 * (P + Q if operator == "+" else P - Q))
        assert told(targets, points, (*few, operator)) == [([f"p{operator}q"], "part")]
        assert told(targets, points, (*few, other)) == []
    hypot = np.hypot(P, Q) + 1 / np.hypot(P, Q)
    assert (["p**2+q**2"], "part") not in told(hypot, points, (*few, "+"))


def test_of_many_inputs_factors_alone_are_told():
    many = dict(zip("abcdefg", np.random.default_rng(1).uniform(1, 4, (7, ROWS)), strict=True))
    targets = many["a"] / (many["b"] + many["c"])
    assert told(targets, many, ("*", "/")) == [(list("bcdefg"), "part*a")]


def test_views_have_the_targets_as_desired_values():
    targets = K**2 / (P + Q * S)
    for subproblem in subproblems_of(POINTS, targets, 100, OPERATORS):
        assert all(len(values) == 100 for values in subproblem.inputs.values())
        np.testing.assert_allclose(subproblem.root.forward(subproblem.root.desired), targets[:100])
        whole = subproblem.root.wrap(PART).values({n: v[:100] for n, v in POINTS.items()} | {
            "part": subproblem.root.desired
        })  # fmt: skip
        np.testing.assert_allclose(whole, targets[:100])


def test_a_combination_is_as_simple_upside_down():
    (subproblem, *_) = subproblems_of(POINTS, np.exp(P / Q) + P / Q, 100, OPERATORS)
    (feature,), ((tree, values),) = subproblem.inputs, subproblem.entries.items()
    assert {feature.text, tree.text} == {"p/q", "q/p"}
    np.testing.assert_allclose(values, 1 / subproblem.inputs[feature])


def test_noise_and_few_rows_have_no_subproblem():
    noise = GENERATOR.normal(size=ROWS)
    assert told(noise) == []
    few = {name: values[:40] for name, values in POINTS.items()}
    assert told((K / (P + Q))[:40], few) == []
    assert told(K / (P + Q), operators=("+", "-")) == []


@pytest.mark.parametrize("unit", [1e-200, 1e-90, 1e-9, 1e9, 1e90, 1e200])
def test_views_of_any_unit_are_finite(unit):
    points = {"k": unit * K, "p": P, "q": Q / unit}
    subproblems = subproblems_of(points, unit * K**2 / (P + Q), ROWS, OPERATORS)
    for subproblem in subproblems:
        assert np.isfinite(subproblem.root.desired).all()
        assert all(np.isfinite(values).all() for values in subproblem.inputs.values())


def test_inputs_whose_mean_is_no_number_have_no_subproblem():
    assert told(P / K, {"k": 1e307 * K, "p": P}) == []


def test_the_whole_is_a_subproblem():
    whole = Subproblem.whole(POINTS, Context.root(K))
    assert dict(whole.inputs) == POINTS
    assert whole.root.desired is K
