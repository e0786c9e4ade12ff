"""Reports of trainings and searches that cost little, for tests of other things."""

import io
import os
from contextlib import contextmanager

import pytest
from matplotlib.figure import Figure

import grammar_lisa.reports.pictures
import image_lisa.reports.pictures
from grammar_lisa.expressions import algebra
from grammar_lisa.optimize import surrogate
from shared.runs.files import write_atomically
from shared.samplers import mixtures


@contextmanager
def blank_pictures():
    """The figures of commands are made, and an empty one is written in the place of each."""
    empty = io.BytesIO()
    Figure(figsize=(1, 1)).savefig(empty, format="png")

    def save(figure, folder, name):
        write_atomically(folder.path / name, empty.getvalue())

    with pytest.MonkeyPatch.context() as patch:
        for tool in (grammar_lisa.reports, image_lisa.reports):
            patch.setattr(tool.pictures, "save_figure", save)
        yield


@pytest.fixture
def pictures(request):
    """Pictures of a test's own runs stay blank, unless the test asks that they be drawn."""
    if "drawn" in request.fixturenames:
        yield
    else:
        with blank_pictures():
            yield


@pytest.fixture
def drawn():
    """Ask that all pictures be drawn."""


class _Lasting(algebra._Worker):
    """A process that simplifies, left running for whoever enters one next."""

    kept = None

    def __enter__(self):
        kept = _Lasting.kept
        if kept is None or kept.owner != os.getpid():
            kept = _Lasting.kept = super().__enter__()
            kept.owner = os.getpid()
        return kept

    def __exit__(self, *_):
        pass

    def ask(self, *words):
        try:
            return super().ask(*words)
        except TimeoutError:
            _Lasting.end()
            raise

    @classmethod
    def end(cls):
        kept, cls.kept = cls.kept, None
        if kept is not None and kept.owner == os.getpid():
            kept._end()


@contextmanager
def one_algebra():
    """All searches of this process simplify their expressions in one other process."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(algebra, "_Worker", _Lasting)
        yield
        _Lasting.end()


WHOLE_FITS = surrogate.fitted.__defaults__


@contextmanager
def short_fits(defaults=(surrogate.HYPER_POINTS, 4)):
    """Surrogates are fitted in few steps, for tests that do not ask how well a search does."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(surrogate.fitted, "__defaults__", defaults)
        yield


def whole_fits():
    """Fits as they are, also within `short_fits`: those of processes that this one starts."""
    return short_fits(WHOLE_FITS)


@contextmanager
def rough_mixtures():
    """Mixtures of Gaussians end their fits soon, for tests that do not ask how well they fit."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(mixtures._FIT, "tol", 10.0)
        yield
