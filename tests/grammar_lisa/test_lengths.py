from pathlib import Path

import numpy as np
import pytest

from grammar_lisa.derivations.parsing import Parser
from grammar_lisa.derivations.sampling import sample_uniform
from grammar_lisa.derivations.text import derivations_to_texts
from grammar_lisa.grammar import load_grammar
from grammar_lisa.objectives.lengths import Lengths, symbols

GRAMMARS = Path(__file__).parents[2] / "grammars"


@pytest.mark.parametrize(("name", "rules"), [("expr", 15), ("koza", 30)])
def test_lengths_of_shipped_grammars_are_learnt_exactly(name, rules):
    grammar = load_grammar(GRAMMARS / f"{name}.cfg")
    texts = derivations_to_texts(grammar, sample_uniform(grammar, 600, rules, 1, distinct=True))
    parser = Parser(grammar)
    true = [len(parser.parse(text)) for text in texts]
    lengths = Lengths()
    for start in range(0, 400, 100):
        lengths.learn(texts[start : start + 100], true[start : start + 100])
    np.testing.assert_allclose(lengths.of(texts[400:]), true[400:], atol=0.02)
    whole = lengths.of(["x+sin(x)"])[0]
    parts = lengths.added(symbols(["x", "sin(x)"])).sum() + lengths.joints["+"]
    assert lengths.of(["x"])[0] - lengths.added(symbols(["x"]))[0] == pytest.approx(whole - parts)


def test_nothing_is_known_from_the_start():
    lengths = Lengths()
    lengths.learn([], [])
    assert lengths.of(["x*x"]).tolist() == [0]
    assert lengths.added(symbols([])).shape == (0,)


def test_only_the_first_sentences_count():
    lengths = Lengths()
    lengths.learn(["x"] * 1000, [3] * 1000)
    lengths.learn(["x"] * 1000, [9] * 1000)
    assert lengths.of(["x"])[0] == pytest.approx(3, abs=0.01)
