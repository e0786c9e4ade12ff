"""LISA's own loss."""

import math

import pytest
import torch
from small_nets import Vectors, vectors

from shared.errors import LisaError
from shared.methods import LISA


@pytest.mark.parametrize(("weight", "t"), [(0.1, 2.0), (1.0, 0.5), (7.0, 4.0)])
def test_the_loss_of_lisa_is_equation_14(weight, t):
    net, x = Vectors(plain=True).double(), vectors(9).double()
    terms = LISA(weight, t).loss(net, x)
    assert list(terms) == ["reconstruction", "uniformity"]
    codes = net.encode(x).tolist()
    directions = [[value / math.hypot(*code) for value in code] for code in codes]
    decoded = net.decode(torch.tensor(directions, dtype=torch.float64)).tolist()
    errors = [
        sum((a - b) ** 2 for a, b in zip(row, other, strict=True))
        for row, other in zip(x.tolist(), decoded, strict=True)
    ]
    kernels = [
        math.exp(-t * math.dist(u, v) ** 2)
        for i, u in enumerate(directions)
        for j, v in enumerate(directions)
        if i != j
    ]
    assert len(kernels) == 72
    assert terms["reconstruction"].item() == pytest.approx(sum(errors) / 18)
    assert terms["uniformity"].item() == pytest.approx(weight * math.log(sum(kernels) / 72))


def test_without_weight_lisa_has_no_uniformity_term():
    net, x = Vectors(plain=True), vectors(9)
    with_, without = LISA(0.5).loss(net, x), LISA(0.0).loss(net, x)
    assert list(without) == ["reconstruction"]
    assert torch.equal(without["reconstruction"], with_["reconstruction"])


@pytest.mark.parametrize("value", [-0.1, math.nan, math.inf, -math.inf])
def test_a_weight_that_is_none_is_refused(value):
    with pytest.raises(
        LisaError, match=f"uniformity-weight must be at least 0 and .*, not {value}"
    ):
        LISA(uniformity_weight=value)


@pytest.mark.parametrize("value", [0.0, -2.0, math.nan, math.inf])
def test_a_t_that_is_none_is_refused(value):
    with pytest.raises(LisaError, match=f"lisa: uniformity-t must be at least .*, not {value}"):
        LISA(uniformity_t=value)
