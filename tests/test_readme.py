"""Every command and every line of Python in the README runs, on less data."""

import re
import shlex
import sys
from pathlib import Path

import numpy as np
import pytest
from tools import Tool

import grammar_lisa.cli
import image_lisa.cli

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
succeed = Tool(grammar_lisa.cli.main).succeed
TOOLS = {"grammar-lisa": grammar_lisa.cli.main, "image-lisa": image_lisa.cli.main}
LESS = {
    ("grammar-lisa", "train"): "--count 600 --held-out 60 --epochs 1 --draws 50 --quiet",
    ("grammar-lisa", "bo"): "--rounds 1 --batch 5 --n-initial 40 --pool 400 --jobs 1 --quiet",
    ("grammar-lisa", "benchmark", "table5"): (
        "--systems g-lisa --networks dense --count 100 --held-out 20 --epochs 1 --trials 1 "
        "--rounds 2 --batch 5 --n-initial 40 --pool 200 --candidates 40 --jobs 1 --quiet"
    ),
    ("grammar-lisa", "benchmark", "targets"): (
        "--trials 1 --rounds 1 --batch 5 --n-initial 40 --pool 200 --jobs 1 --quiet"
    ),
    ("grammar-lisa", "benchmark", "latent-bo"): (
        "--systems lisa+pool=200 --known 5 --epochs 1 --budget 5 --batch 5 --seeds 1 --jobs 1 "
        "--quiet"
    ),
    ("image-lisa", "train"): "--epochs 2 --quiet",
    ("image-lisa", "evaluate"): "--quiet",
}


def commands():
    lines = re.findall(r"^(?:    |\$ )((?:grammar|image)-lisa .*)$", README, flags=re.MULTILINE)
    return list(dict.fromkeys(line.split("  #")[0].strip() for line in lines))


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```", README, flags=re.MULTILINE | re.DOTALL)


def run(line, monkeypatch):
    tool, *words = shlex.split(line)
    words += LESS.get((tool, *words[:2]), LESS.get((tool, words[0]), "")).split()
    monkeypatch.setattr(sys, "argv", [tool, *words])
    return TOOLS[tool](words)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder as the README supposes it: the grammars, and the files it speaks of."""
    (tmp_path / "grammars").symlink_to(ROOT / "grammars")
    (grammar,) = [block for block in blocks("") if block.startswith("# velocities.cfg")]
    (tmp_path / "velocities.cfg").write_text(grammar, encoding="utf-8")
    lines = succeed(
        "sample", ROOT / "grammars" / "expr.cfg", "-n", 200, "--max-rules", 14, "--seed", 1
    )
    (tmp_path / "equation2_15_dataset.txt").write_text(lines.out, encoding="utf-8")
    rng = np.random.default_rng(0)
    m, v = rng.uniform(1, 2, (2, 30))
    rows = [f"{a},{b},{a * b * b / 2}" for a, b in zip(m, v, strict=True)]
    (tmp_path / "measurements.csv").write_text("m,v,energy\n" + "\n".join(rows), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_readme_shows_commands():
    shown = {" ".join(line.split()[:2]) for line in commands()}
    assert shown >= {f"grammar-lisa {name}" for name in ("check", "train", "bo", "generate")}
    assert shown >= {f"image-lisa {name}" for name in ("train", "sample", "evaluate", "diagnose")}
    assert len(blocks("python")) == 3


@pytest.mark.timeout(600)
def test_every_command_and_the_python_of_the_readme_run(folder, monkeypatch, capsys):
    for line in commands():
        assert run(line, monkeypatch) == 0, (line, capsys.readouterr().err)
    for program in blocks("python"):
        assert exec(compile(program, "README.md", "exec"), {}) is None
    assert (folder / "runs" / "velocities" / "search-001" / "hall_of_fame.csv").is_file()


def test_the_scripts_that_the_readme_names_are_there():
    for name in re.findall(r"scripts/(\w+(?:\.py)?)", README):
        assert (ROOT / "scripts" / name).exists(), name
