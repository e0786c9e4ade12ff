import numpy as np
import pytest
import torch

from grammar_lisa.derivations.sampling import sample_uniform
from grammar_lisa.derivations.text import derivations_to_texts
from grammar_lisa.grammar import parse_grammar
from grammar_lisa.model import Architecture, GrammarModel
from grammar_lisa.objectives.targets import regression_for
from shared.methods import LISA

torch.set_num_threads(1)
EXPR = """
S -> S '+' T | S '*' T | S '/' T | T
T -> '(' S ')' | 'sin(' S ')' | 'exp(' S ')' | 'x' | '1' | '2' | '3'
"""
TINY = "S -> 'x' | '1' | '2' | 'x' '+' S\n"


def untrained(text, max_rules, dim=5):
    """A model with its initial weights: searching it needs no training."""
    grammar = parse_grammar(text)
    architecture = Architecture("dense", dim, max_rules, LISA(), seed=0)
    return GrammarModel(grammar, architecture, architecture.build(grammar))


@pytest.fixture(scope="session")
def model():
    return untrained(EXPR, 12)


@pytest.fixture(scope="session")
def tiny_model():
    """A language of nine sentences: x, 1 and 2 behind none to two times x+."""
    return untrained(TINY, 3)


@pytest.fixture(scope="session")
def objective():
    return regression_for("kusner")


@pytest.fixture(scope="session")
def begun(model, objective):
    """Thirty sentences and their scores."""
    draws = sample_uniform(model.grammar, 30, 12, 0)
    sentences = derivations_to_texts(model.grammar, draws)
    return sentences, np.asarray(objective(sentences))
