"""What derivations are made of, against a walk through their trees."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse
from small_models import EXPR
from small_searches import X

from grammar_lisa.grammar import parse_grammar
from grammar_lisa.grammar.arrays import to_array
from grammar_lisa.grammar.parsing import Parser
from grammar_lisa.grammar.sampling import sample_uniform
from grammar_lisa.optimize.features import NOTHING, monomial_columns, subtrees_and_steps

GRAMMARS = {
    "expressions": EXPR,
    "three children": "S -> 'if' S S S | 'not' S | 'a' | 'b' | C\nC -> 'c' C 'd' | 'c'\n",
    "empty rules": "S -> A S | B\nA -> 'a' | \nB -> 'b' B A | \n",
}


def walked(grammar, derivation):
    """Return what each node is, by recursion: its subtree, and its rule, and where it stands."""
    left = iter(derivation)
    subtrees, steps = [None] * len(derivation), []

    def node(above):
        number = len(steps)
        rule = next(left)
        steps.append((above, rule))
        inner = [s for s in grammar.rules[rule].rhs if s in grammar.nonterminals]
        tree = (rule, *(node((rule, place)) for place, _ in enumerate(inner)))
        subtrees[number] = (above, tree)
        return tree

    node(None)
    return subtrees, steps


def features(grammar, derivations, width):
    return subtrees_and_steps(grammar, to_array(derivations, width, len(grammar.rules)))


@pytest.mark.parametrize("name", GRAMMARS)
def test_hashes_are_equal_where_nodes_of_the_trees_are(name):
    grammar = parse_grammar(GRAMMARS[name])
    derivations = sample_uniform(grammar, 60, 14, 0, distinct=False)
    found = features(grammar, derivations, 14)
    trees = [walked(grammar, derivation) for derivation in derivations]
    for kind, rows in enumerate(found):
        meant, hashed = {}, {}
        for row, tree in zip(rows, trees, strict=True):
            for value, node in zip(row, tree[kind], strict=False):
                meant.setdefault(value, set()).add(node)
                hashed.setdefault(node, set()).add(value)
        assert all(len(nodes) == 1 for nodes in meant.values())
        assert all(len(values) == 1 for values in hashed.values())
        assert len(meant) > 20 or name == "empty rules"


@pytest.mark.parametrize("name", GRAMMARS)
def test_rows_are_padded_and_hold_what_a_float_holds_exactly(name):
    grammar = parse_grammar(GRAMMARS[name])
    derivations = sample_uniform(grammar, 30, 10, 1, distinct=False)
    for rows in features(grammar, derivations, 13):
        assert rows.shape == (30, 13)
        for row, derivation in zip(rows, derivations, strict=True):
            assert (row[len(derivation) :] == NOTHING).all()
            inside = row[: len(derivation)]
            assert ((inside >= 0) & (inside < 2**52) & (inside == np.floor(inside))).all()


def test_padding_and_neighbours_change_nothing():
    grammar = parse_grammar(EXPR)
    derivations = sample_uniform(grammar, 30, 9, 0)
    short, long = features(grammar, derivations, 9), features(grammar, derivations, 15)
    alone = [features(grammar, [derivation], 9) for derivation in derivations]
    for kind in range(2):
        assert np.array_equal(long[kind][:, :9], short[kind])
        assert (long[kind][:, 9:] == NOTHING).all()
        assert np.array_equal(np.concatenate([one[kind] for one in alone]), short[kind])


def test_no_derivations_have_no_features():
    grammar = parse_grammar(EXPR)
    for rows in features(grammar, [], 9):
        assert rows.shape == (0, 9)


def test_equal_trees_give_equal_rows_and_others_do_not():
    grammar = parse_grammar(EXPR)
    derivations = sample_uniform(grammar, 300, 12, 0)
    subtrees, _ = features(grammar, derivations + derivations, 12)
    assert np.array_equal(subtrees[:300], subtrees[300:])
    assert len(np.unique(subtrees[:, 0])) == 300


def test_sums_share_their_terms():
    grammar = parse_grammar(EXPR)
    parse = Parser(grammar).parse
    texts = ("x+sin(x*x)", "1+sin(x*x)", "sin(x*x)*1")
    subtrees, _ = features(grammar, [parse(text) for text in texts], 15)
    first, second, third = (Counter(row[row != NOTHING]) for row in subtrees)
    term = len(parse("sin(x*x)")) - 1
    assert (first & second).total() == term
    assert (first & third).total() == term - 1


counts = st.lists(
    st.dictionaries(st.integers(0, 2**26 - 1), st.floats(-1e6, 1e6).filter(bool), max_size=6),
    min_size=1,
    max_size=8,
)


@given(counts)
@settings(deadline=None)
def test_monomials_come_back_from_their_columns(rows):
    entries = [
        (number, column, value) for number, row in enumerate(rows) for column, value in row.items()
    ]
    places = [[entry[axis] for entry in entries] for axis in range(2)]
    matrix = sparse.csr_matrix(([e[2] for e in entries], places), (len(rows), 2**26), dtype=float)
    found = monomial_columns(matrix, 6)
    assert found.shape == (len(rows), 12)
    for line, row in zip(found, rows, strict=True):
        filled = line[:6] != NOTHING
        assert dict(zip(line[:6][filled], line[6:][filled], strict=True)) == row
        assert (line[6:][~filled] == 0).all()


def test_of_more_monomials_than_there_is_room_for_the_largest_are_kept():
    """A power of a short sum may have more monomials than its derivation has rules."""
    text = "(x+1)**6+x*(x-sin(x))**6+x*x*(x+exp(x))**6"
    matrix = X.canonical_forms([text, "x+2"]).monomials
    assert matrix[0].nnz > 16
    found = monomial_columns(matrix, 16)
    assert found.shape == (2, 32)
    assert (found[0, :16] != NOTHING).all()
    kept = sorted(np.abs(found[0, 16:]))
    assert kept == sorted(np.abs(matrix[0].data))[-16:]
    for column, value in zip(found[0, :16], found[0, 16:], strict=True):
        assert matrix[0, int(column)] == value
    assert np.array_equal(found[1:], monomial_columns(matrix[1], 16))
