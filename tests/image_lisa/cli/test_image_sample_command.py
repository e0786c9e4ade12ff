"""`image-lisa sample`: one PNG, or a folder of them."""

import shlex
import shutil

import numpy as np
import pytest
import torch
from image_commands import contents, pixels, refusal, run_command, succeed, train
from laid_out import recorded

import image_lisa as il
from image_lisa.models.labels import load_labels
from image_lisa.models.model import ImageModel
from shared.methods.registry import METHODS
from shared.runs.expost import load_codes, load_samplers
from shared.runs.run import open_run
from shared.runs.tensors import read_tensors, write_tensors


def drawn(run, sampler, count, seed=0):
    """The images of a grid, first axis the image."""
    succeed("sample", run, "--sampler", sampler, "-n", count, "--seed", seed, "--out", run / "a")
    return np.stack([pixels(path) for path in sorted((run / "a").iterdir())])


def test_a_grid_of_sixty_four(run):
    result = succeed("sample", run, "--sampler", "gmm", "-n", 64)
    path = run / "samples-gmm-0.png"
    assert pixels(path).shape[1] == 20 + 8 * 69 - 5
    assert result.out == f"64 images from gmm: {path}\n"
    assert result.err == ""


def test_what_is_drawn_unless_told_otherwise(run):
    result = succeed("sample", run, "--json")
    path = run / "samples-gmm-0.png"
    assert result.json == {"run": str(run), "sampler": "gmm", "count": 64, "out": str(path)}
    assert path.is_file()


def test_the_newest_run_is_taken(run, tmp_path):
    shutil.copytree(run, tmp_path / "runs" / "unfinished")
    (tmp_path / "runs" / "unfinished" / "model.safetensors").unlink()
    assert succeed("sample", "--runs", tmp_path / "runs", "--json").json["run"] == str(run)


def test_a_folder_of_images(run, tmp_path):
    out = tmp_path / "deep" / "folder"
    result = succeed("sample", run, "-n", 12, "--out", out, "--quiet")
    assert sorted(path.name for path in out.iterdir()) == [f"{n:02d}.png" for n in range(12)]
    assert all(pixels(path).shape == (8, 8) for path in out.iterdir())
    assert result.err == ""
    assert result.out == f"12 images from gmm: {out}\n"


@pytest.mark.parametrize(("count", "names"), [(1, ["0.png"]), (10, None), (11, None)])
def test_names_sort_as_numbers(run, tmp_path, count, names):
    succeed("sample", run, "-n", count, "--out", tmp_path / "out", "--quiet")
    found = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert found == (names or [f"{n:0{len(str(count - 1))}d}.png" for n in range(count)])


def test_the_grid_holds_the_images_of_the_folder(run, tmp_path, monkeypatch):
    made = recorded(monkeypatch, "image_lisa.cli.sample")
    succeed("sample", run, "-n", 6, "--columns", 4, "--out", tmp_path / "grid.PNG")
    succeed("sample", run, "-n", 6, "--out", tmp_path / "folder", "--quiet")
    (sheet,) = made
    assert sheet.is_in(tmp_path / "grid.PNG")
    assert sheet.columns == 4
    assert sheet.titles["title"] == "LISA: samples, gmm"
    for image, path in zip(sheet.images, sorted((tmp_path / "folder").iterdir()), strict=True):
        np.testing.assert_array_equal(image[0], pixels(path))


def test_a_class_has_samples_of_its_own(run, tmp_path):
    def mean(*words):
        out = tmp_path / "-".join(map(str, words)) if words else tmp_path / "all"
        succeed("sample", run, "--sampler", "gaussian", "-n", 200, "--out", out, *words)
        return np.stack([pixels(path) for path in out.iterdir()]).mean(0)

    labels = load_labels(open_run(run, "image-lisa"))
    codes = load_codes(open_run(run, "image-lisa")).mean
    assert labels.classes == tuple("0123456789")
    assert len(labels.numbers) == len(codes)
    zeros, ones = mean("--class", 0), mean("--class", 1)
    # What a class is like on the mean: its training images, as they come back.
    model = ImageModel.load(open_run(run, "image-lisa"))
    of_class = [
        255 * model.decode(codes[labels.numbers.numpy() == n]).mean((0, 1)).numpy() for n in (0, 1)
    ]
    assert np.abs(zeros - of_class[0]).mean() < np.abs(zeros - of_class[1]).mean()
    assert np.abs(ones - of_class[1]).mean() < np.abs(ones - of_class[0]).mean()
    result = succeed("sample", run, "--class", 3, "-n", 4, "--json")
    assert result.json["class"] == "3"
    assert result.json["out"] == str(run / "samples-gmm-3-0.png")
    again = il.load(run).sample(4, label="3")
    assert torch.equal(again, il.load(run).sample(4, label="3"))
    assert not torch.equal(again, il.load(run).sample(4, label="4"))


def test_a_run_without_classes_says_so(run):
    (run / "labels.safetensors").unlink()
    assert "keeps no classes of its training images" in refusal("sample", run, "--class", 3)


@pytest.mark.parametrize("sampler", ["uniform", "gaussian", "gmm", "dirichlet"])
def test_images_are_decoded_draws_of_the_sampler(run, sampler):
    images = drawn(run, sampler, 300)
    assert images.shape == (300, 8, 8)
    folder = open_run(run, "image-lisa")
    codes = load_samplers(folder)[sampler].sample(3000, 1)
    expected = ImageModel.load(folder).decode(codes).mean((0, 1)).numpy()
    assert np.abs(images.mean(0) / 255 - expected).max() < 0.06
    assert images.std(0).max() > 1


def test_draws_depend_on_seed_and_sampler_alone(run, tmp_path):
    def picture(*words):
        path = tmp_path / "picture.png"
        succeed("sample", run, "-n", 9, "--out", path, "--overwrite", *words)
        return path.read_bytes()

    first = picture("--seed", 5)
    assert picture("--seed", 5) == first
    assert picture("--seed", 6) != first
    assert picture("--seed", 5, "--sampler", "gaussian") != first
    assert picture("--seed", -3) != first


def test_the_prior_of_a_method_that_has_one(tmp_path):
    run = train(tmp_path, "--method", "wae")
    assert drawn(run, "prior", 5).shape == (5, 8, 8)


def test_nothing_is_replaced_unless_asked_for(run, tmp_path):
    folder, grid = tmp_path / "folder", tmp_path / "grid.png"
    for out in (folder, grid):
        succeed("sample", run, "-n", 3, "--out", out, "--quiet")
        before = contents(tmp_path)
        words = ("sample", run, "-n", 3, "--seed", 1, "--out", out, "--quiet")
        assert "is there already" in refusal(*words)
        assert contents(tmp_path) == before
        succeed(*words, "--overwrite")
        assert contents(tmp_path) != before


def test_an_empty_folder_may_be_filled(run, tmp_path):
    (tmp_path / "empty").mkdir()
    succeed("sample", run, "-n", 2, "--out", tmp_path / "empty", "--quiet")
    assert len(list((tmp_path / "empty").iterdir())) == 2


BAD = [
    ("sample nope", "there is no run at nope"),
    ("sample --runs nope", "there is no finished run in nope/"),
    ("sample mine", "mine is no run: it has no config.json"),
    ("sample RUN --sampler prior", "no sampler 'prior'; valid: uniform, gaussian, gmm, dirichlet"),
    ("sample RUN --sampler gaussain", "did you mean 'gaussian'?"),
    ("sample RUN --sampler ''", "there is no sampler ''"),
    ("sample RUN --class eleven", "there is no class 'eleven'; valid: 0, 1"),
    ("sample RUN --class 1 --sampler uniform", "is not fitted to the codes of a class; valid: ga"),
    ("sample RUN -n 0", "--count must be from 1 to 1,000,000, not 0"),
    ("sample RUN -n -5", "--count must be from 1"),
    ("sample RUN -n 1000000000000", "--count must be from 1"),
    ("sample RUN -n many", "many"),
    ("sample RUN --columns 0", "--columns must be from 1"),
    ("sample RUN --out taken.png", "taken.png is there already"),
    ("sample RUN --out mine", "mine is there already"),
    ("sample RUN --out odd.png", "odd.png is a folder; name a file for --out"),
    ("sample RUN --out odd.png --overwrite", "odd.png is a folder; name a file for --out"),
    ("sample RUN --out notes", "notes is a file; --out must end with .png or name a folder"),
    ("sample RUN --out notes --overwrite", "notes is a file; --out must end with .png"),
    ("sample RUN --out notes/grid.png", "cannot make the folder notes"),
    ("sample RUN --out notes/folder", "cannot make the folder notes/folder"),
    ("sample RUN --device tpu", "--device"),
    ("sample RUN --colums 3", "--columns"),
    ("sample RUN other", "other"),
]


@pytest.fixture
def place(run, tmp_path, monkeypatch):
    """A working directory with a trained run and things in the way."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine").mkdir()
    (tmp_path / "odd.png").mkdir()
    for name in ("taken.png", "mine/thesis.tex", "notes"):
        (tmp_path / name).write_text("years of work")
    return tmp_path


@pytest.mark.parametrize(("line", "fragment"), BAD)
def test_bad_input_is_answered_with_one_message_and_nothing_is_changed(place, line, fragment):
    before = contents(place)
    assert fragment in refusal(*shlex.split(line.replace("RUN", "runs/run")))
    assert contents(place) == before


@pytest.mark.parametrize("device", ["cuda", "mps"])
def test_a_device_that_is_not_there_is_named(run, device, monkeypatch):
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    monkeypatch.setattr("torch.backends.mps.is_available", lambda: False)
    message = refusal("sample", run, "--device", device)
    assert message == f"error: there is no {device.upper()} device here; use --device cpu\n"


WAYS = ["truncated", "empty", "text", "missing", "other"]


@pytest.mark.parametrize(
    ("name", "how"),
    [
        *(("config.json", how) for how in WAYS),
        *(("model.safetensors", how) for how in (*WAYS, "changed")),
        *(("samplers.safetensors", how) for how in (*WAYS, "changed")),
    ],
)
def test_a_damaged_file_of_a_run_is_named(run, name, how):
    path = run / name
    content = path.read_bytes()
    damaged = {
        "truncated": content[: len(content) // 2],
        "empty": b"",
        "changed": content[:-9] + bytes([content[-9] ^ 1]) + content[-8:],
        "text": b"nothing of the kind",
        "other": (run / "codes.safetensors").read_bytes(),
    }
    path.unlink()
    if how != "missing":
        path.write_bytes(damaged[how])
    message = refusal("sample", run)
    if (name, how) == ("model.safetensors", "missing"):
        assert f"is not finished; go on with it: image-lisa train --resume {run}" in message
    else:
        assert name in message
    assert not (run / "samples-gmm-0.png").exists()


def test_a_model_with_a_renamed_weight_is_refused(run):
    tensors, record = read_tensors(run / "model.safetensors")
    tensors["other"] = tensors.pop(next(iter(tensors)))
    write_tensors(run / "model.safetensors", tensors, record)
    assert "model.safetensors does not fit this network" in refusal("sample", run)


@pytest.mark.parametrize("count", [2, 5])
def test_a_full_disk_is_one_message(run, tmp_path, monkeypatch, count):
    out = tmp_path / "out"

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    for place in (out, tmp_path / "grid.png"):
        message = refusal("sample", run, "-n", count, "--out", place, "--quiet")
        assert "No space left on device; what was there is unchanged" in message
    assert not list(out.iterdir())
    assert not (tmp_path / "grid.png").exists()


@pytest.mark.slow
@pytest.mark.parametrize("name", METHODS)
def test_every_sampler_of_every_method_is_drawn(tmp_path, name):
    quick = ("--second-steps", 20) if name == "2s-vae" else ()
    run = train(tmp_path, "--method", name, *quick)
    for sampler in load_samplers(open_run(run, "image-lisa")):
        result = run_command("sample", run, "--sampler", sampler, "-n", 4, "--json")
        assert result.status == 0, result.err
        assert result.json["count"] == 4


def test_a_smaller_draw_leaves_nothing_of_a_larger_one(tmp_path):
    run = train(tmp_path, "--name", "run")
    out = tmp_path / "out"
    succeed("sample", run, "-n", 5, "--out", out)
    (out / "mine.png").write_bytes(b"kept")
    succeed("sample", run, "-n", 2, "--out", out, "--overwrite")
    assert sorted(path.name for path in out.iterdir()) == ["0.png", "1.png", "mine.png"]
