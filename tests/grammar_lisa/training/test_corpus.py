"""Which sentences a run learns from."""

import pytest
from small_grammars import EXPR

from grammar_lisa.grammar import load_grammar
from grammar_lisa.grammar.arrays import from_array
from grammar_lisa.grammar.sampling import sample_uniform
from grammar_lisa.grammar.text import derivations_to_texts
from grammar_lisa.objectives.decontamination import Decontamination
from grammar_lisa.training.config import TrainConfig
from grammar_lisa.training.corpus import describe_sentences, gather
from grammar_lisa.training.experiment import Plan
from shared.common.errors import LisaError
from shared.methods import METHODS

GRAMMAR = load_grammar(EXPR)


@pytest.fixture(scope="module")
def sentences(tmp_path_factory):
    path = tmp_path_factory.mktemp("data") / "lines.txt"
    texts = derivations_to_texts(GRAMMAR, sample_uniform(GRAMMAR, 200, 6, seed=0))
    path.write_text("\n".join(texts))
    return path


def gathered(path, notes=None, max_rules=8, **options):
    config = TrainConfig(
        grammar=EXPR, data=path, count=150, held_out=20, max_rules=max_rules, **options
    )
    told = [] if notes is None else notes
    data, _ = gather(config, GRAMMAR, Decontamination(None), told.append)
    return {
        name: from_array(getattr(data, name), len(GRAMMAR.rules))
        for name in ("train", "valid", "test")
    }


@pytest.mark.parametrize("share", [0.25, 0.5, 0.9])
def test_drawn_sentences_are_mixed_into_the_training_alone(sentences, share):
    plain, mixed = gathered(sentences), gathered(sentences, mix=share)
    assert (plain["valid"], plain["test"]) == (mixed["valid"], mixed["test"])
    own, train = set(plain["train"]), mixed["train"]
    assert len(train) == len(set(train))
    assert own <= set(train)
    assert not (set(train) & {*plain["valid"], *plain["test"]})
    assert 1 - len(own) / len(train) == pytest.approx(share, abs=0.01)
    assert gathered(sentences, mix=share) == mixed
    assert gathered(sentences, mix=share, seed=1)["train"] != train


def test_what_is_mixed_in_is_described(sentences):
    config = TrainConfig(grammar=EXPR, data=sentences, mix=0.25, draw="weighted")
    told = describe_sentences(config)
    assert told.endswith("25% of those to train on drawn by the weights of the rules")


def test_a_small_language_has_few_to_mix_in(sentences):
    notes = []
    mixed = gathered(sentences, notes, mix=0.99, max_rules=6)
    assert sum(map(len, mixed.values())) <= 4 + 60 + 1044
    assert len(mixed["train"]) > 900
    assert any("sentences to mix in were found beside the data" in note for note in notes)


def test_nothing_is_mixed_with_nothing():
    with pytest.raises(LisaError, match="name a file of them"):
        Plan(TrainConfig(grammar=EXPR, mix=0.5), METHODS["lisa"]())
