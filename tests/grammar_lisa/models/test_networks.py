"""Networks on derivations: their shapes, their seeds, that they learn."""

import pytest
import torch
from machines import log_probability, padded
from small_grammars import ROOT
from torch.nn import functional

from grammar_lisa.grammar import load_grammar, parse_grammar
from grammar_lisa.grammar.sampling import sample_uniform
from grammar_lisa.models.mask import GrammarMask
from grammar_lisa.models.networks import NETWORKS, build_network
from shared.common.errors import LisaError
from shared.sphere.geometry import project

EXPR = load_grammar(ROOT / "grammars" / "expr.cfg")
MASK = GrammarMask(EXPR, 15)
DERIVATIONS = sample_uniform(EXPR, 60, 15, seed=0)
X = torch.tensor([padded(row, 15, MASK.pad) for row in DERIVATIONS], dtype=torch.int16)

KUSNER = {
    # Encoder: one-hot 12 x 15; convolutions of 2, 3 and 4 filters, as wide as they are many.
    "convolutions.0.weight": (2, 12, 2),
    "convolutions.0.bias": (2,),
    "convolutions.2.weight": (2,),
    "convolutions.2.bias": (2,),
    "convolutions.3.weight": (3, 2, 3),
    "convolutions.3.bias": (3,),
    "convolutions.5.weight": (3,),
    "convolutions.5.bias": (3,),
    "convolutions.6.weight": (4, 3, 4),
    "convolutions.6.bias": (4,),
    "convolutions.8.weight": (4,),
    "convolutions.8.bias": (4,),
    # 15 - 1 - 2 - 3 = 9 places of 4 channels, dense 100, code 25.
    "to_code.1.weight": (100, 36),
    "to_code.1.bias": (100,),
    "to_code.3.weight": (25, 100),
    "to_code.3.bias": (25,),
    # Decoder: batch norm, dense 25, three recurrent layers of 100, linear 12.
    "from_code.0.weight": (25,),
    "from_code.0.bias": (25,),
    "from_code.1.weight": (25, 25),
    "from_code.1.bias": (25,),
    "recurrent.weight_ih_l0": (300, 25),
    "recurrent.weight_hh_l0": (300, 100),
    "recurrent.bias_ih_l0": (300,),
    "recurrent.bias_hh_l0": (300,),
    "recurrent.weight_ih_l1": (300, 100),
    "recurrent.weight_hh_l1": (300, 100),
    "recurrent.bias_ih_l1": (300,),
    "recurrent.bias_hh_l1": (300,),
    "recurrent.weight_ih_l2": (300, 100),
    "recurrent.weight_hh_l2": (300, 100),
    "recurrent.bias_ih_l2": (300,),
    "recurrent.bias_hh_l2": (300,),
    "to_logits.weight": (12, 100),
    "to_logits.bias": (12,),
}


def built(name, seed=0, dim=25, width=25, mask=MASK):
    return build_network(name, mask, dim, width, seed)


def loss(net):
    return net.reconstruction_loss(X, net.decode(project(net.encode(X)))).mean()


def test_kusner_is_the_published_network_to_the_layer():
    net = built("kusner")
    assert {name: tuple(value.shape) for name, value in net.named_parameters()} == KUSNER
    # Convolutions 50 + 21 + 52, their batch norms 18, dense 3700 + 2525; batch norm 50,
    # dense 650, recurrent 38100 + 60600 + 60600, linear 1212.
    assert sum(value.numel() for value in net.parameters()) == 167_578
    kinds = [type(layer).__name__ for layer in net.modules() if not list(layer.children())]
    layers = [kind for kind in kinds if kind != "ModuleDict"]
    layers.remove("GrammarMask")
    assert layers == [
        *["Conv1d", "ReLU", "BatchNorm1d"] * 3,
        *["Flatten", "Linear", "ReLU", "Linear"],
        *["BatchNorm1d", "Linear", "ReLU", "GRU", "Linear"],
    ]
    assert net.recurrent.batch_first
    assert not net.recurrent.bidirectional


def test_kusner_repeats_the_code_and_feeds_nothing_back():
    net = built("kusner").eval()
    u = project(torch.randn(4, 25, generator=torch.Generator().manual_seed(0)))
    hidden = functional.relu(net.from_code[1](net.from_code[0](u)))
    outputs, _ = net.recurrent(torch.stack([hidden] * 15, dim=1))
    torch.testing.assert_close(net.decode(u), net.to_logits(outputs))


def test_kusner_refuses_derivations_shorter_than_its_convolutions():
    net = built("kusner", mask=GrammarMask(EXPR, 7))
    assert net.encode(X[:, :7].clone().fill_(MASK.pad)).shape == (60, 25)
    with pytest.raises(LisaError, match="at least 7 rules, not 6; use --network dense"):
        built("kusner", mask=GrammarMask(EXPR, 6))
    assert built("dense", mask=GrammarMask(EXPR, 2)).decode(torch.ones(1, 25)).shape == (
        1,
        2,
        12,
    )


def test_dense_first_layer_is_a_dense_layer_on_one_hot_input():
    net = built("dense")
    one_hot = functional.one_hot(X.long(), 12).flatten(1).float()
    torch.testing.assert_close(net.rows(X.long() + net.offsets), one_hot @ net.rows.weight)
    torch.testing.assert_close(net.encode(X), net.to_code(one_hot @ net.rows.weight))


@pytest.mark.parametrize("name", NETWORKS)
def test_shapes(name):
    net = built(name, dim=3, width=6)
    assert net.dim == 3
    for kind in (torch.int16, torch.int64):
        assert net.encode(X.to(kind)).shape == (60, 6)
    decoded = net.decode(torch.randn(7, 3))
    assert len(decoded) == 7
    assert name == "tree" or decoded.shape == (7, 15, 12)
    assert net.read(decoded).shape == (7, 15)
    assert net.reconstruction_loss(X[:7], decoded).shape == (7,)
    assert net.derivations(torch.randn(7, 3)).shape == (7, 15)


@pytest.mark.parametrize("name", ["dense", "kusner"])
def test_the_reconstruction_loss_is_the_likelihood_in_nats(name):
    net = built(name).eval()
    with torch.no_grad():
        decoded = net.decode(project(net.encode(X)))
        found = net.reconstruction_loss(X, decoded)
    expected = [
        -log_probability(EXPR, row, logits, 15)
        for row, logits in zip(DERIVATIONS, decoded.tolist(), strict=True)
    ]
    assert found.tolist() == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("name", NETWORKS)
def test_every_parameter_gets_a_gradient(name):
    net = built(name)
    loss(net).backward()
    for parameter, value in net.named_parameters():
        assert value.grad is not None, parameter
        assert value.grad.isfinite().all(), parameter
        assert value.grad.abs().max() > 0, parameter


@pytest.mark.parametrize(("name", "rate"), [("dense", 1e-3), ("kusner", 1e-2), ("tree", 1e-3)])
def test_the_loss_falls(name, rate):
    net = built(name)
    optimizer = torch.optim.Adam(net.parameters(), rate)
    losses = []
    for _ in range(40):
        optimizer.zero_grad()
        value = loss(net)
        value.backward()
        optimizer.step()
        losses.append(value.item())
    assert losses[-1] < 0.75 * losses[0]


@pytest.mark.parametrize("name", NETWORKS)
def test_weights_belong_to_their_seed(name):
    torch.default_generator.manual_seed(5)
    state = torch.random.get_rng_state()
    first = built(name, seed=1).state_dict()
    assert torch.equal(torch.random.get_rng_state(), state)
    torch.default_generator.manual_seed(6)
    same, other = built(name, seed=1).state_dict(), built(name, seed=2).state_dict()
    assert all(torch.equal(first[key], same[key]) for key in first)
    assert any(not torch.equal(first[key], other[key]) for key in first)


@pytest.mark.parametrize("name", NETWORKS)
def test_only_weights_are_saved(name):
    """The tables of the grammar come from the grammar, not from a file."""
    net = built(name)
    assert not [key for key in net.state_dict() if key.startswith("mask.")]
    assert "offsets" not in net.state_dict()


@pytest.mark.parametrize("text", ["S -> 'a' S |", "S -> 'x'", "S -> A A A | 'b'\nA -> S |"])
def test_any_grammar_has_a_network(text):
    grammar = parse_grammar(text)
    mask = GrammarMask(grammar, 8)
    derivations = sample_uniform(grammar, 4, 8, seed=0, distinct=False)
    x = torch.tensor([padded(row, 8, mask.pad) for row in derivations])
    for name in NETWORKS:
        net = built(name, dim=2, width=2, mask=mask)
        value = net.reconstruction_loss(x, net.decode(project(net.encode(x))))
        assert value.isfinite().all()
        assert (value >= 0).all()
