"""What a command line imports before it has work to do: nothing that takes seconds."""

import json
import subprocess
import sys

import pytest

HEAVY = (
    "torch numpy pandas scipy sklearn nltk lark sympy matplotlib gpytorch botorch lightning_fabric"
)

SCRIPT = """
import contextlib, importlib, io, json, sys
for line, expected in json.load(sys.stdin):
    tool, *words = line.split()
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            status = importlib.import_module(f"{tool}.cli").main(words)
        except SystemExit as end:
            status = end.code or 0
    imported = [name for name in %r.split() if name in sys.modules]
    assert not imported, f"{line} imported {imported}"
    assert status == expected, (line, status, err.getvalue())
    assert expected or out.getvalue(), line
"""

GRAMMAR_COMMANDS = """
check sample learn-weights train bo ask tell fit score predict generate encode decode interpolate
info molecules report benchmark benchmark/table5 benchmark/latent-bo benchmark/targets
benchmark/regression
"""
IMAGE_COMMANDS = """
train sample encode reconstruct interpolate score distance info report evaluate diagnose benchmark
sweep
"""
HELP = [
    "grammar_lisa --version",
    "grammar_lisa --help",
    "image_lisa --help",
    *(f"grammar_lisa {name.replace('/', ' ')} --help" for name in GRAMMAR_COMMANDS.split()),
    *(f"image_lisa {name} --help" for name in IMAGE_COMMANDS.split()),
]
REFUSED = [
    "grammar_lisa bo --rounds 0",
    "grammar_lisa bo --no-such-option",
    "grammar_lisa bo --system bayes",
    "grammar_lisa bo --csv data.csv",
    "grammar_lisa fit",
    "grammar_lisa fit data.csv --time soon",
    "grammar_lisa fit data.csv --operators plus",
    "grammar_lisa benchmark regression --suite nguyen --noise -1",
    "grammar_lisa train --epochs 0",
    "grammar_lisa train --method liza",
    "grammar_lisa no-such-command",
    "image_lisa train --dim 1",
    "image_lisa sample --count 0",
    "image_lisa score run folder --top 0",
    "image_lisa distance a b --size 1",
    "grammar_lisa bo --run nowhere",
    "grammar_lisa check nowhere.cfg",
    "grammar_lisa decode nowhere.npy",
    "grammar_lisa encode --run nowhere x",
    "grammar_lisa fit nowhere.csv",
    "grammar_lisa generate --runs nowhere",
    "grammar_lisa report nowhere",
    "grammar_lisa score nowhere.csv --expression x",
    "grammar_lisa train --grammar nowhere.cfg",
    "image_lisa distance nowhere elsewhere",
    "image_lisa encode run nowhere",
    "image_lisa evaluate nowhere",
    "image_lisa report nowhere",
    "image_lisa train --dataset nowhere",
]


def test_help_and_refusals_import_nothing_heavy():
    lines = [(line, 0) for line in HELP] + [(line, 2) for line in REFUSED]
    words = [sys.executable, "-c", SCRIPT % HEAVY]
    ended = subprocess.run(words, input=json.dumps(lines), capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr


@pytest.mark.parametrize("tool", ["grammar_lisa", "image_lisa"])
def test_help_of_train_lists_the_methods(tool):
    words = [sys.executable, "-m", tool, "train", "--help"]
    told = subprocess.run(words, capture_output=True, text=True).stdout
    assert "vae-vampprior" in told
    assert "--method NAME --help" in " ".join(told.split())
