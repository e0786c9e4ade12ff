import numpy as np
import pandas as pd
import pytest

from grammar_lisa.regression import Table
from grammar_lisa.regression.tables.feature_choice import (
    MOST,
    chosen_features,
    describe_choice,
    varying,
)


def wide(seed=0, rows=400, columns=50, unit=1.0):
    generator = np.random.default_rng(seed)
    X = pd.DataFrame(
        generator.uniform(0.5, 3, (rows, columns)), columns=[f"v{n}" for n in range(columns)]
    )
    return Table.from_frame(X, unit * (X["v7"] * X["v21"] + np.sin(X["v33"])))


@pytest.mark.parametrize("unit", [1e-9, 1.0, 1e9])
def test_the_three_of_fifty_that_matter_are_found(unit):
    table = wide(unit=unit)
    assert set(chosen_features(table, table.variables, 0)) >= {"v7", "v21", "v33"}
    assert len(chosen_features(table, table.variables, 0)) <= MOST


def test_a_choice_is_drawn_once_for_a_seed_and_keeps_the_order():
    table = wide()
    chosen = chosen_features(table, table.variables, 3)
    assert chosen == chosen_features(table, table.variables, 3)
    assert list(chosen) == [name for name in table.variables if name in chosen]


def test_few_inputs_are_all_chosen():
    table = wide(columns=40)
    assert chosen_features(table, ("v1", "v2"), 0) == ("v1", "v2")


def test_where_nothing_matters_the_best_twelve_are_chosen_at_most():
    table = wide(rows=60)
    noise = np.random.default_rng(1).normal(size=60)
    table = Table.from_frame(pd.DataFrame(dict(table.features)), noise)
    assert 1 <= len(chosen_features(table, table.variables, 0)) <= MOST


def test_a_choice_is_told():
    assert describe_choice(("a", "b"), tuple("abcde")) == (
        "of the 5 inputs those that matter most in a forest of trees are searched: a, b; "
        "--features chooses others"
    )


def test_inputs_that_never_change_are_told_apart():
    table = Table.from_frame(pd.DataFrame({"a": [1.0, 1], "b": [1.0, 2]}), [1.0, 2])
    assert varying(table) == ("b",)
