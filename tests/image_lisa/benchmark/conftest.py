"""What all tests of benchmarks of images share."""

import pytest
from light_reports import blank_pictures
from small_experiments import quick_classifier


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    quick_classifier(monkeypatch)
    with blank_pictures():
        yield
