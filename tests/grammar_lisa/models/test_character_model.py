"""The character network, and the model whose texts may be no sentences."""

import json
import math

import numpy as np
import pytest
import torch
from small_grammars import ROOT

from grammar_lisa.grammar import load_grammar
from grammar_lisa.grammar.arrays import to_array
from grammar_lisa.grammar.sampling import sample_uniform
from grammar_lisa.grammar.text import derivations_to_texts
from grammar_lisa.models.architecture import Architecture
from grammar_lisa.models.character_model import CharacterModel
from grammar_lisa.models.grammar_model import GrammarModel
from grammar_lisa.models.load import load_model
from grammar_lisa.models.names import CHARACTERS, GRAMMAR, TOOL
from grammar_lisa.models.networks import build_characters
from grammar_lisa.models.tokenizer import CharacterTokenizer
from grammar_lisa.training.evaluation import evaluate_model, reconstruction, samples
from shared.common.errors import LisaError
from shared.methods import LISA, VAE
from shared.methods.registry import METHODS
from shared.runs.run import MODEL, create_run, open_run
from shared.samplers import Gaussian

EXPR = load_grammar(ROOT / "grammars" / "expr.cfg")
DERIVATIONS = to_array(sample_uniform(EXPR, 16, 8, seed=0), 8, len(EXPR.rules))
SENTENCES = derivations_to_texts(EXPR, DERIVATIONS)
TOKENIZER = CharacterTokenizer.of(SENTENCES)
ARCHITECTURE = Architecture(
    network=CHARACTERS, dim=10, max_rules=8, method=LISA(0.1), seed=0, tokenizer=TOKENIZER
)
KUSNERS = CharacterTokenizer("()*+/123einpsx", 19)


def learn(architecture, steps, rate=5e-3):
    net = architecture.build(EXPR)
    x = torch.from_numpy(TOKENIZER.rows(SENTENCES))
    optimizer = torch.optim.Adam(net.parameters(), rate)
    for _ in range(steps):
        optimizer.zero_grad()
        sum(architecture.method.loss(net, x).values()).backward()
        optimizer.step()
    return CharacterModel(EXPR, architecture, net)


@pytest.fixture(scope="module")
def model():
    """A model that has learnt its sentences for a while."""
    return learn(ARCHITECTURE, 200, 1e-2)


@pytest.fixture
def run(tmp_path, model):
    """A finished run that holds the model."""
    record = ARCHITECTURE.to_json()
    grammar = {"source": "expr.cfg", "sha256": EXPR.digest}
    config = {"tool": TOOL, "version": "0", "grammar": grammar, "model": record}
    made = create_run(tmp_path / "run", config)
    made.write_text(GRAMMAR, EXPR.text)
    made.write_tensors(MODEL, model.net.state_dict(), {"model": record})
    return open_run(made.path, TOOL)


def test_the_network_is_the_published_one_on_19_of_15_characters():
    net = build_characters(KUSNERS, 25, 25, 0)
    shapes = {name: tuple(value.shape) for name, value in net.named_parameters()}
    # Convolutions of one-hot 15 x 19 leave 19 - 1 - 2 - 3 = 13 places of 4 channels.
    assert shapes["convolutions.0.weight"] == (2, 15, 2)
    assert shapes["convolutions.6.weight"] == (4, 3, 4)
    assert shapes["to_code.1.weight"] == (100, 52)
    assert shapes["to_code.3.weight"] == (25, 100)
    assert shapes["from_code.1.weight"] == (25, 25)
    assert shapes["recurrent.weight_ih_l0"] == (300, 25)
    assert shapes["recurrent.weight_hh_l2"] == (300, 100)
    assert shapes["to_logits.weight"] == (15, 100)
    assert net.decode(torch.randn(3, 25)).shape == (3, 19, 15)


def test_the_network_needs_texts_as_long_as_its_convolutions():
    with pytest.raises(LisaError) as caught:
        build_characters(CharacterTokenizer("ab", 6), 5, 5, 0)
    assert str(caught.value) == (
        "the characters network needs texts of at least 7 characters, not 6; use --network dense"
    )


def test_weights_belong_to_their_seed_and_leave_the_global_state():
    state = torch.random.get_rng_state()
    first, same, other = (
        build_characters(TOKENIZER, 5, 5, seed).state_dict() for seed in (1, 1, 2)
    )
    assert torch.equal(torch.random.get_rng_state(), state)
    assert all(torch.equal(first[key], same[key]) for key in first)
    assert not torch.equal(first["to_logits.weight"], other["to_logits.weight"])


def test_the_loss_is_the_likelihood_of_every_character_and_of_the_padding():
    net = build_characters(TOKENIZER, 5, 5, 0).eval()
    x = torch.from_numpy(TOKENIZER.rows(SENTENCES[:6]))
    with torch.no_grad():
        logits = net.decode(torch.randn(6, 5, generator=torch.Generator().manual_seed(0)))
        found = net.reconstruction_loss(x, logits)
    for value, row, scores in zip(found.tolist(), x.tolist(), logits.tolist(), strict=True):
        terms = [
            score[symbol] - math.log(sum(map(math.exp, score)))
            for score, symbol in zip(scores, row, strict=True)
        ]
        assert value == pytest.approx(-sum(terms), rel=1e-5)
        assert len(terms) == TOKENIZER.length


def test_reading_takes_the_most_likely_or_draws_in_proportion():
    net = build_characters(CharacterTokenizer("ab", 7), 5, 5, 0)
    logits = torch.tensor([0.0, math.log(3), -math.inf]).expand(2000, 7, 3)
    assert (net.read(logits) == 1).all()
    drawn = net.read(logits, temperature=1.0, generator=torch.Generator().manual_seed(0))
    assert 0.74 < (drawn == 1).float().mean() < 0.76
    assert (drawn != 2).all()


def test_sentences_come_back_from_their_codes(model):
    codes = model.codes(SENTENCES)
    assert codes.shape == (16, 10)
    back = model.reconstructed(SENTENCES, codes)
    assert back.mean() > 0.9
    decoded = model.decode(codes)
    assert [text == asked for text, asked in zip(decoded, SENTENCES, strict=True)] == back.tolist()
    assert model.decode(7 * codes) == decoded
    plain = model.codes(SENTENCES, refine=False)
    spaced = [" ".join(text) for text in SENTENCES]
    np.testing.assert_array_equal(model.codes(spaced, refine=False), plain)


def test_encoding_refines_the_codes_of_texts_that_were_not_learnt(model):
    texts = [text.replace("2", "x").replace("1", "3") for text in SENTENCES]
    plain, refined = (model.codes(texts, refine=refine) for refine in (False, True))
    assert model.reconstructed(texts, plain).sum() < model.reconstructed(texts, refined).sum()


def test_codes_of_derivations_are_those_of_their_texts(model):
    found = model.codes_of(DERIVATIONS)
    assert found.posterior_std is None
    np.testing.assert_array_equal(found.mean, model.codes(SENTENCES, refine=False))


def test_a_text_that_is_no_sentence_has_a_code_too(model):
    assert model.codes(["x+", ")))"], refine=False).shape == (2, 10)


def test_texts_beyond_the_alphabet_are_refused(model):
    with pytest.raises(LisaError, match="'x%1' has the character '%'"):
        model.codes(["x", "x%1"])
    with pytest.raises(LisaError, match=f"of at most {TOKENIZER.length}"):
        model.codes(["1+" * TOKENIZER.length])


def test_the_parser_tells_sentences_from_other_texts(model, monkeypatch):
    texts = ["x+1", "x+", "", "x +(1)", "sin(x", "1"]
    assert model.valid(texts).tolist() == [True, False, False, True, False, True]
    monkeypatch.setattr(model, "decode", lambda codes: texts)
    assert model.sentences(np.zeros((6, 10))) == ["x+1", None, None, "x+(1)", None, "1"]
    law = Gaussian().fit(np.random.default_rng(0).standard_normal((50, 10)))
    found = samples(model, law, 6, 0, {"1"})
    assert (found.valid, found.unique, found.novel) == (3 / 6, 3 / 6, 2 / 3)


def test_derivations_of_rows_are_those_of_the_sentences_among_them(model, monkeypatch):
    rows = TOKENIZER.rows(["x+1", "x+", SENTENCES[0], ")"])
    derivations, readable = model.derivations(rows)
    assert readable.tolist() == [True, False, True, False]
    assert derivations_to_texts(EXPR, derivations) == ["x+1", SENTENCES[0]]
    assert np.array_equal(derivations, model.parse(["x+1", SENTENCES[0]]))
    nothing, readable = model.derivations(rows[1:2])
    assert (nothing.shape, readable.tolist()) == ((0, 8), [False])


def test_parsing_gives_padded_derivations_of_any_length(model):
    assert np.array_equal(model.parse(SENTENCES), DERIVATIONS)
    assert model.parse(["x", "1+1+1+1+1"]).shape == (2, 10)
    with pytest.raises(LisaError, match="not a sentence"):
        model.parse(["x", "x+"])


def test_a_path_leads_from_one_text_to_the_other(model):
    back = model.reconstructed(SENTENCES, model.codes(SENTENCES))
    first, second = np.array(SENTENCES)[back][:2].tolist()
    path = model.interpolate(first, second, 6)
    assert (len(path), path[0], path[-1]) == (6, first, second)


def test_an_evaluation_is_of_characters(model):
    found = evaluate_model(
        model,
        DERIVATIONS,
        DERIVATIONS,
        model.codes_of(DERIVATIONS).mean,
        {"gaussian": Gaussian().fit(model.codes_of(DERIVATIONS).mean)},
        draws=50,
        seed=1,
    )
    x = torch.from_numpy(TOKENIZER.rows(SENTENCES))
    known = reconstruction(model.net, model.method, x)
    assert found["reconstruction"]["rules"] == known.rules
    with torch.no_grad():
        same = torch.from_numpy(model.decode_rows(model.encode_rows(x))) == x
    assert known.exact == same.all(1).float().mean()
    inside = x != TOKENIZER.pad
    assert known.rules == pytest.approx((same & inside).sum() / inside.sum())
    assert 0 <= found["samples"]["gaussian"]["valid"] <= 1


def test_a_model_comes_back_from_its_run(run, model):
    loaded = load_model(run)
    assert isinstance(loaded, CharacterModel)
    assert loaded.architecture == ARCHITECTURE
    assert loaded.tokenizer == TOKENIZER
    codes = model.codes(SENTENCES, refine=False)
    np.testing.assert_array_equal(loaded.codes(SENTENCES, refine=False), codes)
    assert loaded.decode(codes) == model.decode(codes)


def test_a_model_on_derivations_is_not_what_such_a_run_holds(run):
    with pytest.raises(LisaError, match=r"was trained with --network characters, .* another"):
        GrammarModel.load(run)


def test_its_architecture_survives_json_with_its_alphabet():
    for architecture in (
        ARCHITECTURE,
        Architecture(
            network=CHARACTERS, dim=3, max_rules=9, method=VAE(2.0), seed=1, tokenizer=KUSNERS
        ),
    ):
        record = json.loads(json.dumps(architecture.to_json()))
        assert Architecture.from_json(record, "here") == architecture
        for broken in (None, {}, {"characters": "aa", "length": 9}, {"characters": "ab"}):
            with pytest.raises(LisaError, match="here does not describe a model"):
                Architecture.from_json({**record, "alphabet": broken}, "here")


@pytest.mark.parametrize("name", ["vae", "cv-vae", "rae-gp", "gmm-dae", "vq-vae"])
def test_other_methods_train_it(name):
    method = METHODS[name]()
    architecture = Architecture(
        network=CHARACTERS, dim=4, max_rules=8, method=method, seed=0, tokenizer=TOKENIZER
    )
    x = torch.from_numpy(TOKENIZER.rows(SENTENCES))
    torch.default_generator.manual_seed(0)
    before, after = (
        reconstruction(learn(architecture, steps).net, method, x).loss for steps in (1, 80)
    )
    assert after < before


def test_pseudo_inputs_are_no_texts():
    method = METHODS["vae-vampprior"]()
    with pytest.raises(LisaError, match="this network's examples are discrete"):
        Architecture(
            network=CHARACTERS, dim=4, max_rules=8, method=method, seed=0, tokenizer=TOKENIZER
        ).build(EXPR)
