"""Weights from a file into a network."""

import pytest
from torch import nn

from shared.common.errors import LisaError
from shared.training.weights import load_weights


def test_weights_of_another_net_are_refused():
    net = nn.Linear(2, 3)
    load_weights(net, nn.Linear(2, 3).state_dict(), "a")
    for weights in (nn.Linear(3, 3).state_dict(), nn.Linear(2, 3, bias=False).state_dict(), {}):
        with pytest.raises(LisaError, match="some place does not fit this network"):
            load_weights(net, weights, "some place")
    with pytest.raises(LisaError, match=r"first of 1 .* \[3, 3\] there and .* \[3, 2\] here"):
        load_weights(net, nn.Linear(3, 3).state_dict(), "some place")
    with pytest.raises(LisaError, match=r"bias, the first of 2 .* is absent there and .* \[3\]"):
        load_weights(net, {}, "some place")
