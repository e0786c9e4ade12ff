import numpy as np
import pytest
from command_line import TOOL, succeed

SENTENCES = ["x+1", "sin(x)", "3*(1)", "2*x/3", "exp((x))", "sin(exp(3))"]


@pytest.mark.parametrize("name", ["codes.npy", "codes.csv", "codes.parquet", "new/CODES.CSV"])
@pytest.mark.parametrize("extra", [[], ["--directions"]])
def test_sentences_survive_the_round_trip(trained, tmp_path, name, extra):
    path = tmp_path / name
    succeed("encode", *SENTENCES, "--run", trained, "--out", path, *extra)
    assert succeed("decode", path, "--run", trained).lines == SENTENCES


def test_only_the_direction_of_a_code_counts(trained, tmp_path):
    path = tmp_path / "codes.npy"
    codes = np.array(succeed("encode", *SENTENCES, "--run", trained, "--json").json["codes"])
    np.save(path, codes * np.array([[1e-6], [1e-3], [0.5], [2], [1e3], [1e6]]))
    record = succeed("decode", path, "--run", trained, "--json").json
    assert record == {"run": str(trained), "sentences": SENTENCES}


def test_temperature_draws_and_its_seed_repeats(trained, tmp_path):
    path = tmp_path / "codes.npy"
    np.save(path, np.random.default_rng(0).standard_normal((50, 25)))
    words = ("decode", path, "--run", trained)
    cold = succeed(*words).lines
    hot = succeed(*words, "--temperature", 3).lines
    assert succeed(*words, "--seed", 7).lines == cold
    assert hot != cold
    assert hot == succeed(*words, "--temperature", 3).lines
    assert hot != succeed(*words, "--temperature", 3, "--seed", 7).lines
    huge = ("--temperature", 3, "--seed", 10**30)
    assert succeed(*words, *huge).lines == succeed(*words, *huge).lines


def test_columns_of_a_table_are_read_by_name(trained, tmp_path):
    codes = np.array(succeed("encode", "sin(x)", "--run", trained, "--json").json["codes"])
    path = tmp_path / "codes.csv"
    order = [3, *range(3), *range(4, 25)]
    header = ",".join(["note", *(f"z{i}" for i in order)])
    path.write_text(f"{header}\nmine,{','.join(str(codes[0, i]) for i in order)}\n")
    assert succeed("decode", path, "--run", trained).lines == ["sin(x)"]


def test_quiet_is_silent_on_standard_error(trained, tmp_path):
    path = tmp_path / "codes.npy"
    np.save(path, np.ones((1, 25)))
    assert succeed("decode", path, "--run", trained, "--quiet").err == ""


def test_beams_decode_what_is_at_least_as_likely_and_draw_nothing(trained, tmp_path):
    path = tmp_path / "codes.npy"
    np.save(path, np.random.default_rng(0).standard_normal((50, 25)))
    words = ("decode", path, "--run", trained)
    wide = succeed(*words, "--beams", 30).lines
    assert wide == succeed(*words, "--beams", 30, "--seed", 7).lines
    assert wide != succeed(*words).lines
    assert len(succeed("generate", "--run", trained, "-n", 3, "--beams", 4).lines) == 3


def test_beams_at_a_temperature_and_none_are_refused(trained, tmp_path):
    path = tmp_path / "codes.npy"
    np.save(path, np.ones((1, 25)))
    words = ("decode", path, "--run", trained)
    assert "a beam search of 3 at a temperature of 2" in TOOL.refusal(
        *words, "--beams", 3, "--temperature", 2
    )
    assert "--beams must be from 1 to 1,000, not 0" in TOOL.refusal(*words, "--beams", 0)
