"""What a file of sentences looks like to a grammar."""

import pandas as pd
import pytest
from small_grammars import EXPR

from grammar_lisa.grammar import load_grammar, parse_grammar
from grammar_lisa.grammar.data_report import check_data, parse_file
from grammar_lisa.grammar.sentence_files import SentenceFile
from shared.common.errors import LisaError

AMBIGUOUS = parse_grammar("S -> S '+' S | 'x'", "sums")


def write(path, *lines):
    path.write_text("\n".join(lines))
    return path


def test_lines_that_are_no_sentences_are_told_by_place(tmp_path):
    path = write(tmp_path / "data.txt", "x", "", "x+", "x+y", " 1 ", "?", "x**2", "x")
    parsed = parse_file(SentenceFile(path), load_grammar(EXPR))
    assert parsed.lines == (1, 5, 8)
    assert [number for number, _ in parsed.refused] == [3, 4, 6, 7]
    told = parsed.describe()
    assert told[0] == f"{path}: 7 lines, 3 of them sentences; 4 are not, the first of them:"
    assert [line.split(":")[0] for line in told[1:]] == ["line 3", "line 4", "line 6"]
    assert "from column 3 on" in told[1]


def test_files_without_a_sentence_are_refused(tmp_path):
    with pytest.raises(LisaError, match=r"none of the 2 lines of .* is a sentence; line 1: not a"):
        parse_file(SentenceFile(write(tmp_path / "a.txt", "y", "z")), AMBIGUOUS)
    with pytest.raises(LisaError, match="holds no sentences"):
        parse_file(SentenceFile(write(tmp_path / "b.txt", "", " ")), AMBIGUOUS)
    with pytest.raises(LisaError, match="cannot read"):
        parse_file(SentenceFile(tmp_path / "none.txt"), AMBIGUOUS)


def test_rows_of_parquet_are_called_so(tmp_path):
    path = tmp_path / "a.parquet"
    pd.DataFrame({"sentence": ["x", "x+", "x+x"]}).to_parquet(path)
    told = parse_file(SentenceFile(path), AMBIGUOUS).describe()
    assert told[0] == f"{path}: 3 rows, 2 of them sentences; 1 are not, the first of them:"
    assert told[1].startswith("row 2: not a sentence")


def test_words_behind_sentences_are_met_with_a_hint(tmp_path):
    smiles = load_grammar(EXPR.with_name("smiles.cfg"))
    path = write(tmp_path / "a.txt", "CCO -2.5", "CCN -3.5")
    hint = r"line 1: not a(.|\n)*first word is a sentence: in a file"
    with pytest.raises(LisaError, match=hint):
        parse_file(SentenceFile(path), smiles)
    assert len(parse_file(SentenceFile(path.rename(tmp_path / "a.smi")), smiles).derivations) == 2
    with pytest.raises(LisaError) as caught:
        parse_file(SentenceFile(write(tmp_path / "b.txt", "x + y")), AMBIGUOUS)
    assert "first word" not in str(caught.value)


def test_ambiguous_sentences_are_counted(tmp_path):
    path = write(tmp_path / "data.txt", "x", "x+x", "x+x+x", "x + x+x", "x+x+x+x")
    found = check_data(AMBIGUOUS, SentenceFile(path), unambiguous=False)
    assert (found.looked, found.ambiguous, found.lengths) == (4, 2, (1, 5, 7))
    assert found.first[0] == 3
    assert "S derives 'x+x+x' in more than one way" in found.first[1]
    assert found.describe()[1:3] == [
        "rules a sentence: 1 to 7, median 5",
        "ambiguous: 2 of 4 sentences looked at",
    ]
    assert found.record()["rules"] == {"least": 1, "median": 5, "most": 7}


def test_nothing_is_looked_for_in_an_unambiguous_grammar(tmp_path):
    found = check_data(
        load_grammar(EXPR), SentenceFile(write(tmp_path / "data.txt", "x")), unambiguous=True
    )
    assert (found.looked, found.ambiguous, found.first) == (None, 0, None)
    assert len(found.describe()) == 2
