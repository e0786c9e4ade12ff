"""Data for training: drawn or read, told apart, refused."""

import gzip
import hashlib
from collections import Counter

import numpy as np
import pytest
from ambiguous_grammars import ELSE, SUMS
from scipy import stats
from small_grammars import ROOT, enumerated

from grammar_lisa.expressions.canonical_forms import canonical_forms
from grammar_lisa.grammar import Counts, load_grammar, parse_grammar
from grammar_lisa.grammar.arrays import from_array
from grammar_lisa.grammar.canonical import CanonicalDerivations
from grammar_lisa.grammar.datasets import (
    draw_sentences,
    keep_sentences,
    read_sentences,
    split_derivations,
)
from grammar_lisa.grammar.parsing import Parser
from grammar_lisa.grammar.sampling import enumerate_derivations, sample_uniform
from grammar_lisa.grammar.sentence_files import SentenceFile
from grammar_lisa.grammar.text import derivation_to_text, derivations_to_texts
from grammar_lisa.objectives.decontamination import Decontamination
from grammar_lisa.training.config import TrainConfig
from grammar_lisa.training.corpus import by_algebra, gather
from shared.common.errors import LisaError

EXPR_FILE = ROOT / "grammars" / "expr.cfg"
EXPR = load_grammar(EXPR_FILE)
PARSER = Parser(EXPR)
LINES = ["1/3+x", "sin(x*x)", "x", "exp(1)+2"]


LAWS = ("uniform", "by-length", "weighted")


def everything(texts):
    return np.ones(len(texts), bool)


def texts(derivations):
    return derivations_to_texts(EXPR, derivations)


@pytest.fixture
def file(tmp_path):
    def write(content):
        path = tmp_path / "data.txt"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def test_plain_and_gzipped_files_are_read_alike(file, tmp_path):
    content = "\n".join(LINES) + "\n"
    plain = read_sentences(SentenceFile(file(content)), EXPR, None)
    assert texts(plain) == LINES
    packed = tmp_path / "no-suffix"
    packed.write_bytes(gzip.compress(content.encode()))
    assert read_sentences(SentenceFile(packed), EXPR, None) == plain


@pytest.mark.parametrize(
    "content",
    [
        "1/3+x\nsin(x*x)\nx\nexp(1)+2",
        "1/3+x\r\nsin(x*x)\r\nx\r\nexp(1)+2\r\n",
        "\n\n1/3+x\n  sin( x * x )  \n\nx\nexp(1)+2\n\n",
        "1/3+x\nsin(x*x)\n1/3+x\nx\nexp(1)+2\n1 / 3 + x\n",
        "\ufeff1/3+x\nsin(x*x)\nx\nexp(1)+2\n",
    ],
    ids=["no last newline", "crlf", "blank lines and spaces", "repeats", "byte order mark"],
)
def test_lines_are_read_however_they_are_written(file, content):
    assert texts(read_sentences(SentenceFile(file(content)), EXPR, None)) == LINES


def test_a_sentence_outside_the_grammar_is_shown_with_its_line(file):
    path = file("x\n\n1+y*2\n")
    with pytest.raises(LisaError) as caught:
        read_sentences(SentenceFile(path), EXPR, None)
    message = str(caught.value)
    assert message.startswith(f"{path}, line 3: ")
    assert "column 3" in message
    lines = message.splitlines()
    shown = next(i for i, line in enumerate(lines) if line.strip() == "1+y*2")
    assert lines[shown + 1].index("^") == lines[shown].index("y")
    assert "'y'" in message
    assert "'x'" in message.split("expected")[1]


def test_a_sentence_that_is_too_long_is_shown_with_its_line(file):
    path = file("x\n1+x\n\nx+x+x\n")
    assert len(read_sentences(SentenceFile(path), EXPR, 6)) == 3
    with pytest.raises(LisaError) as caught:
        read_sentences(SentenceFile(path), EXPR, 5)
    assert str(caught.value) == (
        f"{path}, line 4: this sentence needs 6 rules, more than --max-rules 5: x+x+x\n"
        "--drop-unparsable leaves such lines out"
    )


def test_lines_that_cannot_be_used_are_left_out_where_asked_for(file):
    path = SentenceFile(file("x\n1+x\n1+y\nx+x+x\n1+x\n"))
    told = []
    found = read_sentences(path, EXPR, 5, drop_unparsable=True, notify=told.append)
    assert texts(found) == ["x", "1+x"]
    (note,) = told
    assert note.startswith(f"left out of {path.path}: 2 of 5 lines; the first: line 3: not a")
    with pytest.raises(LisaError, match=r"none of its lines is one; line 1: this sentence needs"):
        read_sentences(path, EXPR, 1, drop_unparsable=True)


@pytest.mark.parametrize(
    "content", ["", "\n", "  \n\t\n\n", "\ufeff", gzip.compress(b"\n", mtime=0)]
)
def test_a_file_without_sentences_is_refused(file, content):
    with pytest.raises(LisaError, match=r"data\.txt holds no sentences; write one a line"):
        read_sentences(SentenceFile(file(content)), EXPR, None)


def test_files_that_cannot_be_read(tmp_path):
    with pytest.raises(LisaError, match=r"cannot read .*none\.txt: No such file"):
        read_sentences(SentenceFile(tmp_path / "none.txt"), EXPR, None)
    with pytest.raises(LisaError, match=r"cannot read .*directory"):
        read_sentences(SentenceFile(tmp_path), EXPR, None)


def test_text_that_is_not_utf8_is_refused(file):
    with pytest.raises(LisaError, match=r"data\.txt is not UTF-8 text \(byte 5\)"):
        read_sentences(SentenceFile(file(b"x\n1+\xe9\n")), EXPR, None)


def test_a_damaged_gzip_file_is_refused_wherever_it_is_damaged(file):
    content = gzip.compress("\n".join(LINES).encode(), mtime=0)
    for length in range(2, len(content)):
        with pytest.raises(LisaError, match=r"data\.txt"):
            read_sentences(SentenceFile(file(content[:length])), EXPR, None)
    harmless = []
    for place in range(len(content)):
        path = file(content[:place] + bytes([content[place] ^ 0xFF]) + content[place + 1 :])
        try:
            found = texts(read_sentences(SentenceFile(path), EXPR, None))
        except LisaError:
            continue
        assert found == LINES
        harmless.append(place)
    assert set(harmless) <= {4, 5, 6, 7, 8, 9}  # the time, the level, the operating system


def test_drawn_sentences_are_distinct_seeded_and_of_the_asked_number():
    drawn, left_out = draw_sentences(EXPR, 500, 15, 3, everything)
    assert len(drawn) == len(set(texts(drawn))) == 500
    assert left_out == 0
    assert max(map(len, drawn)) <= 15
    assert draw_sentences(EXPR, 500, 15, 3, everything)[0] == drawn
    assert set(draw_sentences(EXPR, 500, 15, 4, everything)[0]) != set(drawn)


@pytest.mark.parametrize(
    ("max_rules", "digest"),
    [
        (15, "343ff4107c5d7e89c0c10b455d662dfd638ba535fff348b49026bd94125726f3"),
        (6, "a193602dd5c8259138442be0b9d11c52ab5a3de38306f7802b5034fc08867012"),
    ],
)
def test_uniform_draws_stay_those_of_the_runs_there_are(max_rules, digest):
    drawn, _ = draw_sentences(EXPR, 200, max_rules, 0, everything)
    assert hashlib.sha256("\n".join(texts(drawn)).encode()).hexdigest() == digest


@pytest.mark.parametrize("max_rules", [15, 6])
def test_draws_by_length_are_shared_by_the_lengths_in_small_grammars_too(max_rules):
    drawn, _ = draw_sentences(EXPR, 70, max_rules, 0, everything, law="by-length")
    found = Counter(map(len, drawn))
    assert found.pop(2) == 4
    assert sorted(found) == list(range(4, max_rules + 1, 2))
    assert stats.chisquare(list(found.values())).pvalue > 1e-3
    uniform = Counter(map(len, draw_sentences(EXPR, 70, max_rules, 0, everything)[0]))
    assert max(uniform.values()) > 55


def test_by_length_a_small_grammar_gives_all_it_has():
    drawn, _ = draw_sentences(EXPR, 10_000, 6, 0, everything, law="by-length")
    assert set(drawn) == enumerated(EXPR, 6)


def test_by_weight_the_rules_of_great_weight_come_more_often():
    grammar = parse_grammar("S -> S T [0.9] | T [0.1]\nT -> 'a' [0.7] | 'b' [0.3]\n")
    shares = {}
    for law in LAWS:
        drawn, _ = draw_sentences(grammar, 500, 30, 0, everything, law=law)
        written = "".join(derivations_to_texts(grammar, drawn))
        assert len(set(drawn)) == 500
        shares[law] = written.count("a") / len(written)
    assert shares["weighted"] > 0.65
    assert shares["uniform"] < 0.55
    assert shares["by-length"] < 0.55


def gathered(**options):
    """The parts of the data, as texts."""
    config = TrainConfig(**{"grammar": EXPR_FILE, "draw": "uniform", "distinct": "text"} | options)
    grammar = load_grammar(config.grammar)
    parts, _ = gather(config, grammar, Decontamination(None))
    return [derivations_to_texts(grammar, part) for part in (parts.train, parts.valid, parts.test)]


@pytest.mark.parametrize("max_rules", [15, 6])
@pytest.mark.parametrize("law", LAWS)
def test_canonical_sentences_are_never_equal_by_algebra(law, max_rules):
    options = {"count": 2000, "held_out": 400, "max_rules": max_rules, "draw": law}
    parts = gathered(**options, distinct="canonical")
    found = [text for part in parts for text in part]
    assert len(np.unique(canonical_forms(found, ["x"]).hashes)) == len(set(found)) == len(found)
    assert gathered(**options, distinct="canonical") == parts
    plain = [text for part in gathered(**options) for text in part]
    assert len(np.unique(canonical_forms(plain, ["x"]).hashes)) < len(set(plain)) == len(plain)
    if max_rules == 15:
        assert [len(part) for part in parts] == [2000, 40, 400]


@pytest.mark.parametrize("law", LAWS)
def test_sentences_that_are_no_expressions_are_told_apart_by_their_texts(law):
    options = {"grammar": ROOT / "grammars" / "json.cfg", "count": 200, "held_out": 30, "draw": law}
    assert gathered(**options, distinct="canonical") == gathered(**options)


def test_held_out_sentences_follow_the_law_of_the_others():
    parts = gathered(count=5000, held_out=1000, draw="by-length")
    for part in (parts[0], parts[2]):
        lengths = Counter(len(derivation) for derivation in map(PARSER.parse, part))
        assert stats.chisquare([lengths[n] for n in (8, 10, 12, 14)]).pvalue > 1e-3
        assert lengths[4] < 60 < lengths[6] < lengths[8]


def test_a_file_of_sentences_may_be_made_distinct_by_algebra(file):
    lines = ["1+x", "x+1", "x", "(x)", "2*x", "x+x", *(f"sin({'x*' * n}x)" for n in range(12))]
    path = file("\n".join(lines))
    kept = [text for part in gathered(data=path, distinct="canonical") for text in part]
    assert sorted(kept) == sorted({*lines} - {"x+1", "(x)", "x+x"})
    assert len([text for part in gathered(data=path) for text in part]) == len(lines)


def test_the_keys_of_algebra_are_those_of_the_forms():
    some = [*texts(sample_uniform(EXPR, 2000, 10, seed=0)), "x+", "y", "{}", "x +", "y*1"]
    forms = canonical_forms(some, ["x", "y"]).hashes.tolist()
    keys = list(by_algebra(some))
    assert len(set(zip(keys, forms, strict=True))) == len(set(keys)) == len(set(forms)) < len(some)


def test_sentences_left_out_are_not_drawn_but_replaced():
    def keep(sentences):
        return np.array(["sin" not in text for text in sentences])

    drawn, left_out = draw_sentences(EXPR, 300, 15, 0, keep)
    assert left_out > 0
    assert len(drawn) == 300
    assert not [text for text in texts(drawn) if "sin" in text]
    kept, left_out = keep_sentences(EXPR, drawn[:5], lambda sentences: np.arange(5) % 2 == 0)
    assert kept == drawn[:5:2]
    assert left_out == 2


def test_a_small_grammar_gives_all_it_has():
    drawn, left_out = draw_sentences(EXPR, 10_000, 6, 0, everything)
    assert set(drawn) == enumerated(EXPR, 6)
    assert left_out == 0
    order = list(enumerate_derivations(EXPR, 6))
    assert drawn != order
    assert drawn != draw_sentences(EXPR, 10_000, 6, 1, everything)[0]
    some, _ = draw_sentences(EXPR, 20, 6, 0, everything)
    assert len(some) == 20
    assert set(some) < set(drawn)


def test_an_ambiguous_grammar_gives_each_sentence_once():
    """Many derivations, few sentences: a^1 .. a^8, whatever number is asked for."""
    grammar = parse_grammar("S -> S S | 'a'\n")
    for max_rules in (9, 15, 21):
        drawn, _ = draw_sentences(grammar, 200, max_rules, 0, everything)
        lengths = sorted(derivation_to_text(grammar, row).count("a") for row in drawn)
        assert lengths == list(range(1, (max_rules + 1) // 2 + 1))
    assert Counts(grammar, 21).at_most() > 20_000


def test_fewer_sentences_than_the_reserve_are_no_error():
    """What is drawn beyond the number asked for, to make up for what is left out, is optional."""
    grammar = parse_grammar("S -> A S | A\nA -> 'a' | B\nB -> 'a' | 'b' | A\n")
    distinct = len(set(derivations_to_texts(grammar, enumerate_derivations(grammar, 14))))
    asked = distinct - 5
    assert Counts(grammar, 14).at_most() > asked + 1000 + asked // 50
    drawn, _ = draw_sentences(grammar, asked, 14, 0, everything)
    assert len(set(derivations_to_texts(grammar, drawn))) == asked


@pytest.mark.parametrize(
    ("count", "train", "held_out"),
    [
        (10, 50_000, 10_000),
        (11, 3, 2),
        (60, 40, 10),
        (500, 400, 50),
        (500, 100, 300),
        (999, 10, 5),
    ],
)
def test_a_split_has_three_disjoint_parts(count, train, held_out):
    derivations = sample_uniform(EXPR, count, 15, seed=1)
    parts = split_derivations(
        EXPR, derivations, 15, train=train, held_out=held_out, seed=0, left_out=7
    )
    rows = [from_array(part, len(EXPR.rules)) for part in (parts.train, parts.valid, parts.test)]
    together = [row for part in rows for row in part]
    assert len(set(together)) == len(together)
    assert set(together) <= set(derivations)
    assert all(len(part) > 0 for part in rows)
    assert len(parts.train) <= train
    assert len(parts.test) <= held_out
    assert parts.train.shape[1] == 15
    assert parts.train.dtype == np.int16
    assert parts.left_out == 7
    if count < train + held_out:
        assert len(parts.test) == min(held_out, max(1, count // 10))
        assert len(together) == count


@pytest.mark.parametrize(("train", "held_out"), [(1000, 200), (5000, 1000), (100, 50)])
def test_where_there_are_enough_the_split_is_as_asked(train, held_out):
    count = train + train // 50 + held_out
    derivations = sample_uniform(EXPR, count, 15, seed=1)
    parts = split_derivations(EXPR, derivations, 15, train=train, held_out=held_out, seed=0)
    assert (len(parts.train), len(parts.valid), len(parts.test)) == (train, train // 50, held_out)


def test_a_split_belongs_to_its_seed():
    derivations = sample_uniform(EXPR, 100, 15, seed=1)
    first, same, other = (
        split_derivations(EXPR, derivations, 15, train=80, held_out=10, seed=seed)
        for seed in (0, 0, 1)
    )
    for name in ("train", "valid", "test"):
        assert np.array_equal(getattr(first, name), getattr(same, name))
        assert not np.array_equal(getattr(first, name), getattr(other, name))
    assert not np.array_equal(first.train[:10], split_derivations(
        EXPR, derivations, 15, train=10, held_out=1, seed=1
    ).train)  # fmt: skip


def test_too_few_sentences_to_split():
    derivations = sample_uniform(EXPR, 9, 15, seed=1)
    with pytest.raises(LisaError, match=r"9 distinct sentences to train and test on; at least 10"):
        split_derivations(EXPR, derivations, 15, train=5, held_out=1, seed=0)


def test_more_rules_than_a_short_number_holds():
    rules = " | ".join(f"'t{number}'" for number in range(33_000))
    grammar = parse_grammar(f"S -> {rules}")
    derivations = [(number,) for number in range(32_900, 32_950)]
    parts = split_derivations(grammar, derivations, 2, train=40, held_out=5, seed=0)
    assert parts.train.min() >= 32_900
    assert parts.train.max() == 33_000


@pytest.mark.parametrize(("count", "law"), [(40, "uniform"), (40, "by-length"), (10**4, "uniform")])
def test_sentences_of_an_ambiguous_grammar_are_drawn_as_canonical_derivations(count, law):
    grammar = parse_grammar(ELSE)
    canonical = CanonicalDerivations(grammar)
    drawn, _ = draw_sentences(grammar, count, 6, 0, everything, law=law)
    assert all(canonical.holds(each) for each in drawn)
    assert len(set(derivations_to_texts(grammar, drawn))) == len(drawn) == min(count, 108)


def test_replaced_derivations_are_told():
    grammar = parse_grammar(SUMS)
    notes = []
    drawn, _ = draw_sentences(grammar, 60, 25, 0, everything, notify=notes.append)
    canonical = CanonicalDerivations(grammar)
    assert len(drawn) == 60
    assert all(canonical.holds(each) for each in drawn)
    assert len(notes) == 2
    assert "uniform over derivations" in notes[0]
    assert "drawn derivations replaced by the canonical one" in notes[1]
