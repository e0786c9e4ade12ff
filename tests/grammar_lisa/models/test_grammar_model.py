"""A trained model: text to codes, codes to text, and what a run must be to hold one."""

import dataclasses
import json
import math

import numpy as np
import pytest
import torch
from machines import texts as complete_texts
from small_grammars import ROOT

from grammar_lisa.grammar import load_grammar
from grammar_lisa.grammar.arrays import to_array
from grammar_lisa.grammar.sampling import enumerate_derivations, sample_uniform
from grammar_lisa.grammar.text import derivations_to_texts
from grammar_lisa.models.architecture import Architecture
from grammar_lisa.models.grammar_model import GrammarModel
from grammar_lisa.models.load import load_model
from grammar_lisa.models.names import GRAMMAR, TOOL
from grammar_lisa.models.networks import NETWORKS
from grammar_lisa.models.run import load_run_grammar
from shared.common.errors import LisaError
from shared.methods import LISA, VAE
from shared.methods.registry import METHODS
from shared.runs.run import CONFIG, MODEL, create_run, open_run
from shared.sphere.geometry import project, uniform

EXPR = load_grammar(ROOT / "grammars" / "expr.cfg")
ARCHITECTURE = Architecture(network="dense", dim=8, max_rules=15, method=LISA(0.1), seed=0)
DERIVATIONS = sample_uniform(EXPR, 60, 15, seed=0)
SENTENCES = derivations_to_texts(EXPR, DERIVATIONS)


@pytest.fixture(scope="module")
def model():
    """A model that has learnt its sixty sentences by heart."""
    net = ARCHITECTURE.build(EXPR)
    x = torch.from_numpy(to_array(DERIVATIONS, 15, len(EXPR.rules)))
    optimizer = torch.optim.Adam(net.parameters(), 5e-3)
    for _ in range(150):
        optimizer.zero_grad()
        sum(ARCHITECTURE.method.loss(net, x).values()).backward()
        optimizer.step()
    return GrammarModel(EXPR, ARCHITECTURE, net)


@pytest.fixture
def run(tmp_path, model):
    """A finished run that holds the model."""
    made = create_run(
        tmp_path / "run",
        {
            "tool": TOOL,
            "version": "0",
            "grammar": {"source": "expr.cfg", "sha256": EXPR.digest},
            "model": ARCHITECTURE.to_json(),
        },
    )
    made.write_text(GRAMMAR, EXPR.text)
    record = {"steps": 60, "model": ARCHITECTURE.to_json()}
    made.write_tensors(MODEL, model.net.state_dict(), record)
    return made


def change_config(run, change):
    config = json.loads((run.path / CONFIG).read_text())
    change(config)
    (run.path / CONFIG).write_text(json.dumps(config))
    return open_run(run.path, TOOL)


def test_sentences_come_back_from_their_codes(model):
    codes = model.codes(SENTENCES)
    assert codes.shape == (60, 8)
    assert codes.dtype == np.float32
    assert model.decode(codes) == SENTENCES
    assert model.decode(model.directions(codes)) == SENTENCES


def test_a_code_is_used_only_through_its_direction(model):
    codes = model.codes(SENTENCES).astype(np.float64)
    for scale in (1e-30, 0.3, 1e30):
        assert model.decode(scale * codes) == SENTENCES
    np.testing.assert_allclose(np.linalg.norm(model.directions(codes), axis=1), 1)
    np.testing.assert_allclose(
        model.directions(codes), codes / np.linalg.norm(codes, axis=1, keepdims=True)
    )


def test_white_space_does_not_matter_and_parsing_is_exact(model):
    rows = model.parse(SENTENCES)
    assert rows.tolist() == to_array(DERIVATIONS, 15, len(EXPR.rules)).tolist()
    spaced = [text.replace(")", " ) ").replace("(", "( ").replace("/", " / ") for text in SENTENCES]
    assert np.array_equal(model.codes(spaced), model.codes(SENTENCES))


def test_every_point_decodes_to_a_sentence(model):
    codes = uniform(2000, 8, 0).numpy()
    derivations = model.decode_rows(codes)
    assert derivations.shape == (2000, 15)
    assert len(complete_texts(EXPR, torch.from_numpy(derivations))) > 100
    assert model.decode(codes) == derivations_to_texts(EXPR, derivations)


def test_more_codes_than_a_chunk(model):
    codes = uniform(5000, 8, 1).numpy()
    together = model.decode(codes)
    assert len(together) == 5000
    assert together[4200:] == model.decode(codes[4200:])
    rows = model.parse(together)
    assert model.encode_rows(rows).shape == (5000, 8)


def test_draws_at_a_temperature_are_seeded(model):
    codes = uniform(300, 8, 0).numpy()
    first = model.decode(codes, temperature=2.0, seed=1)
    assert model.decode(codes, temperature=2.0, seed=1) == first
    assert model.decode(codes, temperature=2.0, seed=2) != first
    assert model.decode(codes, temperature=2.0, seed=1) != model.decode(codes)
    assert model.decode(codes, seed=1) == model.decode(codes, seed=2)


def test_beams_find_sentences_at_least_as_likely_as_the_likeliest_rules(model):
    codes = uniform(40, 8, seed=3).numpy()
    decoded = model.net.decode(torch.from_numpy(codes).float())
    one, many = (torch.from_numpy(model.decode_rows(codes, beams=width)) for width in (1, 64))
    with torch.no_grad():
        gains = model.net.reconstruction_loss(one, decoded) - model.net.reconstruction_loss(
            many, decoded
        )
    assert gains.min() > -1e-4
    assert gains.max() > 0.1
    complete_texts(EXPR, many)


def test_no_sentences_have_no_codes(model):
    assert model.codes([]).shape == (0, 8)


def test_a_path_leads_from_one_sentence_to_the_other(model):
    first, second = SENTENCES[:2]
    path = model.interpolate(first, second, 30)
    assert len(path) == 30
    assert (path[0], path[-1]) == (first, second)
    model.parse(path)
    assert model.interpolate(first, second, 2) == [first, second]


@pytest.mark.parametrize("shape", [(8,), (3, 7), (3, 9), (2, 3, 8), (), (0,), (3, 0)])
def test_codes_of_another_shape_are_refused(model, shape):
    with pytest.raises(LisaError, match=r"codes must have the shape \[n, 8\] of this model, not"):
        model.decode(np.ones(shape))


def test_no_codes_at_all_are_refused(model):
    with pytest.raises(LisaError, match="there are no codes to decode"):
        model.decode(np.ones((0, 8)))


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_codes_that_are_not_finite_are_refused(model, value):
    codes = np.ones((5, 8))
    codes[3, 2] = value
    with pytest.raises(LisaError, match="code 4 is not finite"):
        model.decode(codes)


def test_the_zero_code_and_the_largest_have_a_sentence_too(model):
    codes = np.zeros((3, 8))
    codes[1] = 1e308
    codes[2, 5] = 5e-324
    model.parse(model.decode(codes))
    assert np.isfinite(model.directions(codes)).all()


def test_text_that_is_no_sentence_is_refused(model):
    with pytest.raises(LisaError, match="not a sentence of") as caught:
        model.codes(["x", "x+*1"])
    assert "    x+*1\n      ^" in str(caught.value)
    with pytest.raises(LisaError, match=r"needs 16 rules; .* 15 \(train with --max-rules 16"):
        model.codes(["x", "+".join("x" * 8), "1+1+1+1+1+1+1+1"])


def test_a_model_comes_back_from_its_run(run, model):
    loaded = GrammarModel.load(open_run(run.path, TOOL))
    assert loaded.architecture == ARCHITECTURE
    assert loaded.dim == 8
    assert loaded.grammar.rules == EXPR.rules
    assert not loaded.net.training
    assert np.array_equal(loaded.codes(SENTENCES), model.codes(SENTENCES))
    assert loaded.decode(uniform(100, 8, 0).numpy()) == model.decode(uniform(100, 8, 0).numpy())


def test_the_model_of_a_run_on_derivations_decodes_derivations(run, model):
    loaded = load_model(open_run(run.path, TOOL))
    assert isinstance(loaded, GrammarModel)
    assert loaded.decode(model.codes(SENTENCES)) == SENTENCES


def test_an_unfinished_run_says_how_to_go_on(run):
    (run.path / MODEL).unlink()
    with pytest.raises(LisaError, match=r"not finished; go on with it: .* train --resume .*run"):
        GrammarModel.load(run)


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text + "# harmless\n",
        lambda text: text.replace("'x'", "'y'"),
        lambda text: text.replace("\n", "\r\n"),
    ],
)
def test_a_changed_grammar_is_refused(run, change):
    path = run.path / GRAMMAR
    path.write_bytes(change(EXPR.text).encode())
    with pytest.raises(LisaError, match=r"grammar\.cfg was changed since the training"):
        GrammarModel.load(run)


def test_a_grammar_that_is_missing_or_damaged_is_refused(run):
    path = run.path / GRAMMAR
    for damage in (lambda: path.write_bytes(b"\xff\xfe"), lambda: path.write_text("S -> ")):
        damage()
        with pytest.raises(LisaError):
            load_run_grammar(run)
    path.unlink()
    with pytest.raises(LisaError, match=r"cannot read .*grammar\.cfg"):
        GrammarModel.load(run)


@pytest.mark.parametrize(
    "change",
    [
        lambda config: config.pop("model"),
        lambda config: config.update(model=None),
        lambda config: config.update(model=[1]),
        lambda config: config["model"].pop("dim"),
        lambda config: config["model"].update(network="transformer"),
        lambda config: config["model"].update(network=["dense"]),
        lambda config: config["model"].update(network="kusner"),
        lambda config: config["model"].update(dim=9),
        lambda config: config["model"].update(dim=1),
        lambda config: config["model"].update(dim="many"),
        lambda config: config["model"].update(dim=math.inf),
        lambda config: config["model"].update(max_rules=14),
        lambda config: config["model"].update(max_rules=1),
        lambda config: config["model"].update(max_rules=None),
        lambda config: config["model"].update(method="lisa"),
        lambda config: config["model"].update(method={"name": "vae"}),
        lambda config: config["model"]["method"].pop("name"),
        lambda config: config["model"]["method"].update(temperature=1),
        lambda config: config["model"]["method"].update(uniformity_weight=3.0),
        lambda config: config["model"]["method"].update(uniformity_t=-1),
        lambda config: config["model"]["method"].update(uniformity_t="two"),
        lambda config: config.pop("grammar"),
        lambda config: config.update(grammar="expr.cfg"),
        lambda config: config["grammar"].pop("sha256"),
        lambda config: config["grammar"].update(sha256="0" * 64),
    ],
)
def test_a_changed_configuration_is_refused(run, change):
    changed = change_config(run, change)
    with pytest.raises(LisaError):
        GrammarModel.load(changed)


def test_a_damaged_model_is_refused(run):
    path = run.path / MODEL
    content = path.read_bytes()
    for length in (0, 7, 100, len(content) // 2, len(content) - 1):
        path.write_bytes(content[:length])
        with pytest.raises(LisaError, match=r"model\.safetensors is damaged"):
            GrammarModel.load(run)
    path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    with pytest.raises(LisaError, match=r"model\.safetensors is not as it was written"):
        GrammarModel.load(run)


def test_weights_of_another_net_are_refused(run):
    other = dataclasses.replace(ARCHITECTURE, dim=9).build(EXPR)
    run.write_tensors(MODEL, other.state_dict(), {"model": ARCHITECTURE.to_json()})
    with pytest.raises(LisaError, match=r"model\.safetensors does not fit this network"):
        GrammarModel.load(run)


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("method", [LISA(0.3, 1.5), *(kind() for kind in METHODS.values())])
def test_an_architecture_survives_json(network, method):
    architecture = Architecture(network=network, dim=5, max_rules=12, method=method, seed=2**62)
    record = json.loads(json.dumps(architecture.to_json()))
    assert Architecture.from_json(record, "here") == architecture
    with pytest.raises(LisaError, match="here does not describe a model of this version"):
        Architecture.from_json({**record, "network": "none"}, "here")


def test_codes_of_one_number_make_no_sphere():
    with pytest.raises(LisaError, match=r"the code size must be from 2 to \d+, not 1"):
        dataclasses.replace(ARCHITECTURE, dim=1).build(EXPR)


def test_codes_are_refined_until_sentences_come_back(model):
    derivations = to_array(list(enumerate_derivations(EXPR, 6))[:60], 15, len(EXPR.rules))
    codes = model.encode_rows(derivations)
    found = model.refine(derivations, codes)
    refined, exact = found.codes, found.exact
    assert np.array_equal((model.decode_rows(refined) == derivations).all(1), exact)
    already = (model.decode_rows(codes) == derivations).all(1)
    assert already.sum() < exact.sum()
    assert np.array_equal(refined[already], codes[already])
    assert np.array_equal(model.refine(derivations, codes).codes, refined)
    unmoved = model.refine(derivations, codes, steps=0).codes
    assert np.array_equal(unmoved, codes)


def test_encoding_refines_unless_told_not_to(model):
    texts = derivations_to_texts(EXPR, list(enumerate_derivations(EXPR, 4)))
    plain = model.encode_rows(model.parse(texts))
    assert np.array_equal(model.codes(texts, refine=False), plain)
    right = [a == b for a, b in zip(model.decode(plain), texts, strict=True)]
    refined = [a == b for a, b in zip(model.decode(model.codes(texts)), texts, strict=True)]
    assert sum(right) < sum(refined)


def untrained(method):
    """A model of a method with the weights it begins with."""
    architecture = Architecture(network="dense", dim=8, max_rules=15, method=method, seed=0)
    return GrammarModel(EXPR, architecture, architecture.build(EXPR))


def test_codes_of_derivations_have_deviations_where_the_method_has():
    derivations = to_array(DERIVATIONS, 15, len(EXPR.rules))
    assert untrained(LISA()).codes_of(derivations).posterior_std is None
    model = untrained(VAE())
    codes = model.codes_of(derivations)
    assert codes.mean.dtype == codes.posterior_std.dtype == np.float64
    with torch.no_grad():
        parameters = model.net.encode(torch.from_numpy(derivations)).double().numpy()
    np.testing.assert_array_equal(codes.mean, parameters[:, :8])
    np.testing.assert_array_equal(codes.mean, model.encode_rows(derivations))
    np.testing.assert_allclose(codes.posterior_std, np.exp(parameters[:, 8:] / 2), rtol=1e-5)


@pytest.mark.parametrize("name", ["vae", "lisa"])
def test_the_decoder_of_a_spherical_method_sees_directions_and_of_others_codes(name):
    model = untrained(METHODS[name]())
    codes = 3 * np.random.default_rng(0).standard_normal((20, 8))
    expected = project(torch.from_numpy(codes)).numpy() if name == "lisa" else codes
    np.testing.assert_array_equal(model.directions(codes), expected)
    with torch.no_grad():
        seen = model.net.decode(torch.from_numpy(expected).float())
        rows = model.net.mask.decode(seen).numpy()
    np.testing.assert_array_equal(model.decode_rows(codes), rows)


@pytest.mark.parametrize("name", ["vae", "lisa"])
def test_a_path_is_an_arc_for_spherical_methods_and_straight_for_others(name, monkeypatch):
    model = untrained(METHODS[name]())
    ends, seen = model.codes(["x", "sin(1)"], refine=False), []
    monkeypatch.setattr(model, "codes", lambda texts, **_: ends)
    monkeypatch.setattr(model, "decode", seen.append)
    model.interpolate("x", "sin(1)", 5)
    (path,) = seen
    if name == "vae":
        along = np.linspace(0, 1, 5)[:, None]
        np.testing.assert_allclose(path, (1 - along) * ends[0] + along * ends[1], atol=1e-6)
    else:
        np.testing.assert_allclose(np.linalg.norm(path, axis=1), 1)
        gaps = np.linalg.norm(np.diff(path, axis=0), axis=1)
        np.testing.assert_allclose(gaps, gaps[0])
        np.testing.assert_allclose(path[[0, -1]], model.directions(ends))


def test_what_is_decoded_is_told_from_what_was_asked(model):
    codes = model.codes(SENTENCES[:4])
    asked = [SENTENCES[0], SENTENCES[3], *SENTENCES[2:4]]
    assert model.reconstructed(asked, codes).tolist() == [True, False, True, True]
    assert model.sentences(codes) == SENTENCES[:4]
    assert model.valid(SENTENCES).all()
