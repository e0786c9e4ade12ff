import hashlib

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.common.seeds import derive_seed
from shared.common.torch_seeds import forked, seed_draws


def test_a_seed_is_what_its_definition_says():
    digest = hashlib.sha256(b"7/order/3").digest()
    assert derive_seed(7, "order", 3) == int.from_bytes(digest[:8], "big") >> 1


@settings(deadline=None)
@given(st.integers(), st.lists(st.one_of(st.integers(), st.text()), max_size=3))
def test_seeds_fit_every_generator(seed, names):
    assert 0 <= derive_seed(seed, *names) < 2**63


def test_different_names_and_seeds_are_unrelated():
    seeds = {derive_seed(s, name, step) for s in range(5) for name in "ab" for step in range(50)}
    assert len(seeds) == 5 * 2 * 50
    assert derive_seed(1, 11) != derive_seed(11, 1) != derive_seed(111)


def test_draws_in_a_forked_block_leave_no_trace():
    before = torch.get_rng_state()
    with forked(torch.device("cpu")):
        torch.manual_seed(3)
        torch.rand(2)
    assert torch.equal(torch.get_rng_state(), before)


def test_seeded_draws_are_those_of_torch_manual_seed():
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.rand(2)
    seed_draws(5, torch.device("cpu"))
    assert torch.equal(torch.rand(3), expected)


@pytest.mark.gpu
def test_the_draws_of_a_gpu_are_seeded_too():
    device = torch.device("cuda")
    torch.manual_seed(5)
    expected = torch.rand(3, device=device)
    seed_draws(5, device)
    assert torch.equal(torch.rand(3, device=device), expected)
