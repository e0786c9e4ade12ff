import numpy as np
import pandas as pd
import pytest

from grammar_lisa.regression.fit_config import FitConfig
from grammar_lisa.regression.fitting import Fitting
from grammar_lisa.regression.search import operator_search
from grammar_lisa.regression.search.scales import Scale
from grammar_lisa.regression.sphere.cached import CachedSphere
from grammar_lisa.regression.tables.table import Table

GENERATOR = np.random.default_rng(0)
FRAME = pd.DataFrame(GENERATOR.uniform(0.5, 3, (40, 2)), columns=["u", "v"])
TABLE = Table.from_frame(FRAME, GENERATOR.normal(size=40))


def searched(config):
    """A fit that is interrupted when the sphere has had a turn, and its stages."""
    stages = []

    def tell(stage):
        stages.append(stage)
        if stage == "sphere":
            raise KeyboardInterrupt

    fitting = Fitting(TABLE, config, clock=lambda: 0.0)
    fitting.search(tell)
    return fitting, stages


@pytest.fixture
def small(monkeypatch):
    monkeypatch.setattr(operator_search, "SCALES", (Scale(60, 20, 10, 2, 1, 40, 2, 2, 1, 1),))


@pytest.mark.usefixtures("small")
def test_a_fit_takes_candidates_from_the_sphere_that_ships():
    fitting, stages = searched(FitConfig(sources=("variation", "sphere"), max_time=60))
    assert stages == ["powers", "variation", "sphere"]
    assert fitting.ending == "interrupted"
    assert fitting.notes == []
    assert len(fitting._search.archive) > 1


@pytest.mark.usefixtures("small")
def test_the_untrained_control_takes_other_candidates():
    found = []
    for untrained in (False, True):
        config = FitConfig(sources=("sphere",), max_time=60, untrained=untrained)
        fitting, _ = searched(config)
        found.append([each.text for each in fitting._search.scored])
    assert found[0] != found[1]


@pytest.mark.usefixtures("small")
def test_a_fit_without_the_sphere_never_asks_for_it(monkeypatch):
    name = "grammar_lisa.regression.sphere.operator_sphere.shipped_model"
    monkeypatch.setattr(name, lambda *arguments, **options: pytest.fail("the sphere was loaded"))
    _, stages = searched(FitConfig(sources=(), max_time=60))
    assert stages == ["powers"]


def test_a_training_beside_a_fit_is_told_of_and_ends_with_it(tmp_path, monkeypatch):
    monkeypatch.setenv("LISA_CACHE_DIR", str(tmp_path))
    calls = []
    monkeypatch.setattr(CachedSphere, "begin", lambda self: calls.append("begin"))
    monkeypatch.setattr(CachedSphere, "end", lambda self: calls.append("end"))
    path = tmp_path / "g.cfg"
    path.write_text("S -> S '+' T | T\nT -> 'c*u' | 'c*v' | 'c*u*' T | 'c*exp(c*v)'\n")

    def tell(stage):
        raise KeyboardInterrupt

    fitting = Fitting(TABLE, FitConfig(grammar=str(path), max_time=60), clock=lambda: 0.0)
    fitting.search(tell)
    assert calls == ["begin", "end"]
    assert fitting.notes[0].startswith("a sphere of this grammar is trained beside the search")
    assert fitting.notes[0].endswith(str(fitting._sphere._cached.path))
