"""A trained run as an object: codes, images, samplers, and what it refuses."""

import json
import shutil

import numpy as np
import pytest
import torch
from small_runs import DIM, architecture_of, digits, finished, started
from tools import edit

from image_lisa.models.architecture import Architecture, run_architecture
from image_lisa.models.model import ImageModel
from image_lisa.models.names import LARGEST_DIM, LAST
from shared.common.errors import LisaError
from shared.methods import LISA, VAE, VQVAE
from shared.methods.registry import METHODS
from shared.runs.expost import SAMPLERS, load_samplers, save_samplers
from shared.runs.run import CONFIG, MODEL, open_run
from shared.runs.tensors import read_tensors, write_tensors
from shared.samplers import Gaussian, Projected
from shared.sphere.geometry import project


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    """A run by LISA; not to be changed."""
    return finished(tmp_path_factory.mktemp("model") / "lisa")


@pytest.fixture(scope="module")
def variational(tmp_path_factory):
    return finished(tmp_path_factory.mktemp("model") / "vae", VAE())


@pytest.fixture
def copy(done, tmp_path):
    """A copy of the run, to be changed at will."""
    shutil.copytree(done[0].path, tmp_path / "copy")
    return open_run(tmp_path / "copy", "image-lisa")


def edited(run, *keys, value):
    edit(run.path / CONFIG, *keys, value=value)
    return open_run(run.path, "image-lisa")


@pytest.mark.parametrize("name", METHODS)
def test_an_architecture_comes_back_from_its_record(name):
    one = architecture_of(METHODS[name]())
    record = json.loads(json.dumps(one.to_json()))
    assert Architecture.from_json(record, "here") == one


@pytest.mark.parametrize(
    "change",
    [
        {"network": "wide"},
        {"network": []},
        {"shape": [1, 8]},
        {"shape": 8},
        {"shape": ["a", 8, 8]},
        {"dim": "many"},
        {"dim": None},
        {"dim": float("inf")},
        {"method": "lisa"},
        {"method": {}},
        {"method": {"name": "liza"}},
        {"method": {"name": []}},
        {"method": {"name": "lisa", "weight": 1}},
        {"method": {"name": "lisa", "uniformity_t": "hot"}},
        {"seed": []},
    ],
    ids=str,
)
def test_a_record_that_describes_no_model_is_refused(change):
    record = architecture_of().to_json() | change
    with pytest.raises(LisaError, match="here does not describe a model of this version"):
        Architecture.from_json(record, "here")


@pytest.mark.parametrize("record", [{}, [], None, "x", 3])
def test_a_record_of_another_kind_is_refused(record):
    with pytest.raises(LisaError, match="here does not describe a model of this version"):
        Architecture.from_json(record, "here")


def test_a_hyperparameter_out_of_its_range_is_named():
    record = architecture_of().to_json()
    record["method"]["uniformity_t"] = -1.0
    with pytest.raises(LisaError, match="uniformity-t must be at least"):
        Architecture.from_json(record, "here")


@pytest.mark.parametrize("dim", [-1, 0, 1, LARGEST_DIM + 1, 10**9])
def test_senseless_code_sizes_are_refused(dim):
    with pytest.raises(LisaError, match=f"the code size must be from 2 to 1024, not {dim}"):
        Architecture(network="light", shape=(1, 8, 8), dim=dim, method=LISA(), seed=0).build()


def test_a_method_chooses_the_width_and_adds_its_parts():
    assert architecture_of(VAE()).build().encoder[-1].out_features == 2 * DIM
    assert architecture_of(LISA()).build().encoder[-1].out_features == DIM
    net = architecture_of(VQVAE()).build()
    assert list(net.parts)
    first, again = (architecture_of(VQVAE()).build().state_dict() for _ in range(2))
    assert all(torch.equal(first[name], again[name]) for name in first)


def test_a_loaded_model_is_the_trained_one(done):
    run, model, _ = done
    again = ImageModel.load(open_run(run.path, "image-lisa"))
    assert not again.net.training
    assert again.architecture == model.architecture == run_architecture(run)
    weights, _ = run.read_tensors(MODEL)
    for name, value in again.net.state_dict().items():
        assert torch.equal(value, weights[name])
    x = digits().test[:20]
    assert torch.equal(again.reconstruct(x), model.reconstruct(x))
    assert again.device == torch.device("cpu")


def test_the_last_weights_can_be_loaded_too(done):
    run, model, _ = done
    last = ImageModel.load(run, name=LAST)
    weights, record = run.read_tensors(LAST)
    assert weights.keys() == last.net.state_dict().keys()
    assert all(torch.equal(last.net.state_dict()[name], weights[name]) for name in weights)
    assert record["epoch"] == 3
    assert record["model"] == model.architecture.to_json()


def test_a_training_that_did_not_finish_says_how_to_go_on(tmp_path):
    run, *_ = started(tmp_path / "run")
    with pytest.raises(LisaError, match=rf"go on with it: image-lisa train --resume {run.path}"):
        ImageModel.load(run)


@pytest.mark.parametrize(
    ("keys", "value"),
    [
        (("model", "dim"), 5),
        (("model", "shape"), [1, 16, 16]),
        (("model", "network"), "paper"),
        (("model", "method"), {"name": "ae-sphere"}),
        (("model", "method", "uniformity_weight"), 2.0),
        (("model", "seed"), 3),
        (("model", "shape"), [1, 10**6, 10**6]),
    ],
    ids=str,
)
def test_a_changed_configuration_is_refused(copy, keys, value):
    with pytest.raises(LisaError, match=r"config\.json was changed since the training"):
        ImageModel.load(edited(copy, *keys, value=value))


def test_a_configuration_without_a_model_is_refused(copy):
    with pytest.raises(LisaError, match=r"config\.json does not describe a model"):
        ImageModel.load(edited(copy, "model", value=[]))


def test_weights_of_another_network_are_refused(copy):
    weights, record = read_tensors(copy.path / MODEL)
    weights["other"] = weights.pop(next(iter(weights)))
    write_tensors(copy.path / MODEL, weights, record)
    with pytest.raises(LisaError, match=r"model\.safetensors does not fit this network"):
        ImageModel.load(copy)


def test_damaged_weights_are_refused(copy):
    path = copy.path / MODEL
    content = path.read_bytes()
    path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    with pytest.raises(LisaError, match=r"model\.safetensors is not as it was written"):
        ImageModel.load(copy)


def test_codes_are_what_the_method_encodes_however_many_at_once(done, monkeypatch):
    _, model, _ = done
    x = digits().test[:37]
    whole = model.codes(x)
    assert whole.mean.shape == (37, DIM)
    assert whole.mean.dtype == np.float64
    assert whole.posterior_std is None
    with torch.no_grad():
        plain = model.method.encode(model.net, x.float() / 255)
    np.testing.assert_allclose(whole.mean, plain.numpy(), rtol=1e-5, atol=1e-6)
    monkeypatch.setattr(model, "at_once", 5)
    np.testing.assert_allclose(model.codes(x).mean, whole.mean, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(model.codes(x.float() / 255).mean, whole.mean, rtol=1e-5, atol=1e-6)


def test_variational_codes_have_a_spread(variational, monkeypatch):
    _, model, _ = variational
    monkeypatch.setattr(model, "at_once", 8)
    x = digits().test[:21]
    codes = model.codes(x)
    assert codes.mean.shape == codes.posterior_std.shape == (21, DIM)
    with torch.no_grad():
        parameters = model.net.encode(x.float() / 255).double()
    np.testing.assert_allclose(codes.mean, parameters[:, :DIM], rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(codes.posterior_std, (parameters[:, DIM:] / 2).exp(), rtol=1e-4)


def test_codes_and_images_leave_no_gradient_and_no_draws(variational):
    _, model, _ = variational
    before = torch.get_rng_state()
    x = digits().test[:3]
    first, again = model.reconstruct(x), model.reconstruct(x)
    assert torch.equal(first, again)
    assert torch.equal(torch.get_rng_state(), before)
    assert not first.requires_grad


def test_decoded_codes_pass_the_interface(done, monkeypatch):
    _, model, _ = done
    codes = np.random.default_rng(0).standard_normal((23, DIM))
    images = model.decode(codes)
    assert images.shape == (23, 1, 8, 8)
    assert 0 <= images.min() < images.max() <= 1
    np.testing.assert_allclose(model.decode(7.5 * codes), images, atol=1e-6)
    with torch.no_grad():
        u = project(torch.from_numpy(codes)).float()
        np.testing.assert_allclose(model.net.decode(u), images, atol=1e-6)
    monkeypatch.setattr(model, "at_once", 4)
    np.testing.assert_allclose(model.decode(codes), images, atol=1e-6)
    np.testing.assert_allclose(model.decode(torch.from_numpy(codes)), images, atol=1e-6)
    np.testing.assert_allclose(model.decode(codes.tolist()), images, atol=1e-6)


def test_no_codes_are_no_images(done):
    assert done[1].decode(np.empty((0, DIM))).shape == (0, 1, 8, 8)


@pytest.mark.parametrize("shape", [(DIM,), (2, DIM + 1), (2, DIM, 1), (0,)], ids=str)
def test_codes_of_another_shape_are_refused(done, shape):
    words = rf"the shape \[n, {DIM}\] of this model, not \[{', '.join(map(str, shape))}\]"
    with pytest.raises(LisaError, match=words):
        done[1].decode(np.ones(shape))


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_codes_that_are_not_finite_are_refused(done, bad):
    codes = np.ones((3, DIM))
    codes[1, 2] = bad
    with pytest.raises(LisaError, match="not finite"):
        done[1].decode(codes)


def test_reconstruction_losses_are_half_the_squares_of_what_comes_back(variational):
    _, model, _ = variational
    x = digits().test[:30]
    losses = model.reconstruction_losses(x)
    assert losses.dtype == torch.float64
    expected = ((x.double() / 255 - model.reconstruct(x).double()) ** 2).sum((1, 2, 3)) / 2
    torch.testing.assert_close(losses, expected, rtol=1e-5, atol=1e-6)
    means = torch.from_numpy(model.codes(x).mean)
    torch.testing.assert_close(model.decode(means), model.reconstruct(x), rtol=1e-4, atol=1e-5)


def test_samplers_come_back(done):
    run, model, samplers = done
    again = load_samplers(run)
    assert list(again) == list(samplers)
    for name, sampler in samplers.items():
        draws = sampler.sample(7, seed=1)
        np.testing.assert_array_equal(again[name].sample(7, seed=1), draws)
        np.testing.assert_allclose(np.linalg.norm(draws, axis=1), 1)
        assert again[name].notes == sampler.notes
        assert model.decode(draws).shape == (7, 1, 8, 8)


def test_a_sampler_within_a_sampler_keeps_its_arrays_apart(copy):
    codes = np.random.default_rng(0).standard_normal((50, DIM))
    samplers = {"one": Projected(Gaussian()).fit(codes), "two": Gaussian().fit(3 + codes)}
    save_samplers(copy, samplers)
    again = load_samplers(copy)
    for name, sampler in samplers.items():
        np.testing.assert_array_equal(again[name].sample(5, 0), sampler.sample(5, 0))


def rewritten(run, change):
    tensors, record = read_tensors(run.path / SAMPLERS)
    tensors, record = change(tensors, record)
    write_tensors(run.path / SAMPLERS, tensors, record)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda t, r: (t, {}), r"samplers\.safetensors names no samplers"),
        (lambda t, r: (t, {"names": "gmm"}), r"samplers\.safetensors names no samplers"),
        (lambda t, r: (t, {"names": ["uniform"]}), "holds an array of no sampler: "),
        (lambda t, r: ({}, r), "lacks the array 'kind'"),
        (
            lambda t, r: ({n: v for n, v in t.items() if n != "uniform.dim"}, r),
            "lacks the array 'dim'",
        ),
    ],
    ids=["no names", "one name", "too few names", "no arrays", "an array less"],
)
def test_a_file_of_something_else_holds_no_samplers(copy, change, words):
    rewritten(copy, change)
    with pytest.raises(LisaError, match=words):
        load_samplers(copy)


def test_damaged_samplers_are_named(copy):
    path = copy.path / SAMPLERS
    content = path.read_bytes()
    for spoilt in (content[:-9], b"", content[:-1] + bytes([content[-1] ^ 1])):
        path.write_bytes(spoilt)
        with pytest.raises(LisaError, match=r"samplers\.safetensors"):
            load_samplers(copy)
    path.unlink()
    with pytest.raises(LisaError, match=r"there is no file .*samplers\.safetensors"):
        load_samplers(copy)
