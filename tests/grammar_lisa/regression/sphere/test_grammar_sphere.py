import numpy as np
import pytest
from small_spheres import sphere_of

from grammar_lisa.grammar.cfg import parse_grammar
from grammar_lisa.regression.search.grammar_search import GrammarSearch
from grammar_lisa.regression.sphere import cached
from grammar_lisa.regression.sphere.cached import CachedSphere
from grammar_lisa.regression.sphere.grammar_sphere import GrammarSphere
from shared.common.errors import LisaError
from shared.runs.cache import CACHE_VARIABLE

GRAMMAR = parse_grammar(
    """%start S
    S -> S '+' T | T
    T -> 'c*' F | 'c'
    F -> 'exp(c*' V ')' | 'sin(c*' V ')' | V | V '*' F
    V -> 'u' | 'w'
    """
)
FEW = parse_grammar("%start S\nS -> 'c*u' | 'c*u+c' | 'c*w'\n")
GENERATOR = np.random.default_rng(0)
POINTS = {name: GENERATOR.uniform(0.5, 3, 50) for name in "uw"}
TARGETS = np.exp(0.4 * POINTS["u"]) * POINTS["w"] + GENERATOR.normal(size=50)


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path))
    return tmp_path


@pytest.fixture
def trained(monkeypatch):
    """A sphere in the cache."""
    monkeypatch.setattr(CachedSphere, "ready", True)
    monkeypatch.setattr(CachedSphere, "load", lambda self, untrained: sphere_of(GRAMMAR, 20))


def begun(grammar=GRAMMAR, **options):
    """A search, its sphere that has begun, and the notes so far."""
    notes = []
    sphere = GrammarSphere(0, notes.append)
    told = {"clock": lambda: 0.0, **options}
    search = GrammarSearch(POINTS, TARGETS, grammar, sphere=sphere.turn, **told)
    sphere.begin(search)
    return search, sphere, notes


@pytest.mark.usefixtures("trained")
def test_a_search_takes_turns_with_a_sphere_that_is_ready():
    search, _, notes = begun()
    stages = search.run()
    assert [next(stages) for _ in range(3)] == ["enumeration", "tree moves", "sphere"]
    assert notes == ["the sphere of this grammar is searched from 0 s on"]
    assert search.best(1)[0][0] == search.archive.best.loss


@pytest.mark.usefixtures("trained")
def test_what_the_sphere_gives_are_new_sentences_of_the_grammar():
    search, sphere, _ = begun()
    stages = search.run()
    next(stages), next(stages)
    before = set(search._tried)
    assert sphere.turn(search)
    found = search._tried - before
    assert found
    for text in found:
        search.parser.parse(text)


def test_a_sphere_that_is_not_trained_is_trained_beside_the_search(monkeypatch):
    trainings = []
    monkeypatch.setattr(CachedSphere, "begin", lambda self: trainings.append(self))
    monkeypatch.setattr(CachedSphere, "end", lambda self: trainings.append(self))
    search, sphere, notes = begun()
    assert not sphere.turn(search)
    sphere.end()
    assert trainings == [sphere._cached] * 2
    assert notes == [
        f"a sphere of this grammar is trained beside the search and kept in {sphere._cached.path}"
    ]


@pytest.mark.parametrize(("grammar", "deadline"), [(FEW, np.inf), (GRAMMAR, -np.inf)])
def test_few_sentences_or_little_time_need_no_sphere(grammar, deadline, monkeypatch):
    monkeypatch.setattr(CachedSphere, "begin", lambda self: pytest.fail("a training has begun"))
    search, sphere, notes = begun(grammar, deadline=deadline)
    assert not sphere.turn(search)
    sphere.end()
    assert notes == []


@pytest.mark.usefixtures("trained")
def test_a_damaged_sphere_is_left_out_with_a_note(monkeypatch):
    def load(self, untrained):
        raise LisaError("model.safetensors is damaged")

    monkeypatch.setattr(CachedSphere, "load", load)
    search, sphere, notes = begun()
    assert not sphere.turn(search)
    assert not sphere.turn(search)
    assert notes == ["the sphere of this grammar is left out: model.safetensors is damaged"]


def test_a_cache_that_cannot_be_written_to_is_told_of(cache, monkeypatch):
    (cache / "spheres").write_text("a file")
    search, sphere, notes = begun()
    assert not sphere.turn(search)
    assert len(notes) == 1
    assert notes[0].startswith("there is no sphere of this grammar: cannot train in")


def test_a_training_goes_on_where_it_was_and_ends_in_a_model(monkeypatch):
    little = {"count": 60, "held_out": 20, "epochs": 1, "draws": 20}
    monkeypatch.setattr(cached, "_SETTINGS", {**cached._SETTINGS, **little})
    sphere = CachedSphere(GRAMMAR)
    sphere.path.parent.mkdir(parents=True)
    sphere.path.with_suffix(".cfg").write_text(GRAMMAR.text)
    assert not sphere.ready
    cached.train_cached(sphere.path, 20)
    assert sphere.ready
    model = sphere.load()
    assert model.grammar.text == GRAMMAR.text
    models = model, sphere.load(untrained=True)
    trained, fresh = (each.encode(["c*u+c"], refine=False) for each in models)
    assert not np.allclose(trained, fresh)
    cached.train_cached(sphere.path, 20)
    np.testing.assert_array_equal(sphere.load().encode(["c*u+c"], refine=False), trained)


def test_the_cache_knows_grammars_by_their_text():
    other = parse_grammar(GRAMMAR.text + "# a word more\n")
    assert CachedSphere(GRAMMAR).path == CachedSphere(GRAMMAR).path
    assert CachedSphere(other).path != CachedSphere(GRAMMAR).path


def test_a_training_ends_when_it_is_told_to():
    sphere = CachedSphere(GRAMMAR)
    sphere.begin()
    process = sphere._process
    assert process.poll() is None
    sphere.end()
    assert process.poll() is not None
    sphere.end()
