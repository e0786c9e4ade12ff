"""Ask and tell: what a search asks for, and what it makes of what it is told."""

import dataclasses
import itertools
import math

import numpy as np
import pytest
import torch
from small_models import TINY, untrained
from small_searches import COMMANDS, X, begin, learnt, played, reader_of

from grammar_lisa.expressions.language import PlainText
from grammar_lisa.grammar.sampling import sample_uniform
from grammar_lisa.grammar.text import derivations_to_texts, is_sentence
from grammar_lisa.models.names import CHARACTERS
from grammar_lisa.objectives.composite import SquaredErrors
from grammar_lisa.objectives.targets import regression_for
from grammar_lisa.optimize import SYSTEMS, acquisition, exploration, policy
from grammar_lisa.optimize.candidates import Candidates
from grammar_lisa.optimize.kernels import TermsKernel
from grammar_lisa.optimize.optimizer import Optimizer
from grammar_lisa.optimize.progress import trust_radius
from grammar_lisa.optimize.proposals import Fresh, Perturbation
from grammar_lisa.optimize.sentences import Reader
from shared.common.errors import LisaError
from shared.methods.registry import METHODS

SMALL = {
    "rounds": 3,
    "batch": 4,
    "pool": 120,
    "steps": 2,
    "candidates": 30,
    "fit_points": 20,
    "parents": 10,
}
CONFIG = SYSTEMS["latent"].changed(**SMALL)
TREES = SYSTEMS["structure"].changed(**SMALL)


@pytest.fixture(autouse=True)
def quiet():
    with np.errstate(all="ignore"):
        yield


@pytest.fixture(scope="module")
def reader(model):
    return reader_of(model)


@pytest.fixture
def search(reader, begun, objective):
    def make(config=CONFIG, *, seed=0, composite=False, **fields):
        config = config.changed(**fields)
        return begin(reader, config, objective, begun[0], seed=seed, composite=composite)

    return make


def flat(batches):
    return [sentence for batch in batches for sentence in batch]


def check_asked(one, asked, known):
    """What was asked for is new, distinct and complete, by text and by canonical form."""
    assert len(set(asked)) == len(asked)
    assert not set(asked) & set(known)
    keys = one.reader.language.canonical_forms([*known, *asked]).hashes[len(known) :].tolist()
    assert len(set(keys)) == len(keys)
    assert not set(keys) & set(one.reader.language.canonical_forms(known).hashes.tolist())
    grammar = one.reader.model.grammar
    derivations = one.reader.model.parse(asked)
    assert all(is_sentence(grammar, row) for row in derivations)
    assert derivations_to_texts(grammar, derivations) == asked


@pytest.mark.parametrize("composite", [False, True])
def test_what_is_asked_for_is_new_distinct_and_complete(search, objective, begun, composite):
    one = search(composite=composite)
    batches = played(one, objective, 3)
    assert [len(batch) for batch in batches] == [4, 4, 4]
    check_asked(one, flat(batches), begun[0])


RETRAINED = [name for name, system in SYSTEMS.items() if system.retraining != "none"]


@pytest.mark.parametrize(
    ("method", "name"),
    [
        *(("lisa", name) for name in SYSTEMS),
        *(
            pytest.param("vae", name, marks=[pytest.mark.slow] if name in RETRAINED else [])
            for name in SYSTEMS
        ),
    ],
)
def test_every_system_searches_the_sphere_and_the_box(trained, sentences, objective, name, method):
    model = trained(method)
    reader = reader_of(model, X, () if method == "lisa" else sentences)
    fields = {"batch": 5, "pool": 150, "candidates": 30, "fit_points": 40}
    begun = sentences[:20]
    one = begin(reader, SYSTEMS[name].changed(**fields), objective, begun)
    batches = played(one, objective, 2)
    assert all(1 <= len(batch) <= 5 for batch in batches)
    check_asked(one, flat(batches), begun)
    assert one.round == 2
    assert one.known.texts == begun + flat(batches)
    assert (one.reader.model is model) == (SYSTEMS[name].retraining == "none")
    if SYSTEMS[name].retraining != "none":  # in a training, too, all follows from the seed
        again = begin(reader, SYSTEMS[name].changed(**fields), objective, begun)
        again.tell(batches[0], objective(batches[0]))
        assert again.ask() == batches[1]


@pytest.mark.parametrize("composite", [False, True])
def test_asking_is_decided_by_seed_and_scores(search, objective, composite):
    first = played(search(composite=composite), objective, 2)
    assert played(search(composite=composite), objective, 2) == first
    one = search(composite=composite)
    torch.default_generator.manual_seed(7)
    assert one.ask() == one.ask() == first[0]


def test_other_seeds_and_other_scores_ask_otherwise(search, objective):
    first = played(search(), objective, 2)
    assert search(seed=1).ask() != first[0]
    other = search()
    other.tell(first[0], np.arange(4.0))
    assert other.ask() != first[1]


@pytest.mark.parametrize("composite", [False, True])
def test_a_search_that_is_told_the_same_goes_on_the_same_way(search, objective, composite):
    straight = search(composite=composite)
    batches = played(straight, objective, 2)
    again = search(composite=composite)
    for batch in batches:
        again.tell(batch, list(objective(batch)))
    assert again.ask() == straight.ask()
    assert again.best == straight.best
    assert np.array_equal(again.scores, straight.scores)
    assert torch.equal(again.known.inputs, straight.known.inputs)


def test_a_search_may_be_told_what_it_did_not_ask_for(search, objective, begun):
    one = search()
    own = ["x+3*x", "sin(sin(sin(x)))"]
    one.tell(own, objective(own))
    assert one.known.texts == begun[0] + own
    check_asked(one, one.ask(), begun[0] + own)


@pytest.mark.parametrize("q", [0, 3, 11])
def test_as_many_are_asked_for_as_wanted(search, q):
    assert len(search().ask(q)) == q
    assert len(search(TREES).ask(q)) == q


def test_groups_together_make_up_the_batch(search):
    for q in (1, 5):
        one = search(crossover=0.3, fresh=0.4)
        assert len(one.ask(q)) == q


@pytest.mark.parametrize("canonical", [True, False])
def test_what_is_known_stands_where_the_encoder_puts_it(search, objective, reader, canonical):
    one = search(canonical=canonical)
    asked = flat(played(one, objective, 2))
    expected = dataclasses.replace(reader, canonical=canonical).read(asked).inputs
    assert torch.allclose(one.known.inputs[-len(asked) :], expected, atol=1e-6)
    assert np.array_equal(one.scores[-len(asked) :], objective(asked))
    one.tell(["3*2+(x*x)", "x*x+3*2"], np.array([9.0, 9.0]))
    assert torch.equal(*one.known.points[-2:]) == canonical


def test_a_retrained_search_encodes_all_anew(search, objective):
    one = search(SYSTEMS["weighted-retraining"].changed(**SMALL), retrain_every=2)
    played(one, objective, 1)
    before = one.known.points.clone()
    played(one, objective, 1)
    assert not torch.allclose(one.known.points[: len(before)], before)
    fresh = one.reader.read(one.known.texts)
    assert torch.allclose(one.known.inputs, fresh.inputs, atol=1e-6)


@pytest.mark.parametrize("name", ["lisa", "turbo", "structure", "random-grammar"])
def test_scores_may_be_lacking(reader, begun, objective, name):
    scores = begun[1].copy()
    scores[[0, 3, 7]] = np.nan
    scores[5] = np.inf
    one = Optimizer(reader, SYSTEMS[name].changed(**SMALL), begun[0], scores)
    assert np.isfinite(one.observed.utility()).all()
    for told in ([np.nan] * 4, [1.0, np.nan, 2.0, -np.inf], [0.5, 0.4, np.nan, 3.0]):
        batch = one.ask()
        assert len(batch) == 4
        one.tell(batch, np.array(told))
    assert one.best == (batch[1], 0.4)
    worst = one.observed.utility().min()
    assert (one.observed.utility()[[0, 3, 5, 7]] == worst).all()
    check_asked(one, one.ask(), one.known.texts)


def test_outputs_may_be_lacking(search, objective, monkeypatch):
    one = search(composite=True)
    batch = one.ask()
    outputs = one.composite.outputs(batch)
    outputs[0], outputs[1, :3] = np.nan, np.inf
    scores = objective(batch)
    scores[0] = np.nan
    monkeypatch.setattr(SquaredErrors, "outputs", lambda composite, texts: outputs)
    one.tell(batch, scores)
    assert len(one.ask()) == 4


@pytest.mark.parametrize("scores", [[], [1.0], [np.nan, 2.0, np.nan], [np.inf, 1.0]])
def test_there_must_be_two_scores_to_begin_from(reader, begun, scores):
    few = int(np.isfinite(scores).sum())
    with pytest.raises(LisaError, match=f"at least 2 scored sentences, not {few}"):
        Optimizer(reader, CONFIG, begun[0][: len(scores)], np.array(scores))


def test_a_beginning_outside_the_grammar_is_refused(reader):
    with pytest.raises(LisaError, match="not a sentence"):
        Optimizer(reader, CONFIG, ["x", "x+y"], np.arange(2.0))


def test_what_is_told_belongs_together(search, objective):
    with pytest.raises(LisaError, match="3 scores for 2 sentences"):
        search().tell(["x+3*x", "x*3*x"], np.arange(3.0))


def test_the_best_is_the_best_of_all_known(search, begun):
    one = search()
    place = int(begun[1].argmin())
    assert one.best == (begun[0][place], begun[1][place])
    one.tell(["x+3*x", "x*3*x"], np.array([100.0, np.nan]))
    assert one.best == (begun[0][place], begun[1][place])
    one.tell(["x*x+3", "x/3*x"], np.array([-5.0, -2.0]))
    assert one.best == ("x*x+3", -5.0)
    assert isinstance(one.best[1], float)


def test_utility_falls_with_the_score_and_has_no_unit(reader, begun):
    def utility(scores):
        return Optimizer(reader, CONFIG, begun[0][: len(scores)], scores).observed.utility()

    scores = np.array([0.4, 6.9, 0.9, 4.0, 2.0])
    values = utility(scores)
    assert np.argsort(-values).tolist() == np.argsort(scores).tolist()
    assert values == pytest.approx(utility(1000 * scores - 7))
    assert values[0] == pytest.approx(math.log(10))
    assert values[4] == pytest.approx(-math.log(1.1))
    assert np.isfinite(utility(np.full(3, 2.0))).all()
    assert np.isfinite(utility(np.array([1.0, 1.0, 1.0, 2.0]))).all()


def test_a_language_that_runs_out_ends_the_search(tiny_model, objective):
    begun = ["x", "1"]
    config = CONFIG.changed(pool=1500, radius=math.pi, batch=3)
    one = begin(reader_of(tiny_model, PlainText()), config, objective, begun)
    batches = played(one, objective, 5)
    assert len(set(flat(batches))) == len(flat(batches)) <= 7
    assert not set(flat(batches)) & set(begun)
    assert batches[-1] == []
    assert one.round == 5


@pytest.mark.parametrize("config", [CONFIG, TREES, SYSTEMS["turbo"]])
def test_where_all_is_known_nothing_is_asked_for(objective, config):
    model = untrained(TINY, 3)
    everything = [a + b for a in ("", "x+", "x+x+") for b in ("x", "1", "2")]
    one = begin(reader_of(model), config.changed(pool=120, batch=2), objective, everything)
    assert one.ask() == []


def test_a_language_without_arithmetic_is_searched(objective):
    """Commands are searched by a score of their text; a command is equal to itself only."""
    model = untrained(COMMANDS, 14)
    draws = sample_uniform(model.grammar, 20, 14, 0)
    begun = derivations_to_texts(model.grammar, draws)

    def score(texts):
        return np.array([abs(text.count("left") - 3) + text.count("stop") for text in texts])

    for config in (CONFIG, CONFIG.changed(kernel="structure"), TREES):
        one = begin(reader_of(model, PlainText()), config, score, begun)
        batches = played(one, score, 2)
        assert [len(batch) for batch in batches] == [4, 4]
        check_asked(one, flat(batches), begun)


def say(texts, monkeypatch):
    """Let every point decode to some texts."""
    monkeypatch.setattr(Reader, "decode", lambda self, points: self.model.parse(texts))


def test_of_sentences_that_are_equal_the_shortest_is_asked_for(search, monkeypatch):
    say(["3*2+(x*x)", "(x*x)+3+3", "x*x+3*2", "3+3+(x*x)", "1+x+3", "x+(3+1)"], monkeypatch)
    one = search()
    assert sorted(one.ask()) == ["1+x+3", "x*x+3*2"]
    one.tell(["x*x+3*2"], np.ones(1))
    assert one.ask() == ["1+x+3"]
    say(["x*x+2*3", "(x)*x+2+1+3"], monkeypatch)
    assert one.ask() == []


def test_without_algebra_they_are_different(model, begun, objective, monkeypatch):
    texts = ["3*2+(x*x)", "(x*x)+3+3", "x*x+3*2"]
    say(texts, monkeypatch)
    one = begin(reader_of(model, PlainText()), CONFIG, objective, begun[0])
    assert sorted(one.ask()) == sorted(texts)


def test_what_means_nothing_is_not_asked_for(monkeypatch):
    model = untrained("S -> 'x' | 'x' '+' | S '+' 'x'", 5)
    say(["x+x", "x+", "x++x", "x+x+x"], monkeypatch)
    one = Optimizer(reader_of(model), CONFIG, ["x", "x+x+x+x"], np.arange(2.0))
    assert sorted(one.ask()) == ["x+x", "x+x+x"]


TARGET = "x*2+sin(x/3+3)"
APART = ["x*2+1", "sin(x/3+3)+1", "x*x+1", "exp(x)+1", "1", "x/3+exp(x)", "sin(x)+1"]
TERMS = ["x*2", "sin(x/3+3)", "x*x", "exp(x)", "1", "x/3", "sin(x)", "2/x", "3"]


@pytest.mark.parametrize("kind", ["points", "trees"])
def test_a_sum_of_terms_that_were_scored_apart_is_found_at_once(reader, kind, monkeypatch):
    """Of all sums of two terms, by what outputs tell of each; scores alone do not tell it."""
    sums = [f"{a}+{b}" for a, b in itertools.combinations(TERMS, 2) if f"{a}+{b}" not in APART]
    objective = regression_for(TARGET)
    assert objective(APART).min() > 0.3
    derivations = reader.model.parse(sums)
    monkeypatch.setattr(exploration, "propose", lambda *_: derivations)
    config = (CONFIG if kind == "points" else TREES).changed(batch=2)
    found = [
        TARGET in begin(reader, config, objective, APART, seed=seed, composite=composite).ask()
        for composite in (True, False)
        for seed in range(3)
    ]
    assert found == [True] * 3 + [False] * 3


class Watched:
    """What a search fits surrogates to and proposes from."""

    def __init__(self, monkeypatch):
        self.fitted, self.parents, self.counts = [], [], []
        fit, propose = policy.fit_scores, exploration.propose

        def watch_fit(inputs, utility, parts, layout):
            self.fitted.append((inputs, utility, parts))
            return fit(inputs, utility, parts, layout)

        def watch_propose(kinds, parents, count, seed):
            self.parents.append(parents)
            self.counts.append(count)
            return propose(kinds, parents, count, seed)

        monkeypatch.setattr(policy, "fit_scores", watch_fit)
        monkeypatch.setattr(exploration, "propose", watch_propose)


@pytest.fixture
def watched(monkeypatch):
    return Watched(monkeypatch)


def rows_of(one, inputs):
    """Which known sentences some inputs are those of."""
    return {int((one.known.inputs == row).all(1).int().argmax()) for row in inputs}


@pytest.mark.parametrize(("points", "best"), [(20, 0.5), (20, 1.0), (10, 0.0), (40, 0.5)])
@pytest.mark.parametrize("composite", [False, True])
def test_surrogates_see_good_sentences_and_some_others(search, watched, composite, points, best):
    one = search(composite=composite, fit_points=points, fit_best=best)
    one.ask()
    inputs, utility, _ = watched.fitted[0]
    rows = rows_of(one, inputs)
    assert len(rows) == len(inputs) == min(points, 30)
    assert np.allclose(utility, [one.observed.utility()[int(row)] for row in _ordered(one, inputs)])
    if not composite:
        assert set(np.argsort(one.scores)[: round(points * best)].tolist()) <= rows


def _ordered(one, inputs):
    return [int((one.known.inputs == row).all(1).int().argmax()) for row in inputs]


def test_one_surrogate_judges_points_and_trees(search, watched):
    assert len(search(kernel="all", crossover=0.5).ask()) == 4
    assert [parts for _, _, parts in watched.fitted] == [("direction", "structure", "terms")]


def test_a_kernel_of_terms_is_for_languages_that_have_some(reader):
    plain = dataclasses.replace(reader, language=PlainText())
    texts, scores = ["x", "x+1", "sin(x)"], np.arange(3.0)
    with pytest.raises(LisaError, match="the kernel terms needs expressions"):
        Optimizer(plain, CONFIG.changed(kernel="terms"), texts, scores)
    one, other = (
        Optimizer(plain, CONFIG.changed(kernel=kernel), texts, scores).ask()
        for kernel in ("sentence", "structure")
    )
    assert one == other


@pytest.mark.parametrize("hopeful", [True, False])
def test_proposals_go_on_from_what_is_expected_most_of(search, watched, monkeypatch, hopeful):
    """Of the best sentences known and the candidates, whatever the surrogate makes of them."""
    one = search(steps=3, parents=5)

    def expected(sentences, lead):
        known = torch.tensor([text in one.known.texts for text in sentences.texts])
        return Candidates(sentences, (known != hopeful).double())

    monkeypatch.setattr(exploration, "expected", expected)
    one.ask()
    order = np.argsort(one.scores, kind="stable")
    first, second, third = watched.parents
    best = [one.known.texts[row] for row in order[:5]]
    assert first.good.texts == best
    assert first.radius == one.config.radius
    assert watched.counts == [40, 40, 40]
    for later in (second, third):
        assert len(later.good) == 5
        if hopeful:
            assert not set(later.good.texts) & set(one.known.texts)
        else:
            assert later.good.texts == best


def test_proposals_start_from_other_forms_of_what_is_good(search, watched, monkeypatch):
    """Of what equals the best sentence nothing is asked for, but its derivation is a parent."""
    one = search(steps=2, parents=5)
    one.tell(["x*x+3*2"], np.array([one.best[1] - 5]))
    say(["3*2+(x*x)", "(x*x)+3+3", "x+exp(3)"], monkeypatch)
    assert one.ask() == ["x+exp(3)"]
    assert {"3*2+(x*x)", "(x*x)+3+3"} <= set(watched.parents[1].good.texts)


def test_a_few_forms_of_one_sentence_are_parents(search, watched, monkeypatch):
    equal = ["3*2+(x*x)", "(x*x)+3+3", "3+3+x*x", "(3+3)+x*x", "3*2+x*x", "2*3+x*x"]
    one = search(steps=2, parents=50)
    one.tell(["x*x+3*2"], np.array([one.best[1] - 5]))
    say([*equal, "x+exp(3)"], monkeypatch)
    one.ask()
    assert len(set(watched.parents[1].good.texts) & {"x*x+3*2", *equal}) == 4


def test_partners_explain_what_the_best_lack(reader, watched):
    """A sentence that scores badly, but has what the best one lacks, is among the partners."""
    objective = regression_for("x+sin(x*x)*3")
    begun = ["x", "x/2", "exp(x)", "x*x*x", "x*2+sin(x*x)*3", "x/(x*x)"]
    one = begin(reader, CONFIG, objective, begun, composite=True)
    one.ask()
    assert begun[4] in watched.parents[0].partners.texts
    plain = begin(reader, CONFIG, objective, begun)
    plain.ask()
    assert len(watched.parents[-1].partners) == 0


def test_a_trust_region_lies_around_the_best(search, watched):
    one = search(SYSTEMS["turbo"].changed(**SMALL))
    for better in (False, True, False):
        batch = one.ask()
        parents = watched.parents[-2]
        assert parents.good.texts == [one.best[0]]
        sizes = [4] * one.round
        expected = trust_radius(one.scores, 30, sizes, one.config)
        assert parents.radius == pytest.approx(expected)
        scores = np.full(4, 9.0)
        scores[0] = one.best[1] - 1 if better else 9.0
        one.tell(batch, scores)
    assert len({parents.radius for parents in watched.parents}) > 1


def test_a_trust_region_that_holds_nothing_new_is_widened(search, model, begun, monkeypatch):
    known, new, radii = model.parse(begun[0]), model.parse(["x+3*x", "x*3*x"]), []

    def propose(kinds, parents, count, seed):
        radii.append(parents.radius)
        return new if parents.radius > 1 else known

    monkeypatch.setattr(exploration, "propose", propose)
    one = search(SYSTEMS["turbo"].changed(**SMALL), steps=1, radius=1.2)
    one.tell(["x*x+3*x"], np.array([9.0]))
    assert sorted(one.ask()) == ["x*3*x", "x+3*x"]
    assert radii == pytest.approx([0.3, 0.6, 1.2])
    one.tell(["x+3*x", "x*3*x"], np.array([9.0, 9.0]))
    assert one.ask() == []


def test_groups_of_proposals_have_their_share_of_a_batch(search, model, monkeypatch):
    """Points and the grammar propose different sentences; half of a batch is of either."""
    points = [f"sin({a}*x)+{b}" for a in "123" for b in "123"]
    fresh = [f"exp({a}*x)+{b}" for a in "123" for b in "123"]

    def propose(kinds, parents, count, seed):
        is_fresh = any(isinstance(kind, Fresh) for kind, _ in kinds)
        return model.parse(fresh if is_fresh else points)

    monkeypatch.setattr(exploration, "propose", propose)
    for q, least in ((8, 4), (7, 3), (2, 1)):
        batch = search(perturbation=0.5, interpolation=0.0, uniform=0.0, fresh=0.5, steps=1).ask(q)
        assert len(batch) == q
        assert min(len(set(batch) & set(own)) for own in (points, fresh)) >= least


@pytest.mark.parametrize("few", [Fresh, Perturbation])
def test_what_one_group_lacks_others_make_up_for(search, model, monkeypatch, few):
    """By their best means, and with nothing that equals what the batch holds."""
    many = [f"sin({a}*x)+{b}" for a in "123" for b in "123"]
    lone = ["exp(x)+1", "sin(2*x)+2"]

    def propose(kinds, parents, count, seed):
        return model.parse(lone if any(isinstance(kind, few) for kind, _ in kinds) else many)

    monkeypatch.setattr(exploration, "propose", propose)
    one = search(perturbation=0.5, interpolation=0.0, uniform=0.0, fresh=0.5, steps=1)
    batch = one.ask(8)
    assert len(batch) == len(set(one.reader.language.canonical_forms(batch).hashes.tolist())) == 8
    assert set(batch) - set(many) <= set(lone)
    assert "exp(x)+1" in batch
    assert len(one.ask(40)) == 10


def test_trees_get_the_share_of_the_best_that_the_network_does_not_decode_to(search, monkeypatch):
    """Of the best 25 sentences; worse ones do not count."""
    one = search(SYSTEMS["lisa"].changed(**SMALL))
    best = one.known.derivations[np.argsort(one.scores)][:25]
    held = np.arange(len(best)) >= 10
    asked = []

    def reproduced(self, derivations):
        asked.append(derivations)
        return held

    monkeypatch.setattr(Reader, "reproduced", reproduced)
    points, trees = one._groups()
    assert np.array_equal(asked[0], best)
    assert trees.share == pytest.approx(10 / len(best))
    assert points.share == pytest.approx(1 - 10 / len(best))
    held = np.ones(len(best), dtype=bool)
    assert one._groups()[1].share == pytest.approx(0.12)
    assert [len(search()._groups()), len(asked)] == [1, 2]


def test_to_exploit_wholly_is_to_choose_the_best_means(search):
    exploiting, free = search(exploit=1.0), {"max_same_form": 0, "simplicity": 0.0}
    by_mean = search(exploit=0.0, acquisition="mean", **free)
    assert sorted(exploiting.ask()) == sorted(by_mean.ask())
    assert exploiting.ask() != search(exploit=0.0, seed=0).ask()


def test_an_acquisition_is_told_what_the_batch_holds_already(search, monkeypatch):
    """The best means of its own group, behind all that other groups gave."""
    told = []

    def choose(judge, inputs, q, seed, pending, cost):
        assert not (inputs[:, None] == pending).all(2).any()
        told.append((q, len(pending)))
        return torch.arange(q)

    monkeypatch.setattr(acquisition, "ACQUISITIONS", {"believer": choose})
    one = search(
        perturbation=0.5, interpolation=0.0, uniform=0.0, crossover=0.5, most_trees=0.5, exploit=0.5
    )
    assert len(one.ask(8)) == 8
    assert told == [(2, 2), (2, 6)]


def policy_of(one):
    """The surrogates that a search fits."""
    return policy.fit_policy(one.observed, one.config, one.reader, np.random.default_rng(0))


def stuck(one, batches=4):
    """Tell batches that are all worse than what is known."""
    for _ in range(batches):
        asked = one.ask()
        one.tell(asked, np.full(len(asked), 50.0))
    return one


def test_a_stuck_search_chooses_a_share_by_terms(search):
    """The best means of a surrogate that compares by terms alone, of what is left."""
    one = stuck(search(by_terms=0.5))
    fitted = policy_of(one)
    assert isinstance(fitted.second.model.covar_module.base_kernel.base, TermsKernel)
    found = Candidates(one.known, fitted.lead.value(one.known.inputs))
    nothing = found.rows([])
    chosen = fitted.choose(found, 8, 0, nothing)
    assert len(set(chosen)) == 8
    first = dataclasses.replace(fitted, second=None).choose(found, 4, 0, nothing)
    assert chosen[:4] == first
    best = fitted.second.value(one.known.inputs).argsort(descending=True).tolist()
    assert chosen[4:] == [row for row in best if row not in first][:4]


@pytest.mark.parametrize(
    ("fields", "batches"),
    [
        ({}, 3),
        ({"patience": 2}, 1),
        ({"patience": 1, "by_terms": 0.0}, 1),
        ({"patience": 1, "kernel": "all"}, 1),
        ({"patience": 1, "acquisition": "random"}, 1),
    ],
)
def test_one_surrogate_is_enough_for_others(search, fields, batches):
    assert policy_of(stuck(search(**fields), batches)).second is None


def test_sentences_without_terms_are_not_compared_by_them(model, begun, objective):
    one = begin(reader_of(model, PlainText()), CONFIG, objective, begun[0])
    assert policy_of(stuck(one)).second is None


def test_outputs_tell_of_terms_already(search, objective, monkeypatch):
    one = search(composite=True)
    played(one, objective, 1)
    outputs = one.observed.composite.outputs[:1].repeat(4, axis=0)
    monkeypatch.setattr(SquaredErrors, "outputs", lambda composite, texts: outputs)
    for _ in range(CONFIG.patience):
        one.tell(one.ask(), np.full(4, 50.0))
    assert policy_of(one).second is None


def test_a_gradient_is_that_of_the_scores_alone(search, objective):
    seeing, blind = (
        search(SYSTEMS["lsbo"].changed(**SMALL), composite=composite) for composite in (True, False)
    )
    assert seeing.composite is None
    assert played(seeing, objective, 2) == played(blind, objective, 2)


ALIKE = ["x/3+1", "2+x/3", "x/3+sin(3)", "sin(x*2)", "exp(x/3)"]


@pytest.mark.parametrize(
    ("max_same_form", "batch", "weighed"), [(1, 2, 3), (2, 2, 4), (0, 2, 5), (1, 4, 4), (1, 5, 5)]
)
def test_of_candidates_that_differ_in_constants_a_few_are_weighed(
    reader, monkeypatch, max_same_form, batch, weighed
):
    """Those with the best means, and all others only to make up the number."""
    told = []

    def choose(judge, inputs, q, seed, pending, cost):
        told.append((inputs, cost))
        return torch.arange(q)

    monkeypatch.setattr(acquisition, "ACQUISITIONS", {"believer": choose})
    monkeypatch.setattr(exploration, "propose", lambda *_: reader.model.parse(ALIKE))
    config = CONFIG.changed(max_same_form=max_same_form, exploit=0.0, batch=batch, simplicity=0.7)
    one = begin(reader, config, regression_for(TARGET), APART)
    assert len(one.ask()) == batch
    if batch == 5:  # all there are, and nothing to choose
        assert not told
        return
    (inputs, cost), found = told[0], one.reader.read(ALIKE)
    assert len(inputs) == weighed
    rows = [int((found.inputs == row).all(1).int().argmax()) for row in inputs]
    assert {3, 4} <= set(rows)
    rules = [len(reader.model.parser.parse(each.text)) for each in X.canonical(ALIKE)]
    assert cost.tolist() == pytest.approx([0.7 * rules[row] for row in rows])
    if max_same_form == 1:
        value = policy_of(one).lead.value(found.inputs)[:3]
        ranked = (value - 0.07 * torch.tensor(rules[:3])).argsort(descending=True).tolist()
        assert [row for row in rows if row < 3] == ranked[: weighed - 2]


SHORT = ["x", "x+1", "sin(x)", "x+x", "sin(x)+1", "sin(x+1)", "1", "x+sin(x)", "x+x+x"]


@pytest.fixture(scope="module")
def spelling():
    """A reader of a model of characters that has learnt sentences of up to eight."""
    grammar = "S -> S '+' T | T\nT -> 'x' | 'sin(' S ')' | '1'"
    model = learnt(grammar, SHORT, 12, 4, METHODS["ae"](), CHARACTERS)
    return reader_of(model, X, SHORT)


@pytest.mark.parametrize("name", ["lisa", "lsbo", "structure", "random-grammar"])
def test_models_of_characters_are_searched(spelling, objective, name):
    """They decode to what is no sentence, and cannot read each: neither is asked for."""
    one = begin(spelling, SYSTEMS[name].changed(**SMALL), objective, SHORT)
    batches = played(one, objective, 3)
    check_asked(one, flat(batches), SHORT)
    assert all(map(spelling.fits, flat(batches)))
    if name == "random-grammar":
        assert [len(batch) for batch in batches] == [4, 4, 4]
    elif name == "structure":
        assert all(batches)
