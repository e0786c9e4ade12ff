"""How fast the parts of grammar-lisa are: scripts/test -m benchmark -n 0."""

from pathlib import Path

import pytest
import torch

from grammar_lisa.grammar import load_grammar
from grammar_lisa.grammar.arrays import to_array
from grammar_lisa.grammar.parsing import Parser
from grammar_lisa.grammar.sampling import sample_uniform
from grammar_lisa.grammar.text import derivations_to_texts
from grammar_lisa.models.architecture import Architecture
from grammar_lisa.models.grammar_model import GrammarModel
from grammar_lisa.objectives.targets import regression_for
from shared.methods import LISA
from shared.sphere.geometry import uniform

GRAMMAR = load_grammar(Path(__file__).parents[2] / "grammars" / "expr.cfg")
RULES = 15

pytestmark = pytest.mark.benchmark


@pytest.fixture(autouse=True)
def one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.mark.parametrize("name", ["dense", "kusner"])
def test_training_step_of_500_sentences(benchmark, name):
    net = Architecture(network=name, dim=25, max_rules=RULES, method=LISA(), seed=0).build(GRAMMAR)
    drawn = sample_uniform(GRAMMAR, 500, RULES, seed=0)
    x = torch.from_numpy(to_array(drawn, RULES, len(GRAMMAR.rules)))
    optimizer = torch.optim.Adam(net.parameters(), fused=True)
    method = LISA()

    def step():
        sum(method.loss(net, x).values()).backward()
        optimizer.step()
        optimizer.zero_grad()

    benchmark(step)


def test_decoding_20000_directions_to_text(benchmark):
    architecture = Architecture(network="dense", dim=25, max_rules=RULES, method=LISA(), seed=0)
    model = GrammarModel(GRAMMAR, architecture, architecture.build(GRAMMAR))
    codes = uniform(20_000, 25, seed=0).numpy()
    assert len(benchmark(lambda: model.decode(codes))) == len(codes)


def test_drawing_50000_distinct_sentences(benchmark):
    drawn = benchmark(lambda: sample_uniform(GRAMMAR, 50_000, RULES, seed=0))
    assert len(set(drawn)) == 50_000


def test_parsing_5000_lines(benchmark):
    drawn = sample_uniform(GRAMMAR, 5000, RULES, seed=0)
    parser = Parser(GRAMMAR)
    texts = derivations_to_texts(GRAMMAR, drawn)
    assert benchmark(lambda: list(map(parser.parse, texts))) == drawn


def test_scoring_50000_expressions_on_1000_points(benchmark):
    texts = derivations_to_texts(GRAMMAR, sample_uniform(GRAMMAR, 50_000, RULES, seed=0))
    objective = regression_for("kusner")
    scores = benchmark(lambda: objective(texts))
    assert scores.shape == (50_000,)
