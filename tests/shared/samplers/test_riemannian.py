import json

import numpy as np
import pytest
import safetensors.numpy
import torch
from small_nets import Vectors, vectors

from shared.common.errors import LisaError
from shared.methods.base import Codes
from shared.methods.geometric import GeoVAE
from shared.methods.sampling import fit_sampler, sampler_names
from shared.samplers import Riemannian, StandardNormal, sampler_from_state
from shared.samplers.riemannian import LEAST_DEVIATION, STARTS, Metric


def blobs(n=300, dim=3, seed=0):
    generator = np.random.default_rng(seed)
    centres = 2 * generator.standard_normal((4, dim))
    return centres[generator.integers(4, size=n)] + 0.3 * generator.standard_normal((n, dim))


def spread_of(codes, seed=1, size=0.4):
    generator = np.random.default_rng(seed)
    return size * np.exp(0.3 * generator.standard_normal(codes.shape))


def fitted(codes=None, size=0.4, **settings):
    codes = blobs() if codes is None else codes
    settings = {"centroids": 6, "steps": 10} | settings
    return Riemannian(spread_of(codes, size=size), **settings).fit(codes)


def a_metric(dim=3, temperature=1.7, regularisation=0.05):
    generator = np.random.default_rng(5)
    centroids = generator.standard_normal((4, dim)) + 3
    deviations = np.exp(0.5 * generator.standard_normal((4, dim)))
    tensors = torch.from_numpy(centroids), torch.from_numpy(deviations)
    return Metric(*tensors, temperature, regularisation), centroids, deviations


def plain_log_volume(z, centroids, deviations, temperature, regularisation):
    """log √det G by whole matrices."""
    matrix = regularisation * np.eye(len(z))
    for mean, deviation in zip(centroids, deviations, strict=True):
        inverse = np.linalg.inv(np.diag(deviation**2))
        distance = (z - mean) @ inverse @ (z - mean)
        matrix += inverse * np.exp(-distance / temperature**2)
    return 0.5 * np.linalg.slogdet(matrix)[1]


@pytest.mark.parametrize(("temperature", "regularisation"), [(1.7, 0.05), (0.4, 1.0)])
def test_the_volume_is_that_of_whole_matrices(temperature, regularisation):
    metric, *given = a_metric(3, temperature, regularisation)
    z = np.random.default_rng(2).standard_normal((8, 3)) + 3
    found = metric.log_volume(torch.from_numpy(z))
    expected = [plain_log_volume(row, *given, temperature, regularisation) for row in z]
    np.testing.assert_allclose(found, expected, rtol=1e-10)


def test_the_slope_is_the_gradient():
    metric, *given = a_metric(3, 1.7, 0.05)
    centroids, deviations = map(torch.from_numpy, given)
    z = torch.from_numpy(np.random.default_rng(2).standard_normal((8, 3)) + 3).requires_grad_()
    distances = (((z[:, None] - centroids) / deviations) ** 2).sum(-1)
    diagonal = torch.exp(-distances / 1.7**2) @ deviations**-2 + 0.05
    (expected,) = torch.autograd.grad(0.5 * diagonal.log().sum(), z)
    torch.testing.assert_close(metric.slope(z.detach()), expected)
    assert expected.abs().max() > 0.1


def test_draws_follow_the_volume_within_the_box():
    generator = np.random.default_rng(3)
    codes = generator.uniform(-1.5, 1.5, (400, 2))
    sampler = Riemannian(
        np.full_like(codes, 0.5),
        centroids=3,
        temperature=1.0,
        regularisation=0.5,
        steps=60,
        leapfrog=10,
        step_size=0.08,
    ).fit(codes)
    state = sampler.state()
    draws = sampler.sample(8000, seed=1)
    low, high = state["box"]
    np.testing.assert_allclose([low, high], [codes.min(0), codes.max(0)])
    assert (draws >= low).all()
    assert (draws <= high).all()

    fine, bins = 20, 5
    edges = [np.linspace(low[axis], high[axis], bins + 1) for axis in (0, 1)]
    middles = [
        low[axis] + (np.arange(bins * fine) + 0.5) / (bins * fine) * (high - low)[axis]
        for axis in (0, 1)
    ]
    grid = np.stack(np.meshgrid(*middles, indexing="ij"), -1).reshape(-1, 2)
    given = state["centroids"], state["deviations"], 1.0, 0.5
    density = np.exp([plain_log_volume(z, *given) for z in grid])
    mass = density.reshape(bins, fine, bins, fine).sum((1, 3))
    mass /= mass.sum()
    counts = np.histogram2d(draws[:, 0], draws[:, 1], bins=edges)[0]
    deviations = (counts - 8000 * mass) / np.sqrt(8000 * mass)
    # Far from uniform, and as the density says.
    assert mass.max() / mass.min() > 3
    assert np.abs(deviations).max() < 4.5
    assert (deviations**2).mean() < 2


def test_draws_depend_on_the_seed_alone():
    sampler = fitted()
    draws = sampler.sample(700, seed=3)
    assert draws.shape == (700, 3)
    assert draws.dtype == np.float64
    np.testing.assert_array_equal(draws, sampler.sample(700, seed=3))
    np.testing.assert_array_equal(draws, fitted().sample(700, seed=3))
    assert not np.allclose(draws, sampler.sample(700, seed=4))
    assert sampler.sample(0, seed=0).shape == (0, 3)


def test_state_survives_storage_without_pickle(tmp_path):
    sampler = fitted(step_size=3.0)
    safetensors.numpy.save_file(sampler.state(), tmp_path / "sampler.safetensors")
    again = sampler_from_state(safetensors.numpy.load_file(tmp_path / "sampler.safetensors"))
    assert type(again) is Riemannian
    assert again.notes == sampler.notes
    np.testing.assert_array_equal(again.sample(20, seed=1), sampler.sample(20, seed=1))
    assert {name: array.tolist() for name, array in again.state().items()} == {
        name: array.tolist() for name, array in sampler.state().items()
    }


def test_centroids_are_codes_with_their_own_deviations():
    codes = blobs()
    state = Riemannian(spread_of(codes), centroids=5).fit(codes).state()
    assert state["centroids"].shape == (5, 3)
    for mean, deviation in zip(state["centroids"], state["deviations"], strict=True):
        (row,) = np.flatnonzero((codes == mean).all(1))
        np.testing.assert_array_equal(deviation, spread_of(codes)[row])


def test_the_temperature_is_the_largest_gap_between_neighbours():
    codes = np.array([[0.0, 0.0], [0.0, 1.0], [5.0, 0.0], [5.0, 3.0]])
    sampler = Riemannian(np.ones((4, 2)), centroids=4).fit(codes)
    assert sampler.state()["temperature"] == pytest.approx(3)
    sampler = Riemannian(np.ones((4, 2)), centroids=4, temperature=0.5).fit(codes)
    assert sampler.state()["temperature"] == 0.5


def test_notes_tell_what_was_accepted_and_what_was_changed():
    (note,) = fitted().notes
    assert note.startswith("HMC accepts ")
    assert note.endswith("% of its moves")
    changed = fitted(step_size=5.0)
    assert changed.notes[0].startswith("lowered the step size from 5 to ")
    assert changed.state()["step_size"] < 5
    codes = np.repeat(blobs(2), 20, axis=0)
    assert "2 distinct codes for 6 centroids: took 2" in fitted(codes).notes
    one = fitted(np.ones((7, 3)))
    assert "one centroid has no distance to another: took 1 as the temperature" in one.notes
    np.testing.assert_array_equal(one.sample(4, 0), np.ones((4, 3)))


def test_of_many_codes_some_are_kept():
    codes = np.random.default_rng(0).standard_normal((STARTS + 50, 2))
    state = fitted(codes).state()
    assert state["starts"].shape == (STARTS, 2)
    np.testing.assert_array_equal(state["box"], [codes.min(0), codes.max(0)])


@pytest.mark.parametrize("size", [1e-160, 1e-9, 1e-3, 1e4])
@pytest.mark.parametrize("dim", [2, 128])
def test_chains_stay_finite_for_any_deviations(dim, size):
    codes = np.random.default_rng(0).standard_normal((200, dim))
    sampler = fitted(codes, size, centroids=20)
    draws = sampler.sample(50, seed=0)
    assert np.isfinite(draws).all()
    assert (sampler.state()["deviations"] > 0).all()
    told = any("posterior deviations to" in note for note in sampler.notes)
    assert told == (size < LEAST_DEVIATION / 10)


def test_deviations_of_zero_are_raised():
    codes = blobs()
    sampler = Riemannian(np.zeros_like(codes), centroids=4, steps=5).fit(codes)
    assert sampler.notes[0].startswith("raised 12 of 12 posterior deviations to ")
    assert np.isfinite(sampler.sample(10, 0)).all()


def test_bad_settings_and_codes_are_refused():
    codes = blobs()
    for name in ("centroids", "temperature", "regularisation", "steps", "leapfrog", "step_size"):
        for value in (0, -1, np.nan):
            with pytest.raises(LisaError, match=f"needs a {name} above 0 and finite, not {value}"):
                Riemannian(codes**2, **{name: value})
    with pytest.raises(LisaError, match="must not be negative"):
        Riemannian(codes)
    with pytest.raises(LisaError, match="posterior deviations hold NaN"):
        Riemannian(np.full((2, 2), np.nan))
    with pytest.raises(LisaError, match=r"codes of shape \[300, 3\] need .* not \[300, 2\]"):
        Riemannian(np.ones((300, 2))).fit(codes)
    with pytest.raises(LisaError, match="codes hold NaN"):
        Riemannian(np.ones((2, 2))).fit(np.full((2, 2), np.inf))
    sampler = Riemannian(np.ones_like(codes))
    for use in (lambda: sampler.sample(1, 0), sampler.state):
        with pytest.raises(LisaError, match="not fitted"):
            use()
    with pytest.raises(LisaError, match="n >= 0 and seed >= 0"):
        fitted().sample(-1, 0)
    with pytest.raises(LisaError, match="no density in closed form"):
        fitted().log_prob(codes)


TAMPERED = {
    "no starts": ({"starts": None}, "lacks the array 'starts'"),
    "shapes": ({"deviations": np.ones((6, 2))}, "do not fit"),
    "flat centroids": ({"centroids": np.ones(6)}, "do not fit"),
    "one number": ({"box": np.float64(1)}, "do not fit"),
    "starts of nothing": ({"starts": np.ones((0, 3))}, "do not fit"),
    "no deviations": ({"deviations": np.zeros((6, 3))}, "not positive or its box is too small"),
    "box": ({"box": np.zeros((2, 3))}, "not positive or its box is too small"),
    "numbers": ({"temperature": np.ones(2)}, "'temperature' is not one number"),
    "negative": ({"step_size": np.float64(-1)}, "step_size above 0"),
    "count": ({"steps": np.int64(0)}, "at least 1"),
}


@pytest.mark.parametrize(("changes", "message"), TAMPERED.values(), ids=TAMPERED)
def test_a_tampered_state_is_refused(changes, message):
    state = fitted().state() | {name: np.asarray(value) for name, value in changes.items()}
    state = {name: array for name, array in state.items() if array.dtype != object}
    with pytest.raises(LisaError, match=message):
        sampler_from_state(state)


def test_geo_vae_trains_as_a_vae_and_brings_its_sampler():
    method = GeoVAE(centroids=7, steps=4, leapfrog=3, temperature=2.0)
    assert json.loads(json.dumps(GeoVAE().temperature)) is None
    assert sampler_names(method)[:2] == ("riemannian", "prior")
    net = Vectors(3, method.encoder_width(3)).eval()
    x = vectors(40)
    with torch.no_grad():
        found = (method.encode(net, x), method.posterior_std(net, x))
        codes = Codes(*(each.double().numpy() for each in found))
    sampler = fit_sampler(method, "riemannian", net, codes, 0)
    assert isinstance(sampler, Riemannian)
    state = sampler.state()
    assert len(state["centroids"]) == 7
    assert (state["steps"], state["leapfrog"], state["temperature"]) == (4, 3, 2.0)
    assert isinstance(fit_sampler(method, "prior", net, codes, 0), StandardNormal)
    with pytest.raises(LisaError, match=r"geo-vae: .* needs the posterior deviations"):
        fit_sampler(method, "riemannian", net, Codes(codes.mean), 0)


@pytest.mark.parametrize("name", ["centroids", "steps", "leapfrog", "step_size", "temperature"])
def test_bad_hyperparameters_of_geo_vae_are_refused(name):
    with pytest.raises(LisaError, match=f"geo-vae: {name.replace('_', '-')} must be at least"):
        GeoVAE(**{name: -1})


def test_draws_move_hundreds_at_a_time_and_each_small_step_takes_one_slope(monkeypatch):
    """So that ten thousand draws of sixteen coordinates take seconds."""
    sampler = fitted(blobs(dim=16), steps=4, leapfrog=3)
    taken, slope = [], Metric.slope
    monkeypatch.setattr(Metric, "slope", lambda self, z: (taken.append(len(z)), slope(self, z))[1])
    assert np.isfinite(sampler.sample(1000, 0)).all()
    slopes = 1 + 4 * 3
    assert taken == [512] * slopes + [488] * slopes
