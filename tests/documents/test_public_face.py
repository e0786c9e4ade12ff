"""What a person types first, as `import grammar_lisa as gl` and its siblings offer it."""

import importlib
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from small_grammars import ROOT
from tools import environment

import grammar_lisa as gl
import image_lisa as il
import shared
from shared.common.errors import LisaError

EXPR = ROOT / "grammars" / "expr.cfg"
SMALL = {"count": 500, "held_out": 50, "epochs": 2, "draws": 20, "max_rules": 9, "dim": 6}
ROOMS = [
    *("grammar_lisa", "image_lisa", "shared"),
    *(f"grammar_lisa.{room}" for room in ("grammar", "models", "expressions", "molecules")),
    *(f"grammar_lisa.{room}" for room in ("objectives", "training", "optimize", "regression")),
    *(f"image_lisa.{room}" for room in ("models", "training", "evaluation", "reports", "data")),
    *("grammar_lisa.benchmark", "grammar_lisa.reports", "image_lisa.benchmark"),
    *("grammar_lisa.models.networks", "image_lisa.models.networks"),
    *(f"shared.{room}" for room in ("common", "sphere", "samplers", "methods", "runs", "jobs")),
    *(f"shared.{room}" for room in ("training", "models", "cli", "diagnostics", "reports")),
]


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs")
    il.train("digits", runs=folder, name="digits", epochs=1, limit=200)
    gl.train(EXPR, runs=folder, name="expr", **SMALL)
    return folder


@pytest.mark.parametrize("room", ROOMS)
def test_every_room_offers_what_it_lists(room):
    face = importlib.import_module(room)
    assert face.__all__
    for name in face.__all__:
        assert getattr(face, name) is not None
    assert set(face.__all__) <= set(dir(face))


def test_a_model_is_trained_and_loaded_in_one_call(runs):
    model = gl.load(runs / "expr")
    assert model.run.path == runs / "expr"
    assert gl.load(str(runs / "expr")).grammar.text == EXPR.read_text()
    assert repr(model) == f"GrammarModel({str(runs / 'expr')!r}, LISA, dense network, d = 6)"
    texts = ["x+1", "sin(x*x)"]
    u = model.encode(texts)
    np.testing.assert_allclose((u**2).sum(axis=1), 1, atol=1e-12)
    np.testing.assert_array_equal(u, model.directions(model.codes(texts)))
    assert model.decode(u) == model.decode(model.codes(texts))
    drawn = model.sample(5, sampler="uniform", seed=3)
    assert len(drawn) == 5
    assert drawn == model.sample(5, sampler="uniform", seed=3)
    assert all(model.valid(drawn))


def test_one_text_and_one_code_are_told_from_several(runs):
    model = gl.load(runs / "expr")
    with pytest.raises(gl.LisaError, match=r"such as \['x\+1'\], not one text"):
        model.encode("x+1")
    with pytest.raises(gl.LisaError, match=r"not \[6\]; of one code u give u\[np.newaxis\]"):
        model.decode(model.encode(["x+1"])[0])
    assert len(model.interpolate("x+1", "x")) == 11
    assert il.LisaError is gl.LisaError


def test_training_takes_a_method_or_its_name(tmp_path):
    told = []
    model = gl.train(EXPR, "vae", runs=tmp_path, notify=told.append, **SMALL)
    assert model.run.path == tmp_path / "expr-vae-001"
    assert model.method.name == "vae"
    assert any("sentences to train on" in text for text in told)
    weighted = shared.METHODS["vae"](kl_weight=0.5)
    assert gl.train(EXPR, weighted, runs=tmp_path, **SMALL).method == weighted
    with pytest.raises(LisaError, match="there is no method 'liza'; did you mean 'lisa'"):
        gl.train(EXPR, "liza", runs=tmp_path)
    with pytest.raises(LisaError, match="there is no setting of a training 'epoch'; did you mean"):
        gl.train(EXPR, runs=tmp_path, epoch=3)
    with pytest.raises(LisaError, match="already"):
        gl.train(EXPR, runs=tmp_path, name="expr-vae-001", **SMALL)


def test_optimize_searches_for_a_target_or_by_a_function(runs):
    model, target = gl.load(runs / "expr"), gl.Regression.target("sin(x)+2")
    found = gl.optimize(model, target, rounds=2, batch=4, n_initial=50, pool=200)
    assert len(found.initial) == 50
    assert 0 < len(found.evaluations) <= 8
    scores = [each.value for each in found.initial + found.evaluations]
    assert found.score == min(scores)
    assert repr(found).startswith(f"Found({found.sentence!r}, score ")
    assert found.score == target([found.sentence])[0]
    again = gl.optimize(model, target, rounds=2, batch=4, n_initial=50, pool=200)
    assert again == found

    def length(text):
        if "exp" in text:
            raise ValueError("too steep")
        return len(text)

    seen = gl.optimize(model, length, rounds=2, batch=3, n_initial=20, pool=200)
    assert seen.score == len(seen.sentence)
    assert {e.failure for e in seen.initial if e.score is None} <= {"ValueError: too steep"}
    for wrong, message in [
        ({"system": "lizza"}, "there is no system 'lizza'"),
        ({"round": 3}, "no setting of a search 'round'; did you mean 'rounds'"),
        ({"decontaminate": True}, "no target that sentences could be left out for"),
    ]:
        with pytest.raises(LisaError, match=message):
            gl.optimize(model, length, **wrong)
    model.run = None
    with pytest.raises(LisaError, match="this model is of no run"):
        gl.optimize(model, length)
    with pytest.raises(LisaError, match="this model is of no run"):
        model.sample(3)


def test_the_package_optimize_is_the_function_too(runs):
    import grammar_lisa.optimize as package

    model = gl.load(runs / "expr")
    assert gl.optimize is package
    assert package.optimize is importlib.import_module("grammar_lisa.optimize.minimise").optimize
    found = package(model, len, rounds=1, batch=2, n_initial=10, pool=100)
    assert found.score <= min(each.value for each in found.initial)


def test_image_models_sample(runs):
    model = il.load(runs / "digits")
    images = model.sample(5, sampler="gaussian", seed=1)
    assert images.shape == (5, 1, 8, 8)
    assert 0 <= images.min() <= images.max() <= 1
    torch.testing.assert_close(images, model.sample(5, sampler="gaussian", seed=1))
    with pytest.raises(LisaError, match="no sampler 'gauss'; did you mean 'gaussian'"):
        model.sample(5, sampler="gauss")
    model.run = None
    with pytest.raises(LisaError, match="this model is of no run"):
        model.sample(5)


def test_a_run_of_the_other_tool_says_which_to_use(runs):
    with pytest.raises(LisaError, match=r"in Python with image_lisa\.load"):
        gl.load(runs / "digits")
    with pytest.raises(LisaError, match=r"in Python with grammar_lisa\.load"):
        il.load(runs / "expr")


def test_the_faces_import_nothing_heavy():
    script = (
        "import sys, grammar_lisa, image_lisa, shared;"
        "assert not {'torch', 'numpy', 'nltk'} & set(sys.modules)"
    )
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr


@pytest.mark.parametrize("tool", ["grammar_lisa", "image_lisa"])
def test_another_package_named_shared_is_told_of(tool, tmp_path):
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared" / "__init__.py").touch()
    path = f"{tmp_path}:{Path(ROOT)}"
    ended = subprocess.run(
        [sys.executable, "-c", f"import {tool}"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=environment() | {"PYTHONPATH": path},
    )
    assert ended.returncode == 1
    last = ended.stderr.strip().splitlines()[-1]
    assert "ImportError: the package 'shared' at" in last
    assert str(tmp_path / "shared") in last
    assert "hides the one that lisa-toolkit installs" in last
