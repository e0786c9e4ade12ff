"""Parts of derivations, against an enumeration of their trees."""

from collections import Counter

import numpy as np
import pytest
from grammar_lisa.search.structure import parts_of, similarity

from grammar_lisa.derivations.arrays import to_array
from grammar_lisa.derivations.parsing import Parser
from grammar_lisa.derivations.sampling import sample_uniform
from grammar_lisa.grammar import parse_grammar

GRAMMARS = {
    "expressions": """
S -> S '+' T | S '*' T | S '/' T | T
T -> '(' S ')' | 'sin(' S ')' | 'exp(' S ')' | 'x' | '1' | '2' | '3'
""",
    "three children": "S -> 'if' S S S | 'not' S | 'a' | 'b' | C\nC -> 'c' C 'd' | 'c'\n",
}


def counted(grammar, derivation):
    """Subtrees and rules with the rule above and the place there, by recursion."""
    left = iter(derivation)
    subtrees, rules = Counter(), Counter()

    def node(above):
        rule = next(left)
        inner = [s for s in grammar.rules[rule].rhs if s in grammar.nonterminals]
        tree = (rule, *(node((rule, place)) for place, _ in enumerate(inner)))
        subtrees[above, tree] += 1
        rules[above, rule] += 1
        return tree

    node(None)
    return subtrees, rules


def cosine(first, second):
    product = sum(first[part] * second[part] for part in first)
    return product / np.sqrt(sum(v**2 for v in first.values()) * sum(v**2 for v in second.values()))


@pytest.mark.parametrize("name", GRAMMARS)
def test_similarities_are_those_of_counted_trees(name):
    grammar = parse_grammar(GRAMMARS[name])
    derivations = sample_uniform(grammar, 25, 12, 0)
    parts = parts_of(grammar, to_array(derivations, 12, len(grammar.rules)))
    trees = [counted(grammar, derivation) for derivation in derivations]
    for number, matrix in enumerate((parts.subtrees, parts.rules)):
        expected = [[cosine(a[number], b[number]) for b in trees] for a in trees]
        assert np.allclose(similarity(matrix, matrix), expected)
    assert np.ptp(similarity(parts.rules, parts.rules)) > 0.3


def test_padding_changes_nothing_and_rows_can_be_chosen_and_joined():
    grammar = parse_grammar(GRAMMARS["expressions"])
    parser = Parser(grammar)
    derivations = [parser.parse(text) for text in ("x+1", "sin(x)*x", "x")]
    short, long = (parts_of(grammar, to_array(derivations, n, len(grammar.rules))) for n in (9, 15))
    assert (short.subtrees != long.subtrees).nnz == 0
    assert (short.rules != long.rules).nnz == 0
    joined = short.rows(np.array([2])) + short.rows(np.array([0, 1]))
    assert len(joined) == 3
    assert (joined.subtrees != short.rows(np.array([2, 0, 1])).subtrees).nnz == 0


def test_sums_share_their_terms():
    grammar = parse_grammar(GRAMMARS["expressions"])
    parser = Parser(grammar)
    texts = ("x+sin(x*x)", "1+sin(x*x)", "x+sin(x+x)")
    derivations = [parser.parse(text) for text in texts]
    parts = parts_of(grammar, to_array(derivations, 15, len(grammar.rules)))
    alike = similarity(parts.subtrees, parts.subtrees)
    assert alike[0, 1] > alike[0, 2] > alike[1, 2]
