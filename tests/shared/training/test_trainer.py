"""The training loop: what it computes, and that a stop at any moment leaves no trace."""

import copy
import dataclasses
import json
import math
import os
import signal
import sys
import warnings
from pathlib import Path

import pytest
import torch
from small_nets import Vectors, vectors
from tools import environment, finish, started

from shared.common.errors import LisaError
from shared.methods import LISA, READOUT, equip
from shared.runs.locks import working_in
from shared.runs.run import BEST, CHECKPOINT, METRICS, create_run, open_run
from shared.runs.tensors import read_tensors, write_tensors
from shared.training.settings import Training
from shared.training.trainer import FLUSH_STEPS, Trainer, launch, on_first

SHORT = Training(epochs=6, batch_size=8, learning_rate=0.01, device="cpu", checkpoint_seconds=0)
X = vectors(17)
STEPS = 12


class StoppedError(Exception):
    pass


def new_run(path):
    return create_run(path, {"tool": "test", "version": "0"})


def validate(net):
    """A loss that never falls, so that the plateau schedule acts; and a trace of the net."""
    weights = sum(value.double().sum().item() for value in net.state_dict().values())
    codes = net.encode(X)
    return {"loss": 1.0, "weights": weights, "codes": codes.sum().item()}


def trainer(run, training=SHORT, x=X, net=None, method=None, **kwargs):
    net = net or Vectors()
    kwargs.setdefault("validate", validate)
    return Trainer(run, net, method or LISA(), training, x, **kwargs)


def without_seconds(rows):
    return [{name: value for name, value in row.items() if name != "seconds"} for row in rows]


def assert_same(first, second):
    assert first.keys() == second.keys()
    for name, value in first.items():
        assert torch.equal(value, second[name]), name


def stop_at(step):
    def on_step(done, _):
        if done == step:
            raise StoppedError

    return on_step


@pytest.fixture
def run(tmp_path):
    return new_run(tmp_path / "run")


@pytest.mark.parametrize(
    ("schedule", "seconds"),
    [("constant", 0), ("cosine", 0), ("plateau", 0), ("plateau", 1e9)],
)
def test_a_training_stopped_at_any_step_ends_as_if_it_was_not(tmp_path, schedule, seconds):
    training = dataclasses.replace(SHORT, schedule=schedule, checkpoint_seconds=seconds)
    whole = trainer(new_run(tmp_path / "whole"), training)
    expected = whole.fit()
    assert whole.steps == STEPS
    assert len(expected) == 6
    for step in range(1, STEPS + 1):
        run = new_run(tmp_path / f"stopped-{step}")
        with pytest.raises(StoppedError):
            trainer(run, training, on_step=stop_at(step)).fit()
        done = []
        resumed = trainer(run, training, on_step=lambda step, _, done=done: done.append(step))
        rows = resumed.fit()
        saved = step - 1 if seconds == 0 else 0
        assert done == list(range(saved + 1, STEPS + 1))
        assert_same(resumed.net.state_dict(), whole.net.state_dict())
        assert without_seconds(rows) == without_seconds(expected)
        assert run.read_metrics() == rows


def test_a_training_stopped_again_and_again_ends_as_if_it_was_not(tmp_path):
    whole = trainer(new_run(tmp_path / "whole"))
    expected = whole.fit()
    run = new_run(tmp_path / "stopped")
    for step in range(2, STEPS + 1):
        with pytest.raises(StoppedError):
            trainer(run, on_step=stop_at(step)).fit()
    resumed = trainer(run)
    assert without_seconds(resumed.fit()) == without_seconds(expected)
    assert_same(resumed.net.state_dict(), whole.net.state_dict())
    assert resumed.progress.seconds > 0


def test_two_processes_do_not_train_one_run(run):
    first = trainer(run, on_step=stop_at(3))
    with pytest.raises(StoppedError):
        first.fit()
    before = {path: path.read_bytes() for path in run.path.iterdir()}
    with working_in(run.path), pytest.raises(LisaError, match="another process is working in"):
        trainer(run).fit()
    assert {path: path.read_bytes() for path in run.path.iterdir()} == before
    assert trainer(run).fit()


def test_a_finished_training_is_not_done_again(run):
    first = trainer(run)
    rows = first.fit()
    again = trainer(run, on_step=stop_at(1))
    assert again.fit() == rows
    assert_same(again.net.state_dict(), first.net.state_dict())


@pytest.mark.parametrize(
    "change",
    [
        {"epochs": 7},
        {"batch_size": 4},
        {"learning_rate": 0.02},
        {"schedule": "constant"},
        {"seed": 1},
        {"precision": "64-true"},
    ],
    ids=str,
)
def test_other_settings_cannot_resume(run, change):
    with pytest.raises(StoppedError):
        trainer(run, on_step=stop_at(5)).fit()
    before = (run.path / CHECKPOINT).read_bytes()
    other = trainer(run, dataclasses.replace(SHORT, **change))
    with pytest.raises(LisaError, match="made with other settings"):
        other.fit()
    assert (run.path / CHECKPOINT).read_bytes() == before


def test_another_net_cannot_resume(run):
    with pytest.raises(StoppedError):
        trainer(run, on_step=stop_at(5)).fit()
    with pytest.raises(LisaError, match=r"checkpoint\.safetensors does not fit this network"):
        trainer(run, net=Vectors(dim=4, width=4)).fit()


def test_a_damaged_checkpoint_is_refused(run):
    with pytest.raises(StoppedError):
        trainer(run, on_step=stop_at(5)).fit()
    path = run.path / CHECKPOINT
    content = path.read_bytes()
    for damaged in (content[:-1], content[:40], b"", content[:-1] + bytes([content[-1] ^ 1])):
        path.write_bytes(damaged)
        with pytest.raises(LisaError, match=r"checkpoint\.safetensors"):
            trainer(run).fit()


def test_what_is_trained_depends_on_the_seed_alone(tmp_path):
    finals = []
    for number, (seed, noise) in enumerate([(0, 1), (0, 2), (1, 1)]):
        torch.default_generator.manual_seed(noise)
        one = trainer(
            new_run(tmp_path / str(number)), dataclasses.replace(SHORT, seed=seed, epochs=2)
        )
        one.fit()
        finals.append(one.net.state_dict())
    assert_same(finals[0], finals[1])
    assert not torch.equal(finals[0]["to_code.weight"], finals[2]["to_code.weight"])


def test_every_step_draws_from_a_seed_of_its_own(tmp_path):
    drawn = []
    for seed in (0, 1):
        training = dataclasses.replace(SHORT, seed=seed)
        step = lambda *_: drawn.append(torch.rand(1, dtype=torch.float64).item())  # noqa: E731
        trainer(new_run(tmp_path / str(seed)), training, on_step=step).fit()
    assert len(set(drawn)) == len(drawn) == 2 * STEPS


class Recorder(LISA):
    """Remembers the batches it saw."""

    batches = ()

    def loss(self, net, x):
        type(self).batches += (x,)
        return super().loss(net, x)


def test_each_epoch_takes_the_examples_in_another_order(run):
    Recorder.batches = ()
    trainer(run, method=Recorder()).fit()
    assert [len(batch) for batch in Recorder.batches] == [8] * STEPS
    numbers = [[(row == X).all(1).nonzero().item() for row in batch] for batch in Recorder.batches]
    epochs = [[*numbers[step], *numbers[step + 1]] for step in range(0, STEPS, 2)]
    for epoch in epochs:
        assert len(set(epoch)) == 16
    assert len({tuple(epoch) for epoch in epochs}) == len(epochs)
    assert set().union(*epochs) == set(range(17))


def test_fewer_examples_than_a_batch_are_one_batch(run):
    few = trainer(run, x=X[:3])
    assert few.steps == 6
    assert len(few.fit()) == 6


def test_the_loop_is_adam_on_the_sum_of_the_terms(run):
    """Written out: the same batches, the same loss, torch's plain Adam."""
    Recorder.batches = ()
    training = dataclasses.replace(SHORT, schedule="constant", epochs=2)
    done = trainer(run, training, net=Vectors(plain=True), method=Recorder())
    rows = done.fit()
    net = Vectors(plain=True)
    optimizer = torch.optim.Adam(net.parameters(), lr=0.01, foreach=False)
    losses = []
    for batch in Recorder.batches:
        terms = LISA().loss(net, batch)
        optimizer.zero_grad()
        sum(terms.values()).backward()
        optimizer.step()
        losses.append({name: value.item() for name, value in terms.items()})
    for name, value in net.state_dict().items():
        torch.testing.assert_close(done.net.state_dict()[name], value)
    for epoch, row in enumerate(rows):
        part = losses[2 * epoch : 2 * epoch + 2]
        for name in ("reconstruction", "uniformity"):
            assert row[name] == pytest.approx(sum(loss[name] for loss in part) / 2, rel=1e-5)
        assert row["loss"] == pytest.approx(row["reconstruction"] + row["uniformity"], rel=1e-6)
        assert row["epoch"] == epoch + 1


def rates(run, training, x=X, validate=validate):
    seen = []
    one = trainer(run, training, x=x, validate=validate)
    one.on_step = lambda *_: seen.append(one.optimizer.param_groups[0]["lr"])
    rows = one.fit()
    return seen, [row["learning_rate"] for row in rows]


def test_constant_rate(run):
    assert set(rates(run, dataclasses.replace(SHORT, schedule="constant"))[0]) == {0.01}


def test_cosine_rate_warms_up_and_falls(run):
    training = dataclasses.replace(SHORT, schedule="cosine", epochs=50, checkpoint_seconds=1e9)
    seen, _ = rates(run, training)
    assert seen[:3] == pytest.approx([0.005, 0.01, 0.01], rel=1e-2)
    expected = [0.01 * (1 + math.cos(math.pi * step / 100)) / 2 for step in range(2, 100)]
    assert seen[2:] == pytest.approx(expected)
    assert 0 < seen[-1] < 1e-5


def test_plateau_rate_falls_when_the_validation_loss_does_not(tmp_path):
    training = dataclasses.replace(SHORT, schedule="plateau", epochs=10, checkpoint_seconds=1e9)
    _, stuck = rates(new_run(tmp_path / "stuck"), training)
    assert stuck == pytest.approx([0.01] * 4 + [0.002] * 4 + [0.0004] * 2)
    falling = iter(range(100, 0, -1))
    _, free = rates(
        new_run(tmp_path / "free"), training, validate=lambda net: {"loss": float(next(falling))}
    )
    assert free == [0.01] * 10


def test_validation_sees_the_net_at_rest_and_is_logged(run):
    modes = []

    def look(net):
        modes.append((net.training, torch.is_grad_enabled()))
        return {"loss": 2.0, "exact": 0.25}

    told = []
    training_modes = []
    one = trainer(run, validate=look, on_epoch=told.append)
    one.on_step = lambda *_: training_modes.append(one.net.training)
    rows = one.fit()
    assert modes == [(False, False)] * 6
    assert training_modes == [True] * STEPS
    assert told == rows == run.read_metrics()
    assert all(row["valid_loss"] == 2 and row["valid_exact"] == 0.25 for row in rows)
    assert list(rows[0]) == [
        "epoch", "reconstruction", "uniformity", "loss", "valid_loss", "valid_exact",
        "learning_rate", "seconds",
    ]  # fmt: skip
    assert rows[-1]["loss"] < rows[0]["loss"]
    seconds = [row["seconds"] for row in rows]
    assert seconds == sorted(seconds)
    assert one.rate > 0


def test_a_loss_that_is_not_finite_stops_the_training(run):
    x = X.clone()
    with pytest.raises(StoppedError):
        trainer(run, on_step=stop_at(5)).fit()
    before = (run.path / CHECKPOINT).read_bytes()
    x[:] = math.nan
    with pytest.raises(LisaError, match=r"not finite at step 5: .*nan.*smaller learning rate"):
        trainer(run, x=x).fit()
    assert (run.path / CHECKPOINT).read_bytes() == before


class Burst(LISA):
    """Its loss is no number at one step."""

    at = 0
    seen = 0

    def loss(self, net, x):
        terms = super().loss(net, x)
        type(self).seen += 1
        return terms | {"extra": terms["uniformity"] * (math.nan if self.seen == self.at else 0)}


LONG = dataclasses.replace(SHORT, epochs=1, batch_size=2, checkpoint_seconds=1e9)
MANY = vectors(2 * 130)
"""One epoch of 130 steps, whose losses are read after 50, 100 and 130."""


@pytest.mark.parametrize(
    ("at", "read"), [(1, 50), (49, 50), (50, 50), (51, 100), (100, 100), (101, 130), (130, 130)]
)
def test_a_loss_read_later_is_reported_at_its_own_step(run, at, read):
    Burst.at, Burst.seen = at, 0
    done = []
    one = trainer(run, LONG, x=MANY, method=Burst(), on_step=lambda step, _: done.append(step))
    with pytest.raises(LisaError) as caught:
        one.fit()
    assert f"the loss is not finite at step {at}: reconstruction " in str(caught.value)
    assert "extra nan, loss nan; try a smaller learning rate" in str(caught.value)
    assert len(done) in (read - 1, read)
    assert not (run.path / CHECKPOINT).exists()
    assert not (run.path / METRICS).exists()


def test_no_checkpoint_and_no_best_weights_are_kept_of_a_loss_that_is_none(run):
    Burst.at, Burst.seen = 31, 0
    short = dataclasses.replace(LONG, epochs=3, batch_size=10, checkpoint_seconds=0)
    one = trainer(run, short, x=MANY, method=Burst(), keep_best=True)
    with pytest.raises(LisaError, match="not finite at step 31"):
        one.fit()
    assert read_tensors(run.path / CHECKPOINT)[1]["progress"]["step"] == 30
    assert read_tensors(run.path / BEST)[1]["epoch"] == 1
    assert len(run.read_metrics()) == 1


@pytest.mark.parametrize("stops", [(7, 26, 61), (51, 99), (50, 100, 101), (129, 130)])
def test_losses_flushed_at_odd_places_give_the_same_rows(tmp_path, stops):
    """A checkpoint after each step flushes there; otherwise every FLUSH_STEPS."""
    assert FLUSH_STEPS == 50
    rare, often = (dataclasses.replace(LONG, epochs=2, checkpoint_seconds=s) for s in (1e9, 0))
    whole = trainer(new_run(tmp_path / "whole"), rare, x=MANY)
    expected = without_seconds(whole.fit())
    run = new_run(tmp_path / "stopped")
    for stop in stops:
        with pytest.raises(StoppedError):
            trainer(run, often, x=MANY, on_step=stop_at(stop)).fit()
        assert read_tensors(run.path / CHECKPOINT)[1]["progress"]["step"] == stop - 1
    resumed = trainer(run, rare, x=MANY)
    assert without_seconds(resumed.fit()) == expected
    assert_same(resumed.net.state_dict(), whole.net.state_dict())


def test_a_row_is_the_mean_over_all_steps_of_the_epoch(run):
    seen = []

    class Kept(LISA):
        def loss(self, net, x):
            terms = super().loss(net, x)
            seen.append({name: value.item() for name, value in terms.items()})
            return terms

    (row,) = trainer(run, LONG, x=MANY, method=Kept()).fit()
    assert len(seen) == 130
    for name in ("reconstruction", "uniformity"):
        assert row[name] == pytest.approx(sum(each[name] for each in seen) / 130, rel=1e-12)


def kept_best(run, losses, stop=None):
    """Train while validation gives these losses; the weights at each epoch's end."""
    given, nets = iter(losses), []

    def look(net):
        nets.append(copy.deepcopy(net.state_dict()))
        return {"loss": next(given)}

    trainer(run, validate=look, keep_best=True, on_step=stop_at(stop) if stop else pass_by).fit()
    return nets


def pass_by(*_):
    pass


@pytest.mark.parametrize(
    ("losses", "best"),
    [
        ([5, 4, 3, 2, 1, 0], 6),
        ([0, 1, 2, 3, 4, 5], 1),
        ([3, 1, 2, 1, 4, 1], 2),
        ([3, -1, -2, 5, math.inf, math.nan], 3),
        ([math.nan, math.nan, 3, 2, 4, 5], 4),
        ([math.inf, 7, math.nan, 8, 8, 8], 2),
        ([math.nan] * 6, 6),
    ],
    ids=str,
)
def test_the_weights_of_least_validation_loss_are_kept(run, losses, best):
    nets = kept_best(run, [float(loss) for loss in losses])
    weights, record = read_tensors(run.path / BEST)
    assert record["epoch"] == best
    assert record["valid_loss"] == pytest.approx(losses[best - 1], nan_ok=True)
    assert_same(weights, nets[best - 1])


@pytest.mark.parametrize("stop", [3, 5, 6, 7, 12])
def test_the_best_weights_survive_a_stop(tmp_path, stop):
    losses = [3.0, 1.0, 2.0, 4.0, 0.5, 0.7]
    whole, run = new_run(tmp_path / "whole"), new_run(tmp_path / "stopped")
    nets = kept_best(whole, losses)
    with pytest.raises(StoppedError):
        kept_best(run, losses, stop)
    epochs = (stop - 1) // 2
    record = read_tensors(run.path / BEST)[1]
    assert record["valid_loss"] == min(losses[:epochs])
    kept_best(run, losses[epochs:])
    weights, record = read_tensors(run.path / BEST)
    assert record == {"epoch": 5, "valid_loss": 0.5}
    assert_same(weights, nets[4])


def test_without_a_wish_no_best_weights_are_kept(run):
    trainer(run).fit()
    assert not (run.path / BEST).exists()


def test_the_devices_can_be_launched_before(tmp_path):
    fabric = launch(SHORT)
    assert fabric.is_global_zero
    one = trainer(new_run(tmp_path / "one"), fabric=fabric)
    assert one.fabric is fabric
    two = trainer(new_run(tmp_path / "two"))
    assert without_seconds(one.fit()) == without_seconds(two.fit())


def test_torchrun_must_start_as_many_processes_as_there_are_devices(monkeypatch):
    monkeypatch.setenv("TORCHELASTIC_RUN_ID", "none")
    monkeypatch.setenv("WORLD_SIZE", "4")
    for devices in (1, 2):
        training = dataclasses.replace(SHORT, devices=devices)
        with pytest.raises(LisaError) as caught:
            launch(training)
        assert str(caught.value) == (
            f"torchrun started 4 processes for {devices} devices; give --devices 4 as well"
        )


def test_the_machines_of_torchrun_share_the_devices(monkeypatch):
    monkeypatch.setenv("GROUP_WORLD_SIZE", "2")
    asked = {}

    class Launched:
        def __init__(self, **options):
            asked.update(options)

        def launch(self):
            pass

    monkeypatch.setattr("shared.training.trainer.Fabric", Launched)
    launch(Training(devices=6, batch_size=12))
    assert (asked["devices"], asked["num_nodes"]) == (3, 2)
    with pytest.raises(LisaError, match="3 devices cannot be shared evenly by 2 machines"):
        Training(devices=3, batch_size=12)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 3)
    assert Training(device="cuda", devices=6, batch_size=12).devices == 6
    with pytest.raises(LisaError, match="there are 3 CUDA devices here, not 4"):
        Training(device="cuda", devices=8, batch_size=16)


def test_alone_the_first_process_acts_as_it_is():
    done = []
    on_first(launch(SHORT), lambda: done.append(1))
    assert done == [1]
    error = LisaError("no room")

    def act():
        raise error

    with pytest.raises(LisaError) as caught:
        on_first(launch(SHORT), act)
    assert caught.value is error


ALIGNED = LISA(alignment_weight=5.0)
SEMANTICS = X[:, :2].sin().sub(0.5)


def aligned(path, **options):
    net = Vectors(plain=True)
    net.semantics = 2
    equip(net, ALIGNED, seed=0)
    run = open_run(path, "test") if path.exists() else new_run(path)
    return trainer(run, net=net, method=ALIGNED, semantics=SEMANTICS, **options)


def test_a_training_on_semantics_ends_the_same_wherever_it_is_stopped(tmp_path):
    whole = aligned(tmp_path / "whole")
    expected = whole.fit()
    assert expected[-1]["alignment"] < expected[0]["alignment"]
    for step in (1, 4, STEPS):
        with pytest.raises(StoppedError):
            aligned(tmp_path / f"{step}", on_step=stop_at(step)).fit()
        resumed = aligned(tmp_path / f"{step}")
        assert without_seconds(resumed.fit()) == without_seconds(expected)
        assert_same(resumed.net.state_dict(), whole.net.state_dict())
    assert f"parts.{READOUT}.weight" in whole.net.state_dict()


class Told(LISA):
    """Remembers what it was told of which examples."""

    aligned = True
    pairs = ()

    def extra_modules(self, net):
        return {}

    def aligned_loss(self, net, x, semantics):
        type(self).pairs += ((x, semantics),)
        return self.loss(net, x)


def test_every_example_comes_with_its_own_semantics(run):
    Told.pairs = ()
    trainer(run, method=Told(), semantics=SEMANTICS).fit()
    assert len(Told.pairs) == STEPS
    for x, semantics in Told.pairs:
        rows = [(row == X).all(1).nonzero().item() for row in x]
        assert torch.equal(semantics, SEMANTICS[rows])


def test_semantics_of_which_a_method_learns_nothing_change_nothing(tmp_path):
    done = [
        trainer(new_run(tmp_path / name), semantics=semantics)
        for name, semantics in (("without", None), ("with", SEMANTICS))
    ]
    rows = [without_seconds(each.fit()) for each in done]
    assert rows[0] == rows[1]
    assert_same(done[0].net.state_dict(), done[1].net.state_dict())


def test_semantics_that_are_missing_or_do_not_fit_are_refused(run):
    with pytest.raises(LisaError, match="lisa: this training is not told what the examples do"):
        trainer(run, method=ALIGNED)
    with pytest.raises(LisaError, match="16 rows of semantics do not fit 17 examples"):
        trainer(run, method=ALIGNED, semantics=SEMANTICS[1:])


@pytest.mark.parametrize("precision", ["64-true", "bf16-mixed"])
def test_other_arithmetic_resumes_exactly_too(tmp_path, precision):
    training = dataclasses.replace(SHORT, precision=precision)
    x = X.double() if precision == "64-true" else X
    nets = [Vectors(), Vectors()]
    method = LISA()
    check = {"validate": lambda net: {"loss": 1.0}}
    whole = Trainer(new_run(tmp_path / "a"), nets[0], method, training, x, **check)
    rows = whole.fit()
    run = new_run(tmp_path / "b")
    with pytest.raises(StoppedError):
        Trainer(run, nets[1], method, training, x, on_step=stop_at(8), **check).fit()
    resumed = Trainer(run, Vectors(seed=5), method, training, x, **check)
    assert without_seconds(resumed.fit()) == without_seconds(rows)
    assert_same(resumed.net.state_dict(), whole.net.state_dict())
    dtype = torch.float64 if precision == "64-true" else torch.float32
    assert resumed.net.to_code.weight.dtype == dtype


def test_checkpoints_come_after_validations_and_when_time_has_passed(run, monkeypatch):
    now = [0.0]
    monkeypatch.setattr("shared.training.trainer.time.monotonic", lambda: now[0])
    saved = []
    one = trainer(run, dataclasses.replace(SHORT, checkpoint_seconds=30, epochs=2, batch_size=2))

    def on_step(step, _):
        now[0] += 11
        path = run.path / CHECKPOINT
        saved.append(read_tensors(path)[1]["progress"]["step"] if path.is_file() else 0)

    one.on_step = on_step
    one.fit()
    # Eight steps an epoch, 11 seconds each: at 33 and 66 seconds, and after a quarter of 30.
    assert saved == [0, 0, 0, 3, 3, 3, 6, 6, 8, 8, 8, 11, 11, 11, 14, 14]
    assert read_tensors(run.path / CHECKPOINT)[1]["progress"]["step"] == 16


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"epochs": 0}, "epochs must be at least 1, not 0"),
        ({"batch_size": 1}, "batch_size must be at least 2, not 1"),
        ({"devices": 0}, "devices must be at least 1, not 0"),
        ({"learning_rate": 0.0}, "learning rate must be above 0"),
        ({"learning_rate": -1.0}, "learning rate must be above 0"),
        ({"learning_rate": math.nan}, "learning rate must be above 0"),
        ({"learning_rate": math.inf}, "learning rate must be above 0"),
        ({"batch_size": 5, "devices": 2}, "cannot be shared evenly by 2 devices"),
    ],
)
def test_impossible_settings_are_refused(values, words):
    with pytest.raises(LisaError, match=words):
        Training(**values)


def test_devices_that_are_not_there_are_refused(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    for device in ("cuda", "mps"):
        with pytest.raises(LisaError, match=r"no (CUDA|MPS) device here; use --device cpu"):
            Training(device=device)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    assert Training(device="cuda").devices == 1
    with pytest.raises(LisaError, match="there are 1 CUDA devices here, not 4"):
        Training(device="cuda", devices=4, batch_size=8)


def test_one_example_is_too_few(run):
    with pytest.raises(LisaError, match="at least 2 examples, not 1"):
        trainer(run, x=X[:1])


def train_until(run, steps):
    """Train on in a process that is killed behind some steps; those it told, and how it ended.

    The process may begin the step behind the last one that is waited for, and ends none after.
    """
    reader, told = os.pipe()
    allowed, allow = os.pipe()
    os.write(allow, bytes(steps))

    def on_step(step, _):
        os.write(told, bytes([step]))
        os.read(allowed, 1)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        child = os.fork()
    if child == 0:
        status = 1
        try:
            os.close(reader)
            os.close(allow)
            done = trainer(open_run(run, "test"), on_step=on_step)
            done.fit()
            write_tensors(run.with_suffix(".safetensors"), done.net.state_dict(), {})
            status = 0
        finally:
            os._exit(status)
    os.close(told)
    os.close(allowed)
    seen = b""
    while len(seen) < steps:
        more = os.read(reader, 1)
        if not more:
            break
        seen += more
    else:
        os.kill(child, signal.SIGKILL)
    status = os.waitpid(child, 0)[1]
    os.close(reader)
    os.close(allow)
    return list(seen), status


def test_a_training_killed_again_and_again_ends_as_if_it_was_not(tmp_path):
    """kill -9 after some steps, wherever the process is then: computing, writing, renaming."""
    whole, killed = (new_run(tmp_path / name).path for name in ("whole", "killed"))
    assert train_until(whole, 1000) == (list(range(1, 13)), 0)
    for steps in (1, 3, 2, 3, 1, 1):
        assert train_until(killed, steps)[1] == signal.SIGKILL
    assert train_until(killed, 1000)[1] == 0
    weights = [read_tensors(run.with_suffix(".safetensors"))[0] for run in (whole, killed)]
    assert_same(*weights)
    rows = [open_run(run, "test").read_metrics() for run in (whole, killed)]
    assert without_seconds(rows[0]) == without_seconds(rows[1])
    assert len(rows[0]) == 6


def run_python(script, *arguments):
    variables = environment()
    variables["PYTHONPATH"] += os.pathsep + str(Path(__file__).parent)
    with started(sys.executable, script, *arguments, env=variables) as process:
        result = finish(process)
    assert result.status == 0, result.err


TWO = """
import json, os, sys
from pathlib import Path
from test_trainer import (
    SHORT, LisaError, Vectors, X, dataclasses, new_run, on_first, open_run, trainer
)

path = Path(sys.argv[1])
rank = int(os.environ.get("LOCAL_RANK", "0"))
if rank == 0:
    new_run(path)
training = dataclasses.replace(
    SHORT, batch_size=6, devices=2, schedule="plateau", checkpoint_seconds=1e9 * rank
)
def validate(net):
    return {"loss": 1.0 - rank, "rank": float(rank)}
one = trainer(open_run(path, "test"), training, net=Vectors(plain=True), validate=validate,
    keep_best=True)
rows = one.fit()
messages = []
for culprit in (0, 1):
    def act():
        messages.append("acted")
        if rank == culprit:
            raise LisaError(f"no room for {rank}")
    try:
        on_first(one.fabric, act)
        messages.append("went on")
    except LisaError as error:
        messages.append(str(error))
state = {name: value.tolist() for name, value in one.net.state_dict().items()}
found = {"rows": rows, "state": state, "messages": messages}
Path(f"{path}-{rank}.json").write_text(json.dumps(found))
"""


@pytest.mark.slow  # test_two_devices_train_as_one does the same by the command
def test_two_processes_train_as_one_with_the_whole_batch(tmp_path):
    script = tmp_path / "two.py"
    script.write_text(TWO)
    run_python(script, tmp_path / "two")
    training = dataclasses.replace(SHORT, batch_size=6, schedule="plateau")
    one = trainer(new_run(tmp_path / "one"), training, net=Vectors(plain=True))
    expected = one.fit()
    found = [json.loads((tmp_path / f"two-{rank}.json").read_text()) for rank in (0, 1)]
    assert found[0]["state"] == found[1]["state"]
    for name, value in one.net.state_dict().items():
        torch.testing.assert_close(
            torch.tensor(found[0]["state"][name]), value, rtol=1e-3, atol=1e-5
        )
    rows = found[0]["rows"]
    assert without_seconds(rows) == without_seconds(found[1]["rows"])
    assert [row["valid_rank"] for row in rows] == [0] * 6
    for row, other in zip(rows, expected, strict=True):
        for name in ("reconstruction", "uniformity", "loss", "learning_rate"):
            assert row[name] == pytest.approx(other[name], rel=1e-4)
    assert open_run(tmp_path / "two", "test").read_metrics() == rows
    assert (tmp_path / "two" / METRICS).is_file()
    best = [row["valid_loss"] for row in rows]
    assert read_tensors(tmp_path / "two" / BEST)[1] == {
        "epoch": best.index(min(best)) + 1, "valid_loss": min(best),
    }  # fmt: skip
    assert found[0]["messages"] == ["acted", "no room for 0", "acted", "went on"]
    assert found[1]["messages"] == ["no room for 0", "went on"]
