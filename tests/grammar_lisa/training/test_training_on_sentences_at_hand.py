"""A training in one call, on sentences that are at hand."""

import pytest
from small_grammars import EXPR

import grammar_lisa as gl
from grammar_lisa.models.run import read_data
from shared.common.errors import LisaError

SMALL = {"epochs": 1, "batch_size": 20, "draws": 20, "dim": 6, "held_out": 5, "network": "dense"}


@pytest.fixture
def sentences(tmp_path):
    return [f"{a}{op}{b}" for a in "x123" for op in "+*/" for b in ("x", "1", "sin(x)", "(2)")]


def test_sentences_are_trained_on_as_those_of_a_file_are(tmp_path, sentences):
    file = tmp_path / "sentences.txt"
    file.write_text("\n".join(sentences))
    read, given = (
        gl.train(EXPR, runs=tmp_path / name, name="a", data=data, **SMALL)
        for name, data in (("read", file), ("given", iter([*sentences, " "])))
    )
    assert (given.run.path / "sentences.txt").read_text().split() == sentences
    assert (given.run.path / "model.safetensors").read_bytes() == (
        read.run.path / "model.safetensors"
    ).read_bytes()
    assert given.run.config["options"]["data"] == str(given.run.path / "sentences.txt")
    assert (read_data(given.run).train == read_data(read.run).train).all()


def test_what_is_no_sentence_is_refused_before_anything_is_made(tmp_path, sentences):
    for data, message in [
        ([*sentences, "x+y"], r"data, line 49: not a sentence of .*expr\.cfg"),
        ([*sentences, None], r"data\[48\] is None"),
        (7, "data must be a file or sentences, not 7"),
        ([], "holds no sentences"),
    ]:
        with pytest.raises(LisaError, match=message):
            gl.train(EXPR, runs=tmp_path, name="a", data=data, **SMALL)
    with pytest.raises(LisaError, match="column is that of a table"):
        gl.train(EXPR, runs=tmp_path, data=sentences, column="a", **SMALL)
    assert not list(tmp_path.iterdir())


def test_a_run_is_replaced_by_one_on_the_sentences_that_it_kept(tmp_path, sentences):
    first = gl.train(EXPR, runs=tmp_path, name="a", data=sentences, **SMALL).run
    kept = first.path / "sentences.txt"
    gl.train(EXPR, runs=tmp_path, name="a", data=kept, overwrite=True, **SMALL)
    assert kept.read_text().split() == sentences


def test_sentences_that_cannot_be_used_are_left_out_where_asked_for(tmp_path, sentences):
    told = []
    data = [*sentences, "x+y", "+".join("x" * 30)]
    gl.train(
        EXPR,
        runs=tmp_path,
        data=data,
        drop_unparsable=True,
        max_rules=12,
        notify=told.append,
        **SMALL,
    )
    assert any("2 of 50 lines; the first: line 49: not a sentence" in note for note in told)
