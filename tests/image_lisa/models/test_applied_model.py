"""A loaded model on a user's own pictures: files or arrays in, codes and scores out."""

import contextlib

import numpy as np
import pytest
import torch
from light_reports import rough_mixtures
from PIL import Image
from scipy import stats
from small_runs import digits, finished

import image_lisa as il
from image_lisa.data.levels import Levels
from image_lisa.data.reading import read_as
from image_lisa.models.scores import robust_z, scores_of
from shared.common.errors import LisaError
from shared.methods import AE, LISA, VAE
from shared.runs.expost import load_codes, load_sampler


@pytest.fixture(scope="module", params=[LISA, AE, VAE])
def made(request, tmp_path_factory):
    with rough_mixtures():
        run, *_ = finished(tmp_path_factory.mktemp(request.param.name) / "run", request.param())
    return run, il.load(run.path)


@pytest.fixture
def lisa(tmp_path):
    with rough_mixtures():
        run, *_ = finished(tmp_path / "run", LISA())
    return il.load(run.path)


def saved(folder, images, mode="L"):
    """Each of some digits as a PNG, enlarged without loss to be brought back."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, image in enumerate(images):
        Image.fromarray(image[0].numpy()).convert(mode).save(folder / f"{number}.png")
    return folder


def test_codes_of_files_arrays_and_tensors_are_the_same(made, tmp_path):
    _, model = made
    images = digits().test[:5]
    codes = model.encode(images)
    assert codes.shape == (5, model.architecture.dim)
    assert codes.dtype == np.float64
    folder = saved(tmp_path / "pictures", images, "RGB")
    for given in (
        images.numpy(),
        images.float() / 255,
        folder,
        str(folder),
        [folder / f"{n}.png" for n in range(5)],
    ):
        np.testing.assert_allclose(model.encode(given), codes, atol=1e-6)
    np.testing.assert_allclose(model.encode(folder / "3.png"), codes[3:4], atol=1e-6)
    if model.method.spherical:
        np.testing.assert_allclose((codes**2).sum(1), 1, atol=1e-12)
    else:
        np.testing.assert_array_equal(codes, model.codes(images).mean)


def test_what_is_decoded_of_points_is_what_comes_back(made):
    _, model = made
    images = digits().test[:5]
    torch.testing.assert_close(
        model.decode(model.encode(images)), model.reconstruct(images), atol=1e-4, rtol=1e-4
    )


def test_scores_hold_the_error_and_the_density_of_each_image(made):
    run, model = made
    images = digits().test[:30]
    found = model.score(images)
    law = load_sampler(run, "gmm")
    np.testing.assert_allclose(found.errors, model.reconstruction_losses(images), rtol=1e-6)
    np.testing.assert_allclose(found.log_densities, law.log_prob(model.encode(images)), rtol=1e-9)
    training = law.log_prob(model.directions(load_codes(run).mean))
    expected = [(training > density).mean() for density in found.log_densities]
    np.testing.assert_allclose(found.rarity, expected, atol=1e-12)
    assert found.order[0] == found.outlyingness.argmax()
    assert (np.diff(found.outlyingness[found.order]) <= 0).all()


def test_images_are_scored_in_one_pass(made, monkeypatch):
    _, model = made
    monkeypatch.setattr(model, "at_once", 4)
    sizes = []
    with contextlib.ExitStack() as hooks:
        for part in (model.net.encoder, model.net.decoder):
            hook = part.register_forward_hook(lambda part, x, y: sizes.append(len(y)))
            hooks.callback(hook.remove)
        model.score(digits().test[:10])
    assert sizes == [4, 4, 4, 4, 2, 2]


def test_noise_is_an_outlier_among_digits(lisa):
    noise = torch.from_numpy(np.random.default_rng(0).integers(0, 256, (1, 1, 8, 8), np.uint8))
    images = torch.cat([digits().test[:20], noise])
    assert lisa.score(images).order[0] == 20


def test_robust_scores_are_those_of_a_normal_law_and_bear_one_wild_value():
    values = stats.norm.ppf((np.arange(2001) + 0.5) / 2001)
    np.testing.assert_allclose(robust_z(3 * values + 7), values, rtol=1e-3, atol=1e-3)
    wild = robust_z(np.append(values, 1e9))
    np.testing.assert_allclose(wild[:-1], values, atol=5e-3)
    assert (robust_z(np.full(5, 2.0)) == 0).all()
    assert robust_z(np.array([0.0, 0, 0, 0, 1]))[-1] > 1


def test_an_error_of_nothing_is_no_outlier():
    found = scores_of(np.array([0.0, 1, 2]), np.zeros(3), np.zeros(4))
    assert np.isfinite(found.outlyingness).all()
    assert found.order[0] == 2


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (torch.zeros(2, 1, 9, 9), r"shape \[n, 1, 8, 8\] of this model, not \[2, 1, 9, 9\]"),
        (torch.zeros(1, 8, 8), r"not \[1, 8, 8\]"),
        (torch.zeros(0, 1, 8, 8), r"not \[0, 1, 8, 8\]"),
        (torch.zeros(1, 1, 8, 8, dtype=torch.int64), "uint8 or floating point"),
        (torch.full((1, 1, 8, 8), 2.0), r"lie in \[0, 1\], not from 2 to 2"),
        (torch.full((1, 1, 8, 8), torch.nan), r"lie in \[0, 1\]"),
        ("nowhere", "there is no file or folder nowhere"),
        ([], "the list of files is empty"),
    ],
)
def test_images_that_do_not_fit_are_refused(lisa, images, message):
    for function in (lisa.encode, lisa.reconstruct, lisa.score):
        with pytest.raises(LisaError, match=message):
            function(images)


def test_paths_need_two_ends_and_scores_a_run(lisa):
    images = digits().test
    with pytest.raises(LisaError, match="as many ends as beginnings"):
        lisa.interpolate(images[:2], images[:3])
    with pytest.raises(LisaError, match="2 steps or more"):
        lisa.interpolate(images[:1], images[1:2], steps=1)
    with pytest.raises(LisaError, match="no sampler 'gnm'; did you mean 'gmm'"):
        lisa.score(images[:2], sampler="gnm")
    lisa.run = None
    assert lisa.encode(images[:2]).shape[0] == 2
    with pytest.raises(LisaError, match="this model is of no run"):
        lisa.score(images[:2])


def test_other_sizes_and_colours_are_brought_to_the_models(tmp_path):
    wide = np.zeros((10, 30, 3), np.uint8)
    wide[:, 10:20] = (90, 90, 90)
    Image.fromarray(wide).save(tmp_path / "a.png")
    found = read_as(tmp_path, (1, 5, 5))
    assert (found.images == 90).all()
    assert found.images.shape == (1, 1, 5, 5)
    assert "1 of 1 images were brought to 5 × 5, as the model takes them" in found.notes
    assert "1 of 1 images were made grey, as the model takes them" in found.notes
    assert read_as(tmp_path, (3, 10, 30)).notes == ()
    tall = read_as(tmp_path / "a.png", (3, 20, 10)).images
    assert tall.shape == (1, 3, 20, 10)
    assert (tall == 90).all()


def test_deep_images_are_read_with_the_levels_of_the_run(tmp_path):
    Image.fromarray(np.full((6, 6), 1000, np.uint16)).save(tmp_path / "a.png")
    assert read_as(tmp_path, (1, 6, 6)).images.max() == 249  # of 1,023
    found = read_as(tmp_path, (1, 6, 6), Levels(whole=(0, 4095)))
    assert found.images.max() == round(1000 * 255 / 4095)
    clipped = read_as(tmp_path, (1, 6, 6), Levels(whole=(0, 500)))
    assert clipped.images.max() == 255
    assert "values beyond black and white were clipped in 1 file: a.png" in clipped.notes[0]


def test_labels_are_the_classes_whatever_parts_there_are(tmp_path):
    for name in ("train/cat/1.png", "test/dog/2.png", "bird/3.png", "4.png"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.zeros((6, 6), np.uint8)).save(path)
    found = read_as(tmp_path, (1, 6, 6))
    assert dict(zip(found.names, found.labels, strict=True)) == {
        "train/cat/1.png": "cat",
        "test/dog/2.png": "dog",
        "bird/3.png": "bird",
        "4.png": None,
    }
    assert found.labelled


def test_damaged_files_are_left_out_and_named(tmp_path):
    Image.fromarray(np.zeros((6, 6), np.uint8)).save(tmp_path / "a.png")
    (tmp_path / "b.png").write_bytes(b"x")
    found = read_as(tmp_path, (1, 6, 6))
    assert found.names == ("a.png",)
    assert "b.png" in found.notes[0]
    with pytest.raises(LisaError, match=r"holds no readable image .*b\.png"):
        read_as(tmp_path / "b.png", (1, 6, 6))
