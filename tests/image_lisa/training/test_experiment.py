"""One experiment: best and last weights, validation, the data's digest, samplers, pictures."""

import csv
import dataclasses
import errno
import functools
import json
import math
import os

import numpy as np
import pytest
import torch
from laid_out import recorded
from light_reports import rough_mixtures
from PIL import Image
from small_runs import DIM, SHORT, architecture_of, digits, finished, started, trained

from image_lisa.data import Images
from image_lisa.models.model import ImageModel
from image_lisa.models.names import LAST
from image_lisa.models.networks import ImageAutoencoder
from image_lisa.reports.pictures import (
    STEPS,
    of_each_class,
    plot_curves,
    save_reconstructions,
    save_samples,
)
from image_lisa.training import experiment
from image_lisa.training.experiment import (
    Data,
    check_data,
    data_record,
    finish_run,
    make_run,
    train_run,
)
from shared.common.callbacks import Callbacks
from shared.common.errors import LisaError
from shared.common.seeds import derive_seed
from shared.methods import LISA, VAE, VQVAE, Method, sampler_names
from shared.runs.expost import CODES, SAMPLERS, load_codes
from shared.runs.run import BEST, CHECKPOINT, METRICS, MODEL, SUMMARY, open_run
from shared.training.settings import Training
from shared.training.trainer import launch


@pytest.fixture(scope="module", autouse=True)
def _rough():
    """How well mixtures fit is for other tests to say."""
    with rough_mixtures():
        yield


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    """A run by LISA with everything; not to be changed."""
    return finished(tmp_path_factory.mktemp("experiment") / "lisa")


@pytest.fixture(scope="module")
def variational(tmp_path_factory):
    return finished(tmp_path_factory.mktemp("experiment") / "vae", VAE())


def without_seconds(rows):
    return [{name: value for name, value in row.items() if name != "seconds"} for row in rows]


def test_a_run_records_its_data_model_and_training(done):
    run, model, _ = done
    config = json.loads((run.path / "config.json").read_text())
    assert config["tool"] == "image-lisa"
    assert config["data"] == data_record(digits())
    assert config["model"] == model.architecture.to_json()
    assert config["training"] == dataclasses.asdict(SHORT)
    assert config["versions"].keys() == {"python", "torch", "numpy"}


def test_a_taken_folder_is_left_alone(done):
    run = done[0]
    before = {path.name: path.read_bytes() for path in run.path.iterdir()}
    with pytest.raises(LisaError, match="holds a run already"):
        started(run.path)
    assert {path.name: path.read_bytes() for path in run.path.iterdir()} == before


def test_overwriting_makes_a_new_run(tmp_path):
    run = trained(tmp_path / "run")
    architecture = architecture_of()
    again = make_run(
        launch(SHORT), run.path, digits(), architecture, SHORT, options={}, created="later",
        overwrite=True,
    )  # fmt: skip
    assert again.config["created"] == "later"
    assert [path.name for path in run.path.iterdir()] == ["config.json"]


def shorter(part):
    images, labels = digits().parts[part]
    return {part: images[1:], f"{part}_labels": labels[1:]}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (shorter("train"), "train 64 → 63"),
        (shorter("valid"), "valid 16 → 15"),
        (shorter("test"), "test 360 → 359"),
        ({"name": "numbers"}, "name digits → numbers$"),
        (
            {"train_labels": None, "valid_labels": None, "test_labels": None},
            "labelled True → False",
        ),
        ({"train": 255 - digits().train}, "on: sha256 .* → "),
    ],
    ids=["train", "valid", "test", "name", "labels", "pixels"],
)  # fmt: skip
def test_other_data_are_named(done, change, words):
    other = dataclasses.replace(digits(), **change)
    with pytest.raises(LisaError, match=words) as caught:
        check_data(done[0], other)
    assert f"the data are not those that {done[0].path} was trained on" in str(caught.value)


def test_the_same_data_are_accepted_and_a_damaged_record_is_not(done, tmp_path):
    check_data(done[0], digits())
    run, *_ = started(tmp_path / "run")
    for value in (None, [], {}, "digits"):
        config = dict(run.config) | {"data": value}
        with pytest.raises(LisaError, match="name None → digits"):
            check_data(dataclasses.replace(run, config=config), digits())


def test_the_digest_is_that_of_every_image_label_and_place():
    one = digits()
    same = dataclasses.replace(one, train=one.train.clone())
    assert one.digest == same.digest
    changed = one.test.clone()
    changed[3, 0, 2, 5] ^= 1
    order = torch.arange(64).flip(0)
    others = [
        dataclasses.replace(one, test=changed),
        dataclasses.replace(one, train=one.train[order], train_labels=one.train_labels[order]),
        dataclasses.replace(one, train_labels=(one.train_labels + 1) % 10),
        dataclasses.replace(one, train_labels=None, valid_labels=None, test_labels=None),
    ]
    assert len({one.digest, *(other.digest for other in others)}) == 5


def test_data_are_loaded_as_the_experiment_says():
    images = Data("digits", limit=60, valid=7, size=12, seed=3).load()
    assert (len(images.train), len(images.valid), images.shape) == (53, 7, (1, 12, 12))
    assert images.digest != Data("digits", limit=60, valid=7, size=12, seed=4).load().digest
    assert torch.equal(images.test, Data("digits", limit=90, size=12).load().test)


class Scripted(LISA):
    """Its validation losses are given; what is trained is LISA."""

    script = ()

    def loss(self, net, x):
        terms = super().loss(net, x)
        if net.training:
            return terms
        value = type(self).script[0]
        type(self).script = type(self).script[1:]
        return {"reconstruction": torch.tensor(value), "uniformity": torch.tensor(0.5)}


@pytest.fixture(scope="module")
def constant(tmp_path_factory):
    """The weights after some epochs at a constant rate."""

    @functools.cache
    def weights(epochs):
        training = dataclasses.replace(SHORT, schedule="constant", epochs=epochs)
        run = trained(tmp_path_factory.mktemp("constant") / "run", LISA(), training)
        return run.read_tensors(LAST)[0]

    return weights


@pytest.mark.parametrize(
    ("script", "best"),
    [
        ([3.0, 1.0, 2.0], 2),
        ([1.0, 1.0, 1.0], 1),
        ([3.0, 2.0, 1.0], 3),
        ([math.nan, 2.0, 1.0], 3),
        ([math.nan, 1.0, 2.0], 2),
        ([2.0, math.nan, 3.0], 1),
        ([math.nan, math.nan, 4.0], 3),
    ],
    ids=str,
)
def test_the_best_weights_are_those_of_least_validation_loss(tmp_path, constant, script, best):
    """The model is what a training of as many epochs, otherwise alike, holds at its end."""
    training = dataclasses.replace(SHORT, schedule="constant")
    Scripted.script = tuple(script)
    run = trained(tmp_path / "best", Scripted(), training)
    assert Scripted.script == ()
    weights, record = run.read_tensors(MODEL)
    assert record["epoch"] == best
    assert record["valid_loss"] == pytest.approx(script[best - 1] + 0.5)
    rows = run.read_metrics()
    assert [row["valid_loss"] for row in rows] == pytest.approx(
        [value + 0.5 for value in script], nan_ok=True
    )
    last, record = run.read_tensors(LAST)
    assert (record["epoch"], record["steps"]) == (3, 12)
    for epochs, found in ((best, weights), (3, last)):
        expected = constant(epochs)
        assert all(torch.equal(found[name], expected[name]) for name in expected)
    if best != 3:
        assert any(not torch.equal(weights[name], last[name]) for name in weights)


def test_validation_is_the_methods_loss_on_whole_batches(tmp_path):
    """Written out: the terms of each batch of 16, meaned, with draws of a seed of their own."""
    images = Data("digits", limit=80, valid=37).load()
    training = dataclasses.replace(SHORT, epochs=1)
    run = trained(tmp_path / "run", VAE(), training, images)
    model = ImageModel.load(run)
    with torch.random.fork_rng(), torch.no_grad():
        torch.default_generator.manual_seed(derive_seed(training.seed, "validation"))
        losses = [
            VAE().loss(model.net, images.valid[first : first + 16].float() / 255)
            for first in (0, 16)
        ]
    (row,) = run.read_metrics()
    for name in ("reconstruction", "kl"):
        expected = sum(terms[name].item() for terms in losses) / 2
        assert row[f"valid_{name}"] == pytest.approx(expected, rel=1e-5)
    assert row["valid_loss"] == pytest.approx(row["valid_reconstruction"] + row["valid_kl"])


@pytest.mark.parametrize("method", [LISA(), VAE(), VQVAE()], ids=lambda method: method.name)
def test_validation_leaves_training_as_it_is(tmp_path, method, monkeypatch):
    first = trained(tmp_path / "first", method)

    def nothing(method, images, training):
        return lambda net: {"loss": 0.0}

    monkeypatch.setattr(experiment, "_validation", nothing)
    second = trained(tmp_path / "second", method)
    a, b = (run.read_tensors(LAST)[0] for run in (first, second))
    assert all(torch.equal(a[name], b[name]) for name in a)


def test_a_large_validation_part_is_not_seen_whole(tmp_path, monkeypatch):
    monkeypatch.setattr(experiment, "LEAST_VALIDATED", 20)
    seen = []

    class Seen(LISA):
        def loss(self, net, x):
            if not net.training:
                seen.append(x)
            return super().loss(net, x)

    images = Data("digits", limit=120, valid=60).load()
    trained(tmp_path / "run", Seen(), dataclasses.replace(SHORT, epochs=1), images)
    assert torch.equal(torch.cat(seen), images.valid[:16] / 255)
    seen.clear()
    training = dataclasses.replace(SHORT, epochs=5, valid_epochs=5)
    trained(tmp_path / "rare", Seen(), training, images)
    assert len(torch.cat(seen)) == 16
    seen.clear()
    training = dataclasses.replace(SHORT, epochs=8, valid_epochs=8)
    trained(tmp_path / "rarer", Seen(), training, images)
    assert len(torch.cat(seen)) == 48


def test_a_validation_part_smaller_than_a_batch_is_one_batch(tmp_path):
    images = Data("digits", limit=30, valid=3).load()
    run = trained(tmp_path / "run", images=images)
    assert all(math.isfinite(row["valid_uniformity"]) for row in run.read_metrics())


class StoppedError(Exception):
    pass


def stopping(at):
    def step(done, steps, rate):
        assert steps == 12
        if done == at:
            raise StoppedError

    return Callbacks(step=step)


@pytest.mark.parametrize(("at", "seconds"), [(1, 0.0), (8, 0.0), (4, 1e9), (7, 1e9)])
def test_an_experiment_that_was_stopped_ends_the_same(done, tmp_path, at, seconds):
    training = dataclasses.replace(SHORT, checkpoint_seconds=seconds)
    run, *rest = started(tmp_path / "run", training=training)
    with pytest.raises(StoppedError):
        train_run(run, *rest, callbacks=stopping(at))
    assert not run.finished
    train_run(run, *rest)
    for name in (MODEL, LAST):
        found, expected = (each.read_tensors(name) for each in (run, done[0]))
        assert found[1] == expected[1]
        assert found[0].keys() == expected[0].keys()
        assert all(torch.equal(found[0][key], value) for key, value in expected[0].items())
    rows = (without_seconds(each.read_metrics()) for each in (run, done[0]))
    assert next(rows) == next(rows)


def test_the_best_so_far_is_kept_while_training(tmp_path):
    often = dataclasses.replace(SHORT, checkpoint_seconds=0)
    run, *rest = started(tmp_path / "run", training=often)
    with pytest.raises(StoppedError):
        train_run(run, *rest, callbacks=stopping(6))
    weights, record = run.read_tensors(BEST)
    (row,) = run.read_metrics()
    assert record == {"epoch": 1, "valid_loss": row["valid_loss"]}
    assert weights.keys() == architecture_of().build().state_dict().keys()


def test_a_finished_training_is_not_done_again(done):
    before = (done[0].path / MODEL).stat().st_mtime_ns

    def never(*_):
        pytest.fail("trained again")

    train_run(done[0], digits(), architecture_of(), SHORT, callbacks=Callbacks(step=never))
    assert (done[0].path / MODEL).stat().st_mtime_ns == before


def test_images_of_another_shape_are_refused_before_training(tmp_path):
    run, _, architecture, training = started(tmp_path / "run")
    with pytest.raises(LisaError, match=r"shape \(1, 8, 8\), but those of digits .* \(1, 9, 9\)"):
        train_run(run, digits(size=9), architecture, training)


def test_the_watcher_hears_steps_epochs_and_notes(tmp_path):
    steps, epochs, notes = [], [], []
    callbacks = Callbacks(
        note=notes.append,
        step=lambda done, steps_, rate: steps.append((done, steps_, rate)),
        epoch=epochs.append,
    )
    few = Data("digits", limit=12, valid=4).load()
    training = dataclasses.replace(SHORT, batch_size=4)
    run = trained(tmp_path / "run", images=few, training=training, callbacks=callbacks)
    assert [each[:2] for each in steps] == [(done, 6) for done in range(1, 7)]
    assert all(rate > 0 for *_, rate in steps[1:])
    assert without_seconds(epochs) == without_seconds(run.read_metrics())
    _, samplers = finish_run(run, few, callbacks=callbacks)
    fitting = [note for note in notes if note.startswith("fitting the sampler ")]
    assert fitting == [f"fitting the sampler {name}" for name in sampler_names(LISA())]
    assert any(note.startswith("gmm: 8 distinct codes for 10 components") for note in notes)
    assert samplers["gmm"].notes


def test_what_a_finished_run_holds(done):
    run, model, samplers = done
    assert list(samplers) == ["uniform", "gaussian", "gmm", "dirichlet"]
    assert not (run.path / CHECKPOINT).exists()
    assert not (run.path / BEST).exists()
    codes = load_codes(run)
    np.testing.assert_array_equal(codes.mean, model.codes(digits().train).mean)
    assert codes.posterior_std is None
    summary = json.loads((run.path / SUMMARY).read_text())
    rows = run.read_metrics()
    losses = [row["valid_loss"] for row in rows]
    assert summary["best"] == {
        "epoch": losses.index(min(losses)) + 1, "valid_loss": pytest.approx(min(losses)),
    }  # fmt: skip
    x = digits().valid.double() / 255
    squares = ((model.reconstruct(digits().valid) - x) ** 2).sum((1, 2, 3)).mean().item()
    assert summary["valid"]["reconstruction"] == pytest.approx(squares / 2, rel=1e-5)
    assert summary["valid"]["mse"] == pytest.approx(squares / 64, rel=1e-5)
    assert summary["training"]["epochs"] == 3
    assert summary["training"]["seconds"] == rows[-1]["seconds"]
    assert summary["training"]["images_per_second"] == pytest.approx(192 / rows[-1]["seconds"])
    assert summary["training"]["weights"] == sum(p.numel() for p in model.net.parameters())
    assert list(summary["samplers"]) == list(samplers)


def test_samplers_are_fitted_to_the_training_codes_by_a_seed(done, tmp_path):
    _, model, samplers = done
    codes = model.codes(digits().train).mean
    mean = samplers["gaussian"].sampler.state()["means"][0]
    np.testing.assert_allclose(mean, codes.mean(0))
    _, few = finish_run(trained(tmp_path / "few"), digits(), samplers=("gmm",))
    assert list(few) == ["gmm"]
    np.testing.assert_array_equal(few["gmm"].sample(5, 0), samplers["gmm"].sample(5, 0))


def test_the_spread_of_codes_is_kept(variational):
    run, model, samplers = variational
    codes, expected = load_codes(run), model.codes(digits().train)
    np.testing.assert_array_equal(codes.mean, expected.mean)
    np.testing.assert_array_equal(codes.posterior_std, expected.posterior_std)
    assert next(iter(samplers)) == "prior"


def test_a_file_of_something_else_holds_no_codes(done, tmp_path):
    run, *_ = started(tmp_path / "run")
    with pytest.raises(LisaError, match=r"there is no file .*codes\.safetensors"):
        load_codes(run)
    (run.path / CODES).write_bytes((done[0].path / MODEL).read_bytes())
    with pytest.raises(LisaError, match=r"codes\.safetensors holds no codes"):
        load_codes(run)


def test_pictures_come_before_the_summary(tmp_path):
    """So that a run with a summary lacks nothing."""
    run, seen = trained(tmp_path / "run"), []

    def illustrate(model, samplers):
        seen.append((list(samplers), (run.path / SUMMARY).exists(), (run.path / SAMPLERS).exists()))
        raise StoppedError

    with pytest.raises(StoppedError):
        finish_run(run, digits(), illustrate=illustrate)
    assert seen == [(list(sampler_names(LISA())), False, True)]
    assert not (run.path / SUMMARY).exists()
    assert (run.path / BEST).exists()
    finish_run(run, digits())
    assert (run.path / SUMMARY).exists()


@pytest.mark.parametrize("fails", [1, 3, 6, 19, 20])
def test_a_disk_that_fills_up_loses_nothing(done, tmp_path, monkeypatch, fails):
    """The nth write and all that follow fail; once there is room, the training goes on."""
    often = dataclasses.replace(SHORT, checkpoint_seconds=0)
    run, *rest = started(tmp_path / "run", training=often)
    sync, count, before = os.fsync, [0], {}

    def full(handle):
        count[0] += 1
        if count[0] >= fails:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        before.update({path.name: path.read_bytes() for path in run.path.glob("[!.]*")})
        return sync(handle)

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(LisaError, match=r"cannot write .*: No space left on device"):
            train_run(run, *rest)
    found = {path.name for path in run.path.iterdir()}
    assert set(before) <= found
    assert not any(name.startswith(".") for name in found)
    train_run(run, *rest)
    assert run.finished
    assert (run.path / MODEL).read_bytes() == (done[0].path / MODEL).read_bytes()


def test_no_more_images_than_a_step_has_are_in_the_network_at_once(tmp_path, monkeypatch):
    """So that the end of a training needs no more memory than its steps."""
    passed = []
    for name in ("encode", "decode"):
        whole = getattr(ImageAutoencoder, name)

        def seen(net, x, whole=whole):
            passed.append(len(x))
            return whole(net, x)

        monkeypatch.setattr(ImageAutoencoder, name, seen)
    images = digits()
    run = trained(tmp_path / "run", training=dataclasses.replace(SHORT, epochs=26))

    def illustrate(model, samplers):
        save_reconstructions(run, model, images.valid)
        save_samples(run, model, samplers, 0)

    finish_run(run, images, illustrate=illustrate)
    model = ImageModel.load(run)
    model.codes(images.test)
    model.reconstruct(images.test)
    assert max(passed) == SHORT.batch_size == model.at_once


def test_curves_show_every_term_of_training_and_validation(done, monkeypatch):
    run, *_ = done
    drawn = {}

    def keep(figure, folder, name):
        for axes in figure.axes:
            drawn[axes.get_title()] = {
                line.get_label(): list(line.get_ydata()) for line in axes.lines
            }

    monkeypatch.setattr("image_lisa.reports.pictures.save_figure", keep)
    plot_curves(run)
    with (run.path / METRICS).open() as file:
        rows = list(csv.DictReader(file))
    assert list(drawn) == ["loss", "reconstruction", "uniformity"]
    for name, lines in drawn.items():
        assert lines["training"] == [float(row[name]) for row in rows]
        assert lines["validation"] == [float(row[f"valid_{name}"]) for row in rows]


def test_curves_of_nothing_are_drawn_too(tmp_path):
    run, *_ = started(tmp_path / "run")
    plot_curves(run)
    assert pixels(run.path / "curves.png").shape[1] > 100


def pixels(path):
    with Image.open(path) as image:
        return np.asarray(image)


def test_a_loss_of_one_term_is_drawn_once(tmp_path, monkeypatch):
    run, *_ = started(tmp_path / "run")
    values = {"loss": 2.0, "reconstruction": 2.0, "valid_loss": 3.0, "valid_reconstruction": 3.0}
    run.write_metrics([{"epoch": epoch, **values} for epoch in (1, 2)])
    panels = []
    monkeypatch.setattr(
        "image_lisa.reports.pictures.save_figure",
        lambda figure, *_: panels.extend(axes.get_title() for axes in figure.axes),
    )
    plot_curves(run)
    assert panels == ["reconstruction"]


PICTURES = "image_lisa.reports.pictures"


def test_reconstructions_lie_below_their_images(done, tmp_path, monkeypatch):
    _, model, _ = done
    run, *_ = started(tmp_path / "run")
    made = recorded(monkeypatch, PICTURES)
    shown = digits().valid
    save_reconstructions(run, model, shown)
    pairs, paths = made
    assert pairs.is_in(run.path / "reconstructions.png")
    assert paths.is_in(run.path / "interpolations.png")
    assert pairs.columns == 10
    assert pairs.titles["row_titles"] == ("image", "comes back")
    back = (model.reconstruct(shown[:10]) * 255).round().byte()
    np.testing.assert_array_equal(pairs.images, torch.cat([shown[:10], back]))
    assert (len(paths.images), paths.columns) == (8 * STEPS, STEPS)


@pytest.mark.parametrize(("count", "pairs"), [(2, 1), (3, 1), (5, 2), (40, 10)])
def test_as_many_pairs_are_shown_as_there_are(done, tmp_path, monkeypatch, count, pairs):
    run, *_ = started(tmp_path / "run")
    made = recorded(monkeypatch, PICTURES)
    save_reconstructions(run, done[1], digits().test[:count])
    assert len(made[0].images) == 2 * min(count, 10)
    assert len(made[1].images) == STEPS * pairs


def test_one_example_of_each_class_is_shown_with_its_name(done, tmp_path, monkeypatch):
    run, *_ = started(tmp_path / "run")
    made = recorded(monkeypatch, PICTURES)
    data = digits(limit=None)
    save_reconstructions(run, done[1], data.test, data.test_labels, data.classes)
    assert made[0].titles["column_titles"] == list("0123456789")
    for label, image in enumerate(made[0].images[:10]):
        first = int((data.test_labels == label).nonzero()[0])
        assert torch.equal(image, data.test[first])
    ends = [text.split(" → ") for text in made[1].titles["row_titles"]]
    assert [begin for begin, _ in ends] == list("0123456789")
    assert all(begin != end for begin, end in ends)


@pytest.mark.parametrize("most", [3, 4, 7, 20])
def test_classes_are_shown_in_turn(most):
    labels = torch.tensor([2, 2, 0, 2, 1, 0])
    assert of_each_class(6, labels, most).tolist() == [2, 4, 0, 5, 1, 3][:most]
    assert of_each_class(6, None, most).tolist() == list(range(min(6, most)))


@pytest.mark.parametrize("which", ["done", "variational"])
def test_interpolations_begin_and_end_with_the_reconstructions(which, request, monkeypatch):
    _, model, _ = request.getfixturevalue(which)
    first, second = digits().test[:6], digits().test[6:12]
    decoded, decode = [], model.decode
    monkeypatch.setattr(model, "decode", lambda codes: (decoded.append(codes), decode(codes))[1])
    paths = model.interpolate(first, second, steps=7)
    assert paths.shape == (6, 7, 1, 8, 8)
    torch.testing.assert_close(paths[:, 0], model.reconstruct(first), rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(paths[:, -1], model.reconstruct(second), rtol=1e-4, atol=1e-5)
    codes = torch.as_tensor(decoded[0])
    steps = codes.reshape(6, 7, DIM).diff(dim=1).norm(dim=-1)
    torch.testing.assert_close(steps, steps[:, :1].expand(-1, 6), rtol=1e-9, atol=1e-12)
    norms = codes.norm(dim=-1)
    if model.method.spherical:
        torch.testing.assert_close(norms, torch.ones_like(norms), rtol=0, atol=1e-12)
    else:
        assert norms.std() > 1e-3


def test_samples_are_decoded_draws(done, tmp_path, monkeypatch):
    _, model, samplers = done
    run, *_ = started(tmp_path / "run")
    made = recorded(monkeypatch, PICTURES)
    save_samples(run, model, samplers, seed=2**40 + 9, n=5)
    assert {path.name for path in run.path.glob("*.png")} == {
        f"samples-{name}.png" for name in samplers
    }
    drawn = (model.decode(samplers["gmm"].sample(5, 2**40 % 2**32 + 9)) * 255).round().byte()
    sheet = made[list(samplers).index("gmm")]
    assert sheet.is_in(run.path / "samples-gmm.png")
    np.testing.assert_array_equal(sheet.images, drawn)
    assert "samples, gmm" in sheet.titles["title"]


def test_colour_and_odd_sizes_go_all_the_way(tmp_path, monkeypatch):
    generator = torch.Generator().manual_seed(0)
    parts = [
        torch.randint(0, 256, (n, 3, 9, 6), generator=generator, dtype=torch.uint8)
        for n in (24, 6, 6)
    ]
    images = Images("noise", *parts)
    training = dataclasses.replace(SHORT, epochs=1)
    run = trained(tmp_path / "run", images=images, training=training, network="paper")
    model, samplers = finish_run(run, images)
    made = recorded(monkeypatch, PICTURES)
    save_samples(run, model, samplers, seed=0, n=4)
    assert all(sheet.images.shape == (4, 3, 9, 6) for sheet in made)


@pytest.mark.parametrize("precision", ["64-true", "bf16-mixed"])
def test_other_arithmetic_trains_and_loads(tmp_path, precision):
    run, model, _ = finished(
        tmp_path / "run", training=dataclasses.replace(SHORT, precision=precision)
    )
    assert next(model.net.parameters()).dtype == torch.float32
    rows = run.read_metrics()
    assert rows[-1]["valid_loss"] < rows[0]["valid_loss"]


def test_what_is_trained_depends_on_its_seeds_alone(tmp_path):
    runs = []
    for number, (noise, seed) in enumerate([(1, 5), (2, 5), (1, 6)]):
        torch.default_generator.manual_seed(noise)
        training = Training(**dataclasses.asdict(SHORT) | {"seed": seed, "epochs": 1})
        runs.append(trained(tmp_path / str(number), VAE(), training).read_tensors(MODEL)[0])
    first, again, other = runs
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert any(not torch.equal(first[name], other[name]) for name in first)


def test_the_folder_can_be_moved(done, tmp_path):
    moved = tmp_path / "moved"
    moved.mkdir()
    for path in done[0].path.iterdir():
        (moved / path.name).write_bytes(path.read_bytes())
    model = ImageModel.load(open_run(moved, "image-lisa"))
    assert isinstance(model.method, Method)
    x = digits().test[:4]
    assert torch.equal(model.reconstruct(x), done[1].reconstruct(x))
