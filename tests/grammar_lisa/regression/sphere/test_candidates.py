import numpy as np
from small_spheres import skeleton_sphere

from grammar_lisa.grammar.sampling import sample
from grammar_lisa.grammar.text import Writer
from grammar_lisa.regression.sphere.candidates import Skeletons, SphereCandidates
from grammar_lisa.regression.sphere.skeleton_grammar import (
    distinct_sentences,
    read_sentence,
    skeleton_grammar,
    write_sentence,
)

GRAMMAR = skeleton_grammar(2)


def canonical(text):
    return write_sentence(read_sentence(text))


def candidates(seed=0):
    return SphereCandidates(skeleton_sphere(2), Skeletons(canonical), canonical=True, seed=seed)


def scored(count):
    """Sentences, the shorter the better."""
    texts = Writer(GRAMMAR).texts(sample(GRAMMAR, 400, 15, 0, "weighted", distinct=False))
    found = distinct_sentences(read_sentence(text) for text in texts)
    return [(text, len(text) / 10) for text, _ in zip(found, range(count), strict=False)]


def test_nothing_is_asked_for_before_two_sentences_are_known():
    sphere = candidates()
    assert sphere.ask(3) == []
    sphere.tell([("x1", 0.5), ("x2", np.nan)])
    assert sphere.ask(3) == []
    sphere.tell([("(x1+x2)", 0.25)])
    assert len(sphere.ask(3)) == 3


def test_what_is_asked_for_is_new_and_told_apart_by_its_canonical_text():
    sphere, known = candidates(), scored(40)
    sphere.tell(known)
    seen = {canonical(text) for text, _ in known}
    for _ in range(2):
        asked = sphere.ask(8)
        found = [canonical(text) for text in asked]
        assert len(set(found)) == len(found) == 8
        assert not seen & set(found)
        seen |= set(found)
        sphere.tell([(text, float(len(text))) for text in asked])


def test_a_seed_decides_what_is_asked_for():
    known = scored(20)
    first, same, other = candidates(0), candidates(0), candidates(1)
    for each in (first, same, other):
        each.tell(known)
    asked = first.ask(6)
    assert same.ask(6) == asked
    assert other.ask(6) != asked
