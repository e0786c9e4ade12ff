import gzip
import json
import os
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits

from image_lisa.evaluation.classifier import Classifier, ClassifierRecipe
from image_lisa.evaluation.classifier_features import ClassifierFeatures, _epochs
from image_lisa.evaluation.image_classes import LabelledImages
from image_lisa.evaluation.pixels import to_eight_bits
from shared.common.errors import LisaError
from shared.runs.tensors import read_tensors, write_tensors

QUICK = ClassifierRecipe(width=8, features=16, examples=15_000, clusters=6)


def digits(labelled=True):
    images, labels = load_digits(return_X_y=True)
    scaled = torch.from_numpy(images / 16).float().view(-1, 1, 8, 8)
    return (
        LabelledImages(scaled[:1300], labels[:1300] if labelled else None),
        LabelledImages(scaled[1300:], labels[1300:] if labelled else None),
    )


@pytest.fixture(scope="module")
def trained():
    return ClassifierFeatures.train(*digits(), recipe=QUICK)


@pytest.fixture(scope="module")
def clustered():
    return ClassifierFeatures.train(*digits(labelled=False), recipe=QUICK)


def noise(n=12, shape=(1, 8, 8)):
    return torch.rand(n, *shape, generator=torch.Generator().manual_seed(0))


def test_it_learns_and_records_its_accuracy_on_test_images(trained):
    _, test = digits()
    head = trained.net.head
    logits = head(torch.from_numpy(trained.features(test.images)).float())
    right = (logits.argmax(1).numpy() == test.labels).mean()
    assert trained.record.accuracy == right > 0.85
    assert trained.record.labels == "labels"
    assert trained.record.classes == 10
    assert trained.record.shape == (1, 8, 8)


def test_features_are_the_penultimate_activations_in_double_precision(trained):
    found = trained.features(noise(2500))
    assert found.shape == (2500, 16)
    assert found.dtype == np.float64
    direct = trained.net.trunk(to_eight_bits(noise(2500)) / 127.5 - 1)
    np.testing.assert_allclose(found, direct.numpy(), atol=1e-5)
    assert (found >= 0).all()
    assert np.linalg.matrix_rank(np.cov(trained.features(digits()[0].images).T)) == 16


def test_bytes_and_what_rounds_to_them_have_the_same_features(trained):
    rounded = to_eight_bits(noise())
    expected = trained.features(rounded)
    np.testing.assert_array_equal(trained.features(noise()), expected)
    np.testing.assert_array_equal(trained.features(rounded.double() / 255), expected)


def test_features_of_an_image_do_not_depend_on_the_others(trained):
    alone = np.concatenate([trained.features(noise()[[k]]) for k in range(12)])
    np.testing.assert_allclose(alone, trained.features(noise()), atol=1e-5)


def test_the_test_split_changes_the_accuracy_alone(trained):
    train, test = digits()
    other = ClassifierFeatures.train(train, None, recipe=QUICK)
    assert other.record == replace(trained.record, accuracy=None)
    for name, tensor in trained.net.state_dict().items():
        assert torch.equal(tensor, other.net.state_dict()[name])
    wrong = LabelledImages(test.images, (test.labels + 1) % 10)
    assert ClassifierFeatures.train(train, wrong, recipe=QUICK).record.accuracy < 0.1


def test_another_seed_is_another_classifier_and_the_global_state_stays():
    train, _ = digits()
    short = replace(QUICK, examples=100)
    torch.default_generator.manual_seed(1)
    before = torch.get_rng_state()
    first = ClassifierFeatures.train(train, recipe=short, seed=0)
    assert torch.equal(torch.get_rng_state(), before)
    other = ClassifierFeatures.train(train, recipe=short, seed=1)
    assert (first.features(noise()) != other.features(noise())).any()


def test_images_without_labels_are_told_apart_by_clusters(clustered):
    assert clustered.record.labels == "clusters"
    assert clustered.record.classes == 6
    assert clustered.record.accuracy > 0.75
    again = ClassifierFeatures.train(*digits(labelled=False), recipe=QUICK)
    np.testing.assert_array_equal(again.features(noise()), clustered.features(noise()))
    assert again.record.dataset != ClassifierFeatures.train(*digits(), recipe=QUICK).record.dataset


def test_a_label_that_training_lacks_is_always_wrong():
    train, test = digits()
    few = train.labels < 7
    partial = LabelledImages(train.images[few], train.labels[few])
    found = ClassifierFeatures.train(partial, test, recipe=QUICK).record
    assert found.classes == 7
    assert found.accuracy <= (test.labels < 7).mean()


@pytest.mark.parametrize("shape", [(1, 8, 8), (3, 28, 28), (2, 33, 9), (3, 64, 64), (1, 100, 80)])
def test_every_size_of_image_has_features(shape):
    net = Classifier(shape, 5, ClassifierRecipe(width=4)).eval()
    assert net(to_eight_bits(noise(2, shape))).shape == (2, 64)
    assert net.head(net(to_eight_bits(noise(2, shape)))).shape == (2, 5)
    smallest = min(shape[1:])
    for layer in net.trunk:
        if isinstance(layer, torch.nn.Conv2d):
            smallest = -(-smallest // layer.stride[0])
    assert 4 <= smallest <= 8


def test_it_comes_back_from_its_file(trained, tmp_path):
    path = tmp_path / "classifier.safetensors"
    trained.write(path)
    back = ClassifierFeatures.read(path)
    assert back.record == trained.record
    np.testing.assert_array_equal(back.features(noise()), trained.features(noise()))


def test_a_folder_trains_once_and_gives_the_very_same_classifier(tmp_path, monkeypatch):
    train, test = digits()
    short = replace(QUICK, examples=100)
    folder = tmp_path / "cache" / "classifiers"
    first = ClassifierFeatures.load_or_train(folder, train, test, recipe=short)
    (path,) = folder.iterdir()
    monkeypatch.setattr(ClassifierFeatures, "train", None)
    again = ClassifierFeatures.load_or_train(folder, train, test, recipe=short)
    assert again.record == first.record
    np.testing.assert_array_equal(again.features(noise()), first.features(noise()))
    assert path.name == ClassifierFeatures.file_name(train, 0, short)


def test_the_name_of_the_file_tells_data_seed_and_recipe_apart():
    train, test = digits()
    unlabelled = LabelledImages(train.images)
    relabelled = LabelledImages(train.images, train.labels[::-1])
    names = [
        ClassifierFeatures.file_name(split, seed, recipe)
        for split in (train, test, unlabelled, relabelled)
        for seed in (0, 1)
        for recipe in (ClassifierRecipe(), QUICK)
    ]
    assert len(set(names)) == 16
    as_bytes = LabelledImages(to_eight_bits(train.images), train.labels.astype(np.uint8))
    assert ClassifierFeatures.file_name(as_bytes, 0, ClassifierRecipe()) == names[0]


def test_a_file_under_anothers_name_is_refused(trained, tmp_path):
    train, _ = digits()
    path = tmp_path / ClassifierFeatures.file_name(train, 7, QUICK)
    trained.write(path)
    with pytest.raises(LisaError, match="another classifier than its name says"):
        ClassifierFeatures.load_or_train(tmp_path, train, seed=7, recipe=QUICK)


def test_a_damaged_or_foreign_file_is_refused(trained, tmp_path):
    path = tmp_path / "classifier.safetensors"
    trained.write(path)
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(LisaError, match="damaged or truncated"):
        ClassifierFeatures.read(path)
    for meta in ({}, {**asdict(trained.record), "classes": 3}, {"shape": 3}):
        write_tensors(path, trained.net.state_dict(), meta)
        assert json.loads(json.dumps(read_tensors(path)[1])) == json.loads(json.dumps(meta))
        with pytest.raises(LisaError, match="does not hold a classifier"):
            ClassifierFeatures.read(path)


def test_a_folder_that_cannot_be_made_is_refused(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(LisaError, match="cannot make the folder"):
        ClassifierFeatures.load_or_train(
            tmp_path / "file" / "folder", digits()[0], recipe=replace(QUICK, examples=1)
        )


def test_images_of_another_shape_are_refused(trained):
    with pytest.raises(LisaError, match=r"shape \[1, 8, 8\], not \[1, 9, 8\]"):
        trained.features(noise(3, (1, 9, 8)))


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (torch.zeros(3, 8, 8), r"must have shape .* not \[3, 8, 8\]"),
        (torch.zeros(0, 1, 8, 8), r"not \[0, 1, 8, 8\]"),
        (torch.full((2, 1, 8, 8), 1.5), r"in \[0, 1\], not from 1.5 to 1.5"),
        (torch.full((2, 1, 8, 8), torch.nan), r"in \[0, 1\], not from nan"),
        (torch.zeros(2, 1, 8, 8, dtype=torch.int32), "uint8 or floating point, not torch.int32"),
    ],
)
def test_what_are_not_images_is_refused(images, message):
    with pytest.raises(LisaError, match=message):
        to_eight_bits(images)


def test_pixels_are_rounded_and_not_truncated():
    grey = torch.tensor([0, 0.4, 0.6, 254.4, 254.6, 255], dtype=torch.float64) / 255
    assert to_eight_bits(grey.view(1, 1, 2, 3)).flatten().tolist() == [0, 0, 1, 254, 255, 255]


def test_training_data_that_cannot_be_learnt_from_is_refused():
    train, test = digits()
    with pytest.raises(LisaError, match="at least 8 x 8 pixels, not 8 x 7"):
        ClassifierFeatures.train(LabelledImages(train.images[..., :7], train.labels))
    with pytest.raises(LisaError, match="1300 images need as many labels, not 5"):
        ClassifierFeatures.train(LabelledImages(train.images, train.labels[:5]))
    with pytest.raises(LisaError, match="two classes of images or more"):
        ClassifierFeatures.train(LabelledImages(train.images, np.zeros(1300, dtype=int)))
    for same in (torch.zeros(5, 1, 8, 8), torch.zeros(1, 1, 8, 8)):
        with pytest.raises(LisaError, match="two different images or more"):
            ClassifierFeatures.train(LabelledImages(same))
    short = replace(QUICK, examples=1)
    with pytest.raises(LisaError, match="497 images need as many labels, not none"):
        ClassifierFeatures.train(train, LabelledImages(test.images), recipe=short)


@pytest.mark.slow
def test_mnist_is_classified_better_than_ninety_nine_in_a_hundred():
    folder = Path(os.environ.get("LISA_DATA_DIR", "")) / "mnist"
    if not (folder / "train-images-idx3-ubyte.gz").is_file():
        pytest.skip("LISA_DATA_DIR names no folder with mnist/*.gz")

    def split(name):
        images, labels = (
            np.frombuffer(gzip.decompress((folder / f"{name}-{file}.gz").read_bytes()), np.uint8)
            for file in ("images-idx3-ubyte", "labels-idx1-ubyte")
        )
        return LabelledImages(torch.from_numpy(images[16:].copy()).view(-1, 1, 28, 28), labels[8:])

    found = ClassifierFeatures.train(split("train"), split("t10k"))
    assert found.record.accuracy > 0.99


@pytest.mark.parametrize(
    ("count", "side", "epochs"),
    [
        (60_000, 28, 3),
        (50_000, 32, 4),
        (1_150, 8, 157),
        (216, 224, 18),
        (40, 28, 160),
        (10**6, 64, 1),
    ],
)
def test_no_images_are_trained_on_for_much_longer_than_those_of_mnist(count, side, epochs):
    sized = torch.zeros((), dtype=torch.uint8).expand(count, 3, side, side)
    assert _epochs(sized, ClassifierRecipe()) == epochs
