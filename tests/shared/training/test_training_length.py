"""How long is trained: stretches between validations, early ends, divergences that warm up."""

import dataclasses

import pytest
import torch
from small_nets import Vectors, vectors

from shared.common.errors import LisaError
from shared.methods import METHODS, Method, equip
from shared.runs.run import CHECKPOINT, create_run
from shared.runs.tensors import read_tensors, write_tensors
from shared.training.settings import Training
from shared.training.trainer import Trainer

SHORT = Training(epochs=5, batch_size=8, learning_rate=0.01, schedule="constant", device="cpu")
X = vectors(17)
"""Two steps an epoch."""

WARMED = {name: METHODS[name].warmed for name in METHODS if METHODS[name].warmed}


class StoppedError(Exception):
    pass


def trainer(path, training=SHORT, losses=(), method=None, stop=None):
    """A trainer whose validation losses are given: as many as there are epochs, else the last."""
    method = method or METHODS["ae"]()
    net = Vectors(3, method.encoder_width(3))
    equip(net, method, 0)

    def on_step(done, _):
        if done == stop:
            raise StoppedError

    def validate(_):
        epoch = one.progress.step // 2
        return {"loss": losses[min(epoch, len(losses)) - 1] if losses else 1.0}

    run = path if hasattr(path, "path") else create_run(path, {"tool": "test"})
    one = Trainer(run, net, method, training, X, validate=validate, on_step=on_step, keep_best=True)
    return one


def same(first, second):
    a, b = first.net.state_dict(), second.net.state_dict()
    return all(torch.equal(a[name], b[name]) for name in a)


def plain(rows):
    return [{name: value for name, value in row.items() if name != "seconds"} for row in rows]


def test_a_row_stands_for_all_epochs_since_the_last(tmp_path):
    every = trainer(tmp_path / "every")
    singly = every.fit()
    some = trainer(tmp_path / "some", dataclasses.replace(SHORT, valid_epochs=2))
    rows = some.fit()
    assert [row["epoch"] for row in rows] == [2, 4, 5]
    for row, epochs in zip(rows, ([0, 1], [2, 3], [4]), strict=True):
        expected = sum(singly[epoch]["reconstruction"] for epoch in epochs) / len(epochs)
        assert row["reconstruction"] == pytest.approx(expected, rel=1e-12)
    assert same(every, some)


@pytest.mark.parametrize("step", [1, 3, 4, 5, 9])
def test_stretches_of_epochs_survive_a_stop(tmp_path, step):
    training = dataclasses.replace(SHORT, valid_epochs=2, checkpoint_seconds=0)
    whole = trainer(tmp_path / "whole", training)
    expected = whole.fit()
    stopped = trainer(tmp_path / "run", training, stop=step)
    with pytest.raises(StoppedError):
        stopped.fit()
    resumed = trainer(stopped.run, training)
    assert plain(resumed.fit()) == plain(expected)
    assert same(resumed, whole)


@pytest.mark.parametrize(
    ("losses", "patience", "epochs"),
    [
        ([5.0, 4.0, 3.0, 2.0, 1.0], 1, 5),
        ([1.0, 2.0, 2.0, 2.0, 2.0], 2, 3),
        ([1.0, 1.0, 1.0, 1.0, 1.0], 3, 4),
        ([3.0, 4.0, 1.0, 4.0, 4.0], 2, 5),
        ([1.0, 2.0, 3.0, 4.0, 5.0], 0, 5),
    ],
    ids=str,
)
def test_training_ends_when_validation_was_no_better_for_long(tmp_path, losses, patience, epochs):
    training = dataclasses.replace(SHORT, patience=patience)
    one = trainer(tmp_path / "run", training, losses)
    rows = one.fit()
    assert len(rows) == epochs
    assert one.progress.step == 2 * epochs
    assert one.stopped == (epochs < 5 or (patience > 0 and losses[-1 - patience] == min(losses)))
    again = trainer(one.run, training, losses)
    assert again.fit() == rows
    assert same(again, one)


def test_patience_counts_epochs_not_validations(tmp_path):
    training = dataclasses.replace(SHORT, epochs=12, patience=5, valid_epochs=2)
    rows = trainer(tmp_path / "run", training, [1.0, 1.0, 2.0]).fit()
    assert [row["epoch"] for row in rows] == [2, 4, 6, 8]


@pytest.mark.parametrize("name", sorted(WARMED))
def test_a_divergence_warms_up_step_by_step(tmp_path, name):
    """At step k of s its terms have the weight (k + 1)/s; the others, and validation, the full."""
    kind = METHODS[name]
    seen = []

    def loss(self, net, x):
        terms = kind.loss(self, net, x)
        seen.append({name: term.item() for name, term in terms.items()})
        return terms

    method = type("Seen", (kind,), {"loss": loss})()
    training = dataclasses.replace(SHORT, epochs=2, kl_warmup=1.5)
    rows = trainer(tmp_path / "run", training, method=method).fit()
    assert set(kind.warmed) <= seen[0].keys()
    factors = [1 / 3, 2 / 3, 1, 1]
    for epoch, row in enumerate(rows):
        for term in seen[0]:
            weights = factors if term in kind.warmed else [1] * 4
            steps = range(2 * epoch, 2 * epoch + 2)
            expected = sum(weights[step] * seen[step][term] for step in steps) / 2
            assert row[term] == pytest.approx(expected, rel=1e-5, abs=1e-9)


class Moved(Vectors):
    """Examples that are varied by a share of noise."""

    def augmented(self, x, share):
        return x + share * torch.rand_like(x)


def test_examples_are_augmented_in_training_alone(tmp_path):
    seen = []

    class Seen(METHODS["ae"]):
        def loss(self, net, x):
            seen.append(x)
            return super().loss(net, x)

    def run(name, share):
        seen.clear()
        training = dataclasses.replace(SHORT, epochs=1, augment=share)
        validated = []
        one = Trainer(
            create_run(tmp_path / name, {"tool": "test"}),
            Moved(3, 3),
            Seen(),
            training,
            X,
            validate=lambda net: validated.append(net.prepare(X)) or {"loss": 1.0},
        )
        one.fit()
        assert torch.equal(validated[0], X)
        return torch.cat(seen)

    plain, moved = run("plain", 0.0), run("moved", 0.25)
    assert 0 < (moved - plain).min() <= (moved - plain).max() < 0.25
    assert torch.equal(run("again", 0.25), moved)


def test_methods_with_a_prior_of_their_codes_warm_up():
    variational = {"vae", "beta-vae", "vae-vampprior", "infovae", "s-vae", "hvae", "vae-linnf"}
    assert WARMED.keys() == variational | {"vae-iaf", "cv-vae", "2s-vae", "geo-vae"}


def test_a_warm_up_of_no_epochs_and_one_of_others_methods_change_nothing(tmp_path):
    for name, warmup, equal in (("vae", 0.0, True), ("vae", 2.0, False), ("lisa", 2.0, True)):
        method: Method = METHODS[name]()
        cold = trainer(tmp_path / f"{name}-{warmup}-cold", method=method)
        warm = trainer(
            tmp_path / f"{name}-{warmup}", dataclasses.replace(SHORT, kl_warmup=warmup), (), method
        )
        cold.fit()
        warm.fit()
        assert same(cold, warm) == equal


def test_checkpoints_that_know_none_of_it_are_gone_on_with(tmp_path):
    often = dataclasses.replace(SHORT, checkpoint_seconds=0)
    stopped = trainer(tmp_path / "run", often, stop=5)
    with pytest.raises(StoppedError):
        stopped.fit()
    path = stopped.run.path / CHECKPOINT
    tensors, record = read_tensors(path)
    for name in ("valid_epochs", "patience", "kl_warmup", "augment"):
        del record["training"][name]
    write_tensors(path, tensors, record)
    whole = trainer(tmp_path / "whole", often)
    whole.fit()
    resumed = trainer(stopped.run, often)
    resumed.fit()
    assert same(resumed, whole)


@pytest.mark.parametrize(
    "change", [{"valid_epochs": 2}, {"patience": 3}, {"kl_warmup": 1.0}, {"augment": 0.1}]
)
def test_other_lengths_are_other_trainings(tmp_path, change):
    often = dataclasses.replace(SHORT, checkpoint_seconds=0)
    stopped = trainer(tmp_path / "run", often, stop=5)
    with pytest.raises(StoppedError):
        stopped.fit()
    with pytest.raises(LisaError, match="made with other settings"):
        trainer(stopped.run, dataclasses.replace(often, **change)).fit()


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"valid_epochs": 0}, "valid_epochs must be at least 1, not 0"),
        ({"patience": -1}, "patience must be at least 0, not -1"),
        ({"kl_warmup": -0.5}, "kl_warmup must be at least 0, not -0.5"),
        ({"kl_warmup": float("nan")}, "kl_warmup must be at least 0, not nan"),
        ({"augment": 0.6}, "augment must be from 0 to 0.5, not 0.6"),
        ({"augment": float("nan")}, "augment must be from 0 to 0.5, not nan"),
    ],
)
def test_senseless_lengths_are_refused(values, words):
    with pytest.raises(LisaError, match=words):
        Training(**values)
