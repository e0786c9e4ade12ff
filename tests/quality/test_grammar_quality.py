"""What a short training must reach: scripts/test -m quality."""

import os
from pathlib import Path

import numpy as np
import pytest
import torch

from grammar_lisa.grammar import load_grammar
from grammar_lisa.grammar.arrays import to_array
from grammar_lisa.grammar.datasets import read_sentences, split_derivations
from grammar_lisa.grammar.sampling import sample_uniform
from grammar_lisa.grammar.sentence_files import SentenceFile
from grammar_lisa.models.architecture import Architecture
from grammar_lisa.training.evaluation import reconstruction
from shared.methods import LISA
from shared.runs.run import create_run
from shared.training.settings import Training
from shared.training.trainer import Trainer

GRAMMAR = load_grammar(Path(__file__).parents[2] / "grammars" / "expr.cfg")
RULES = 15

pytestmark = pytest.mark.quality


def held_out_exact(folder, train, test, epochs):
    architecture = Architecture(
        network="dense", dim=25, max_rules=RULES, method=LISA(1.0, 2.0), seed=0
    )
    net = architecture.build(GRAMMAR)
    training = Training(epochs=epochs, batch_size=128, learning_rate=2e-3, device="cpu")
    trainer = Trainer(
        create_run(folder / "run", {}),
        net,
        architecture.method,
        training,
        torch.from_numpy(train),
        validate=lambda _: {},
    )
    trainer.fit()
    return reconstruction(net, architecture.method, torch.from_numpy(test)).exact


@pytest.mark.timeout(600)
def test_kusners_sentences_are_reconstructed(tmp_path):
    folder = os.environ.get("LISA_DATA_DIR")
    path = Path(folder or "") / "expressions" / "equation2_15_dataset.txt.gz"
    if folder is None or not path.is_file():
        pytest.skip("LISA_DATA_DIR names no folder with expressions/equation2_15_dataset.txt.gz")
    found = read_sentences(SentenceFile(path), GRAMMAR, RULES)
    parts = split_derivations(GRAMMAR, found, RULES, train=50_000, held_out=10_000, seed=0)
    assert len(parts.train) == 50_000
    assert len(parts.test) == 10_000
    assert held_out_exact(tmp_path, parts.train, parts.test, epochs=6) >= 0.999


@pytest.mark.timeout(600)
def test_uniform_sentences_are_reconstructed(tmp_path):
    x = to_array(sample_uniform(GRAMMAR, 55_000, RULES, seed=0), RULES, len(GRAMMAR.rules))
    x = x[np.random.default_rng(0).permutation(len(x))]
    assert held_out_exact(tmp_path, x[:50_000], x[50_000:], epochs=12) >= 0.99
