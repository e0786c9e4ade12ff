"""The worked examples of CONTRIBUTING, carried out by it alone in a copy of the packages."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tools import environment

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
SMALL = ["--count", "200", "--held-out", "20", "--epochs", "1", "--draws", "20", "--quiet"]


def blocks():
    """The blocks of code, each with the words of its first line if that names a file."""
    for block in re.findall(r"^```(?:python)?\n(.*?)^```", TEXT, flags=re.MULTILINE | re.DOTALL):
        head = re.match(r"# ([\w/]+\.(?:py|cfg))(?:, behind (.+))?\n", block)
        yield (head[1], head[2], block[head.end() :]) if head else ("", "", block)


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """A copy of the packages with all examples added."""
    folder = tmp_path_factory.mktemp("copy")
    for package in ("grammar_lisa", "image_lisa", "shared", "grammars"):
        shutil.copytree(
            ROOT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__")
        )
    for name, behind, text in blocks():
        if not name:
            continue
        path = folder / name
        if not behind:
            assert not path.exists(), name
            assert len(text.splitlines()) < 60, name
            path.write_text(text, encoding="utf-8")
            continue
        lines = path.read_text(encoding="utf-8").splitlines()
        (place,) = [i for i, line in enumerate(lines) if line.strip() == behind]
        lines[place + 1 : place + 1] = text.rstrip("\n").splitlines()
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


def run(folder, program):
    """Run a program in the copy, which knows both command lines as `grammar` and `image`."""
    begin = (
        "from grammar_lisa.cli import main as grammar\nfrom image_lisa.cli import main as image\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", begin + program],
        cwd=folder,
        capture_output=True,
        text=True,
        env=environment() | {"PYTHONPATH": str(folder)},
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def call(tool, *words):
    return f"assert {tool}({[*words]!r}) == 0\n"


SEARCH = """
import grammar_lisa as gl
model, target = gl.load("runs/network"), gl.Regression.target("x+1")
small = {"rounds": 1, "batch": 3, "pool": 200, "n_initial": 20}
found = gl.optimize(model, target, **small, beyond=0.4, kernel="rbf", notify=print)
print("found:", len(found.evaluations))
"""


@pytest.fixture(scope="module")
def told(copy):
    """What is said of the new method, the new grammar and the new network, in one process."""
    words = ("train", "--method", "sparse-ae", "--sparsity", "0.1", "--quiet", "--name")
    images = ("--dataset", "digits", "--limit", "200", "--epochs", "1")
    network = ("train", "--network", "recurrent", "--max-rules", "8", "--name", "network")
    (program,) = [text for name, _, text in blocks() if not name and "NearADay" in text]
    less = program.replace("7, 20)))", "7, 20)), rounds=1, batch=3, pool=200)")
    assert less != program
    said = run(
        copy,
        call("grammar", *words, "sparse", *SMALL)
        + call("image", *words, "images", *images)
        + "print('drawn:')\n"
        + call("grammar", "generate", "--run", "runs/sparse", "--sampler", "laplace", "-n", "3")
        + "print('next:')\n"
        + call("grammar", "check", "grammars/dates.cfg")
        + call("grammar", "train", "--grammar", "grammars/dates.cfg", "--name", "dates", *SMALL)
        + "print('found:')\n"
        + less
        + "print('next:')\n"
        + call("grammar", *network, *SMALL)
        + SEARCH,
    )
    return said.split("next:\n")


def test_a_new_method_trains_sentences_and_images_with_its_option(copy, told):
    assert len(told[0].partition("drawn:\n")[2].splitlines()) == 3
    assert (copy / "runs" / "images" / "samples-laplace.png").is_file()


def test_a_new_grammar_and_a_new_objective_are_searched(told):
    assert "warning" not in told[1]
    sentence, score = told[1].partition("found:\n")[2].split()
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", sentence)
    assert float(score) >= 0


def test_a_new_network_is_trained_and_searched_with_a_new_proposal_and_kernel(told):
    assert "beyond 0.4" in told[2]
    assert "kernel on rbf" in told[2]
    assert int(told[2].partition("found: ")[2]) > 0
