import tomllib
from pathlib import Path

import numpy as np
import pytest

import grammar_lisa
from grammar_lisa.regression.sphere import weights
from grammar_lisa.regression.sphere.skeleton_grammar import MAX_RULES, skeleton_grammar
from grammar_lisa.regression.sphere.weights import SHIPPED, shipped_folder, shipped_model
from shared.common.errors import LisaError

ROOT = Path(__file__).parents[4]
SENTENCES = ["x1", "((c*x1)+c)", "(c*exp((c*x1)))", "(c*(x1/(x1+c)))", "(c*sin((c*x1)))"]


@pytest.mark.parametrize("count", [1, 2, 3])
def test_the_weights_that_ship_decode_what_they_encode(count):
    model = shipped_model(count)
    assert model.grammar.text == skeleton_grammar(count).text
    assert model.architecture.max_rules == MAX_RULES
    codes = model.encode(SENTENCES, refine=False)
    np.testing.assert_allclose(np.linalg.norm(codes, axis=1), 1)
    assert model.decode(codes) == SENTENCES


def test_the_control_has_the_same_network_before_its_training():
    model, control = shipped_model(1), shipped_model(1, untrained=True)
    assert control.architecture == model.architecture
    assert control.decode(control.encode(SENTENCES, refine=False)) != SENTENCES


def test_the_weights_are_small_and_lie_in_the_package():
    pattern = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]
    patterns = pattern["package-data"]["grammar_lisa"]
    package = Path(grammar_lisa.__file__).parent
    carried = {path for each in patterns for path in package.glob(each)}
    files = [shipped_folder(count) / name for count in (1, 2, 3) for name in SHIPPED]
    assert set(files) <= carried
    assert sum(path.stat().st_size for path in files) < 3e6


def test_weights_of_another_grammar_are_refused(monkeypatch):
    monkeypatch.setattr(weights, "shipped_folder", lambda count: shipped_folder(1))
    weights.shipped_model.cache_clear()
    try:
        with pytest.raises(LisaError, match="holds the weights of another grammar"):
            weights.shipped_model(2)
    finally:
        weights.shipped_model.cache_clear()
