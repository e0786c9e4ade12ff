"""Files of sentences as people have them."""

import csv
import gzip

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_grammars import ROOT

from grammar_lisa.grammar import load_grammar
from grammar_lisa.grammar.parsing import Parser
from grammar_lisa.grammar.sentence_files import SentenceFile
from shared.common import extras
from shared.common.errors import LisaError

EXPR = Parser(load_grammar(ROOT / "grammars" / "expr.cfg"))
SMILES = Parser(load_grammar(ROOT / "grammars" / "smiles.cfg"))
MOLECULES = ["CCO", "c1ccccc1", "CC(=O)O", "[Na+].[Cl-]"]


@pytest.fixture
def file(tmp_path):
    def write(name, *lines):
        path = tmp_path / name
        content = "\n".join(lines).encode()
        path.write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
        return path

    return write


def sentences(path, column=None):
    told = []
    lines = SentenceFile(path, column).lines(SMILES.reads, told.append)
    return [text for _, text in lines], told


@pytest.mark.parametrize("name", ["a.smi", "a.SMI", "a.smi.gz", "a.smiles", "a.ism"])
def test_names_behind_molecules_are_no_part_of_them(file, name):
    rows = ["CCO ethanol", "c1ccccc1\tbenzene, 78.11", " CC(=O)O", "", "[Na+].[Cl-]  |r| salt"]
    assert sentences(file(name, *rows)) == (MOLECULES, [])


@pytest.mark.parametrize(("name", "between"), [("a.csv", ","), ("a.csv.gz", ","), ("A.TSV", "\t")])
def test_the_column_of_sentences_is_found_and_told(file, name, between):
    rows = [["mol_id", "smiles", "logP"], *([f"m{n}", t, "1.5"] for n, t in enumerate(MOLECULES))]
    path = file(name, *map(between.join, rows))
    found, told = sentences(path)
    assert found == MOLECULES
    assert told == [f"{path}: the sentences are those of the column smiles (--column)"]
    assert sentences(path, "smiles") == (MOLECULES, [])
    assert sentences(path, "mol_id")[0] == ["m0", "m1", "m2", "m3"]


def test_a_table_of_one_column_needs_no_word(file):
    assert sentences(file("a.csv", "smiles", *MOLECULES)) == (MOLECULES, [])


def test_lines_without_a_header_are_sentences_whatever_the_ending(file):
    assert sentences(file("a.csv", *MOLECULES)) == (MOLECULES, [])
    assert sentences(file("a.tsv", *(f'"{each}"' for each in MOLECULES))) == (MOLECULES, [])
    assert sentences(file("a.txt", "smiles,x", *MOLECULES))[0] == ["smiles,x", *MOLECULES]


def test_lines_are_numbered_as_an_editor_does(file):
    path = file("a.csv", "name,smiles", '"two\nlines",CCO', "", "bb,c1ccccc1", "cx,", "dx,CC")
    lines = SentenceFile(path).lines(SMILES.reads)
    assert lines == [(3, "CCO"), (5, "c1ccccc1"), (7, "CC")]


def test_parquet_is_read(tmp_path):
    frame = pd.DataFrame({"n": [1, 2, 3, 4, 5], "smiles": [*MOLECULES, None]})
    frame.to_parquet(tmp_path / "a.parquet")
    found, told = sentences(tmp_path / "a.parquet")
    assert found == MOLECULES
    assert "of the column smiles" in told[0]


def test_parquet_without_its_package_names_the_extra(file, monkeypatch):
    path = file("a.parquet", "PAR1")
    with pytest.raises(LisaError, match=r"a\.parquet cannot be read as Parquet"):
        sentences(path)
    monkeypatch.setattr(extras, "find_spec", lambda name: None)
    with pytest.raises(LisaError, match="pyarrow is not installed"):
        sentences(path)


def test_what_holds_no_such_column_is_refused(file):
    table = file("a.csv", "name,logP", "one,1.5", "two,3.5")
    with pytest.raises(LisaError, match=r"no column of name, logP has a sentence in its first 10"):
        sentences(table)
    with pytest.raises(LisaError, match=r"no column 'logp'; did you mean 'logP'"):
        sentences(table, "logp")
    with pytest.raises(LisaError, match=r"--column smiles: .*a\.txt is no table; name a file that"):
        sentences(file("a.txt", *MOLECULES), "smiles")
    assert sentences(file("b.csv", "name,smiles")) == ([], [])
    assert sentences(file("c.csv")) == ([], [])


def test_numbers_are_sentences_only_where_nothing_else_is(file):
    path = file("a.csv", "score,expr", "1,1+x", "2,sin(x)", "3,x+", "4,x+", "5,x*2")
    lines = SentenceFile(path).lines(EXPR.reads)
    assert [text for _, text in lines] == ["1+x", "sin(x)", "x+", "x+", "x*2"]
    numbers = SentenceFile(file("b.csv", "name,n", "one,1", "two,2")).lines(EXPR.reads)
    assert [text for _, text in numbers] == ["1", "2"]


def test_columns_that_may_both_be_meant_are_refused(file):
    path = file("a.csv", "canonical,smiles", "CCO,OCC", "CCN,NCC")
    with pytest.raises(LisaError, match=r"columns canonical and smiles hold as many sentences"):
        sentences(path)
    assert sentences(path, "smiles")[0] == ["OCC", "NCC"]
    with pytest.raises(LisaError, match="has several columns a"):
        sentences(file("b.csv", "a,a", "CC,CC"), "a")


def test_a_table_without_names_of_columns_loses_no_row(file):
    with pytest.raises(LisaError, match="the first line has a sentence, CCO, where names of"):
        sentences(file("a.csv", "CCO,ethanol", "CCN,xx", "CCC,yy"))


def test_quotes_that_are_not_closed_are_refused_with_their_line(file):
    path = file("a.tsv", "n\tsmiles", "1\tCCO", '"5-nor\tCCN', "3\tCCC")
    with pytest.raises(LisaError, match=r"a\.tsv, line \d is no row of a table: unexpected end"):
        sentences(path)
    long = file("b.csv", "x" * 140_000, "CC")
    with pytest.raises(LisaError, match=r"b\.csv, line 1 is no row of a table: field larger than"):
        sentences(long, "smiles")


def test_blank_lines_short_rows_and_blanks_in_names_are_no_matter(file):
    path = file("a.csv", "", "", "id, smiles", "1, CCO", "2", "", "3, CC, more")
    assert SentenceFile(path, "smiles").lines(SMILES.reads) == [(4, "CCO"), (7, "CC")]


def test_names_above_molecules_are_left_out(file):
    assert sentences(file("a.smi", "smiles zinc_id", "CCO ZINC1"))[0] == ["CCO"]
    assert sentences(file("b.smi", "Canonical_SMILES\tname", "CCO\tx"))[0] == ["CCO"]


def test_sentences_in_the_index_of_parquet_are_found(tmp_path):
    frame = pd.DataFrame({"smiles": MOLECULES, "n": ["", None, "p", "q"]}).set_index("smiles")
    frame.to_parquet(tmp_path / "a.parquet")
    assert sentences(tmp_path / "a.parquet")[0] == MOLECULES
    twice = pd.concat([frame.reset_index()] * 2)
    twice.to_parquet(tmp_path / "b.parquet")
    found = SentenceFile(tmp_path / "b.parquet")
    assert (found.unit, len(found.lines(SMILES.reads))) == ("row", 8)
    pd.DataFrame().to_parquet(tmp_path / "c.parquet")
    with pytest.raises(LisaError, match="has no columns"):
        sentences(tmp_path / "c.parquet")


CELLS = st.text(st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\x85  "))


@given(st.lists(st.tuples(CELLS, st.sampled_from(MOLECULES)), min_size=1, max_size=12))
def test_any_table_that_a_writer_of_csv_makes_is_read(tmp_path_factory, rows):
    path = tmp_path_factory.mktemp("tables") / "a.csv"
    with path.open("w", newline="", encoding="utf-8") as out:
        csv.writer(out).writerows([("note", "smiles"), *rows])
    assert sentences(path, "smiles")[0] == [smiles for _, smiles in rows]
