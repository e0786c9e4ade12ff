"""What a training takes that is not told: network, code size and epochs by the length."""

import json

import pytest
from command_line import GRAMMARS, succeed

from grammar_lisa.training.config import TrainConfig
from grammar_lisa.training.defaults import default_dim, default_epochs, default_network
from grammar_lisa.training.experiment import Plan
from shared.common.errors import LisaError
from shared.methods import LISA
from shared.runs.run import CONFIG


@pytest.mark.parametrize(
    ("max_rules", "network", "dim", "epochs"),
    [
        (2, "dense", 25, 30),
        (15, "dense", 25, 30),
        (20, "dense", 25, 30),
        (21, "tree", 64, 10),
        (40, "tree", 64, 10),
        (72, "tree", 128, 10),
        (100, "tree", 192, 10),
        (500, "tree", 256, 10),
    ],
)
def test_defaults_go_by_the_length(max_rules, network, dim, epochs):
    assert default_network(max_rules) == network
    assert default_dim(network, max_rules) == dim
    assert default_epochs(network) == epochs
    plan = Plan(TrainConfig(), LISA()).settled(max_rules)
    assert (plan.config.network, plan.config.dim) == (network, dim)
    assert plan.training.epochs == plan.config.epochs == epochs


def test_what_is_told_is_kept():
    config = TrainConfig(network="kusner", dim=7, epochs=3)
    assert (config.network, config.dim, config.epochs) == ("kusner", 7, 3)
    assert Plan(config, LISA()).settled(100).config == config


def test_settings_that_make_no_sense_are_refused_with_epochs_left_open():
    with pytest.raises(LisaError, match="batch_size must be at least 2, not 1"):
        _ = Plan(TrainConfig(batch_size=1), LISA()).training


def test_a_run_of_long_sentences_says_and_records_what_was_chosen(tmp_path):
    words = ("--max-rules", 24, "--count", 60, "--held-out", 10, "--draws", 10, "--epochs", 1)
    said = succeed(
        *("train", "--grammar", GRAMMARS / "json.cfg", "--runs", tmp_path, "--name", "long"), *words
    )
    line = "LISA, tree network, d = 64, 1 epoch (--network, --dim chosen for sentences of at most"
    assert line in said.err
    options = json.loads((tmp_path / "long" / CONFIG).read_text())["options"]
    assert (options["network"], options["dim"], options["epochs"]) == ("tree", 64, 1)
    drawn = succeed("generate", "--run", tmp_path / "long", "-n", 4, "--beams", 2).lines
    assert all("id" in json.loads(text) for text in drawn)
