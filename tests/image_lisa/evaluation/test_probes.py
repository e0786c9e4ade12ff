import warnings

import numpy as np
import pytest
import torch
from scipy.optimize import minimize
from scipy.special import log_softmax
from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning

from image_lisa.evaluation import probes as module
from image_lisa.evaluation.probes import probe
from shared.common.errors import LisaError


def rings(n, seed):
    """Two classes that no plane divides."""
    random = np.random.default_rng(seed)
    points = random.normal(size=(n, 2))
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    labels = np.arange(n) % 2
    return points * (1 + 2 * labels[:, None]) + 0.1 * random.normal(size=(n, 2)), labels


def by_direct_minimisation(train, labels, test):
    """Logistic regression with the penalty ½‖W‖², by another optimiser."""
    centre, spread = train.mean(0), train.std(0)
    x, scored = (train - centre) / spread, (test - centre) / spread
    classes = labels.max() + 1
    targets = np.eye(classes)[labels]

    def objective(flat):
        weights, bias = flat[:-classes].reshape(-1, classes), flat[-classes:]
        logs = log_softmax(x @ weights + bias, axis=1)
        error = np.exp(logs) - targets
        gradient = np.concatenate([(x.T @ error + weights).ravel(), error.sum(0)])
        return 0.5 * (weights**2).sum() - (logs * targets).sum(), gradient

    start = np.zeros((x.shape[1] + 1) * classes)
    found = minimize(objective, start, jac=True, method="BFGS", options={"gtol": 1e-4}).x
    return (scored @ found[:-classes].reshape(-1, classes) + found[-classes:]).argmax(1)


def digits():
    x, y = load_digits(return_X_y=True)
    return x[:1200, ::3], y[:1200], x[1200:, ::3], y[1200:]


def test_the_linear_probe_agrees_with_a_direct_minimisation():
    train, labels, test, test_labels = digits()
    train, test = (rows[:, 1:7] for rows in (train, test))
    expected = (by_direct_minimisation(train, labels, test) == test_labels).mean()
    found = probe(train, labels, test, test_labels)
    assert found.linear == pytest.approx(expected, abs=1.5 / len(test))
    assert found.linear > 2 * found.chance


def test_digits_are_read_by_both_probes_and_better_by_the_network():
    found = probe(*digits())
    assert found.linear > 0.8
    assert found.mlp > found.linear - 0.01
    assert found.mlp > 0.85


def test_rings_are_told_apart_by_the_network_alone():
    found = probe(*rings(600, 0), *rings(400, 1))
    assert found.mlp > 0.98
    assert found.linear < 0.65


def test_codes_that_know_nothing_give_chance():
    random = np.random.default_rng(0)
    labels, test_labels = np.repeat([0, 1], [900, 300]), np.repeat([0, 1], [300, 100])
    found = probe(random.normal(size=(1200, 2)), labels, random.normal(size=(400, 2)), test_labels)
    assert found.chance == 0.75
    assert found.linear == pytest.approx(0.75, abs=0.02)
    assert found.mlp == pytest.approx(0.75, abs=0.05)


def test_scale_offset_and_names_of_classes_do_not_matter():
    train, labels, test, test_labels = digits()
    names = np.array([70, 3, 5, -1, 11, 13, 17, 19, 23, 29])
    factor = np.geomspace(1e-3, 1e3, train.shape[1])
    moved = probe(factor * train + 100, names[labels], factor * test + 100, names[test_labels])
    found = probe(train, labels, test, test_labels)
    assert moved.linear == pytest.approx(found.linear, abs=0.004)
    assert moved.mlp == pytest.approx(found.mlp, abs=0.01)


def test_a_class_that_training_lacks_is_never_found():
    train, labels, test, test_labels = digits()
    few = labels != 3
    found = probe(train[few], labels[few], test, test_labels)
    assert found.mlp <= (test_labels != 3).mean()


def test_it_depends_on_its_seed_alone():
    codes = digits()
    torch.default_generator.manual_seed(3)
    before = torch.get_rng_state()
    first = probe(*codes, seed=4)
    assert torch.equal(torch.get_rng_state(), before)
    torch.default_generator.manual_seed(5)
    assert probe(*codes, seed=4) == first


def test_bad_input_is_refused(monkeypatch):
    train, labels, test, test_labels = digits()
    with pytest.raises(LisaError, match="size 22 and test codes of size 5"):
        probe(train, labels, test[:, :5], test_labels)
    with pytest.raises(LisaError, match=r"1200 training codes need as many labels.*\[7\]"):
        probe(train, labels[:7], test, test_labels)
    with pytest.raises(LisaError, match=r"597 test codes need as many labels"):
        probe(train, labels, test, test_labels[:7])
    with pytest.raises(LisaError, match="not only the class 4"):
        probe(train, np.full(1200, 4), test, test_labels)
    monkeypatch.setattr(module, "_ITERATIONS", 2)
    with (
        warnings.catch_warnings(record=True) as caught,
        pytest.raises(LisaError, match="did not converge in 2 iterations"),
    ):
        probe(train, labels, test, test_labels)
    assert not [each for each in caught if each.category is ConvergenceWarning]
