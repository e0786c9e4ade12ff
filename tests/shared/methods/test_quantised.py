import math

import numpy as np
import pytest
import torch
from processes import in_two_processes
from small_nets import Vectors, vectors
from torch import nn
from torch.nn.parallel import DistributedDataParallel

from shared.common.errors import LisaError
from shared.methods.base import Codes, equip
from shared.methods.quantised import DEAD, VQVAE, Codebook, codebook
from shared.samplers import Autoregressive


def equipped(method, dim=4):
    net = Vectors(dim, dim, plain=True)
    equip(net, method, seed=0)
    return net.double(), vectors(24).double()


def by_brute_force(book, z):
    """Which vector each slot of each code is nearest to, and the quantised codes."""
    vectors_, size = book.vectors.tolist(), book.vectors.shape[1]
    indices, rows = [], []
    for code in z.tolist():
        slots = [code[begin : begin + size] for begin in range(0, len(code), size)]
        near = [min(range(len(vectors_)), key=lambda k: math.dist(s, vectors_[k])) for s in slots]
        indices.append(near)
        rows.append([value for k in near for value in vectors_[k]])
    return indices, torch.tensor(rows, dtype=torch.float64)


@pytest.mark.parametrize("slots", [1, 2, 4])
def test_slots_become_the_nearest_vectors_of_the_codebook(slots):
    method = VQVAE(codes=20, slots=slots)
    net, x = equipped(method)
    z = net.encode(x)
    book = codebook(net)
    assert book.vectors.shape == (20, 4 // slots)
    indices, expected = by_brute_force(book, z)
    assert book.nearest(book.slots(z)).view(24, slots).tolist() == indices
    assert torch.equal(method.to_decoder(net, z), expected)


def test_quantising_again_changes_no_bit():
    method = VQVAE(codes=512)
    net, _ = equipped(method)
    net.float()
    z = torch.randn(500, 4, generator=torch.Generator().manual_seed(0))
    quantised = method.to_decoder(net, z)
    assert not torch.equal(quantised, z)
    assert torch.equal(method.to_decoder(net, quantised), quantised)


def test_the_gradient_passes_straight_through():
    method = VQVAE(codes=20)
    net, x = equipped(method)
    z = net.encode(x).detach().requires_grad_()
    jacobian = torch.autograd.functional.jacobian(lambda row: method.to_decoder(net, row), z)
    expected = torch.eye(z.numel(), dtype=torch.float64)
    assert torch.equal(jacobian.reshape(z.numel(), z.numel()), expected)


@pytest.mark.parametrize("weight", [0.25, 3.0])
def test_the_loss_of_vq_vae_is_the_equation(weight):
    method = VQVAE(codes=20, slots=2, commitment_weight=weight)
    net, x = equipped(method)
    net.eval()
    z = net.encode(x)
    _, quantised = by_brute_force(codebook(net), z)
    terms = method.loss(net, x)
    assert list(terms) == ["reconstruction", "commitment"]
    errors = 0.5 * ((x - net.decode(quantised)) ** 2).sum(1)
    apart = [
        math.dist(e, code) ** 2 for e, code in zip(quantised.tolist(), z.tolist(), strict=True)
    ]
    assert terms["reconstruction"].item() == pytest.approx(errors.mean().item())
    assert terms["commitment"].item() == pytest.approx(weight * np.mean(apart))
    (gradient,) = torch.autograd.grad(terms["commitment"], net.to_code.bias)
    torch.testing.assert_close(gradient, 2 * weight * (z - quantised).mean(0))


@pytest.mark.parametrize("training", [False, True])
def test_the_loss_does_not_depend_on_the_batch_size(training):
    method = VQVAE(codes=20)
    net, x = equipped(method)
    method.loss(net, x)
    net.train(training)
    state = {name: value.clone() for name, value in net.state_dict().items()}
    once = method.loss(net, x)
    net.load_state_dict(state)
    twice = method.loss(net, torch.cat([x, x]))
    for name, value in once.items():
        assert value.item() > 0
        torch.testing.assert_close(twice[name], value)


def test_the_codebook_is_a_moving_average_in_closed_form():
    random = torch.Generator().manual_seed(0)
    decay, book = 0.9, Codebook(3, 2).double()
    slots = torch.randn(30, 2, generator=random, dtype=torch.float64)
    torch.default_generator.manual_seed(0)
    book.revive(slots)
    counts, sums = book.counts.clone(), book.sums.clone()
    assert counts.tolist() == [10, 10, 10]
    torch.testing.assert_close(sums, 10 * book.vectors)
    steps = []
    for _ in range(12):
        slots = torch.randn(30, 2, generator=random, dtype=torch.float64)
        indices, _ = by_brute_force(book, slots)
        indices = torch.tensor(indices)[:, 0]
        steps.append((slots, indices))
        book.average(slots, indices, decay)
    for k in range(3):
        used = [(indices == k).sum().item() for _, indices in steps]
        total = [slots[indices == k].sum(0) for slots, indices in steps]
        weights = [(1 - decay) * decay ** (11 - t) for t in range(12)]
        count = decay**12 * counts[k] + sum(w * n for w, n in zip(weights, used, strict=True))
        whole = decay**12 * sums[k] + sum(w * s for w, s in zip(weights, total, strict=True))
        assert book.counts[k].item() == pytest.approx(count.item())
        torch.testing.assert_close(book.vectors[k], whole / count)


def test_the_first_batch_sets_the_codebook_and_needs_no_seed_of_its_own():
    found = []
    for _ in range(2):
        method = VQVAE(codes=40)
        net, x = equipped(method)
        before = codebook(net).vectors.clone()
        torch.default_generator.manual_seed(3)
        slots = codebook(net).slots(net.encode(x)).detach()
        terms = method.loss(net, x)
        assert not torch.equal(codebook(net).vectors, before)
        near = torch.cdist(codebook(net).vectors, slots).amin(1)
        assert near.max() < torch.cdist(before, slots).amin(1).max()
        assert terms["commitment"] < 0.01
        found.append(codebook(net).vectors)
    assert torch.equal(*found)


def test_dead_vectors_alone_are_put_on_distinct_slots_of_the_batch():
    book = Codebook(6, 1).double()
    vectors_ = torch.tensor([[0.0], [1.0], [2.0], [3.0], [4.0], [5.0]]).double()
    average = 12 / 6
    shares = torch.tensor([2.5, DEAD, 0.9 * DEAD, 0.0, 0.5, 1e-9], dtype=torch.float64)
    counts = average * shares
    book.load_state_dict(
        {"vectors": vectors_, "counts": counts, "sums": vectors_ * counts[:, None]}
    )
    slots = 100 + torch.arange(12.0).double()[:, None]
    torch.default_generator.manual_seed(0)
    book.revive(slots)
    alive = [0, 1, 4]
    assert torch.equal(book.vectors[alive], vectors_[alive])
    assert torch.equal(book.counts[alive], counts[alive])
    revived = book.vectors[[2, 3, 5], 0].tolist()
    assert set(revived) <= set(slots[:, 0].tolist())
    assert len(set(revived)) == 3
    assert book.counts[[2, 3, 5]].tolist() == [average] * 3
    torch.testing.assert_close(book.sums[2], average * book.vectors[2])


def test_all_vectors_come_into_use():
    method = VQVAE(codes=16, slots=1, decay=0.5)
    net, x = equipped(method)
    book = codebook(net)
    with torch.no_grad():
        book.counts.fill_(1.0)
        book.vectors[1:] += 1000
        book.sums.copy_(book.vectors)
    assert len(book.nearest(book.slots(net.encode(x))).unique()) == 1
    for _ in range(20):
        method.loss(net, x)
    assert len(book.nearest(book.slots(net.encode(x))).unique()) > 8


@pytest.mark.parametrize("decay", [0.0, 1e-30, 0.99999])
def test_the_codebook_stays_finite_with_any_decay(decay):
    method = VQVAE(codes=200, decay=decay)
    net, x = equipped(method)
    net.float()
    for _ in range(5):
        assert sum(method.loss(net, x.float()).values()).isfinite()
        assert all(value.isfinite().all() for value in codebook(net).state_dict().values())


@pytest.mark.parametrize(("training", "graph"), [(False, True), (True, False), (False, False)])
def test_the_codebook_learns_in_training_alone(training, graph):
    method = VQVAE(codes=20)
    net, x = equipped(method)
    method.loss(net, x)
    before = {name: value.clone() for name, value in net.state_dict().items()}
    assert {"parts.codebook.vectors", "parts.codebook.counts", "parts.codebook.sums"} <= set(before)
    net.train(training)
    with torch.set_grad_enabled(graph):
        method.loss(net, x)
    assert all(torch.equal(value, before[name]) for name, value in net.state_dict().items())
    net.train()
    method.loss(net, x)
    assert not torch.equal(codebook(net).counts, before["parts.codebook.counts"])


@pytest.mark.parametrize(
    ("dim", "slots"), [(1, 1), (3, 3), (16, 8), (17, 1), (25, 5), (56, 8), (64, 8), (128, 8)]
)
def test_the_default_serves_any_code_size(dim, slots):
    assert VQVAE().extra_modules(Vectors(dim, dim))["codebook"].vectors.shape == (512, dim // slots)


def test_the_own_sampler_draws_what_the_interface_leaves_as_it_is():
    method = VQVAE(codes=12, slots=2)
    net, x = equipped(method)
    net.float()
    method.loss(net, x.float())
    z = method.encode(net, x.float()).detach()
    sampler = method.own_sampler("autoregressive", net, Codes(z.double().numpy()), seed=0)
    assert isinstance(sampler, Autoregressive)
    draws = torch.from_numpy(sampler.sample(50, seed=1)).float()
    assert draws.shape == (50, 4)
    assert torch.equal(method.to_decoder(net, draws), draws)
    with pytest.raises(LisaError, match="vq-vae has no sampler 'prior' of its own"):
        method.own_sampler("prior", net, Codes(z.double().numpy()), seed=0)


@pytest.mark.parametrize(
    "field", [{"codes": 1}, {"slots": 0}, {"commitment_weight": -1.0}, {"decay": 1.0}], ids=str
)
def test_fields_that_are_none_are_refused(field):
    (name,) = field
    with pytest.raises(LisaError, match=f"vq-vae: {name.replace('_', '-')} must be at least"):
        VQVAE(**field)


SIZES = (12, 12)
METHOD = VQVAE(codes=10, slots=2)


class Objective(nn.Module):
    def __init__(self, net):
        super().__init__()
        self.net = net

    def forward(self, x):
        return METHOD.loss(self.net, x)


def two_steps(net, objective, x):
    for _ in range(2):
        net.zero_grad()
        sum(objective(x).values()).backward()
    gradients = {name: value.grad for name, value in net.named_parameters()}
    return gradients | dict(codebook(net).state_dict())


def one_process_of_two(rank, folder):
    net, x = equipped(METHOD)
    objective = DistributedDataParallel(Objective(net))
    torch.default_generator.manual_seed(rank)
    torch.save(two_steps(net, objective, x.split(SIZES)[rank]), folder / f"{rank}.pt")


@pytest.mark.slow
def test_two_processes_learn_the_codebook_of_one(tmp_path):
    in_two_processes(one_process_of_two, tmp_path, folder=tmp_path)
    net, x = equipped(METHOD)
    torch.default_generator.manual_seed(0)
    expected = two_steps(net, Objective(net), x)
    for rank in range(len(SIZES)):
        found = torch.load(tmp_path / f"{rank}.pt")
        for name, value in expected.items():
            torch.testing.assert_close(found[name], value)
