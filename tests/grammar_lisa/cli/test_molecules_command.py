import json
import shutil

import pytest
from command_line import GRAMMARS, TOOL, run_command, succeed
from molecules_at_hand import CHAINS, MOLECULES, needs_rdkit
from shared_work import once

import grammar_lisa as gl
from grammar_lisa.cli import molecules as command
from grammar_lisa.molecules import canonical_smiles, qed
from grammar_lisa.optimize.start import training_sentences
from shared.common import extras
from shared.methods import AE, LISA, AESphere

SMALL_SEARCH = ["--rounds", 1, "--batch", 3, "--n-initial", 12, "--pool", 100, "--jobs", 1]


@pytest.fixture(scope="session")
def learnt(tmp_path_factory):
    """A run on molecules; not to be changed."""

    def make(runs):
        (runs / "data.txt").write_text("\n".join(CHAINS) + "\n")
        words = ("--count", 60, "--held-out", 6, "--epochs", 20, "--batch-size", 20, "--draws", 20)
        succeed(
            *("train", "--grammar", GRAMMARS / "smiles.cfg", "--data", runs / "data.txt"),
            *(*words, "--dim", 8, "--runs", runs, "--name", "good", "--quiet"),
        )

    return once(tmp_path_factory, "molecule-run", make) / "good"


@pytest.fixture
def molecules(learnt, tmp_path):
    path = tmp_path / "runs" / "molecules"
    shutil.copytree(learnt, path)
    return path


def test_without_rdkit_the_extra_is_named(monkeypatch):
    monkeypatch.setattr(extras, "find_spec", lambda name: None)
    ended = run_command("molecules")
    assert ended.status == 2
    assert "pip install 'lisa-toolkit[molecules]'" in ended.said
    assert ended.out == ""


def test_other_pictures_are_refused():
    ended = run_command("molecules", "--picture", "best.jpg")
    assert ended.status == 2
    assert "written as .svg or .png, not as '.jpg'" in ended.said


@needs_rdkit
def test_draws_are_judged_kept_and_drawn(molecules):
    words = ("molecules", "--run", molecules, "--sampler", "uniform", "--draws", 100, "--top", 3)
    told = succeed(*words, "--compared-with", 20, "--json").json
    assert told["draws"] == told["sentences"] == 100
    assert 0 < told["molecules"] <= 100
    assert told["molecules"] + sum(told["failures"].values()) == 100
    assert told["compared_with"] == 20
    best = told["best"]["molecules"]
    assert len(best) == min(3, told["novel"]) > 0
    assert [each["value"] for each in best] == sorted((e["value"] for e in best), reverse=True)
    model = gl.load(molecules)
    known = {canonical_smiles(text) for text in training_sentences(model.run, model)}
    for each in best:
        assert each["value"] == qed(each["smiles"])
        assert each["smiles"] not in known
    assert json.loads((molecules / "molecules.json").read_text()) == told
    assert (molecules / "molecules.svg").read_text().startswith("<?xml")
    drawn = succeed("generate", "--run", molecules, "--sampler", "uniform", "-n", 100).lines
    valid = [canonical_smiles(text) for text in drawn if canonical_smiles(text)]
    assert len(valid) == told["molecules"]
    assert len(set(valid)) == told["distinct"]


@needs_rdkit
def test_the_table_and_a_picture_of_ones_own(molecules, tmp_path):
    picture = tmp_path / "easy.png"
    words = ("molecules", "--run", molecules, "--sampler", "uniform", "--draws", 60, "--by", "sa")
    told = succeed(*words, "--picture", picture)
    assert "are sentences of the grammar" in told.out
    assert "best new molecules by sa" in told.out
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert "easy.png is there already" in TOOL.refusal(*words, "--picture", picture)
    assert not (molecules / "molecules.svg").exists()
    best = json.loads((molecules / "molecules.json").read_text())["best"]["molecules"]
    assert [each["value"] for each in best] == sorted(each["value"] for each in best)


@needs_rdkit
def test_few_molecules_among_the_draws_are_met_with_advice(molecules, monkeypatch):
    words = ("molecules", "--run", molecules, "--sampler", "uniform", "--draws", 40)
    monkeypatch.setattr(command, "ENOUGH", 1.1)
    assert "directions were not turned in training" in succeed(*words).said
    assert command.advice(LISA(noise_angle=0.5)).startswith("more of the draws are molecules after")
    assert command.advice(AESphere()).startswith("directions were not turned in training")
    assert command.advice(AE()).startswith("of AE's draws few are molecules: train with --method")
    monkeypatch.setattr(command, "ENOUGH", 0.0)
    assert "in training" not in succeed(*words).said


@needs_rdkit
def test_a_search_by_a_property_draws_the_best(molecules):
    words = ("bo", "--run", molecules, "--objective", "molecules:qed", *SMALL_SEARCH)
    told = succeed(*words, "--json").json
    best = told["best"]
    assert best[0]["score"] == -qed(best[0]["sentence"])
    folder = molecules / "search-001"
    assert (folder / "best.svg").read_text().startswith("<?xml")
    texts = [canonical_smiles(row["sentence"]) for row in best]
    assert None not in texts
    assert len(set(texts)) == len(texts)


@needs_rdkit
def test_ask_tells_molecules_apart_by_canonical_smiles(molecules, tmp_path):
    scores = tmp_path / "scores.csv"
    known = CHAINS[:12]
    rows = [f"{text},{len(text)}" for text in known]
    scores.write_text("\n".join(["sentence,score", *rows]) + "\n")
    words = ("ask", "--state", tmp_path / "state", "--run", molecules, "--language", "molecules")
    asked = succeed(*words, "--initial", scores, "-q", 4, "--json", "--pool", 100).json["sentences"]
    again = succeed("ask", "--state", tmp_path / "state", "-q", 4, "--json")
    assert again.json["sentences"] == asked
    found = [canonical_smiles(text) for text in asked]
    assert None not in found
    assert not set(found) & {canonical_smiles(text) for text in known}


@needs_rdkit
def test_a_training_aligned_with_fingerprints(tmp_path):
    path = tmp_path / "known.txt"
    path.write_text("\n".join(MOLECULES.values()) + "\n")
    told = succeed(
        *("train", "--grammar", GRAMMARS / "smiles.cfg", "--data", path, "--runs", tmp_path),
        *("--count", 30, "--held-out", 5, "--epochs", 1, "--draws", 10, "--json", "--quiet"),
        *("--alignment-weight", 1, "--semantics", "grammar_lisa.molecules:fingerprint"),
    )
    assert "alignment" in told.json["summary"]
