"""`grammars/regex.cfg` and `grammars/chess.cfg` read real data, one derivation a sentence."""

import os
from functools import cache
from pathlib import Path
from statistics import median

import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_grammars import ROOT
from texts_at_hand import OPENINGS, REGEXES, lengthened

from grammar_lisa.grammar import Parser, load_grammar
from grammar_lisa.grammar.report import report
from grammar_lisa.grammar.sampling import sample_uniform
from grammar_lisa.grammar.text import derivation_to_text
from shared.common.errors import LisaError

GRAMMARS = {name: load_grammar(ROOT / "grammars" / f"{name}.cfg") for name in ("regex", "chess")}
TEXTS = {
    "regex": REGEXES,
    "chess": [beginning for line in OPENINGS for beginning in [line, *lengthened(line)]],
}
PROMOTIONS = ["1. d8=Q", "1. exd8=N+ Kxd8", "1. h4 a1=B"]
APART = ["1. Nbd2", "1. N5f3", "1. R1xe4+ Qh4e1#", "1. Qa1xb2 Bc1d2"]


@cache
def parser(name):
    return Parser(GRAMMARS[name])


def come_back(name, text):
    return derivation_to_text(GRAMMARS[name], parser(name).parse(text)) == text


@pytest.mark.parametrize("name", GRAMMARS)
def test_it_is_lalr_and_so_unambiguous(name):
    found = report(GRAMMARS[name], 6)
    assert found.lalr
    assert [finding.code for finding in found.findings] == ["unambiguous"]
    assert found.spacing == "joined"


@pytest.mark.parametrize("name", GRAMMARS)
def test_texts_come_back(name):
    for text in TEXTS[name]:
        assert come_back(name, text), text


@pytest.mark.parametrize("text", [*PROMOTIONS, *APART, "1. e4 e5 2. Qh5 Ke7 3. Qxe5#"])
def test_what_no_opening_holds_is_a_game_all_the_same(text):
    assert come_back("chess", text)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        *(("regex", text) for text in ("", "()", "(dog", "dog)", "|dog", "dog|", "dog**", "~dog")),
        *(("regex", text) for text in ("cat", "[b-z]", "dog?", "dog{1,}", "dog{2}", r"\d", "(a)")),
        *(("chess", text) for text in ("", "e4", "1.", "2. e4", "1. e4 3. d4", "1. e4 e5 3. d4")),
        *(("chess", text) for text in ("1. e9", "1. i4", "1. e8", "1. Pe4", "1. O-O-O-O")),
        *(("chess", text) for text in ("1. e4=Q", "1. d8", "1. exd8=K", "1. e4++", "1. e4 e5 d4")),
    ],
)
def test_what_is_none_is_refused(name, text):
    with pytest.raises(LisaError):
        parser(name).parse(text)


@pytest.mark.parametrize("name", GRAMMARS)
@given(seed=st.integers(0, 2**32 - 1))
def test_every_derivation_is_read_back_from_its_text(name, seed):
    for derivation in sample_uniform(GRAMMARS[name], 3, 25, seed, distinct=False):
        text = derivation_to_text(GRAMMARS[name], derivation)
        assert parser(name).parse(text) == tuple(derivation), text


def data_file(name):
    if "LISA_DATA_DIR" not in os.environ:
        pytest.skip("LISA_DATA_DIR names no data")
    path = Path(os.environ["LISA_DATA_DIR"]) / "structured" / name
    if not path.is_file():
        pytest.skip(f"{path.name} is not there")
    return path.read_text(encoding="utf-8").splitlines()


def test_all_of_the_file_of_regular_expressions_are_sentences():
    lengths = [
        len(each) for each in map(parser("regex").parse, set(data_file("nlrx_synth_regex.txt")))
    ]
    assert len(lengths) == 9648
    assert (median(lengths), max(lengths)) == (10, 18)


def test_all_openings_are_sentences():
    rows = [line.split("\t") for line in data_file("chess_openings.tsv")]
    texts = {moves for _, _, moves in rows if moves != "pgn"}
    lengths = [len(each) for each in map(parser("chess").parse, texts)]
    assert len(lengths) == 3807
    assert (median(lengths), max(lengths)) == (23, 91)
