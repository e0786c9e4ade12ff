import pytest
import torch

from shared.common.threads import limited_threads


def test_threads_are_limited_within_and_as_before_behind():
    before = torch.get_num_threads()
    with limited_threads(before + 1):
        assert torch.get_num_threads() == before + 1
    assert torch.get_num_threads() == before


def test_threads_are_as_before_behind_an_error():
    before = torch.get_num_threads()
    with pytest.raises(RuntimeError), limited_threads(before + 1):
        raise RuntimeError
    assert torch.get_num_threads() == before
