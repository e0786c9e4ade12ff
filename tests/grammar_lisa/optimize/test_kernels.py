"""Kernels of sentences against products that are worked out entry by entry."""

from collections import Counter

import gpytorch
import numpy as np
import pytest
import torch
from gpytorch.kernels import MaternKernel, ScaleKernel
from hypothesis import given, settings
from hypothesis import strategies as st

from grammar_lisa.optimize.features import NOTHING
from grammar_lisa.optimize.kernels import MonomialKernel, OncePerBatch, TermsKernel, TreeKernel

WIDTH = 6


def tree_rows(seed, count):
    """Lists of features, some of them repeated, padded; one of them empty."""
    rng = np.random.default_rng(seed)
    rows = rng.integers(0, 9, (count, WIDTH)).astype(float) * (2.0**48) / 9 // 1
    lengths = rng.integers(1, WIDTH + 1, count)
    rows[np.arange(WIDTH) >= lengths[:, None]] = NOTHING
    return torch.from_numpy(rows)


def sum_rows(seed, count):
    """Monomials with coefficients, each of a row's once, padded; one row may be empty."""
    rng = np.random.default_rng(seed)
    rows = np.zeros((count, 2 * WIDTH))
    rows[:, :WIDTH] = NOTHING
    for row in rows:
        few = rng.integers(0, WIDTH + 1)
        row[:few] = rng.permutation(9)[:few] * 7_000_003
        row[WIDTH : WIDTH + few] = rng.standard_normal(few)
    return torch.from_numpy(rows)


def cosine(first, second):
    a, b = (Counter(row[row != NOTHING].tolist()) for row in (first, second))
    lengths = [np.sqrt(sum(count**2 for count in each.values())) for each in (a, b)]
    return sum(a[key] * b[key] for key in a) / (lengths[0] * lengths[1])


def product(first, second):
    a, b = (
        dict(zip(row[:WIDTH].tolist(), row[WIDTH:].tolist(), strict=True))
        for row in (first, second)
    )
    return sum(a[key] * b[key] for key in a if key in b and key != NOTHING)


def brute(entry, first, second):
    return torch.tensor([[entry(a, b) for b in second.numpy()] for a in first.numpy()]).double()


def terms(first, second):
    """Matérn-5/2, of lengthscale ln 2 as GPyTorch begins, of the logarithms of coefficients."""
    a, b = (
        {
            key: np.sign(c) * np.log1p(abs(c))
            for key, c in zip(row[:WIDTH], row[WIDTH:], strict=True)
        }
        for row in (first, second)
    )
    far = sum((a.get(key, 0) - b.get(key, 0)) ** 2 for key in {*a, *b} if key != NOTHING) ** 0.5
    far *= np.sqrt(5) / np.log(2)
    return (1 + far + far**2 / 3) * np.exp(-far)


KERNELS = {
    "terms": (TermsKernel, sum_rows, terms),
    "tree": (TreeKernel, tree_rows, cosine),
    "monomials": (MonomialKernel, sum_rows, product),
}
kinds = pytest.mark.parametrize(("kernel", "rows", "entry"), KERNELS.values(), ids=KERNELS)
drawn = st.sampled_from(list(KERNELS.values()))


@given(drawn, st.integers(0, 10_000), st.integers(1, 8), st.integers(1, 8))
@settings(max_examples=60, deadline=None)
def test_a_kernel_is_what_it_is_defined_to_be(kind, seed, n, m):
    kernel, rows, entry = kind
    first, second = rows(seed, n), rows(seed + 1, m)
    found = kernel()(first, second).to_dense()
    assert torch.allclose(found, brute(entry, first, second))


@kinds
def test_products_are_those_of_the_rows_that_are_given(kernel, rows, entry):
    """Whatever rows the same kernel saw before, and though these have changed since."""
    one, first, second = kernel(), rows(0, 5), rows(1, 4)
    for a, b in ((first, second), (first, second), (second, first), (first, first)):
        assert torch.allclose(one(a, b).to_dense(), brute(entry, a, b))
    first[:2] = second[:2]
    assert torch.allclose(one(first, first).to_dense(), brute(entry, first, first))


@given(drawn, st.integers(0, 10_000), st.integers(1, 8), st.integers(1, 8), st.integers(1, 3))
@settings(max_examples=60, deadline=None)
def test_weighted_covariances_are_the_weights_times_all_of_them(kind, seed, n, m, k):
    kernel, rows, _ = kind
    first, second = rows(seed, n), rows(seed + 1, m)
    weights = torch.from_numpy(np.random.default_rng(seed).standard_normal((k, n)))
    once = OncePerBatch(kernel(active_dims=tuple(range(1, first.shape[1] + 1)))).double()
    beside = (torch.cat([torch.ones(len(x), 1), x], dim=1).double() for x in (first, second))
    found = once.weighted(weights, *beside)
    assert torch.allclose(found, weights @ kernel().double()(first, second).to_dense())


@kinds
def test_the_diagonal_is_that_of_the_whole(kernel, rows, entry):
    x, other = rows(0, 9), rows(1, 9)
    whole = kernel()(x).to_dense()
    assert torch.allclose(kernel()(x, diag=True), whole.diag())
    assert torch.allclose(kernel()(x, other, diag=True), brute(entry, x, other).diag())
    if kernel is TreeKernel:
        assert torch.allclose(whole.diag(), torch.ones(9).double())


@kinds
@pytest.mark.parametrize("shapes", [((3,), (3,)), ((3,), ()), ((), (3,)), ((2, 1), (3,))])
def test_batches_are_worked_out_one_by_one(kernel, rows, entry, shapes):
    def batched(shape, count, seed):
        flat = [rows(seed + n, count) for n in range(int(np.prod(shape, dtype=int)))]
        return torch.stack(flat).reshape(*shape, count, -1)

    first, second = batched(shapes[0], 4, 0), batched(shapes[1], 5, 100)
    found = kernel().forward(first, second)
    batch = torch.broadcast_shapes(*shapes)
    assert found.shape == (*batch, 4, 5)
    a, b = first.expand(*batch, -1, -1), second.expand(*batch, -1, -1)
    for index in np.ndindex(*batch):
        assert torch.allclose(found[index], brute(entry, a[index], b[index]))
    diagonal = kernel().forward(first, first, diag=True)
    assert diagonal.shape == (*shapes[0], 4)
    for index in np.ndindex(*shapes[0]):
        assert torch.allclose(diagonal[index], brute(entry, first[index], first[index]).diag())


@kinds
def test_covariances_are_positive_semi_definite(kernel, rows, entry):
    x = torch.cat([rows(0, 40), rows(0, 10)])
    values = torch.linalg.eigvalsh(kernel()(x).to_dense())
    assert values.min() > -1e-9
    assert values.max() > 1


@pytest.mark.parametrize(("kernel", "rows"), [(TreeKernel, tree_rows), (MonomialKernel, sum_rows)])
def test_rows_that_share_nothing_are_unlike_and_equal_ones_alike(kernel, rows):
    x = rows(0, 12)
    shifted = torch.where(x == NOTHING, x, x + 1) if kernel is TreeKernel else x.clone()
    shifted[:, :WIDTH][shifted[:, :WIDTH] != NOTHING] += 1
    assert (kernel()(x, shifted).to_dense() == 0).all()
    twice = kernel()(torch.cat([x, x])).to_dense()
    assert torch.equal(twice[:12], twice[12:])


def test_the_order_of_a_row_is_of_no_account():
    x, y = tree_rows(0, 8), tree_rows(1, 8)
    assert torch.allclose(TreeKernel()(x, y).to_dense(), TreeKernel()(x.flip(1), y).to_dense())


def test_a_row_of_nothing_is_like_nothing():
    x = torch.full((2, WIDTH), NOTHING).double()
    assert (TreeKernel()(x, tree_rows(0, 3)).to_dense() == 0).all()
    nothing = sum_rows(0, 2)
    nothing[:, :WIDTH] = NOTHING
    assert (MonomialKernel()(nothing, nothing).to_dense() == 0).all()


def test_columns_are_those_that_are_active():
    x = torch.cat([torch.randn(7, 2).double(), tree_rows(0, 7), sum_rows(0, 7)], dim=1)
    trees, sums = tuple(range(2, 2 + WIDTH)), tuple(range(2 + WIDTH, 2 + 3 * WIDTH))
    whole = ScaleKernel(TreeKernel(active_dims=trees)) + MonomialKernel(active_dims=sums)
    whole.kernels[0].outputscale = 2.0
    expected = 2 * TreeKernel()(tree_rows(0, 7)).to_dense()
    expected += MonomialKernel()(sum_rows(0, 7)).to_dense()
    assert torch.allclose(whole(x).to_dense(), expected)


class Counting(MaternKernel):
    """Counts how often it is worked out."""

    calls = 0

    def forward(self, x1, x2, diag=False, **params):
        self.calls += 1
        return super().forward(x1, x2, diag=diag, **params)


def test_outputs_that_share_their_inputs_share_one_computation():
    x, y = (torch.randn(4, 3, generator=torch.Generator().manual_seed(n)).double() for n in (0, 1))
    base = Counting(nu=2.5).double()
    once = OncePerBatch(base)
    expected = MaternKernel(nu=2.5).double()(x, y).to_dense()
    found = once.forward(x.expand(5, 4, 3), y.expand(5, 4, 3))
    assert base.calls == 1
    assert found.shape == (5, 4, 4)
    for each in found:
        assert torch.allclose(each, expected)
    assert torch.allclose(once.forward(x, y), expected)
    assert once.forward(x.expand(5, 4, 3), x.expand(5, 4, 3), diag=True).shape == (5, 4)


def test_batches_with_inputs_of_their_own_are_worked_out_as_the_base_does():
    x = torch.randn(5, 4, 3, generator=torch.Generator().manual_seed(0)).double()
    y = torch.randn(1, 6, 3, generator=torch.Generator().manual_seed(1)).double()
    base = MaternKernel(nu=2.5).double()
    for first, second in ((x, y), (x, y.squeeze(0)), (y, x)):
        found = OncePerBatch(MaternKernel(nu=2.5).double()).forward(first, second)
        assert torch.allclose(found, base.forward(first, second))


def test_a_scaled_kernel_of_several_outputs_is_the_base_times_their_variances():
    x = torch.cat([torch.randn(6, 2).double(), tree_rows(0, 6)], dim=1)
    columns = tuple(range(2, 2 + WIDTH))
    several = ScaleKernel(
        OncePerBatch(TreeKernel(active_dims=columns)), batch_shape=torch.Size([3])
    ).double()
    several.outputscale = torch.tensor([0.5, 1.0, 2.0])
    found = several(x.expand(3, 6, -1)).to_dense()
    expected = TreeKernel()(tree_rows(0, 6)).to_dense()
    for scale, each in zip((0.5, 1.0, 2.0), found, strict=True):
        assert torch.allclose(each, scale * expected)
    with gpytorch.settings.lazily_evaluate_kernels(False):
        diagonal = several(x.expand(3, 6, -1), diag=True)
    assert torch.allclose(diagonal, several.outputscale[:, None].expand(3, 6).double())


def test_what_is_stationary_says_so():
    assert OncePerBatch(MaternKernel()).is_stationary
    assert not OncePerBatch(TreeKernel()).is_stationary
