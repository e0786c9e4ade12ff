import json
import subprocess
import sys

import numpy as np
import pytest
import safetensors.numpy
import torch
from scipy import stats
from scipy.special import logsumexp
from sklearn.mixture import BayesianGaussianMixture
from sklearn.mixture import GaussianMixture as SklearnMixture

from shared import sphere
from shared.common.errors import LisaError
from shared.samplers import (
    SAMPLERS,
    DirichletMixture,
    Gaussian,
    GaussianMixture,
    Projected,
    StandardNormal,
    Uniform,
    mixtures,
    sampler_from_state,
)
from shared.sphere.projected_normal import log_sphere_area


def blobs(n=600, dim=4, seed=0, scale=1.0):
    generator = np.random.default_rng(seed)
    centres = 4 * generator.standard_normal((3, dim))
    noise = generator.standard_normal((n, dim)) @ generator.standard_normal((dim, dim))
    return scale * (centres[generator.integers(3, size=n)] + 0.4 * noise)


def every_sampler():
    plain = [make() for make in SAMPLERS.values()]
    return [*plain, *(Projected(make()) for make in SAMPLERS.values())]


def name(sampler):
    return f"{sampler.kind} {sampler.sampler.kind}" if sampler.kind == "projected" else sampler.kind


each_sampler = pytest.mark.parametrize("sampler", every_sampler(), ids=name)


def test_registry_names():
    assert set(SAMPLERS) == {"uniform", "gaussian", "gmm"}
    assert all(make().kind == key for key, make in SAMPLERS.items())


@each_sampler
def test_draws_depend_on_the_seed_alone(sampler):
    sampler.fit(blobs())
    draws = sampler.sample(50, seed=3)
    assert draws.shape == (50, 4)
    assert draws.dtype == np.float64
    np.testing.assert_array_equal(draws, sampler.sample(50, seed=3))
    assert not np.allclose(draws, sampler.sample(50, seed=4))
    assert sampler.sample(0, seed=0).shape == (0, 4)


@each_sampler
def test_state_survives_storage_without_pickle(sampler, tmp_path):
    sampler.fit(np.repeat(blobs(5), 3, axis=0))
    safetensors.numpy.save_file(sampler.state(), tmp_path / "sampler.safetensors")
    again = sampler_from_state(safetensors.numpy.load_file(tmp_path / "sampler.safetensors"))
    assert type(again) is type(sampler)
    assert again.notes == sampler.notes
    draws = sampler.sample(9, seed=1)
    np.testing.assert_array_equal(again.sample(9, seed=1), draws)
    directions = sphere.project(torch.from_numpy(draws))
    np.testing.assert_array_equal(
        again.direction_log_prob(directions), sampler.direction_log_prob(directions)
    )
    assert {key: value.tolist() for key, value in again.state().items()} == {
        key: value.tolist() for key, value in sampler.state().items()
    }


def test_draws_are_the_same_in_another_process():
    code = (
        "import json; import numpy as np; from shared.samplers import GaussianMixture;"
        "codes = np.random.default_rng(0).standard_normal((200, 3));"
        "print(json.dumps(GaussianMixture(3).fit(codes).sample(5, seed=7).tolist()))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    codes = np.random.default_rng(0).standard_normal((200, 3))
    here = GaussianMixture(3).fit(codes).sample(5, seed=7)
    np.testing.assert_allclose(json.loads(done.stdout), here, rtol=1e-9)


@each_sampler
def test_tensors_and_arrays_are_the_same_codes(sampler):
    codes = torch.from_numpy(blobs()).float().requires_grad_()
    first = sampler.fit(codes).sample(5, seed=0)
    np.testing.assert_array_equal(sampler.fit(codes.detach().numpy()).sample(5, seed=0), first)


def test_gaussian_is_the_maximum_likelihood_fit():
    codes = blobs()
    sampler = Gaussian().fit(codes)
    state = sampler.state()
    np.testing.assert_allclose(state["means"][0], codes.mean(0))
    np.testing.assert_allclose(state["covariances"][0], np.cov(codes.T, bias=True), rtol=1e-10)
    assert sampler.notes == ()
    law = stats.multivariate_normal(codes.mean(0), np.cov(codes.T, bias=True))
    np.testing.assert_allclose(sampler.log_prob(codes), law.logpdf(codes), rtol=1e-10)
    draws = sampler.sample(200_000, seed=0)
    np.testing.assert_allclose(np.cov(draws.T), np.cov(codes.T, bias=True), atol=0.3)
    whitened = (draws[:, 0] - codes[:, 0].mean()) / codes[:, 0].std()
    assert stats.kstest(whitened, "norm").pvalue > 1e-3


def test_mixture_is_as_likely_as_scikit_learns():
    codes = blobs(2000)
    sampler = GaussianMixture(3).fit(codes)
    theirs = SklearnMixture(3, random_state=0, max_iter=200).fit(codes)
    assert sampler.notes == ()
    np.testing.assert_allclose(
        sampler.log_prob(codes).mean(), theirs.score(codes), atol=1e-3, rtol=0
    )
    draws = sampler.sample(100_000, seed=0)
    np.testing.assert_allclose(draws.mean(0), codes.mean(0), atol=0.15)
    np.testing.assert_allclose(sampler.log_prob(draws).mean(), theirs.score(draws), atol=1e-2)


@pytest.mark.parametrize("make", [Gaussian, lambda: GaussianMixture(3)], ids=["gaussian", "gmm"])
@pytest.mark.parametrize("scale", [1e-12, 1e12])
def test_fits_follow_the_size_of_the_codes(make, scale):
    plain = make().fit(blobs()).sample(100, seed=0)
    scaled = make().fit(blobs(scale=scale)).sample(100, seed=0)
    np.testing.assert_allclose(scaled / scale, plain, rtol=1e-6, atol=1e-9)


@each_sampler
def test_projected_draws_are_directions_of_the_inner_draws(sampler):
    sampler.fit(blobs())
    directions = Projected(sampler).sample(30, seed=5)
    expected = sphere.project(torch.from_numpy(sampler.sample(30, seed=5))).numpy()
    np.testing.assert_array_equal(directions, expected)
    np.testing.assert_allclose(np.linalg.norm(directions, axis=1), 1)


@pytest.mark.parametrize("kind", SAMPLERS)
def test_projected_density_is_normalised_and_fits_its_draws(kind):
    sampler = Projected(SAMPLERS[kind]()).fit(blobs(dim=2))
    edges = np.linspace(-np.pi, np.pi, 25)
    middles = (np.linspace(-np.pi, np.pi, 2400, endpoint=False)) + np.pi / 2400
    points = np.stack([np.cos(middles), np.sin(middles)], 1)
    mass = np.exp(sampler.log_prob(points)).reshape(24, 100).sum(1) * 2 * np.pi / 2400
    assert mass.sum() == pytest.approx(1, abs=1e-6)
    draws = sampler.sample(20_000, seed=0)
    counts, _ = np.histogram(np.arctan2(draws[:, 1], draws[:, 0]), edges)
    # Bins that hardly any draw reaches are left to the sum above.
    full = mass > 1e-3
    expected = mass[full] / mass[full].sum() * counts[full].sum()
    assert stats.chisquare(counts[full], expected).pvalue > 1e-3


def test_uniform_density_is_one_over_the_area():
    sampler = Uniform().fit(blobs(dim=16))
    points = sampler.sample(3, seed=0)
    np.testing.assert_allclose(sampler.log_prob(points), -log_sphere_area(16))
    np.testing.assert_allclose(Projected(sampler).log_prob(points), -log_sphere_area(16))


DEGENERATE = {
    "fewer codes than dimensions": blobs(4, dim=25),
    "a constant coordinate": np.hstack([blobs(), np.full((600, 1), 3.7)]),
    "one code": blobs(1),
    "equal codes": np.tile(blobs(1), (50, 1)),
    "zero codes": np.zeros((20, 3)),
    "duplicated codes": np.repeat(blobs(3), 40, axis=0),
    "a line": np.linspace(-1, 1, 300)[:, None] * np.array([1.0, 2.0, 3.0]),
}


@pytest.mark.parametrize("make", [Gaussian, GaussianMixture, DirichletMixture])
@pytest.mark.parametrize("codes", DEGENERATE.values(), ids=DEGENERATE)
def test_degenerate_codes_are_survived_and_told(make, codes):
    sampler = Projected(make()).fit(codes)
    assert sampler.notes
    assert any("added" in note and "to its diagonal" in note for note in sampler.notes)
    assert all("\n" not in note for note in sampler.notes)
    draws = sampler.sampler.sample(500, seed=0)
    assert np.isfinite(sampler.sampler.log_prob(draws)).all()
    assert np.isfinite(sampler.log_prob(sampler.sample(20, seed=1))).all()
    # The draws stay where the codes are.
    spread = np.abs(codes - codes.mean(0)).max() + 0.01 * np.abs(codes).max() + 0.01
    assert np.abs(draws - codes.mean(0)).max() < 6 * spread


def test_notes_name_rank_dimension_and_jitter():
    (note,) = Gaussian().fit(blobs(4, dim=25)).notes
    mean_variance = blobs(4, dim=25).var(0).mean()
    assert note == f"covariance has rank 3 of 25: added {1e-6 * mean_variance:.1e} to its diagonal"
    notes = GaussianMixture().fit(blobs(4, dim=25)).notes
    assert notes[0] == "4 distinct codes for 10 components: fitted 4"
    assert notes[1].startswith("4 of 4 components: covariance has rank 0 of 25: added ")
    assert len(notes) == 2


@pytest.mark.parametrize(
    ("number", "told"),
    [
        (60, "1 of 2 components: covariance has rank 3 of 25"),
        (12, "2 of 2 components: covariance has rank 3 to 11 of 25"),
    ],
)
def test_ranks_of_several_components_are_one_note(number, told):
    few, more = (np.random.default_rng(n).standard_normal((n, 25)) for n in (4, number))
    (note,) = GaussianMixture(2).fit(np.concatenate([few, more + 50])).notes
    assert note.startswith(f"{told}: added ")


def test_a_fit_that_does_not_converge_becomes_a_note(monkeypatch):
    monkeypatch.setattr(
        "shared.samplers.mixtures.SklearnMixture",
        lambda **given: SklearnMixture(**given | {"max_iter": 1}),
    )
    notes = GaussianMixture(5).fit(blobs()).notes
    assert any("scikit-learn" in note and "converge" in note for note in notes)


@each_sampler
def test_broken_codes_are_counted(sampler):
    codes = blobs(10)
    codes[2, 1], codes[5] = np.nan, np.inf
    with pytest.raises(LisaError, match="2 of 10 codes hold NaN"):
        sampler.fit(codes)
    with pytest.raises(LisaError, match=r"shape \[n, dim\]"):
        sampler.fit(np.zeros((0, 3)))


def stored(sampler, folder):
    """The sampler as it comes back from a file."""
    safetensors.numpy.save_file(sampler.state(), folder / "sampler.safetensors")
    return sampler_from_state(safetensors.numpy.load_file(folder / "sampler.safetensors"))


def test_the_prior_is_standard_normal_whatever_the_codes():
    sampler = StandardNormal().fit(blobs(dim=4))
    assert sampler.notes == ()
    points = blobs(40, dim=4, seed=1)
    law = stats.multivariate_normal(np.zeros(4), np.eye(4))
    np.testing.assert_allclose(sampler.log_prob(points), law.logpdf(points), rtol=1e-12)
    draws = sampler.sample(20_000, seed=0)
    for axis in range(4):
        assert stats.kstest(draws[:, axis], "norm").pvalue > 1e-3
    assert np.abs(np.cov(draws.T) - np.eye(4)).max() < 0.05
    other = StandardNormal().fit(5 + blobs(dim=4, seed=9))
    np.testing.assert_array_equal(other.sample(20_000, seed=0), draws)
    assert StandardNormal().fit(blobs(dim=7)).sample(3, seed=0).shape == (3, 7)


def test_the_prior_comes_back_from_a_file(tmp_path):
    sampler = StandardNormal().fit(blobs())
    again = stored(sampler, tmp_path)
    assert isinstance(again, StandardNormal)
    np.testing.assert_array_equal(again.sample(9, seed=1), sampler.sample(9, seed=1))
    np.testing.assert_array_equal(again.log_prob(np.eye(4)), sampler.log_prob(np.eye(4)))


def test_the_prior_refuses_what_it_cannot_take():
    sampler = StandardNormal().fit(blobs())
    with pytest.raises(LisaError, match="fitted in dimension 4, not 3"):
        sampler.log_prob(np.eye(3))
    with pytest.raises(LisaError, match="NaN"):
        sampler.log_prob(np.full((1, 4), np.nan))
    with pytest.raises(LisaError, match="n >= 0 and seed >= 0"):
        sampler.sample(-1, seed=0)
    with pytest.raises(LisaError, match="at least 1"):
        sampler_from_state(sampler.state() | {"dim": np.int64(0)})
    for use in (
        lambda: StandardNormal().sample(3, seed=0),
        lambda: StandardNormal().log_prob(np.eye(3)),
        lambda: StandardNormal().state(),
    ):
        with pytest.raises(LisaError, match="not fitted"):
            use()


def mixture_density(sampler, points):
    """The density that a mixture's own arrays describe, by scipy."""
    state = sampler.state()
    logs = [
        np.log(weight) + stats.multivariate_normal(mean, covariance).logpdf(points)
        for weight, mean, covariance in zip(
            state["weights"], state["means"], state["covariances"], strict=True
        )
    ]
    return logsumexp(logs, axis=0)


@pytest.mark.parametrize("dim", [2, 8, 25])
@pytest.mark.parametrize("rank", [1, 2])
@pytest.mark.parametrize("make", [DirichletMixture, GaussianMixture])
def test_codes_of_low_rank_are_survived_and_told(make, rank, dim):
    """As the methods that lower the rank of codes leave them."""
    random = np.random.default_rng(dim)
    codes = random.standard_normal((400, rank)) @ random.standard_normal((rank, dim))
    sampler = make(seed=1).fit(codes)
    assert any("to its diagonal" in note for note in sampler.notes) == (rank < dim)
    draws = sampler.sample(2000, seed=0)
    np.testing.assert_allclose(np.cov(draws.T), np.cov(codes.T), atol=0.3 * np.cov(codes.T).max())
    assert np.isfinite(sampler.log_prob(draws)).all()


@pytest.mark.parametrize("make", [DirichletMixture, GaussianMixture])
def test_the_density_of_a_mixture_is_that_of_scipy(make):
    sampler = make(4, seed=1).fit(blobs())
    points = np.concatenate([blobs(30, seed=2), sampler.sample(30, seed=0)])
    np.testing.assert_allclose(
        sampler.log_prob(points), mixture_density(sampler, points), rtol=1e-9
    )
    draws = sampler.sample(50_000, seed=3)
    state = sampler.state()
    np.testing.assert_allclose(draws.mean(0), state["weights"] @ state["means"], atol=0.1)


def test_components_that_the_codes_do_not_need_get_no_weight():
    """Three far groups, ten components: by the Dirichlet process three have all the weight."""
    random = np.random.default_rng(0)
    centres = 20 * np.eye(3)
    codes = centres[random.integers(3, size=900)] + random.standard_normal((900, 3))
    weights, plain = (
        np.sort(make(10, seed=0).fit(codes).state()["weights"])[::-1]
        for make in (DirichletMixture, GaussianMixture)
    )
    assert weights.sum() == pytest.approx(1)
    assert weights[:3].sum() > 0.97
    assert weights[:3].sum() > plain[:3].sum()


def test_the_dirichlet_mixture_is_scikit_learns():
    codes = blobs()
    codes = (codes - codes.mean(0)) / np.sqrt(codes.var(0).mean())
    sampler = DirichletMixture(5, seed=3).fit(codes)
    theirs = BayesianGaussianMixture(
        n_components=5,
        weight_concentration_prior_type="dirichlet_process",
        random_state=3,
        max_iter=200,
    ).fit(codes)
    np.testing.assert_allclose(sampler.state()["weights"], theirs.weights_, rtol=1e-3, atol=1e-5)
    np.testing.assert_allclose(sampler.state()["means"], theirs.means_, rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(
        sampler.state()["covariances"], theirs.covariances_, rtol=1e-3, atol=1e-4
    )


def test_the_dirichlet_mixture_comes_back_from_a_file(tmp_path):
    for codes in (blobs(), np.repeat(blobs(5), 3, axis=0)):
        sampler = DirichletMixture(6, seed=2).fit(codes)
        again = stored(sampler, tmp_path)
        assert isinstance(again, DirichletMixture)
        assert (again.components, again.seed, again.notes) == (6, 2, sampler.notes)
        np.testing.assert_array_equal(again.sample(9, seed=1), sampler.sample(9, seed=1))
        np.testing.assert_array_equal(again.log_prob(codes), sampler.log_prob(codes))


def test_the_seed_of_the_fit_is_the_mixtures_own():
    first, again, other = (
        DirichletMixture(6, seed=seed).fit(blobs()).sample(5, 0) for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(first, again)
    assert not np.allclose(first, other)


@pytest.mark.parametrize(
    "make", [*SAMPLERS.values(), DirichletMixture, lambda: Projected(Gaussian())]
)
def test_an_unfitted_sampler_says_so(make):
    u = np.eye(3)
    for use in (
        lambda: make().sample(3, seed=0),
        lambda: make().log_prob(u),
        lambda: make().direction_log_prob(u),
        lambda: make().state(),
    ):
        with pytest.raises(LisaError, match="not fitted"):
            use()


@each_sampler
def test_bad_requests_are_refused(sampler):
    sampler.fit(blobs())
    for n, seed in ((-1, 0), (1, -1)):
        with pytest.raises(LisaError, match="n >= 0 and seed >= 0"):
            sampler.sample(n, seed)
    with pytest.raises(LisaError, match="dimension"):
        sampler.log_prob(np.eye(3))


def test_bad_settings_and_sizes_are_refused():
    with pytest.raises(LisaError, match="components >= 1"):
        GaussianMixture(0)
    with pytest.raises(LisaError, match="largest entry"):
        Gaussian().fit(1e200 * blobs())


def without(key):
    return lambda state: {name: value for name, value in state.items() if name != key}


def changed(**arrays):
    return lambda state: state | {key: np.asarray(value) for key, value in arrays.items()}


TAMPERED = {
    "no kind": (without("kind"), "lacks the array 'kind'"),
    "no means": (without("means"), "lacks the array 'means'"),
    "unknown kind": (changed(kind=np.frombuffer(b'"os"', np.uint8)), "unknown sampler 'os'"),
    "kind of another": (changed(kind=np.frombuffer(b'"gaussian', np.uint8)), "hold text"),
    "kind as objects": (changed(kind=np.array(["gmm"], dtype=object)), "hold text"),
    "notes": (changed(notes=np.frombuffer(b"[1]", np.uint8)), "list of sentences"),
    "weights": (changed(weights=np.full(3, 0.5)), "not probabilities"),
    "shapes": (changed(means=np.zeros((3, 5))), "do not fit together"),
    "types": (changed(means=np.zeros((3, 4), dtype=np.float32)), "finite float64"),
    "values": (changed(means=np.full((3, 4), np.nan)), "finite float64"),
    "covariances": (changed(covariances=np.zeros((3, 4, 4))), "positive definite"),
    "components": (changed(components=np.int64(0)), "at least 1"),
}


@pytest.mark.parametrize(("tamper", "message"), TAMPERED.values(), ids=TAMPERED)
def test_a_tampered_state_is_refused(tamper, message):
    state = GaussianMixture(3).fit(blobs()).state()
    with pytest.raises(LisaError, match=message):
        sampler_from_state(tamper(state))


def test_a_state_of_another_kind_is_refused():
    with pytest.raises(LisaError, match="sampler 'gaussian', not 'gmm'"):
        GaussianMixture.from_state(Gaussian().fit(blobs()).state())


def test_the_directions_of_the_prior_are_uniform():
    u = sphere.uniform(5, 4, seed=0).numpy()
    prior, uniform = StandardNormal().fit(blobs()), Uniform().fit(blobs())
    np.testing.assert_allclose(prior.direction_log_prob(u), uniform.log_prob(u))
    np.testing.assert_allclose(Projected(prior).log_prob(u), uniform.log_prob(u))
    with pytest.raises(LisaError, match="fitted in dimension 4, not 3"):
        prior.direction_log_prob(np.eye(3))


@pytest.mark.parametrize(
    ("dim", "components", "most"),
    [(2, 10, 65_536), (128, 10, 65_536), (256, 2, 16_384), (256, 10, 20_480), (4096, 10, 65_536)],
)
def test_a_fit_takes_fewer_wide_codes_and_enough_for_its_means(dim, components, most):
    assert mixtures.most_fitted(dim, components) == most


@pytest.mark.parametrize("kind", [GaussianMixture, DirichletMixture])
def test_mixtures_of_very_many_codes_are_fitted_to_some_of_them(kind, monkeypatch):
    random = np.random.default_rng(0)
    codes = np.concatenate([random.normal(side, 0.1, (600, 2)) for side in (-1.0, 1.0)])
    whole = kind(components=2).fit(codes)
    assert not any("fitted to" in note for note in whole.notes)
    monkeypatch.setattr(mixtures, "MOST_FITTED", 400)
    some = kind(components=2).fit(codes)
    assert some.notes[0] == "fitted to 400 of 1,200 codes"
    assert np.array_equal(some.sample(50, 1), kind(components=2).fit(codes).sample(50, 1))
    for draws in (whole.sample(4000, 2), some.sample(4000, 2)):
        assert abs((draws[:, 0] > 0).mean() - 0.5) < 0.06
        assert np.abs(np.abs(draws.mean(1)) - 1).mean() < 0.15
