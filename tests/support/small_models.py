"""Small grammars, and models that searching needs no training of."""

import torch

from grammar_lisa.grammar import parse_grammar
from grammar_lisa.models.architecture import Architecture
from grammar_lisa.models.grammar_model import GrammarModel
from shared.methods import LISA

EXPR = """
S -> S '+' T | S '*' T | S '/' T | T
T -> '(' S ')' | 'sin(' S ')' | 'exp(' S ')' | 'x' | '1' | '2' | '3'
"""
TINY = "S -> 'x' | '1' | '2' | 'x' '+' S\n"


def untrained(text, max_rules, dim=5):
    """A model with its initial weights: searching it needs no training."""
    grammar = parse_grammar(text)
    architecture = Architecture(
        network="dense", dim=dim, max_rules=max_rules, method=LISA(), seed=0
    )
    return GrammarModel(grammar, architecture, architecture.build(grammar))


def learn(model, rows, steps, batch=None):
    """Train a model on rows, on all of them at each step or on random ones."""
    optimizer = torch.optim.Adam(model.net.parameters(), 1e-2)
    rows = torch.from_numpy(rows)
    model.net.train()
    with torch.random.fork_rng():
        torch.default_generator.manual_seed(0)
        for _ in range(steps):
            some = rows if batch is None else rows[torch.randint(len(rows), (batch,))]
            optimizer.zero_grad()
            sum(model.method.loss(model.net, some).values()).backward()
            optimizer.step()
    model.net.eval()
