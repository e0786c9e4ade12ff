"""Sentences as a search holds them: read, encoded and taken apart once."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from small_models import EXPR, untrained
from small_searches import COMMANDS, X, learnt, reader_of

from grammar_lisa.expressions.language import PlainText
from grammar_lisa.grammar.sampling import sample_uniform
from grammar_lisa.grammar.text import derivations_to_texts, is_sentence
from grammar_lisa.models.names import CHARACTERS
from grammar_lisa.optimize.features import NOTHING, monomial_columns, subtrees_and_steps
from grammar_lisa.optimize.sentences import InputLayout
from shared.common.errors import LisaError
from shared.methods.registry import METHODS

TEXTS = ["x+1", "1+x", "sin(x)*x", "x/x", "(x)", "2*x*x+x"]


@pytest.fixture(scope="module")
def reader(model):
    return reader_of(model)


def test_columns_are_shared_out_without_gap_or_overlap():
    layout = InputLayout(3, 5, 16)
    columns = layout.direction + layout.subtrees + layout.rules + layout.monomials
    assert columns == tuple(range(3 + 5 + 5 + 32))
    assert [len(layout.direction), len(layout.subtrees)] == [3, 5]


def test_what_is_read_stands_where_the_layout_says(reader, model):
    found = reader.read(TEXTS)
    layout, derivations = reader.layout, model.parse(TEXTS)
    inputs = found.inputs.numpy()
    assert found.inputs.dtype == torch.float64
    assert found.texts == TEXTS
    assert len(found) == len(TEXTS)
    assert np.array_equal(found.derivations, derivations)
    directions = model.directions(model.codes(TEXTS, refine=False))
    assert np.allclose(inputs[:, layout.direction], directions)
    assert torch.equal(found.points, found.inputs[:, : model.dim])
    subtrees, steps = subtrees_and_steps(model.grammar, derivations)
    assert np.array_equal(inputs[:, layout.subtrees], subtrees)
    assert np.array_equal(inputs[:, layout.rules], steps)
    monomials = monomial_columns(X.canonical_forms(TEXTS).monomials, layout.n_monomials)
    assert np.array_equal(inputs[:, layout.monomials], monomials)
    assert found.inputs.shape[1] == layout.monomials[-1] + 1


def test_a_sentence_is_encoded_and_compared_by_its_canonical_text(reader, model):
    texts = ["x*1+1", "(1)+x", "sin(x)*x", "x/x"]
    canonical = replace(reader, canonical=True)
    found, own = canonical.read(texts), reader.read(["1+x", "1+x", "x*sin(x)", "x/x"])
    assert torch.equal(found.inputs, own.inputs)
    assert found.texts == texts
    assert np.array_equal(found.derivations, model.parse(texts))
    assert not torch.equal(found.inputs, reader.read(texts).inputs)


@pytest.mark.parametrize(
    ("grammar", "max_rules", "texts"),
    [
        ("S -> 'x' '+' '1' | 'x' '*' '1'", 4, ["x+1", "x*1"]),
        ("S -> 'x' '*' '2' | T '*' 'x'\nT -> '2' | '3'", 1, ["x*2"]),
    ],
)
def test_what_has_no_canonical_text_for_a_model_is_encoded_as_it_is(grammar, max_rules, texts):
    model = untrained(grammar, max_rules)
    reader = reader_of(model)
    found = replace(reader, canonical=True).read(texts)
    assert torch.equal(found.inputs, reader.read(texts).inputs)


def test_equal_expressions_have_equal_keys_and_monomials(reader):
    found = reader.read(TEXTS)
    assert found.hashes[0] == found.hashes[1]
    assert len(set(found.hashes.tolist())) == len(TEXTS) - 1
    sums = found.inputs[:, list(reader.layout.monomials)]
    assert torch.equal(*(row.sort().values for row in sums[:2]))
    assert found.readable.all()


def test_of_plain_text_nothing_is_known_beyond_it():
    model = untrained(COMMANDS, 10)
    reader = reader_of(model, PlainText())
    found = reader.read(["stop", "go left", "go left then stop", "stop"])
    assert found.hashes[0] == found.hashes[3]
    assert len(set(found.hashes.tolist())) == 3
    assert found.readable.all()
    sums = found.inputs[:, list(reader.layout.monomials)]
    assert (sums[:, : reader.layout.n_monomials] == NOTHING).all()


def test_what_is_no_expression_is_not_readable():
    reader = reader_of(untrained("S -> 'x' | 'x' '+' | S '+' 'x'", 5), X)
    assert reader.read(["x", "x+", "x+x"]).readable.tolist() == [True, False, True]


def test_derivations_are_described_as_their_texts_are_read(reader, model):
    read, described = reader.read(TEXTS), reader.describe(model.parse(TEXTS))
    assert described.texts == TEXTS
    assert torch.equal(described.inputs, read.inputs)
    assert np.array_equal(described.hashes, read.hashes)


def test_each_sentence_is_described_by_itself(reader):
    whole = reader.read(TEXTS).inputs
    alone = torch.cat([reader.read([text]).inputs for text in TEXTS])
    assert torch.allclose(whole, alone, atol=1e-6)


def test_rows_are_chosen_and_joined(reader):
    found = reader.read(TEXTS)
    joined = found.rows(np.array([4, 1])) + found.rows(np.array([0, 2, 3, 5]))
    order = np.array([4, 1, 0, 2, 3, 5])
    assert joined.texts == [TEXTS[row] for row in order]
    assert torch.equal(joined.inputs, found.inputs[order])
    assert np.array_equal(joined.derivations, found.derivations[order])
    assert np.array_equal(joined.hashes, found.hashes[order])
    assert np.array_equal(joined.readable, found.readable[order])


def test_no_sentences_are_sentences_too(reader, model):
    for nothing in (reader.read([]), reader.describe(model.parse(TEXTS)[:0])):
        assert len(nothing) == 0
        assert nothing.points.shape == (0, model.dim)
        assert (nothing + reader.read(TEXTS)).texts == TEXTS


def test_points_decode_to_whole_sentences_each_once(reader, model):
    points = reader.space.sample(300, torch.Generator().manual_seed(0))
    found = reader.decode(points)
    assert found.shape[1] == model.architecture.max_rules
    assert all(is_sentence(model.grammar, row) for row in found)
    assert len(np.unique(found, axis=0)) == len(found)
    assert set(reader.write(found)) == set(model.decode(points.numpy()))


@pytest.mark.parametrize("method", ["lisa", "vae"])
def test_what_points_decode_to_is_reproduced_and_nothing_else(trained, sentences, method):
    reader = reader_of(trained(method), X, () if method == "lisa" else sentences)
    grammar = reader.model.grammar
    others = derivations_to_texts(grammar, sample_uniform(grammar, 40, 6, 1))
    rows = reader.model.parse([*sentences, *others])
    expected = [np.array_equal(reader.decode(reader.points(row[None])), row[None]) for row in rows]
    assert len(set(expected)) == 2
    assert reader.reproduced(rows).tolist() == expected


def test_what_is_no_sentence_or_too_long_is_refused(reader):
    with pytest.raises(LisaError, match="not a sentence"):
        reader.read(["x", "x+y"])
    with pytest.raises(LisaError, match=r"'1\+1\+.*at most 12"):
        reader.read(["x", "1+" * 20 + "1"])


@pytest.fixture
def spelling(sentences):
    """A reader of a model of characters for sentences of up to six rules."""
    model = learnt(EXPR, sentences, 6, 4, METHODS["ae"](), CHARACTERS, steps=0)
    return reader_of(model, X, sentences)


LONG = "x+x+x+x+1"


def say(model, texts, monkeypatch):
    """Let a model decode to some texts."""
    monkeypatch.setattr(model, "decode_rows", lambda codes: model.rows(texts))


def test_of_characters_only_sentences_that_fit_are_decoded(spelling, monkeypatch):
    assert len(spelling.model.parser.parse(LONG)) > spelling.model.architecture.max_rules
    say(spelling.model, ["x+", "x*x", ")", LONG, "x*x", "1/x"], monkeypatch)
    six = spelling.model.parse(["x", "x*x", "1", "2", "x+x", "1/x"])[:, :6]
    assert spelling.reproduced(six).tolist() == [False, True, False, False, False, True]
    found = spelling.decode(spelling.space.sample(6, torch.Generator()))
    assert sorted(spelling.write(found)) == ["1/x", "x*x"]
    assert found.shape[1] == spelling.model.architecture.max_rules


def test_of_characters_that_say_nothing_nothing_is_decoded(spelling, monkeypatch):
    say(spelling.model, ["x+", LONG], monkeypatch)
    found = spelling.decode(spelling.space.sample(2, torch.Generator()))
    assert found.shape == (0, spelling.model.architecture.max_rules)


def test_a_sentence_of_characters_that_is_too_long_is_refused(spelling):
    with pytest.raises(
        LisaError, match=r"'x\+x\+x\+x\+1' needs 10 rules; this model was trained for at most 6"
    ):
        spelling.read(["x", LONG])


def test_a_network_of_characters_cannot_read_what_has_others_or_too_many(spelling, reader):
    tokenizer = spelling.model.architecture.tokenizer
    assert spelling.fits("x" * tokenizer.length)
    assert not spelling.fits("x" * (tokenizer.length + 1))
    assert not spelling.fits("y")
    assert reader.fits("y")
