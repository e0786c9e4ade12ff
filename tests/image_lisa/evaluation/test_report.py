"""The whole table of a run, on a few digits."""

import dataclasses
import json
import math

import numpy as np
import pytest
import torch
from small_runs import digits, finished

from image_lisa.data import load_images
from image_lisa.evaluation.classifier import ClassifierRecipe
from image_lisa.evaluation.classifier_features import ClassifierFeatures
from image_lisa.evaluation.codes import probe_accuracies
from image_lisa.evaluation.coverage import coverage, squared_radii
from image_lisa.evaluation.distances import RealFeatures, real_rows
from image_lisa.evaluation.frechet import frechet_distance
from image_lisa.evaluation.image_classes import LabelledImages
from image_lisa.evaluation.kernel_distance import kernel_distance, mean_kernel
from image_lisa.evaluation.protocol import EvaluationProtocol
from image_lisa.evaluation.reference import extractor_record
from image_lisa.evaluation.report import Reference, evaluate_run
from image_lisa.training.experiment import finish_run
from shared.common.errors import LisaError
from shared.diagnostics.mismatch import lipschitz_on_sphere
from shared.methods import AE, LISA
from shared.runs.expost import SAMPLERS, load_codes
from shared.runs.files import to_json
from shared.samplers import Sampler
from shared.sphere.geometry import project
from shared.sphere.uniformity import log_energy, uniform_log_energy

QUICK = ClassifierRecipe(width=8, features=12, examples=4000)
SMALL = EvaluationProtocol(draws=70, transport=30, probed=50)
DISTANCES = {"fcd", "kid", "kid_spread", "precision", "recall", "density", "coverage"}


@pytest.fixture(scope="module")
def extractor():
    images = digits(limit=None)
    return ClassifierFeatures.train(
        LabelledImages(images.train, images.train_labels.numpy()),
        LabelledImages(images.test, images.test_labels.numpy()),
        recipe=QUICK,
    )


@pytest.fixture(scope="module")
def reference(extractor):
    return Reference(digits(), extractor, SMALL)


@pytest.fixture(scope="module")
def lisa(tmp_path_factory):
    return finished(tmp_path_factory.mktemp("lisa") / "run", LISA())


@pytest.fixture(scope="module")
def ae(tmp_path_factory):
    return finished(tmp_path_factory.mktemp("ae") / "run", AE())


def evaluated(made, extractor, *, images=None, protocol=SMALL, names=None, **kwargs):
    run, model, samplers = made
    chosen = {name: each for name, each in samplers.items() if names is None or name in names}
    return evaluate_run(
        model, chosen, load_codes(run), images or digits(), extractor, protocol, **kwargs
    )


@pytest.fixture(scope="module")
def of_lisa(lisa, extractor, reference):
    return evaluated(lisa, extractor, reference=reference)


@pytest.fixture(scope="module")
def of_ae(ae, extractor, reference):
    return evaluated(ae, extractor, reference=reference)


def test_the_table_is_whole_and_of_json_values(of_lisa, of_ae):
    for found in (of_lisa, of_ae):
        assert json.loads(to_json(found)) == found
        assert found["real"].keys() == DISTANCES | {"images"}
        assert all(row.keys() == DISTANCES for row in found["samplers"].values())
        assert found["probes"].keys() == {"linear", "mlp", "chance"}
        assert found["protocol"] == {**dataclasses.asdict(SMALL), "test": 360}
    assert list(of_lisa["samplers"]) == ["uniform", "gaussian", "gmm", "dirichlet"]
    assert list(of_ae["samplers"]) == ["gaussian", "gmm", "dirichlet"]


def test_reconstruction_is_that_of_the_test_images(lisa, of_lisa, extractor):
    _, model, _ = lisa
    test = digits().test
    decoded = model.reconstruct(test)
    squares = (decoded.double() - test.double() / 255).square().numpy()
    found = of_lisa["reconstruction"]
    assert found["mse"] == pytest.approx(squares.mean(), rel=1e-5)
    assert found["test"] == pytest.approx(squares.sum() / 2 / len(test), rel=1e-5)
    expected = frechet_distance(extractor.features(test), extractor.features(decoded))
    assert found["fcd"] == pytest.approx(expected, rel=1e-6)


def test_each_sampler_is_compared_with_all_test_images(lisa, of_lisa, extractor):
    _, model, samplers = lisa
    real = extractor.features(digits().test)
    for name, sampler in samplers.items():
        z = sampler.sample(SMALL.draws, SMALL.seed_of("sampler", name))
        drawn = extractor.features(model.decode(z))
        expected = RealFeatures(real, name="fcd").measure(
            drawn, seed=SMALL.seed_of(name, "subsets")
        )
        assert of_lisa["samplers"][name] == pytest.approx(expected, rel=1e-6)


def test_real_against_real_takes_as_many_training_images(of_lisa, extractor):
    images = digits(limit=None)
    reference = Reference(images, extractor, SMALL)
    chosen = images.train[torch.from_numpy(real_rows(len(images.train), SMALL.draws, SMALL.seed))]
    real = extractor.features(images.test)
    expected = frechet_distance(real, extractor.features(chosen))
    assert reference.real["fcd"] == pytest.approx(expected, rel=1e-9)
    assert reference.real["images"] == 70
    # Fewer are taken where there are fewer.
    assert of_lisa["real"]["images"] == len(digits().train) == 64


def test_real_images_are_closer_than_those_of_a_poor_model(of_lisa, of_ae):
    for found in (of_lisa, of_ae):
        assert all(row["fcd"] > found["real"]["fcd"] for row in found["samplers"].values())


def test_what_is_known_of_the_target_changes_no_number():
    random = np.random.default_rng(0)
    real, other = random.normal(size=(90, 4)), random.normal(size=(70, 4)) + 0.4
    radii = squared_radii(real, 3)
    nearest = np.sort(np.linalg.norm(real[:, None] - real, axis=2), axis=1)[:, 3] ** 2
    np.testing.assert_allclose(radii, nearest, rtol=1e-9)
    assert coverage(real, other, 3, radii=radii) == coverage(real, other, 3)
    kernel = (real @ real.T / 4 + 1) ** 3
    mean = (kernel.sum() - np.trace(kernel)) / (90 * 89)
    assert mean_kernel(real) == pytest.approx(mean, rel=1e-12)
    assert kernel_distance(real, other, kernel=mean_kernel(real)) == kernel_distance(real, other)
    target = RealFeatures(real, name="fid", k=3)
    found = target.measure(other, seed=4)
    assert found["kid"] == kernel_distance(real, other)
    assert found["recall"] == coverage(real, other, 3).recall


@pytest.mark.parametrize("k", [0, 4])
def test_radii_need_more_features_than_neighbours(k):
    with pytest.raises(LisaError, match=f"below the 4 features, not {k}"):
        squared_radii(np.eye(4), k)


def test_the_spectrum_and_the_gap_are_of_test_directions(lisa, of_lisa):
    _, model, _ = lisa
    z = torch.from_numpy(model.codes(digits().test).mean)
    u = (z / z.norm(dim=1, keepdim=True)).numpy()
    values = np.linalg.eigvalsh(u.T @ u / len(u))
    found = of_lisa["spectrum"]
    assert found["lambda_max"] == pytest.approx(values[-1])
    assert found["condition"] == pytest.approx(values[-1] / values[0])
    assert found["participation_ratio"] == pytest.approx(1 / (values**2).sum())
    assert found["effective_rank"] == pytest.approx(np.exp(-(values * np.log(values)).sum()))
    assert found["dim"] == 4
    np.testing.assert_allclose(found["eigenvalues"], values[::-1], rtol=1e-9)
    gap = log_energy(u) - uniform_log_energy(4)
    assert of_lisa["uniformity_gap"] == pytest.approx(gap)


def test_only_a_decoder_of_codes_minds_the_radius(of_lisa, of_ae):
    spherical, euclidean = of_lisa["radial"], of_ae["radial"]
    assert spherical["sensitivity"] < 1e-5
    assert spherical["projected"] == pytest.approx(spherical["own"], rel=1e-5)
    assert euclidean["sensitivity"] > 1e-3
    assert max(euclidean["losses"]) > 1.01 * euclidean["own"]


def test_the_error_of_scaled_codes_is_that_of_what_they_decode_to(ae, of_ae, extractor, reference):
    run, model, _ = ae
    protocol = dataclasses.replace(SMALL, probed=1000)
    images = digits()
    whole = Reference(images, extractor, protocol)
    found = evaluated(ae, extractor, protocol=protocol, reference=whole, names=())["radial"]
    assert (found["images"], of_ae["radial"]["images"]) == (360, 50)
    x, z = images.test.double() / 255, model.codes(images.test).mean
    for alpha, loss in list(zip(found["alphas"], found["losses"], strict=True))[::5]:
        errors = (model.decode(alpha * z) - x).square().flatten(1).sum(1) / 2
        assert loss == pytest.approx(float(errors.mean()), rel=1e-4)
    radius = np.linalg.norm(load_codes(run).mean, axis=1).mean()
    assert found["radius"] == pytest.approx(radius)
    level = model.decode(radius * project(torch.from_numpy(z)))
    expected = float((level - x).square().flatten(1).sum(1).mean() / 2)
    assert found["projected"] == pytest.approx(expected, rel=1e-4)


def test_both_sides_of_the_theorem_are_there_for_directions_only(of_lisa, of_ae):
    assert of_ae["mismatch"] is None
    assert "AE decodes codes" in of_ae["mismatch_reason"]
    assert of_lisa["mismatch_reason"] is None
    assert of_lisa["mismatch"].keys() == of_lisa["samplers"].keys()
    for found in of_lisa["mismatch"].values():
        slope = found["lipschitz_decoder"] * found["lipschitz_loss"]
        right = found["risk_codes"] + slope * found["wasserstein"]
        assert found["bound"] == pytest.approx(right)
        assert found["holds"] is (found["risk_sampler"] <= right)
        assert found["holds"]
        assert found["lipschitz_loss"] == math.sqrt(64)
        assert found["size"] == 30
        assert 0 < found["baseline"] < math.pi


def test_the_slope_of_the_decoder_is_one_number_for_all_samplers(lisa, of_lisa):
    _, model, _ = lisa
    (slope,) = {found["lipschitz_decoder"] for found in of_lisa["mismatch"].values()}
    u = project(torch.from_numpy(model.codes(digits().test).mean)).float()
    assert slope == lipschitz_on_sphere(model.net.decode, u, seed=SMALL.seed_of("slope")).value


def test_the_risk_is_the_mean_error_of_every_test_image_with_every_draw(lisa, extractor):
    # All draws and all test codes are taken where a protocol takes as many.
    protocol = EvaluationProtocol(draws=360, transport=360, probed=20)
    _, model, samplers = lisa
    images = digits()
    found = evaluated(lisa, extractor, protocol=protocol, names=["gmm"])["mismatch"]["gmm"]
    x = (images.test.double() / 255).flatten(1)
    drawn = model.decode(samplers["gmm"].sample(360, protocol.seed_of("sampler", "gmm")))
    for key, decoded in (("risk_sampler", drawn), ("risk_codes", model.reconstruct(images.test))):
        pairs = torch.cdist(x, decoded.double().flatten(1)).square() / 2
        assert found[key] == pytest.approx(float(pairs.mean()), rel=1e-4)


def test_the_same_seed_gives_the_same_numbers_whichever_samplers_are_there(
    lisa, of_lisa, extractor
):
    torch.default_generator.manual_seed(3)
    before = torch.get_rng_state()
    found = evaluated(lisa, extractor, names=["gmm"])
    assert torch.equal(torch.get_rng_state(), before)
    assert list(found["samplers"]) == list(found["mismatch"]) == ["gmm"]
    for key, value in found.items():
        expected = of_lisa[key]
        if key in ("samplers", "mismatch"):
            expected = {"gmm": expected["gmm"]}
        assert value == expected


def test_another_seed_draws_other_codes(ae, of_ae, extractor):
    protocol = dataclasses.replace(SMALL, seed=1)
    found = evaluated(ae, extractor, protocol=protocol, names=["gmm"])
    assert found["samplers"]["gmm"]["fcd"] != of_ae["samplers"]["gmm"]["fcd"]
    assert found["real"] != of_ae["real"]
    assert found["reconstruction"] == of_ae["reconstruction"]


def test_every_measurement_is_told(lisa, extractor, reference):
    heard = []
    evaluated(lisa, extractor, reference=reference, names=["gmm"], notify=heard.append)
    assert heard == [
        "reconstructions",
        "real images",
        "gmm: 70 images",
        "codes",
        "the slope of the decoder",
        "gmm: both sides of Theorem 1",
    ]


class Inceptive(ClassifierFeatures):
    """Stands for Inception."""

    distance = "fid"


def test_the_frechet_distance_is_called_as_the_extractor_says(ae, extractor):
    other = Inceptive(extractor.net, extractor.record)
    found = evaluated(ae, other, names=["gmm"])
    for row in (found["real"], found["samplers"]["gmm"], found["reconstruction"]):
        assert "fid" in row
        assert "fcd" not in row
    assert found["extractor"]["distance"] == "fid"


def test_the_classifier_is_on_record(of_lisa, extractor):
    found = of_lisa["extractor"]
    assert found["distance"] == "fcd"
    assert found["accuracy"] == extractor.record.accuracy
    assert found["recipe"] == dataclasses.asdict(QUICK)
    assert found["labels"] == "labels"
    assert len(found["weights"]) == 64
    other = ClassifierFeatures(type(extractor.net)((1, 8, 8), 10, QUICK), extractor.record)
    assert extractor_record(other)["weights"] != found["weights"]


def spoilt(images):
    """The same data with nonsense for test images."""
    noise = torch.randint(
        0, 256, images.test.shape, dtype=torch.uint8, generator=torch.Generator().manual_seed(0)
    )
    return dataclasses.replace(images, test=noise, test_labels=images.test_labels.flip(0))


def test_test_images_do_not_reach_the_samplers(lisa):
    run, _, _ = lisa
    before = (run.path / SAMPLERS).read_bytes()
    finish_run(run, spoilt(digits()))
    assert (run.path / SAMPLERS).read_bytes() == before


def test_test_images_do_not_reach_the_probes(lisa):
    """Answers for some test images stay the same whatever others are among them."""
    run, model, _ = lisa
    train, images = load_codes(run).mean, digits()

    def accuracies(*sets):
        test = np.concatenate([model.codes(each.test).mean for each in sets])
        labels = torch.cat([each.test_labels for each in sets])
        pixels = torch.cat([each.test for each in sets])
        joined = dataclasses.replace(images, test=pixels, test_labels=labels)
        return probe_accuracies(model.method, train, test, joined, SMALL)

    both = accuracies(images, spoilt(images))
    for name in ("linear", "mlp"):
        apart = [accuracies(each)[name] for each in (images, spoilt(images))]
        assert apart[0] > 2 * apart[1]
        assert both[name] == pytest.approx(sum(apart) / 2)


def test_probes_see_what_the_decoder_sees():
    """Radii that tell the class are no help to a probe of directions, and all to one of codes."""
    images = digits()
    train, test = (
        np.linspace(1, 10, 10)[labels.numpy(), None] * np.ones((1, 4))
        for labels in (images.train_labels, images.test_labels)
    )
    blind = probe_accuracies(LISA(), train, test, images, SMALL)
    seeing = probe_accuracies(AE(), train, test, images, SMALL)
    assert max(blind["linear"], blind["mlp"]) < 0.2
    assert min(seeing["linear"], seeing["mlp"]) > 0.3


def test_images_without_labels_are_not_probed(ae, extractor):
    plain = {f"{part}_labels": None for part in ("train", "valid", "test")}
    images = dataclasses.replace(digits(), **plain, classes=())
    found = evaluated(ae, extractor, images=images, names=["gmm"])
    assert found["probes"] is None
    assert found["samplers"]["gmm"]["fcd"] > 0


def test_a_probe_that_cannot_be_fitted_says_why(lisa, extractor):
    images = digits()
    same = dataclasses.replace(images, train_labels=torch.zeros_like(images.train_labels))
    found = evaluated(lisa, extractor, images=same, names=[])["probes"]
    assert found["linear"] is found["mlp"] is None
    assert "two classes or more" in found["reason"]


class Wild(Sampler):
    """Draws what is no number."""

    def fit(self, codes):
        return self

    def sample(self, n, seed):
        return np.full((n, 4), np.nan)

    def _arrays(self):
        return {}

    @classmethod
    def _from_arrays(cls, state):
        return cls()


def test_a_sampler_that_draws_no_numbers_is_named(lisa, extractor, reference):
    run, model, _ = lisa
    with pytest.raises(LisaError, match=r"the sampler wild cannot be measured: .* not finite"):
        evaluate_run(
            model, {"wild": Wild()}, load_codes(run), digits(), extractor, SMALL, reference
        )


def test_a_reference_of_other_settings_is_refused(lisa, extractor, reference):
    with pytest.raises(LisaError, match="another extractor or protocol"):
        evaluated(lisa, extractor, reference=reference, protocol=EvaluationProtocol(draws=71))
    other = ClassifierFeatures(extractor.net, extractor.record)
    with pytest.raises(LisaError, match="another extractor or protocol"):
        evaluated(lisa, other, reference=reference)
    with pytest.raises(LisaError, match="test images of digits are not those of the reference"):
        evaluated(lisa, extractor, reference=reference, images=spoilt(digits()))


def test_a_reference_serves_other_splits_of_training_images(lisa, extractor, reference):
    images = load_images("digits", limit=80, seed=7)
    assert not torch.equal(images.train, digits().train)
    found = evaluated(lisa, extractor, reference=reference, images=images, names=[])
    assert found["real"] == reference.real


def test_too_few_test_images_are_refused(extractor):
    images = digits()
    few = dataclasses.replace(images, test=images.test[:5], test_labels=images.test_labels[:5])
    with pytest.raises(LisaError, match="5 test images; to measure distances takes 6 or more"):
        Reference(few, extractor, SMALL)
