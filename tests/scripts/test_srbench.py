"""The folder for SRBench, against a small copy of what SRBench does with a method.

The copy follows experiment/evaluate_model.py of github.com/cavalab/srbench: the estimator is
cloned, `random_state` and `max_time` are set, a DataFrame is split 75/25, noise of a share of the
root mean square is added to the target of training, and the text of the model is read by sympy with
the names of the columns.
"""

import importlib.util
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import sympy
from sklearn.base import clone
from sklearn.model_selection import train_test_split

FOLDER = Path(__file__).parents[2] / "scripts" / "srbench"


@pytest.fixture(scope="module")
def method():
    spec = importlib.util.spec_from_file_location("srbench_regressor", FOLDER / "regressor.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def evaluated(method, frame, target, noise=0.0, seed=29910, stop_at=None):
    """Fit as SRBench does; return the estimator, the model that sympy reads, and R² in the test."""
    est = clone(method.est).set_params(stop_at=stop_at)
    for name, value in {"random_state": seed, "max_time": 900}.items():
        assert name in est.get_params()
        est.set_params(**{name: value})
    train, test, y, y_test = train_test_split(frame, target, train_size=0.75, random_state=seed)
    generator = np.random.default_rng(seed)
    y = y + generator.normal(0, noise * np.sqrt(np.square(y).mean()) + 1e-300, len(y))
    est.fit(train, y)
    text = method.model(est, train)
    names = {name: sympy.Symbol(name) for name in frame.columns}
    read = sympy.parse_expr(text, local_dict=names)
    assert read.free_symbols <= set(names.values())
    values = sympy.lambdify(list(names.values()), read, "numpy")(*test.to_numpy().T)
    np.testing.assert_allclose(np.broadcast_to(values, len(test)), est.predict(test), rtol=1e-6)
    return est, read, est.score(test, y_test)


def frame_of(names, seed=0, rows=200):
    generator = np.random.default_rng(seed)
    return pd.DataFrame(generator.uniform(1, 5, (rows, len(names))), columns=list(names))


@pytest.mark.parametrize("names", [("m", "v", "c"), ("x_0", "x_1", "x_2"), ("E", "I", "S")])
def test_models_are_in_the_names_of_the_columns(method, names):
    frame = frame_of(names)
    first, second, third = frame.to_numpy().T
    est, read, r2 = evaluated(method, frame, first * second**2 / third)
    one, two, three = (sympy.Symbol(name) for name in names)
    assert sympy.simplify(read / (one * two**2 / three)).is_number
    assert r2 > 0.999
    assert est.max_time == 900


def test_noise_leaves_the_form(method):
    frame = frame_of(("a", "b"))
    _, read, r2 = evaluated(method, frame, frame["a"] * frame["b"], 0.01, stop_at="r2=0.9995")
    assert r2 > 0.999
    assert read.free_symbols == {sympy.Symbol("a"), sympy.Symbol("b")}


def test_models_without_a_table_have_the_names_that_were_seen(method):
    frame = frame_of(("c", "d"))
    est = clone(method.est).set_params(max_time=900).fit(frame, frame["c"] + frame["d"])
    assert sympy.parse_expr(method.model(est)) == sympy.Symbol("c") + sympy.Symbol("d")


def test_metadata_says_what_srbench_asks_for(method):
    yaml = pytest.importorskip("yaml")
    told = yaml.safe_load((FOLDER / "metadata.yml").read_text(encoding="utf-8"))
    assert {"authors", "email", "name", "description", "url"} <= told.keys()
    assert isinstance(told["authors"], list)
    assert set(method.eval_kwargs["test_params"]) <= set(method.est.get_params())
