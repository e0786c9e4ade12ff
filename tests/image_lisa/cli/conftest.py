"""One tiny trained run, shared by the tests of the commands."""

import shutil

import pytest
from image_commands import train
from light_reports import drawn as drawn
from light_reports import pictures as pictures
from light_reports import rough_mixtures


@pytest.fixture(autouse=True)
def _pictures(pictures):
    """Draw no pictures but those that a test asks for."""


@pytest.fixture(scope="module", autouse=True)
def _rough():
    """How well mixtures fit is for other tests to say."""
    with rough_mixtures():
        yield


@pytest.fixture(scope="session")
def trained(tmp_path_factory):
    """A run of two epochs on digits; not to be changed."""
    with rough_mixtures():
        return train(tmp_path_factory.mktemp("trained"), "--epochs", 2, "--name", "good")


@pytest.fixture
def run(trained, tmp_path):
    """A copy of the trained run, to be changed at will."""
    path = tmp_path / "runs" / "run"
    shutil.copytree(trained, path)
    return path
