"""Searches of small models, and models that have learnt some sentences for a while."""

import torch
from small_models import learn
from threadpoolctl import threadpool_limits

from grammar_lisa.expressions.language import Expressions
from grammar_lisa.grammar import parse_grammar
from grammar_lisa.models.architecture import Architecture
from grammar_lisa.models.character_model import CharacterModel
from grammar_lisa.models.grammar_model import GrammarModel
from grammar_lisa.models.names import CHARACTERS
from grammar_lisa.models.tokenizer import CharacterTokenizer
from grammar_lisa.optimize.optimizer import Optimizer
from grammar_lisa.optimize.sentences import Reader
from grammar_lisa.optimize.spaces import Box, Sphere

threadpool_limits(1)  # threads that wait for each other cost more than all that these tests do

COMMANDS = """
S -> C | C 'then' S
C -> 'go' D | 'turn' D 'twice' | 'stop'
D -> 'left' | 'right' | 'home'
"""
X = Expressions(("x",))


def learnt(text, sentences, max_rules, dim, method, network="dense", steps=80):
    """Return a model that has learnt some sentences for a while."""
    grammar = parse_grammar(text)
    tokenizer = CharacterTokenizer.of(sentences) if network == CHARACTERS else None
    architecture = Architecture(
        network=network, dim=dim, max_rules=max_rules, method=method, seed=0, tokenizer=tokenizer
    )
    kind = GrammarModel if tokenizer is None else CharacterModel
    model = kind(grammar, architecture, architecture.build(grammar))
    learn(model, model.rows(sentences), steps)
    return model


def reader_of(model, language=X, box=()):
    """Return a reader of a model on its sphere, or in the box of the codes of some sentences."""
    if len(box):
        space = Box.holding(torch.as_tensor(model.encode_rows(model.rows(box))))
    else:
        space = Sphere(model.dim)
    return Reader(model, space, language)


def begin(reader, config, objective, sentences, *, seed=0, composite=False):
    """Return a search that begins from some sentences."""
    made = objective.composite() if composite else None
    scores = objective(list(sentences))
    return Optimizer(reader, config, list(sentences), scores, composite=made, seed=seed)


def played(search, objective, rounds, q=None):
    """Return the batches that a search asks for in some rounds, each told."""
    batches = []
    for _ in range(rounds):
        batches.append(search.ask(q))
        search.tell(batches[-1], objective(batches[-1]))
    return batches
