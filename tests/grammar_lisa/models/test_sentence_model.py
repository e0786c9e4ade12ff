"""Points around a code: at the very angle, or at the very distance."""

import numpy as np
import pytest
import torch
from small_models import EXPR, untrained

from grammar_lisa.grammar import parse_grammar
from grammar_lisa.models.architecture import Architecture
from grammar_lisa.models.grammar_model import GrammarModel
from shared.methods.registry import METHODS
from shared.sphere.geometry import geodesic


@pytest.mark.parametrize("angle", [0.0, 0.3, 1.5, 3.1415])
def test_points_lie_at_the_angle_from_the_direction_of_a_code(angle):
    model = untrained(EXPR, 9)
    code = 7.0 * model.codes(["x+1"], refine=False)
    points = torch.from_numpy(model.perturb(code, 400, radius=angle, seed=1))
    assert points.shape == (400, 5)
    centre = torch.from_numpy(model.directions(code))
    np.testing.assert_allclose(points.norm(dim=1), 1, atol=1e-12)
    np.testing.assert_allclose(geodesic(points, centre), angle, atol=1e-7)
    np.testing.assert_array_equal(points, model.perturb(code, 400, radius=angle, seed=1))


def test_points_lie_at_the_distance_from_a_code():
    grammar = parse_grammar(EXPR)
    architecture = Architecture(network="dense", dim=5, max_rules=9, method=METHODS["ae"](), seed=0)
    model = GrammarModel(grammar, architecture, architecture.build(grammar))
    code = model.codes(["x+1"], refine=False)
    away = model.perturb(code, 400, radius=2.5, seed=1) - code
    np.testing.assert_allclose(np.linalg.norm(away, axis=1), 2.5, atol=1e-9)
    assert np.abs(away.mean(axis=0)).max() < 0.3
