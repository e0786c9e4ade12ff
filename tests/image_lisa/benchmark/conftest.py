"""What all tests of benchmarks of images share."""

import pytest
from light_reports import blank_pictures
from small_experiments import quick_measurements

from image_lisa.reports import picture_table


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    quick_measurements(monkeypatch)
    monkeypatch.setattr(picture_table, "_png", lambda rows: b"")
    with blank_pictures():
        yield
