"""One tiny trained run and one tiny search, shared by the tests of the commands."""

import shutil
from pathlib import Path

import pytest
import torch
from command_line import TINY_SEARCH, succeed, train
from light_reports import drawn as drawn
from light_reports import one_algebra, rough_mixtures, short_fits
from light_reports import pictures as pictures
from shared_work import once

torch.set_num_threads(1)


@pytest.fixture(scope="module", autouse=True)
def _light():
    """How well expressions are simplified and things are fitted is for other tests to say."""
    with one_algebra(), short_fits(), rough_mixtures():
        yield


@pytest.fixture(autouse=True)
def _pictures(pictures):
    """Draw no pictures but those that a test asks for."""


@pytest.fixture(scope="session")
def trained(tmp_path_factory):
    """A run that reconstructs most sentences of up to 6 rules; not to be changed."""

    def make(runs):
        with rough_mixtures():
            train(runs, "--count", 900, "--max-rules", 6, "--epochs", 25, "--name", "good")

    return once(tmp_path_factory, "grammar-run", make) / "good"


@pytest.fixture(scope="session")
def characters(tmp_path_factory):
    """A variational run on characters that has learnt something; not to be changed."""

    def make(runs):
        words = ("--method", "cv-vae", "--sigma", 0.05, "--kl-weight", 0.01, "--dim", 12)
        words = (*words, "--network", "characters", "--learning-rate", 0.01, "--name", "good")
        with rough_mixtures():
            train(runs, *words, "--max-rules", 6, "--epochs", 60)

    return once(tmp_path_factory, "grammar-run-on-characters", make) / "good"


@pytest.fixture(scope="session")
def searched(trained, tmp_path_factory):
    """A finished search of two trials, in a copy of the run; not to be changed."""
    run = tmp_path_factory.mktemp("searched") / "run"
    shutil.copytree(trained, run)
    with short_fits():  # a fixture of the session may come before those of a module
        result = succeed("bo", "--run", run, "--trials", 2, "--jobs", 1, *TINY_SEARCH, "--json")
    return Path(result.json["search"]), result


@pytest.fixture
def run(trained, tmp_path):
    """A copy of the trained run, to be changed at will."""
    path = tmp_path / "runs" / "run"
    shutil.copytree(trained, path)
    return path


@pytest.fixture
def search(searched, tmp_path):
    """A copy of the searched run with its finished search, to be changed at will."""
    path = tmp_path / "runs" / "searched"
    shutil.copytree(searched[0].parent, path)
    return path / searched[0].name
