"""Published weights in this project's units, and that every regulariser changes the codes."""

import dataclasses
import functools

import pytest
import torch
from small_nets import Vectors, vectors
from small_runs import architecture_of, digits

from image_lisa.training.published import (
    CONVERSIONS,
    PUBLISHED,
    default_method,
    published_values,
)
from shared.methods import METHODS, RAEL2


@pytest.mark.parametrize(
    ("method", "dataset", "values"),
    [
        ("rae-l2", "mnist", {"code_weight": 3.2e-3, "decoder_weight": 5.12e-5}),
        ("rae-l2", "cifar10", {"code_weight": 1.2e-2, "decoder_weight": 1.536e-3}),
        ("rae-l2", "celeba", {"code_weight": 9.6e-3, "decoder_weight": 6.144e-4}),
        ("rae-gp", "mnist", {"code_weight": 3.2e-3, "gradient_weight": 2.56e-5}),
        ("rae-gp", "cifar10", {"code_weight": 1.08e-2}),
        ("wae", "mnist", {"mmd_weight": 5.0}),
        ("wae", "celeba", {"mmd_weight": 50.0}),
        ("wae", "digits", {}),
        ("lisa", "mnist", {}),
        ("rae-l2", None, {}),
    ],
)
def test_published_weights_in_our_units(method, dataset, values):
    assert published_values(method, dataset) == values
    method = default_method(method, dataset)
    for name, value in values.items():
        assert getattr(method, name) == value


def test_a_converted_weight_weighs_as_much_beside_the_loss_as_the_published_one():
    """The loss written in the authors' units, times P/2, is the loss in ours."""
    numbers, dim = 32 * 32, 16
    net = Vectors(dim, dim, plain=True)
    x, method = vectors(9), default_method("rae-l2", "mnist")
    terms = method.loss(net, x)
    z = net.encode(x)
    theirs = {
        "code": PUBLISHED["rae-l2"]["mnist"]["code_weight"] * z.square().mean(1).mean(),
        "decoder": PUBLISHED["rae-l2"]["mnist"]["decoder_weight"]
        * sum(weight.square().sum() for weight in net.decoder_parameters()),
    }
    for name, value in theirs.items():
        assert terms[name].item() == pytest.approx(value.item() * numbers / 2, rel=1e-5)


def test_every_published_weight_has_a_unit_and_the_defaults_are_those_of_mnist():
    for method, by_dataset in PUBLISHED.items():
        for values in by_dataset.values():
            assert {(method, name) for name in values} <= CONVERSIONS.keys()
    assert default_method("rae-l2", "mnist") == RAEL2()
    assert default_method("rae-gp", "mnist") == METHODS["rae-gp"]()


LEAST = {"mmd_weight of infovae": 1.0}
"""What stands for no weight, where it is not 0."""

WEIGHTS = [
    (name, field.name)
    for name, kind in METHODS.items()
    for field in dataclasses.fields(kind)
    if field.name in ("beta", "commitment_weight") or field.name.endswith("_weight")
    if field.name != "alignment_weight"
]


@functools.cache
def codes(method):
    """Codes of digits after 24 steps in float64 from one seed."""
    net = architecture_of(method).build().double()
    optimizer = torch.optim.Adam(net.parameters(), lr=0.01)
    torch.default_generator.manual_seed(0)
    for step in range(24):
        first = step % 4 * 16
        terms = method.loss(net, net.prepare(digits().train[first : first + 16]))
        optimizer.zero_grad()
        sum(terms.values()).backward()
        optimizer.step()
    net.eval()
    with torch.no_grad():
        return method.encode(net, net.prepare(digits().valid))


@pytest.mark.parametrize(("name", "weight"), WEIGHTS)
def test_every_regulariser_changes_the_codes_at_its_default(name, weight):
    """By a good part of a thousandth of their size: rounding makes 1e-9 in as many steps."""
    method = METHODS[name]()
    least = LEAST.get(f"{weight} of {name}", 0.0)
    without = dataclasses.replace(method, **{weight: least})
    first, second = codes(method), codes(without)
    assert (first - second).norm() > 5e-4 * second.norm()


def test_weights_are_looked_for_in_every_method():
    assert {("rae-l2", "code_weight"), ("rae-l2", "decoder_weight"), ("wae", "mmd_weight")} <= {
        *WEIGHTS
    }
    assert {("lisa", "uniformity_weight"), ("lorae", "nuclear_weight"), ("vae", "kl_weight")} <= {
        *WEIGHTS
    }
