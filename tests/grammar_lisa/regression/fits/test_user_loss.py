import numpy as np
import pytest

from grammar_lisa.expressions import Skeleton
from grammar_lisa.regression.fits.constants import fit_constants
from grammar_lisa.regression.fits.user_loss import user_loss
from shared.common.errors import LisaError

X = np.linspace(0.0, 1.0, 101)
SOURCE = """
import numpy as np

def cubes(y, prediction):
    return np.abs(prediction - y) ** 3

def upper(y, prediction):
    return np.where(y > prediction, 0.9 * (y - prediction), 0.1 * (prediction - y))

def mean(y, prediction):
    return np.mean((y - prediction) ** 2)

def broken(y, prediction):
    raise KeyError("no")

number = 3
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    (tmp_path / "own_losses.py").write_text(SOURCE)
    monkeypatch.delitem(__import__("sys").modules, "own_losses", raising=False)
    return str(tmp_path)


def fitted(loss, y):
    bound = Skeleton.read("c+c*x", ["x"]).bind({"x": X})
    return fit_constants(bound, y, None, loss, np.random.default_rng(0), steps=60)


def test_an_exact_line_is_found_in_any_unit(folder):
    loss = user_loss("own_losses:cubes", folder)
    for unit in (1.0, 1e-6, 1e6):
        np.testing.assert_allclose(fitted(loss, (1 + 2 * X) * unit).constants / unit, [1, 2])
    assert loss.value(2 * X, X) == pytest.approx(loss.value(2e6 * X, 1e6 * X))
    assert loss.name == "own_losses:cubes"


def test_a_quantile(folder):
    y = X + np.random.default_rng(1).uniform(size=101)
    fit = fitted(user_loss("own_losses:upper", folder), y)
    assert 0.8 < np.mean(y <= fit.values) < 0.97


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("own_losses:none", "loss 'own_losses:none': .*has no none"),
        ("own_losses:number", "loss 'own_losses:number' is 3, which cannot be called"),
        ("own_losses", "loss 'own_losses' does not have the form package.module:function"),
        ("own_loses:cubes", "loss 'own_loses:cubes': there is no module own_loses"),
    ],
)
def test_names_of_no_function(folder, name, message):
    with pytest.raises(LisaError, match=message):
        user_loss(name, folder)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("mean", r"returned shape \(\) for 101 points; .* one loss a point, not their mean"),
        ("broken", "failed on the mean as prediction with KeyError"),
    ],
)
def test_functions_that_are_no_loss(folder, name, message):
    with pytest.raises(LisaError, match=message):
        fitted(user_loss(f"own_losses:{name}", folder), X)
