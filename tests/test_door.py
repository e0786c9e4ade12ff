"""What a command line imports before it has work to do: nothing that takes seconds."""

import subprocess
import sys

import pytest

HEAVY = "torch numpy scipy sklearn nltk lark sympy matplotlib gpytorch botorch lightning_fabric"

SCRIPT = """
import importlib, sys
tool, *words = sys.argv[1:]
cli = importlib.import_module(f"{tool}.cli")
try:
    status = cli.main(words)
except SystemExit as exit:
    status = exit.code or 0
imported = [name for name in %r.split() if name in sys.modules]
assert not imported, f"{words} imported {imported}"
sys.exit(status)
"""

GRAMMAR_COMMANDS = """
check sample train bo ask tell generate encode decode interpolate info benchmark
benchmark/table5 benchmark/latent-bo benchmark/targets
"""
IMAGE_COMMANDS = "train sample info evaluate diagnose benchmark sweep"
HELP = [
    ("grammar_lisa", "--version"),
    ("grammar_lisa", "--help"),
    ("image_lisa", "--help"),
    *(("grammar_lisa", *words.split("/"), "--help") for words in GRAMMAR_COMMANDS.split()),
    *(("image_lisa", name, "--help") for name in IMAGE_COMMANDS.split()),
]
REFUSED = [
    ("grammar_lisa", "bo", "--rounds", "0"),
    ("grammar_lisa", "bo", "--no-such-option"),
    ("grammar_lisa", "bo", "--system", "bayes"),
    ("grammar_lisa", "train", "--epochs", "0"),
    ("grammar_lisa", "train", "--method", "liza"),
    ("grammar_lisa", "no-such-command"),
    ("image_lisa", "train", "--dim", "1"),
    ("image_lisa", "sample", "--count", "0"),
]


def quickly(words):
    script = SCRIPT % HEAVY
    return subprocess.run([sys.executable, "-c", script, *words], capture_output=True, text=True)


@pytest.mark.parametrize("words", HELP, ids=" ".join)
def test_help_imports_nothing_heavy(words):
    ended = quickly(words)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout


@pytest.mark.parametrize("words", REFUSED, ids=" ".join)
def test_refusals_import_nothing_heavy(words):
    ended = quickly(words)
    assert ended.returncode == 2, ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize("tool", ["grammar_lisa", "image_lisa"])
def test_help_of_train_lists_the_methods(tool):
    told = quickly((tool, "train", "--help")).stdout
    assert "vae-vampprior" in told
    assert "--method NAME --help" in " ".join(told.split())
