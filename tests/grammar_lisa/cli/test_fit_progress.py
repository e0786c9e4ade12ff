import itertools
import threading
from types import SimpleNamespace

import pytest

from grammar_lisa.cli import fit_progress
from grammar_lisa.cli.fit_progress import watching
from grammar_lisa.regression import Equation, Equations, FitConfig
from shared.cli.terminal import Output, Terminal
from shared.common.errors import LisaError


def equations(*formulas):
    """Formulas, each longer and better than the one before."""
    each = [Equation(t, len(t), 0.1**n, 1 - 0.1**n) for n, t in enumerate(formulas)]
    return Equations(each, 100)


class Meter:
    def __init__(self):
        self.notes = []

    def update(self, completed, note=""):
        self.notes.append(note)


def watcher(sketches, clock, monkeypatch):
    """A watcher of a search with these sketches, its meter, and what it keeps."""
    told = iter(sketches)

    def sketch():
        found = next(told)
        if isinstance(found, Exception):
            raise found
        clock[0] += 0.5  # what a look takes
        return found

    monkeypatch.setattr(fit_progress.time, "monotonic", lambda: clock[0])
    kept, meter = [], Meter()
    fitting = SimpleNamespace(sketch=sketch, config=FitConfig())
    return fit_progress._Watcher(fitting, meter, kept.append, 60), meter, kept


def seen(made, clock, seconds):
    """Let the watcher look at each of some seconds."""
    for clock[0] in seconds:
        made.watch()


def test_formulas_are_kept_when_they_have_changed(monkeypatch):
    first, second = equations("x"), equations("x", "x+1")
    clock = [0.0]
    made, meter, kept = watcher([first, first, second], clock, monkeypatch)
    seen(made, clock, [2.0, 30.0, 58.0])
    assert [[each.text for each in found] for found in kept] == [["x"], ["x", "x+1"]]
    assert meter.notes == ["R² 0: x", "R² 0: x", "R² 0.9: x+1"]


def test_looks_take_a_small_share_of_the_time(monkeypatch):
    clock = [0.0]
    made, _, kept = watcher(map(equations, "abcdefgh"), clock, monkeypatch)
    seen(made, clock, [0.5, 2.0, 3.0, 11.0, 13.0, 14.0])  # a look takes 0.5, the next is due in 10
    assert [found[0].text for found in kept] == ["a", "b"]


def test_a_search_without_formulas_is_looked_at_again(monkeypatch):
    clock = [0.0]
    nothing = LisaError("there is no formula with a finite loss")
    made, meter, kept = watcher([nothing, equations("x")], clock, monkeypatch)
    seen(made, clock, [2.0, 4.0])
    assert meter.notes == ["", "R² 0: x"]
    assert len(kept) == 1


def test_long_formulas_are_cut(monkeypatch):
    clock = [0.0]
    made, meter, _ = watcher([equations("x+" * 50 + "x")], clock, monkeypatch)
    seen(made, clock, [2.0])
    assert meter.notes == ["R² 0: " + 19 * "x+" + "x…"]


@pytest.mark.parametrize("fails", [False, True])
def test_the_watch_ends_with_the_search(fails, monkeypatch):
    monkeypatch.setattr(fit_progress, "_EVERY", 0.001)
    before, looked = threading.active_count(), threading.Event()
    sketched = itertools.repeat(equations("x"))
    monkeypatch.setattr(fit_progress, "_LOOK", 0.0)
    fitting = SimpleNamespace(config=FitConfig(), sketch=lambda: next(sketched))
    terminal = Terminal(Output(quiet=True))

    def search():
        with watching(fitting, terminal, lambda found: looked.set()):
            assert looked.wait(60)
            if fails:
                raise ValueError("the search failed")

    if fails:
        with pytest.raises(ValueError, match="the search failed"):
            search()
    else:
        search()
    assert threading.active_count() == before
