import numpy as np
import pytest
import torch
from torchmetrics.image.kid import KernelInceptionDistance

from image_lisa.evaluation import kernel_distance as module
from image_lisa.evaluation.kernel_distance import kernel_distance, kernel_distance_spread
from shared.common.errors import LisaError


class FeaturesAsImages(torch.nn.Module):
    def forward(self, x):
        return x.flatten(1)


def two_sets(n, m, size=12, shift=0.3, seed=0):
    random = np.random.default_rng(seed)
    return random.normal(size=(n, size)), random.normal(size=(m, size)) + shift


def by_loops(x, y):
    def kernel(a, b):
        return (float(a @ b) / len(a) + 1) ** 3

    def within(rows):
        return np.mean([kernel(a, b) for i, a in enumerate(rows) for b in np.delete(rows, i, 0)])

    return within(x) + within(y) - 2 * np.mean([kernel(a, b) for a in x for b in y])


@pytest.mark.parametrize("block", [1, 50, 2**22])
def test_it_is_the_mean_over_pairs_in_any_blocks(block, monkeypatch):
    monkeypatch.setattr(module, "_BLOCK_ENTRIES", block)
    x, y = two_sets(23, 31)
    assert kernel_distance(x, y) == pytest.approx(by_loops(x, y), rel=1e-10)


@pytest.mark.filterwarnings("ignore:Metric `Kernel Inception Distance` will save all")
def test_it_agrees_with_torchmetrics():
    x, y = two_sets(80, 80)
    metric = KernelInceptionDistance(
        feature=FeaturesAsImages(), subsets=1, subset_size=80, normalize=True
    )
    metric.update(torch.from_numpy(x).view(-1, 3, 2, 2), real=True)
    metric.update(torch.from_numpy(y).view(-1, 3, 2, 2), real=False)
    mean, _ = metric.compute()
    assert kernel_distance(x, y) == pytest.approx(float(mean), rel=1e-6)


def test_it_is_unbiased():
    estimates = [kernel_distance(*two_sets(8, 9, 3, 0.0, seed)) for seed in range(3000)]
    error = np.std(estimates) / np.sqrt(len(estimates))
    assert abs(np.mean(estimates)) < 4 * error
    assert np.min(estimates) < 0


def test_it_is_symmetric_and_grows_with_the_shift():
    x, y = two_sets(200, 150)
    assert kernel_distance(x, y) == pytest.approx(kernel_distance(y, x), rel=1e-12)
    assert kernel_distance(x, y + 1) > kernel_distance(x, y) > 0


def test_the_spread_is_that_of_estimates_from_fresh_samples_of_the_subsets_size():
    x, y = two_sets(3000, 3000)
    fresh = [kernel_distance(*two_sets(50, 50, seed=seed)) for seed in range(1, 400)]
    found = kernel_distance_spread(x, y, subsets=400, size=50)
    assert found == pytest.approx(np.std(fresh), rel=0.2)


def test_the_spread_is_drawn_from_its_seed_and_takes_all_of_few_features():
    x, y = two_sets(40, 60)
    assert kernel_distance_spread(x, y, subsets=5, seed=1) == kernel_distance_spread(
        x, y, subsets=5, seed=1
    )
    assert kernel_distance_spread(x, y, subsets=5, seed=1) != kernel_distance_spread(
        x, y, subsets=5, seed=2
    )
    assert kernel_distance_spread(x, y[:40], subsets=5) == pytest.approx(0, abs=1e-12)


def test_bad_input_is_refused():
    x, y = two_sets(5, 5)
    with pytest.raises(LisaError, match="sizes 12 and 11"):
        kernel_distance(x, y[:, 1:])
    with pytest.raises(LisaError, match="not 1 and 5"):
        kernel_distance(x[:1], y)
    with pytest.raises(LisaError, match="2 subsets of 2 or more, not 1 of 5"):
        kernel_distance_spread(x, y, subsets=1, size=5)
