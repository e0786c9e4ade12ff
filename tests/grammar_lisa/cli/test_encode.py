import csv

import numpy as np
import pytest
from command_line import EXPR, TOOL, succeed

SENTENCES = ["x+1", "sin(x)", "1", "2*x/3"]


def test_codes_are_printed_one_a_line(trained):
    result = succeed("encode", *SENTENCES, "--run", trained)
    codes = np.array([[float(word) for word in line.split()] for line in result.lines])
    assert codes.shape == (4, 25)
    exact = succeed("encode", *SENTENCES, "--run", trained, "--json").json
    assert exact["sentences"] == SENTENCES
    assert np.allclose(exact["codes"], codes, rtol=1e-5)


@pytest.mark.parametrize("suffix", ["npy", "csv"])
def test_codes_on_disk_are_those_of_json(trained, tmp_path, suffix):
    path = tmp_path / f"codes.{suffix}"
    record = succeed("encode", *SENTENCES, "--run", trained, "--out", path, "--json").json
    if suffix == "npy":
        codes = np.load(path)
        assert codes.dtype == np.float32
    else:
        with path.open(newline="") as file:
            rows = list(csv.DictReader(file))
        assert [row["sentence"] for row in rows] == SENTENCES
        codes = np.array([[float(row[f"z{i}"]) for i in range(25)] for row in rows])
    assert np.array_equal(codes, np.array(record["codes"]))


def test_directions_are_the_codes_at_unit_length(trained):
    words = ("encode", *SENTENCES, "--run", trained, "--json")
    codes = np.array(succeed(*words).json["codes"])
    directions = np.array(succeed(*words, "--directions").json["codes"])
    lengths = np.linalg.norm(codes, axis=1, keepdims=True)
    assert np.abs(lengths - 1).max() > 0.01
    assert np.allclose(directions, codes / lengths, atol=1e-6)


def test_sentences_of_a_file_come_after_those_given(trained, tmp_path):
    path = tmp_path / "sentences.txt"
    path.write_text("x\n\n  2 \n")
    record = succeed("encode", "1", "--file", path, "--run", trained, "--json").json
    assert record["sentences"] == ["1", "x", "2"]


def test_a_sentence_has_one_code_whatever_its_company(trained):
    alone = succeed("encode", "x+1", "--run", trained, "--json").json["codes"][0]
    among = succeed("encode", *SENTENCES, "--run", trained, "--json").json["codes"][0]
    assert np.allclose(alone, among, atol=1e-5)


def test_quiet_is_silent_on_standard_error(trained, tmp_path):
    assert succeed("encode", "x", "--run", trained, "--quiet").err == ""
    path = tmp_path / "a.npy"
    assert "1 code of size" in succeed("encode", "x", "--run", trained, "--out", path).err
    words = ("encode", "x", "--run", trained, "--out", path)
    assert "a.npy is there already; --overwrite replaces it" in TOOL.refusal(*words)
    assert succeed(*words, "--overwrite", "--quiet").err == ""


def test_what_does_not_come_back_within_the_work_is_said(trained, tmp_path):
    path = tmp_path / "sentences.txt"
    path.write_text("\n".join(succeed("sample", EXPR, "-n", 64, "--max-rules", 4).lines))
    words = ("encode", "--file", path, "--run", trained, "--json")
    result = succeed(*words, "--refine-work", 0)
    missing = result.json["exact"].count(False)
    said = f"{missing} of 64 sentences do not come back from their codes"
    assert (said in result.said) == bool(missing)
    assert ("--refine-work" in result.said) == bool(missing)
    refined = succeed(*words).json["exact"].count(False)
    assert refined <= missing
    assert "must be from 0" in TOOL.refusal(*words[:-1], "--refine-work", -1)
