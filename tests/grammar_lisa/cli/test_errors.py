import json
import shlex
import shutil

import numpy as np
import pytest
from command_line import GRAMMARS, run_command

from shared.runs.tensors import read_tensors, write_tensors

FILES = {
    "bad.cfg": "S -> 'a' | Bee\n",
    "endless.cfg": "S -> 'a' S\n",
    "empty.cfg": "",
    "empty.txt": "",
    "blank.txt": "\n\n",
    "few.txt": "x\nx+1\n",
    "outside.txt": "x+1\nx+y\n",
    "file": "x",
    "empty.csv": "",
    "noz.csv": "a,b\n1,2,3\n",
    "badz.csv": "z0,z1\n1,two\n",
    "shortz.csv": "z0,z1\n1,2\n",
    "nul.csv": "z0,z1\n1,\0\n",
    "broken.json": "{",
    "list.json": "[]",
    "other.json": '{"options": []}',
    "unknown.json": '{"options": {"epoch": 3}}',
    "method.json": '{"options": {"method": "liza"}}',
    "value.json": '{"options": {"epochs": "many"}}',
}

CHECK = [
    ("check", "PATH"),
    ("check nope.cfg", "nope.cfg: no such file"),
    ("check .", "a directory, not a grammar file"),
    ("check bad.cfg", "S -> 'a' | Bee\n               ^\nprobably an unquoted terminal"),
    ("check endless.cfg", "endless.cfg:1:6"),
    ("check empty.cfg", "empty.cfg"),
    ("check EXPR --max-rules 1", "the shortest has 2; set max_rules to 2 or more"),
    ("check EXPR --max-rules 0", "--max-rules must be from 1 to 2,000, not 0"),
    ("check EXPR --max-rules -3", "--max-rules must be from 1 to 2,000, not -3"),
    ("check EXPR --max-rules 1000000000", "--max-rules must be from 1 to 2,000"),
    ("check EXPR --max-rules abc", "--max-rules"),
    ("check EXPR --max-rulse 3", "--max-rules"),
    ("check EXPR --samples -1", "--samples must be from 0"),
    ("check EXPR --samples 1000000000000", "--samples must be from 0"),
    ("chekc EXPR", "there is no command 'chekc'; did you mean 'check'?"),
]
SAMPLE = [
    ("sample nope.cfg", "nope.cfg: no such file"),
    ("sample bad.cfg", "bad.cfg:1:12"),
    ("sample EXPR --max-rules 1", "the shortest has 2"),
    ("sample EXPR --draw even", "'uniform'"),
    ("sample EXPR -n -1", "--count must be from 0 to 1,000,000, not -1"),
    ("sample EXPR -n 1000000000000", "--count must be from 0 to 1,000,000"),
    ("sample EXPR -n nan", "--count"),
    ("sample EXPR -n 65 --distinct --max-rules 4", "only 64 derivations of at most 4 rules"),
    ("sample EXPR --distict", "--distinct"),
]
TRAIN = [
    ("train --grammar nope.cfg", "nope.cfg: no such file"),
    ("train --grammar bad.cfg", "S -> 'a' | Bee\n               ^\n"),
    ("train EXPR --data nope.txt", "nope.txt"),
    ("train EXPR --data .", "cannot read ."),
    ("train EXPR --data empty.txt", "empty.txt holds no sentences; write one a line"),
    ("train EXPR --data blank.txt", "blank.txt holds no sentences"),
    ("train EXPR --data few.txt", "at least 10 are needed"),
    ("train EXPR --data outside.txt", "outside.txt, line 2: not a sentence"),
    ("train EXPR --data outside.txt", "    x+y\n      ^\nfound 'y'; expected one of '('"),
    ("train EXPR --data cut.gz", "cut.gz is a damaged gzip file"),
    ("train EXPR --max-rules 1", "the shortest has 2"),
    ("train EXPR --max-rules 0", "--max-rules must be from 1 to 2,000, not 0"),
    ("train EXPR --max-rules 1000000000", "--max-rules must be from 1 to 2,000"),
    ("train EXPR --count 0", "--count must be from 10 to 10,000,000, not 0"),
    ("train EXPR --count 1000000000000", "--count must be from 10 to 10,000,000"),
    ("train EXPR --held-out 0", "--held-out must be from 1"),
    ("train EXPR --held-out 1000000000000", "--held-out must be from 1"),
    ("train EXPR --dim 1", "--dim must be from 2 to 4,096, not 1"),
    ("train EXPR --dim 1000000000", "--dim must be from 2 to 4,096"),
    ("train EXPR --threads 0", "--threads must be from 1"),
    ("train EXPR --epochs 0", "--epochs must be from 1"),
    ("train EXPR --epochs 1000000000000", "--epochs must be from 1"),
    ("train EXPR --batch-size 1", "--batch-size must be from 2"),
    ("train EXPR --batch-size -4", "--batch-size must be from 2"),
    ("train EXPR --draws 0", "--draws must be from 1"),
    ("train EXPR --draws 1000000000000", "--draws must be from 1"),
    ("train --grammar EXPR --learning-rate 0", "the learning rate must be above 0, not 0.0"),
    ("train --grammar EXPR --semantics outputs", "with --alignment-weight above 0 only"),
    ("train EXPR --learning-rate 0", "the learning rate must be above 0, not 0.0"),
    ("train EXPR --learning-rate -1", "the learning rate must be above 0, not -1.0"),
    ("train EXPR --learning-rate nan", "the learning rate must be above 0, not nan"),
    ("train EXPR --learning-rate inf", "the learning rate must be above 0, not inf"),
    ("train EXPR --uniformity-weight -1", "uniformity-weight must be at least 0"),
    ("train EXPR --uniformity-weight nan", "uniformity-weight must be at least 0"),
    ("train EXPR --uniformity-t 0", "uniformity-t must be at least 1e-06"),
    ("train EXPR --uniformity-t nan", "uniformity-t must be at least 1e-06"),
    ("train EXPR --checkpoint-seconds nan", "--checkpoint-seconds must be from 0"),
    ("train EXPR --checkpoint-seconds -1", "--checkpoint-seconds must be from 0"),
    ("train EXPR --method liza", "there is no method 'liza'; did you mean 'lisa'?"),
    ("train EXPR --method vae --uniformity-weight 1", "--uniformity-weight"),
    ("train EXPR --method vae --kl-weight -1", "vae: kl-weight must be at least 0"),
    ("train EXPR --method vae-vampprior FEW", "this network's examples are discrete"),
    ("train EXPR --network deep", "'kusner'"),
    ("train EXPR --network characters --max-rules 4", "texts of at least 7 characters, not 6"),
    ("train EXPR --network kusner --max-rules 6", "at least 7 rules, not 6"),
    ("train EXPR --schedule linear", "'plateau'"),
    ("train EXPR --precision 16", "'16-mixed'"),
    ("train EXPR --device tpu", "'mps'"),
    ("train EXPR --decontaminate maybe", "'auto'"),
    ("train EXPR --epoch 3", "--epochs"),
    ("train EXPR --target nguyen-13", "did you mean nguyen-"),
    ("train EXPR --target x+", "x+\n    ^"),
    ("train EXPR --target log(x)", "the target log(x) is"),
    ("train --grammar JSON --decontaminate yes", "they are no expressions in x"),
    ("train EXPR --runs file FEW", "cannot make the folder file"),
    ("train EXPR --runs file/sub FEW", "cannot make the folder file/sub"),
    ("train EXPR --name run --runs runs FEW", "holds a run already"),
    ("train EXPR --name ../other", "--name must be the name of a folder"),
    ("train EXPR --name ''", "--name must be the name of a folder"),
    ("train EXPR --name ..", "--name must be the name of a folder"),
    ("train --resume nope", "there is no run at nope"),
    ("train --resume runs/nope", "runs/ holds runs/run"),
    ("train --resume file", "there is no run at file"),
    ("train --resume .", ". is no run: it has no config.json"),
    ("train --config nope.json", "cannot read nope.json"),
    ("train --config broken.json", "broken.json is not valid JSON"),
    ("train --config list.json", "list.json holds no options"),
    ("train --config other.json", "other.json holds no options"),
    ("train --config unknown.json", "unknown.json: there is no option 'epoch'; did you mean"),
    ("train --config value.json", "value.json: the option epochs cannot be 'many'"),
    ("train --config", "cannot read ."),
    ("train --config method.json", "holds no options of 'grammar-lisa train'"),
]
GENERATE = [
    ("generate --run nope", "there is no run at nope"),
    ("generate --runs nope", "there is no finished run in nope/; train one with"),
    ("generate RUN --count 0", "--count must be from 1 to 1,000,000, not 0"),
    ("generate RUN -n -2", "--count must be from 1"),
    ("generate RUN --count 1000000000000", "--count must be from 1"),
    ("generate RUN --temperature -1", "--temperature must be from 0"),
    ("generate RUN --temperature nan", "--temperature must be from 0 to 1,000,000, not nan"),
    ("generate RUN --temperature inf", "--temperature must be from 0"),
    ("generate RUN --sampler normal", "runs/run: there is no sampler 'normal'; "),
    ("generate RUN --sampler prior", "valid: uniform, gaussian, gmm, dirichlet"),
    ("generate RUN --temprature 1", "--temperature"),
]
ENCODE = [
    ("encode x --run nope", "there is no run at nope"),
    ("encode RUN", "there is nothing to encode"),
    ("encode x+y RUN", "    x+y\n      ^\nfound 'y'"),
    ("encode '' RUN", "found the end"),
    ("encode x+x+x+x RUN", "needs 8 rules; this model was trained for at most 6"),
    ("encode --file nope.txt RUN", "there is no file or folder nope.txt"),
    ("encode --file empty.txt RUN", "there is nothing to encode"),
    ("encode --file outside.txt RUN", "    x+y\n      ^\n"),
    ("encode x RUN --out codes.txt", "codes.txt: name a file that ends in .csv, .npy, .parquet"),
    ("encode x RUN --out file/codes.npy", "cannot make the folder file"),
    ("encode x RUN --out ok.npy", "ok.npy is there already; --overwrite replaces it"),
    ("encode x RUN --out runs", "runs is a folder; name a file"),
    ("encode x RUN --ouu codes.csv", "--out"),
    ("encode x RUN --column a", "--column tells how --file is read; name a file"),
]
DECODE = [
    ("decode RUN", "PATH"),
    ("decode nope.npy RUN", "there is no file or folder nope.npy"),
    ("decode nope.csv RUN", "there is no file or folder nope.csv"),
    ("decode file RUN", "file: name a file that ends in .csv, .npy, .parquet"),
    ("decode ok.npy --run nope", "there is no run at nope"),
    ("decode cut.npy RUN", "cut.npy holds no codes that can be read"),
    ("decode archive.npy RUN", "archive.npy is an archive of arrays"),
    ("decode pickle.npy RUN", "pickle.npy holds no codes that can be read"),
    ("decode vast.npy RUN", "vast.npy holds no codes that can be read"),
    ("decode flat.npy RUN", "codes are numbers of shape [n, dim]"),
    ("decode narrow.npy RUN", "codes must have the shape [n, 25] of this model, not [2, 3]"),
    ("decode nan.npy RUN", "code 2 is not finite"),
    ("decode none.npy RUN", "there are no codes"),
    ("decode empty.csv RUN", "empty.csv is empty"),
    ("decode noz.csv RUN", "noz.csv has no columns z0"),
    ("decode badz.csv RUN", "badz.csv, line 2: a code is a row of numbers"),
    ("decode shortz.csv RUN", "codes must have the shape [n, 25]"),
    ("decode nul.csv RUN", "nul.csv"),
    ("decode cut.parquet RUN", "cut.parquet holds no codes that can be read"),
    ("decode ok.npy RUN --temperature -0.5", "--temperature must be from 0"),
    ("decode ok.npy RUN --temperature nan", "--temperature must be from 0"),
]
INTERPOLATE = [
    ("interpolate x RUN", "STR"),
    ("interpolate x 1 --run nope", "there is no run at nope"),
    ("interpolate x x+y RUN", "    x+y\n      ^\n"),
    ("interpolate x+x+x+x x RUN", "needs 8 rules"),
    ("interpolate x 1 RUN --steps 1", "--steps must be from 2 to 100,000, not 1"),
    ("interpolate x 1 RUN --steps -5", "--steps must be from 2"),
    ("interpolate x 1 RUN --steps 1000000000000", "--steps must be from 2"),
]
INFO = [
    ("info nope", "there is no run at nope"),
    ("info file", "there is no run at file"),
    ("info .", ". is no run: it has no config.json"),
]
BO = [
    ("bo --run nope", "there is no run at nope"),
    ("bo --runs nope", "there is no finished run in nope/"),
    ("bo --resume nope", "there is no run at nope"),
    ("bo --resume runs/run", "runs/run is a run of grammar-lisa, not of grammar-lisa bo"),
    ("bo RUN --target nguyen-13", "did you mean nguyen-"),
    ("bo RUN --target x+", "x+\n    ^"),
    ("bo RUN --target x+z", "unknown variable z; valid are x"),
    ("bo RUN --target log(x)", "the target log(x) is"),
    ("bo RUN --target exp(exp(x))", "choose a range on which it is finite"),
    ("bo RUN --trials 0", "--trials must be from 1 to 1,000, not 0"),
    ("bo RUN --trials 1000000000", "--trials must be from 1"),
    ("bo RUN --rounds 0", "rounds must be at least 1, not 0"),
    ("bo RUN --batch -1", "batch must be at least 1, not -1"),
    ("bo RUN --rounds 10000 --batch 10000", "more than 1,000,000 evaluations a trial"),
    ("bo RUN --n-initial 1", "--n-initial must be from 2"),
    ("bo RUN --pool 0", "pool must be at least 1, not 0"),
    ("bo RUN --pool 1000000000000", "--pool must be from 1"),
    ("bo RUN --candidates 0", "candidates must be at least 1, not 0"),
    ("bo RUN --candidates 1000000000", "--candidates must be from 1"),
    ("bo RUN --fit-points 1", "fit_points must be at least 2, not 1"),
    ("bo RUN --fit-points 1000000000", "--fit-points must be from 2"),
    ("bo RUN --parents 0", "parents must be at least 1, not 0"),
    ("bo RUN --radius 0", "radius must be in (0, π], not 0.0"),
    ("bo RUN --radius 4", "radius must be in (0, π], not 4.0"),
    ("bo RUN --radius nan", "radius must be in (0, π], not nan"),
    ("bo RUN --perturbation 1.5", "perturbation must be a share from 0 to 1, not 1.5"),
    ("bo RUN --system nothing", "there is no system 'nothing'; valid: lisa, "),
    ("bo RUN --system", "there is no system ''; valid: lisa, "),
    ("bo RUN --csv ok.csv", "'grammar-lisa fit TABLE' finds the formula behind one"),
    ("bo RUN --target x --command c", "--target and --command each say what scores sentences"),
    ("bo RUN --objective a:b --command c", "--objective and --command each say what scores"),
    ("bo RUN --seconds-each 3", "--seconds-each limits --objective or --command"),
    ("bo RUN --objective os:getcwd --seconds-each 0", "0.0 seconds for each sentence"),
    (
        "bo RUN --objective os:getcwd --decontaminate yes",
        "--decontaminate yes keeps sentences",
    ),
    ("bo RUN --objective os:getcwd --n-initial 1", "--n-initial must be from 2"),
    ("bo RUN --objective nowhere:f", "there is no module nowhere in"),
    ("bo RUN --objective os", "does not have the form package.module:function"),
    ("bo RUN --command nowhere", "there is no program 'nowhere'"),
    ("bo RUN --top 0", "--top must be from 1"),
    ("bo RUN --jobs 0", "--jobs must be from 1"),
    ("bo RUN --jobs 1000000000", "--jobs must be from 1"),
    ("bo RUN --name ..", "--name must be the name of a folder"),
    ("bo RUN --name a/b", "--name must be the name of a folder"),
    ("bo RUN --name model.safetensors", "is a file; name a folder"),
    ("bo RUN --trails 3", "--trials"),
]


def furnish(folder):
    """Fill a folder with files that are wrong in many ways."""
    for name, text in FILES.items():
        (folder / name).write_text(text)
    np.save(folder / "ok.npy", np.ones((2, 25)))
    np.save(folder / "flat.npy", np.ones(25))
    np.save(folder / "narrow.npy", np.ones((2, 3)))
    np.save(folder / "none.npy", np.ones((0, 25)))
    np.save(folder / "nan.npy", np.stack([np.ones(25), np.full(25, np.nan)]))
    np.save(folder / "pickle.npy", np.array([{}], dtype=object), allow_pickle=True)
    content = (folder / "ok.npy").read_bytes()
    (folder / "cut.npy").write_bytes(content[:-7])
    (folder / "vast.npy").write_bytes(content.replace(b"(2, 25), }      ", b"(2, 25000000), }"))
    np.savez(folder / "archive.npz", codes=np.ones((2, 25)))
    (folder / "archive.npz").rename(folder / "archive.npy")
    (folder / "cut.parquet").write_bytes(b"PAR1")
    (folder / "cut.gz").write_bytes(b"\x1f\x8b\x08\0\0\0\0\0\0\xff\x4b")


@pytest.fixture
def place(run, tmp_path, monkeypatch):
    """A working directory with a trained run and files that are wrong in many ways."""
    monkeypatch.chdir(tmp_path)
    furnish(tmp_path)
    return tmp_path


@pytest.fixture(scope="module")
def untouched(trained, tmp_path_factory):
    """Such a directory for commands that change nothing, and what it holds."""
    folder = tmp_path_factory.mktemp("place")
    shutil.copytree(trained, folder / "runs" / "run")
    furnish(folder)
    return folder, contents(folder)


def words_of(line):
    line = line.replace("train EXPR", "train --grammar EXPR").replace("RUN", "--run runs/run")
    line = line.replace("FEW", "--count 20 --held-out 5 --draw uniform --distinct text")
    names = {"EXPR": str(GRAMMARS / "expr.cfg"), "JSON": str(GRAMMARS / "json.cfg")}
    return [names.get(word, word) for word in shlex.split(line)]


def contents(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def refusal(*words):
    """The message of a command that refuses its input."""
    result = run_command(*words)
    assert result.status == 2, result
    assert result.out == ""
    assert "Traceback" not in result.err
    return result.err


@pytest.mark.parametrize(
    ("line", "fragment"),
    [*CHECK, *SAMPLE, *TRAIN, *GENERATE, *ENCODE, *DECODE, *INTERPOLATE, *INFO, *BO],
)
def test_bad_input_is_answered_with_one_message_and_nothing_is_changed(
    untouched, monkeypatch, line, fragment
):
    place, before = untouched
    monkeypatch.chdir(place)
    message = refusal(*words_of(line))
    assert fragment in message
    assert message.count("error:") <= 1
    assert contents(place) == before


def spoilt(path, how):
    """Damage a file in one of the ways that files get damaged."""
    content = path.read_bytes()
    if how == "truncated":
        path.write_bytes(content[: len(content) // 2])
    elif how == "empty":
        path.write_bytes(b"")
    elif how == "changed":
        path.write_bytes(content[:-9] + bytes([content[-9] ^ 1]) + content[-8:])
    elif how == "text":
        path.write_text("nothing of the kind")
    else:
        path.unlink()


WAYS = ["truncated", "empty", "changed", "text", "missing"]


@pytest.mark.parametrize("how", WAYS)
@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("model.safetensors", "generate RUN"),
        ("model.safetensors", "encode x RUN"),
        ("model.safetensors", "decode ok.npy RUN"),
        ("model.safetensors", "interpolate x 1 RUN"),
        ("model.safetensors", "bo RUN"),
        ("samplers.safetensors", "generate RUN"),
        ("data.safetensors", "bo RUN"),
        ("grammar.cfg", "generate RUN"),
        ("grammar.cfg", "info runs/run"),
    ],
)
def test_a_damaged_file_of_a_run_is_named(place, name, line, how):
    spoilt(place / "runs" / "run" / name, how)
    message = refusal(*words_of(line))
    finished = name != "model.safetensors" or how != "missing"
    assert (name if finished else "go on with it: grammar-lisa train --resume") in message


@pytest.mark.parametrize("how", ["truncated", "empty", "text", "missing"])
@pytest.mark.parametrize("line", ["info runs/run", "generate RUN", "train --resume runs/run"])
def test_a_damaged_configuration_is_named(place, line, how):
    spoilt(place / "runs" / "run" / "config.json", how)
    assert "config.json" in refusal(*words_of(line))


def edit(path, *keys, value=None):
    """Change, or without a value remove, one entry of a JSON file."""
    record = json.loads(path.read_text())
    place = record
    for key in keys[:-1]:
        place = place[key]
    if value is None:
        del place[keys[-1]]
    else:
        place[keys[-1]] = value
    path.write_text(json.dumps(record))


COMMANDS = ["generate RUN", "encode x RUN", "interpolate x 1 RUN", "bo RUN", "info runs/run"]


@pytest.mark.parametrize("line", [*COMMANDS, "decode ok.npy RUN", "train --resume runs/run"])
def test_a_run_of_another_version_is_refused(place, line):
    edit(place / "runs" / "run" / "config.json", "format", value=99)
    assert "is a run of format 99, written by version" in refusal(*words_of(line))


@pytest.mark.parametrize("line", COMMANDS)
@pytest.mark.parametrize(
    ("keys", "value", "fragment"),
    [
        (("tool",), "image-lisa", "is a run of image-lisa, not of grammar-lisa"),
        (("format",), None, "names no format"),
        (("grammar",), None, "names no grammar"),
        (("grammar", "sha256"), "0" * 64, "was changed since the training"),
        (("model",), None, "does not describe a model of this version"),
        (("model",), [], "does not describe a model of this version"),
        (("model", "method"), "lisa", "does not describe a model of this version"),
        (("model", "method", "name"), "vae", "does not describe a model of this version"),
        (("model", "network"), "wide", "does not describe a model of this version"),
        (("model", "dim"), "many", "does not describe a model of this version"),
    ],
)
def test_an_edited_configuration_is_refused(place, line, keys, value, fragment):
    edit(place / "runs" / "run" / "config.json", *keys, value=value)
    assert fragment in refusal(*words_of(line))


@pytest.mark.parametrize("name", ["dim", "max_rules"])
@pytest.mark.parametrize("value", [1, 7, 10**9])
def test_a_model_of_other_sizes_is_refused(place, name, value):
    edit(place / "runs" / "run" / "config.json", "model", name, value=value)
    assert "config.json" in refusal(*words_of("generate RUN"))


@pytest.mark.parametrize(
    ("name", "value", "fragment"),
    [
        ("dim", 10**9, "the code size must be from 2 to 4096"),
        ("max_rules", 10**9, "too long for a model"),
        ("max_rules", 1, "the shortest needs 2"),
    ],
)
def test_a_training_of_senseless_sizes_does_not_go_on(place, name, value, fragment):
    run = place / "runs" / "run"
    for file in ("model.safetensors", "summary.json"):
        (run / file).unlink()
    edit(run / "config.json", "model", name, value=value)
    assert fragment in refusal("train", "--resume", run, "--quiet")


@pytest.mark.parametrize("key", ["created", "version", "left_out", "training"])
def test_info_names_a_configuration_that_lacks_something(place, key):
    edit(place / "runs" / "run" / "config.json", key)
    assert "config.json" in refusal("info", "runs/run")


@pytest.mark.parametrize("line", ["info runs/run", "train --resume runs/run"])
def test_a_damaged_summary_is_named(place, line):
    path = place / "runs" / "run" / "summary.json"
    edit(path, "geometry")
    result = run_command(*words_of(line))
    assert result.status == 2
    assert "summary.json is no summary of a training" in result.err
    path.write_text("[]")
    assert "summary.json is no summary" in run_command(*words_of(line)).err


def test_a_file_of_other_tensors_is_no_training_data(place):
    run = place / "runs" / "run"
    (run / "summary.json").unlink()
    (run / "data.safetensors").write_bytes((run / "codes.safetensors").read_bytes())
    assert "data.safetensors holds no training data" in refusal("train", "--resume", run)
    assert "data.safetensors holds no training data" in refusal("bo", "--run", run)


def test_a_file_of_other_tensors_is_no_sampler(place):
    run = place / "runs" / "run"
    (run / "samplers.safetensors").write_bytes((run / "codes.safetensors").read_bytes())
    assert "samplers.safetensors" in refusal("generate", "--run", run)
    (run / "samplers.safetensors").write_bytes((run / "model.safetensors").read_bytes())
    assert "samplers.safetensors" in refusal("generate", "--run", run)


def test_a_model_with_a_renamed_weight_is_refused(place):
    path = place / "runs" / "run" / "model.safetensors"
    tensors, record = read_tensors(path)
    name = next(iter(tensors))
    tensors["other"] = tensors.pop(name)
    write_tensors(path, tensors, record)
    assert "model.safetensors does not fit this network" in refusal(
        "generate", "--run", path.parent
    )


def test_metrics_that_tell_nothing_are_named(place):
    run = place / "runs" / "run"
    (run / "summary.json").unlink()
    (run / "metrics.csv").write_text("")
    assert "metrics.csv does not tell how long" in refusal("train", "--resume", run, "--quiet")


@pytest.mark.parametrize("line", ["generate RUN", "encode x RUN", "bo RUN"])
def test_an_unfinished_run_says_how_to_finish_it(place, line):
    (place / "runs" / "run" / "model.safetensors").unlink()
    assert "go on with it: grammar-lisa train --resume runs/run" in refusal(*words_of(line))


def test_the_newest_run_must_be_finished(place):
    (place / "runs" / "run" / "model.safetensors").unlink()
    assert "there is no finished run in runs/" in refusal("generate")
