"""A search finds better sentences than random directions, and needs a trained network for it.

A small network learns sums of four terms, which is a shape of its own among the sentences of the
grammar. A search looks for six such sums that it was not trained on, told only how far from one a
sentence is, term by term.
"""

import difflib
import itertools

import numpy as np
import pytest
from light_reports import short_fits
from small_models import EXPR, learn, untrained
from small_searches import begin, played, reader_of

from grammar_lisa.expressions.language import PlainText
from grammar_lisa.grammar.arrays import to_array
from grammar_lisa.optimize import SYSTEMS

TERMS = ("x", "1", "2", "3", "sin(x)", "exp(x)", "sin(1)", "exp(2)")
LENGTH, LONGEST, SEEDS = 4, 16, range(6)
SMALL = {"batch": 10, "pool": 300, "steps": 2, "candidates": 50, "fit_points": 80, "parents": 15}
ROUNDS = 5


@pytest.fixture(scope="module")
def sums():
    """All sums of four terms, shuffled: the first 2,000 are learnt, the last are looked for."""
    found = list(itertools.product(TERMS, repeat=LENGTH))
    return [found[row] for row in np.random.default_rng(0).permutation(len(found))]


@pytest.fixture(scope="module")
def taught(sums):
    model = untrained(EXPR, LONGEST)
    of_term = {term: model.parser.parse(term)[1:] for term in TERMS}
    plus, single = model.parser.parse("x+x")[:2]
    derivations = [
        (*[plus] * (LENGTH - 1), single, *itertools.chain(*map(of_term.get, terms)))
        for terms in sums[:2000]
    ]
    rows = to_array(derivations, LONGEST, len(model.grammar.rules))
    assert model.texts(rows[:9]) == ["+".join(terms) for terms in sums[:9]]
    learn(model, rows, 300, batch=256)
    return model


def distances(target):
    """Return what scores sentences: 0 for the target, up to 1."""

    def score(sentences):
        return np.array(
            [
                np.mean(
                    [
                        1 - difflib.SequenceMatcher(None, one, other, False).ratio()
                        for one, other in itertools.zip_longest(
                            sentence.split("+"), target, fillvalue=""
                        )
                    ]
                )
                for sentence in sentences
            ]
        )

    return score


@pytest.fixture(scope="module")
def best(sums, taught):
    """The best score of each of six searches of a model, each with a target of its own."""
    made = {}

    def make(name, model, config):
        if name not in made:
            made[name] = []
            for seed in SEEDS:
                start = np.random.default_rng(seed).permutation(2000)[:12]
                one = begin(
                    reader_of(model, PlainText()),
                    config.changed(**SMALL),
                    distances(sums[-1 - seed]),
                    ["+".join(sums[row]) for row in start],
                    seed=seed,
                )
                with short_fits():  # which make it no easier to beat the others
                    played(one, distances(sums[-1 - seed]), ROUNDS)
                made[name].append(one.best[1])
        return np.array(made[name])

    return make


def clearly_better(ours, theirs):
    """Better by a third on average, and in most of the searches."""
    better, worse = (ours < theirs).sum(), (ours > theirs).sum()
    return ours.mean() < 0.67 * theirs.mean() and better >= 4 * worse


def test_a_search_beats_random_directions(best, taught):
    ours = best("lisa", taught, SYSTEMS["latent"])
    assert clearly_better(ours, best("random", taught, SYSTEMS["random-space"]))


def test_a_search_of_a_trained_network_beats_that_of_an_untrained_one(best, taught):
    ours = best("lisa", taught, SYSTEMS["latent"])
    assert clearly_better(ours, best("untrained", taught.untrained(), SYSTEMS["latent"]))
