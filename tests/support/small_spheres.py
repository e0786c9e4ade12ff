"""Spheres that are quick to make: networks as they are before any training."""

from functools import cache

from grammar_lisa.models.architecture import Architecture
from grammar_lisa.models.grammar_model import GrammarModel
from grammar_lisa.regression.sphere.skeleton_grammar import MAX_RULES, skeleton_grammar
from shared.methods import LISA


def sphere_of(grammar, max_rules):
    """A model of a grammar with its initial weights."""
    architecture = Architecture(network="dense", dim=8, max_rules=max_rules, method=LISA(), seed=0)
    return GrammarModel(grammar, architecture, architecture.build(grammar))


@cache
def skeleton_sphere(n_variables, *, untrained=False):
    """A model of skeletons with its initial weights."""
    return sphere_of(skeleton_grammar(n_variables), MAX_RULES)
