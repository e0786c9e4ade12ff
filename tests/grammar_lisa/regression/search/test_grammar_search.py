from itertools import islice

import numpy as np
import pytest
from small_grammars import EXPR, enumerated

from grammar_lisa.expressions import Skeleton
from grammar_lisa.expressions.reading import Reading
from grammar_lisa.grammar import load_grammar, parse_grammar
from grammar_lisa.grammar.arrays import to_array
from grammar_lisa.grammar.text import derivations_to_texts
from grammar_lisa.regression.search import grammar_search
from grammar_lisa.regression.search.grammar_search import GrammarSearch
from grammar_lisa.regression.search.tree import tree_of
from shared.common.errors import LisaError

GENERATOR = np.random.default_rng(0)
U, W = GENERATOR.uniform(0.5, 3, (2, 60))
POINTS = {"u": U, "w": W}
NOISE = GENERATOR.normal(size=60)
RELATIVE = """# tokens: joined
%start S
S -> C '*u+' C '*w/(' F ')' | C '*u' | C '*u*' F
F -> '1+' C '*u*w' | '1' | F '*u'
C -> 'c'
"""
SUMS = """# tokens: joined
%start S
S -> T | S '+' T
T -> 'c*' V | V '*' V | 'sin(' V ')'
V -> 'u' | 'w'
"""


def grammar_of(text):
    return parse_grammar(text if "%start" in text else f"# tokens: joined\n{text}")


def searched(text, targets, stages=None, points=POINTS, **options):
    search = GrammarSearch(points, targets, grammar_of(text), **options)
    return search, list(islice(search.run(), stages))


def forms_of(grammar, max_rules):
    """The skeletons of all sentences, in one order of terms and factors."""
    derivations = sorted(enumerated(grammar, max_rules))
    texts = derivations_to_texts(grammar, to_array(derivations, max_rules, len(grammar.rules)))
    forms = set()
    for text in texts:
        skeleton = Skeleton.read(text, tuple(POINTS))
        forms.add(tree_of(skeleton, np.ones(skeleton.n_constants)).text)
    return forms, texts


def test_a_planted_sentence_is_found():
    search, names = searched(RELATIVE, 3 * U + 5 * W / (1 + 2 * U * W))
    assert names == ["enumeration"]
    assert search.solved
    best = search.archive.best.tree
    assert best.text == "c*u+c*w/(1+c*u*w)"
    assert best.constants() == pytest.approx([3, 5, 2])


@pytest.mark.parametrize(("text", "max_rules"), [(RELATIVE, 12), (SUMS, 7)], ids=["long", "sums"])
def test_every_entry_is_a_sentence(text, max_rules):
    forms, _ = forms_of(grammar_of(text), max_rules)
    search, _ = searched(text, np.sin(U) + 2 * W + 0.3 * NOISE, 6, max_rules=max_rules)
    assert len(search.archive) > 2
    assert {entry.tree.text for entry in search.archive} <= forms


def test_a_finite_language_is_tried_as_a_whole():
    search, names = searched(SUMS, np.cos(U) * W + NOISE, max_rules=4)
    assert set(names) == {"enumeration", "tree moves"}
    canonical = Reading(("u", "w", "c")).canonical
    _, texts = forms_of(grammar_of(SUMS), 4)
    assert search.fits == len({canonical(text).text for text in texts})


def test_the_best_sentence_of_each_complexity_is_kept():
    grammar = grammar_of(SUMS)
    search, _ = searched(SUMS, np.sin(U) + 2 * W + 0.3 * NOISE, max_rules=6)
    _, texts = forms_of(grammar, 6)
    losses = {}
    for text in texts:
        skeleton = Skeleton.read(text, tuple(POINTS))
        size = tree_of(skeleton, np.ones(skeleton.n_constants)).size
        columns = np.transpose(linear_columns(text))
        targets = np.sin(U) + 2 * W + 0.3 * NOISE - fixed_part(text)
        left = targets
        if columns.size:
            left = targets - columns @ np.linalg.lstsq(columns, targets, rcond=None)[0]
        loss = np.square(left).mean() / np.var(np.sin(U) + 2 * W + 0.3 * NOISE)
        losses[size] = min(loss, losses.get(size, np.inf))
    for size in losses:
        best = min(loss for other, loss in losses.items() if other <= size)
        assert search.archive.level(size) <= best * (1 + 2e-3)


def linear_columns(text):
    return [POINTS[term[2]] for term in text.split("+") if term.startswith("c*")]


def fixed_part(text):
    known = {"sin(u)": np.sin(U), "sin(w)": np.sin(W), "u*u": U * U, "w*w": W * W}
    known |= {"u*w": U * W, "w*u": U * W}
    return sum((known[term] for term in text.split("+") if term in known), np.zeros(60))


def test_only_the_order_differs():
    search, _ = searched("S -> 'u+w' | 'w+u' | 'u*w' | 'w*u' | '(u)+w'", NOISE)
    assert search.fits == 2


def test_constants_are_fitted():
    search, _ = searched("S -> 'c*exp(c*u)+c'", 2 * np.exp(-0.6 * U) + 1)
    assert search.archive.best.tree.constants() == pytest.approx([2, -0.6, 1])


def test_the_same_seed_gives_the_same_archive():
    searches = [searched(SUMS, NOISE + U, 4, seed=2, max_rules=9)[0] for _ in range(2)]
    first, second = (list(search.archive) for search in searches)
    assert first == second


def test_a_grammar_of_one_sentence_ends():
    search, _ = searched("S -> 'u*w'", NOISE)
    assert [entry.tree.text for entry in search.archive] == ["u*w"]
    assert search.fits == 1


@pytest.mark.parametrize(
    "text",
    [
        *("S -> 'z' S | 'z'", "S -> S '+x' | 'x'", "S -> 'a' | 'b'", "S -> S S | '('"),
        "S -> 'log(0-u)' | 'sqrt(0-w)'",
    ],
)
def test_without_a_formula_that_is_finite_on_the_sample_the_search_ends(text):
    search, _ = searched(text, U, max_rules=12)
    assert (list(search.archive), search.fits, search.late) == ([], 0, False)


def test_a_late_end_is_no_refusal(monkeypatch):
    """Time may be over between the reading of sentences and the fits."""
    monkeypatch.setattr(grammar_search, "_BLOCK", 5)
    search = GrammarSearch(POINTS, NOISE, grammar_of(SUMS))
    read = search._defined

    def slowly(texts):
        search.deadline = 0.0
        return read(texts)

    monkeypatch.setattr(search, "_defined", slowly)
    assert list(search.run()) == ["enumeration"]
    assert search.fits == 0


def test_a_deadline_in_the_past_ends_at_once():
    assert searched(SUMS, NOISE, deadline=0.0)[1] == []


def test_a_search_ends_with_the_first_formula_that_is_good_enough():
    search, names = searched(SUMS, U + NOISE, good_enough=lambda best: True)
    assert (names, search.fits, search.ended) == (["enumeration"], 1, True)


def test_some_sentences_may_be_no_formulas():
    search, _ = searched("S -> 'u' | 'what' | 'c*w' | 'log(0-u)'", 3 * W)
    assert search.solved
    assert search.archive.best.tree.text == "c*w"


def test_grammars_without_short_sentences_are_refused():
    with pytest.raises(LisaError):
        searched("S -> '(' S ')' | A A A\nA -> 'u'", U, max_rules=2)


@pytest.mark.parametrize("most", [1, 3, 6])
def test_the_complexity_is_bounded(most):
    search, _ = searched("S -> S '+' T | T\nT -> 'u' | 'c*w'", NOISE, most=most, max_rules=8)
    assert max(entry.complexity for entry in search.archive) <= most


def test_tree_moves_reach_what_enumeration_does_not():
    """The sum of six sines is far behind the first thousands of sentences."""
    text = "%start S\n# tokens: joined\nS -> S '+' T | T\nT -> 'sin(' N '*u)' | 'cos(' N '*u)'\n"
    text += "N -> '1' | '2' | '3' | '4' | '5'\n"
    u = np.linspace(0, 6, 80)
    targets = np.sin(u) + np.sin(3 * u) + np.cos(2 * u) + np.cos(5 * u)
    search, names = searched(text, targets, 12, points={"u": u})
    assert search.archive.best.source == "tree moves"
    assert search.solved
    assert "tree moves" in names


def test_a_shipped_grammar():
    grammar = load_grammar(EXPR)
    x = np.linspace(0.1, 2, 40)
    search = GrammarSearch({"x": x}, np.sin(x) + x, grammar)
    names = list(islice(search.run(), 2))
    assert "enumeration" in names
    assert np.isfinite(search.archive.best.loss)
