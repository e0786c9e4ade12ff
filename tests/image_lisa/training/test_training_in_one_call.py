"""`il.train` does what `image-lisa train` does."""

import pytest
import torch

import image_lisa as il
from image_lisa.cli import main
from image_lisa.data import load_images
from image_lisa.training.experiment import Data
from image_lisa.training.published import published_values
from shared.common.errors import LisaError
from shared.methods import METHODS

SMALL = {"epochs": 2, "limit": 200, "valid": 40, "dim": 4, "device": "cpu"}


def test_it_leaves_the_run_of_the_command(tmp_path):
    said = []
    model = il.train("digits", runs=tmp_path, seed=3, notify=said.append, **SMALL)
    words = [f"--{name}={value}" for name, value in SMALL.items()]
    command = f"train --dataset digits --seed 3 --runs {tmp_path} --name command --quiet"
    assert main([*command.split(), *words]) == 0
    other = il.load(tmp_path / "command")
    assert model.run.path == tmp_path / "digits-lisa-001"
    assert model.architecture == other.architecture
    weights = other.net.state_dict()
    assert all(torch.equal(value, weights[name]) for name, value in model.net.state_dict().items())
    assert {each.name for each in model.run.path.iterdir()} == {
        each.name for each in other.run.path.iterdir()
    }
    assert torch.equal(model.sample(3, sampler="gmm"), other.sample(3, sampler="gmm"))
    assert "fitting the sampler gmm" in said
    assert main(["train", "--resume", str(model.run.path), "--epochs", "3", "--quiet"]) == 0
    assert len(model.run.read_metrics()) == 3


def test_methods_are_named_or_made(tmp_path):
    named = il.train("digits", "ae", runs=tmp_path, name="named", **SMALL | {"epochs": 1})
    assert named.method == METHODS["ae"]()
    own = METHODS["lisa"](uniformity_weight=3.0)
    made = il.train("digits", own, runs=tmp_path, name="named", overwrite=True, **SMALL)
    assert il.load(tmp_path / "named").method == own == made.method


def test_published_weights_belong_to_the_data_set(monkeypatch, tmp_path):
    """As for the command; digits are shown under the name of a set that has some."""
    digits = load_images("digits", limit=200)
    monkeypatch.setattr(Data, "load", lambda self, notify: digits)
    model = il.train("mnist", "wae", runs=tmp_path, epochs=1, dim=4, device="cpu")
    assert model.method == METHODS["wae"](**published_values("wae", "mnist"))
    assert model.method != METHODS["wae"]()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ({"epoch": 1}, "there is no setting of a training 'epoch'; did you mean 'epochs'"),
        ({"method": "lissa"}, "there is no method 'lissa'; did you mean 'lisa'"),
        ({"precision": "16-mixed", "device": "cpu"}, "16-mixed needs a GPU"),
        ({"dim": 1}, "the code size must be from 2 to 1024, not 1"),
        ({"epochs": 0}, "epochs must be at least 1, not 0"),
        ({"network": "huge"}, "there is no network 'huge'; valid: light, paper"),
    ],
)
def test_what_cannot_be_served_is_refused_before_a_run_is_made(words, message, tmp_path):
    with pytest.raises(LisaError, match=message):
        il.train("digits", runs=tmp_path / "runs", **{"limit": 200} | words)
    assert not (tmp_path / "runs").exists()
