"""Every command and every line of Python in the README and the pages of docs runs, on less data."""

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from light_reports import blank_pictures, one_algebra, short_fits
from measured_runs import quick_measurements, shapes
from molecules_at_hand import CHAINS, needs_rdkit
from texts_at_hand import EXPRESSIONS, GAMES
from tools import Tool, environment

import grammar_lisa.cli
import image_lisa.cli
from grammar_lisa.benchmark import latent_bo, table5
from grammar_lisa.regression.fit_config import FitConfig
from grammar_lisa.regression.fitting import Fitting
from grammar_lisa.regression.tables.splits import read_table

ROOT = Path(__file__).parents[2]
PAGES = {
    path.name: path.read_text(encoding="utf-8")
    for path in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
}
succeed = Tool(grammar_lisa.cli.main).succeed
TOOLS = {"grammar-lisa": grammar_lisa.cli.main, "image-lisa": image_lisa.cli.main}
LESS = {
    ("grammar-lisa", "train"): "--count 200 --held-out 20 --epochs 1 --draws 20 --quiet",
    ("grammar-lisa", "bo"): "--rounds 1 --batch 5 --n-initial 40 --pool 400 --jobs 1 --quiet",
    ("grammar-lisa", "benchmark", "table5"): (
        "--systems g-lisa --networks dense --count 100 --held-out 20 --epochs 1 --trials 1 "
        "--rounds 2 --batch 5 --n-initial 40 --pool 200 --candidates 40 --jobs 1 --quiet"
    ),
    ("grammar-lisa", "benchmark", "targets"): (
        "--trials 1 --rounds 1 --batch 5 --n-initial 40 --pool 200 --jobs 1 --quiet"
    ),
    ("grammar-lisa", "benchmark", "latent-bo"): (
        "--systems lisa+pool=200 --n-initial 5 --epochs 1 --budget 5 --batch 5 --trials 1 --jobs 1 "
        "--quiet"
    ),
    ("grammar-lisa", "benchmark", "regression"): (
        "--problems nguyen-8 --systems lisa --peers , --time 2 --jobs 1 --quiet"
    ),
    ("grammar-lisa", "fit"): "--stop-at r2=0.5",
    ("grammar-lisa", "molecules"): "--draws 40 --compared-with 30 --quiet",
    ("image-lisa", "train"): "--limit 200 --epochs 2 --quiet",
    ("image-lisa", "evaluate"): "--quiet",
}
LESS_IN_PYTHON = {
    '"runs/mine"': '"runs/digits"',
    'method="lisa", name="demo")': (
        'method="lisa", name="demo", count=200, held_out=20, epochs=1, draws=20)'
    ),
    "rounds=20, batch=25": "rounds=1, batch=5, n_initial=40, pool=400",
    "rounds=2, batch=10": "rounds=1, batch=5, n_initial=40, pool=400",
}

FILES_OF_FIT = {
    "drop.csv": "Time (s),",
    "measurements.csv": "Time (s),",
    "drop.cfg": "# drop.cfg",
    "units.cfg": "# units.cfg",
    "throw.csv": "speed,height,reach",
    "rising.cfg": "# rising.cfg",
    "growth.csv": "t,growth",
}
"""Files that the page on tables shows, and how their blocks begin."""


NEED = {"molecules.md": [needs_rdkit]}
"""What pages cannot be run without."""


def pages_with(found):
    """The names of pages in which `found(page)` finds something to run."""
    return [pytest.param(n, marks=NEED.get(n, [])) for n, page in PAGES.items() if found(page)]


def commands(page):
    lines = re.findall(r"^(?:    |\$ )((?:grammar|image)-lisa .*)$", page, flags=re.MULTILINE)
    return list(dict.fromkeys(line.split("  #")[0].strip() for line in lines))


def blocks(page, language):
    return re.findall(rf"^```{language}\n(.*?)^```", page, flags=re.MULTILINE | re.DOTALL)


def run(line, monkeypatch):
    tool, *words = shlex.split(line.replace("--dataset mnist", "--dataset digits"))
    words += LESS.get((tool, *words[:2]), LESS.get((tool, words[0]), "")).split()
    monkeypatch.setattr(sys, "argv", [tool, *words])
    return TOOLS[tool](words)


@pytest.fixture(scope="module", autouse=True)
def _light():
    """Whether pictures and measurements are right is for other tests to say."""
    with (
        blank_pictures(),
        one_algebra(),
        short_fits(),
        quick_measurements(),
        pytest.MonkeyPatch.context() as patch,
    ):
        for benchmark in (table5, latent_bo):
            patch.setattr(benchmark, "_DRAWS", 20)
        yield


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """The runs that pages speak of without making them: small ones."""
    folder = tmp_path_factory.mktemp("runs")
    less = LESS["grammar-lisa", "train"].split()
    grammar = ROOT / "grammars" / "expr.cfg"
    succeed("train", "--grammar", grammar, "--runs", folder, "--name", "demo", *less)
    words = f"train --dataset digits --limit 200 --epochs 2 --runs {folder} --name digits --quiet"
    assert image_lisa.cli.main(words.split()) == 0
    return folder


@pytest.fixture
def folder(tmp_path, monkeypatch, runs):
    """A folder as pages suppose it: the grammars, and the files they speak of."""
    (tmp_path / "grammars").symlink_to(ROOT / "grammars")
    (grammar,) = [
        block for block in blocks(PAGES["grammars.md"], "") if block.startswith("# velocities.cfg")
    ]
    (tmp_path / "velocities.cfg").write_text(grammar, encoding="utf-8")
    (sums,) = [each for each in blocks(PAGES["grammars.md"], "") if each.startswith("// sums.lark")]
    (tmp_path / "sums.lark").write_text(sums, encoding="utf-8")
    lines = succeed(
        "sample", ROOT / "grammars" / "expr.cfg", "-n", 200, "--max-rules", 14, "--seed", 1
    )
    (tmp_path / "equation2_15_dataset.txt").write_text(lines.out, encoding="utf-8")
    for name, start in FILES_OF_FIT.items():
        (block,) = [each for each in blocks(PAGES["fit.md"], "text") if each.startswith(start)]
        (tmp_path / name).write_text(block, encoding="utf-8")
    (tmp_path / "molecules.txt").write_text("\n".join(CHAINS) + "\n", encoding="utf-8")
    (tmp_path / "regexes.txt").write_text("\n".join(EXPRESSIONS) + "\n", encoding="utf-8")
    (tmp_path / "openings.txt").write_text("\n".join(GAMES) + "\n", encoding="utf-8")
    (examples,) = blocks(PAGES["regular_expressions.md"], "text")
    (tmp_path / "passwords.txt").write_text(examples, encoding="utf-8")
    shapes(tmp_path / "pictures", 32)
    shapes(tmp_path / "new_pictures", 9, seed=1)
    (tmp_path / "new.csv").write_text("Time (s)\n0.15\n0.7\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_forms_of_a_field_are_found(folder):
    expected = {
        "throw.csv": ("units.cfg", "1.4144*speed*sqrt(height/9.81)"),
        "growth.csv": ("rising.cfg", "1+exp(1.61)*t/(exp(0.7)+t)"),
    }
    for table, (grammar, formula) in expected.items():
        config = FitConfig(grammar=str(folder / grammar), max_time=1000, stop_at="r2=0.9998")
        found = Fitting(read_table(folder / table), config).run()
        assert found.recommended.text == formula
        assert formula in PAGES["fit.md"]


def test_the_pages_show_commands():
    shown = {" ".join(line.split()[:2]) for page in PAGES.values() for line in commands(page)}
    assert shown >= {f"grammar-lisa {name}" for name in ("check", "train", "bo", "generate")}
    assert shown >= {f"image-lisa {name}" for name in ("train", "sample", "evaluate", "diagnose")}
    assert len(blocks(PAGES["README.md"], "python")) == 1
    assert len(PAGES["README.md"].splitlines()) <= 160


@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", pages_with(commands))
def test_every_command_of_a_page_runs(name, folder, runs, monkeypatch, capsys):
    for made in ("demo", "digits"):
        if f"--name {made}" not in PAGES[name]:
            shutil.copytree(runs / made, folder / "runs" / made)
    for line in commands(PAGES[name]):
        assert run(line, monkeypatch) == 0, (line, capsys.readouterr().err)


@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", pages_with(lambda page: blocks(page, "python")))
def test_the_python_of_a_page_runs(name, folder, runs, monkeypatch):
    for line in commands(PAGES[name]):
        if " train --grammar grammars/json.cfg" in line:
            assert run(line, monkeypatch) == 0
    for made in ("demo", "digits"):
        if f'name="{made}"' not in PAGES[name]:
            shutil.copytree(runs / made, folder / "runs" / made)
    for program in blocks(PAGES[name], "python"):
        for shown, less in LESS_IN_PYTHON.items():
            program = program.replace(shown, less)
        assert exec(compile(program, name, "exec"), {}) is None


def test_the_scripts_that_pages_name_are_there():
    for page in PAGES.values():
        for name in re.findall(r"scripts/(\w+(?:\.py)?)", page):
            assert (ROOT / "scripts" / name).exists(), name


def test_the_files_that_pages_name_are_there():
    code = re.compile(r"`((?:grammar_lisa|image_lisa|shared|tests|grammars)/[\w/]+\.\w+)`")
    named = {name for page in PAGES.values() for name in code.findall(page)}
    assert named
    for name in named:
        assert (ROOT / name).is_file(), name


def test_the_links_of_files_at_the_root_lead_somewhere():
    for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md"):
        text = (ROOT / name).read_text(encoding="utf-8")
        for link in re.findall(r"\]\((?!https?:|#)([^)#]+)", text):
            assert (ROOT / link).exists(), (name, link)


def test_the_site_builds_without_a_broken_link(tmp_path):
    words = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", tmp_path]
    built = subprocess.run(
        words, cwd=ROOT, capture_output=True, text=True, env=environment() | {"COLUMNS": "96"}
    )
    assert built.returncode == 0, built.stderr
    commands_page = (tmp_path / "commands" / "index.html").read_text(encoding="utf-8")
    assert "grammar-lisa benchmark latent-bo" in commands_page
    python_page = (tmp_path / "python" / "index.html").read_text(encoding="utf-8")
    assert "n_initial" in python_page
