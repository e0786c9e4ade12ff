"""Stand-ins for MLflow and Weights & Biases with the calls, signatures and rules of the real ones.

Signatures are those of mlflow 3 and wandb 0.21; a call that these do not take fails here too.
"""

import sys
from importlib.machinery import ModuleSpec
from types import ModuleType, SimpleNamespace

import pytest


def _module(name, **members):
    made = ModuleType(name)
    made.__spec__ = ModuleSpec(name, None)
    vars(made).update(members)
    return made


class FakeMLflow:
    """One run of MLflow's fluent interface.

    Attributes:
        name, params, metrics, artifacts, status: What was logged.
    """

    def __init__(self):
        self.name, self.status = None, None
        self.params, self.metrics, self.artifacts = {}, [], []

    def start_run(
        self, run_id=None, experiment_id=None, run_name=None, nested=False, parent_run_id=None,
        tags=None, description=None, log_system_metrics=None,
    ):  # fmt: skip
        assert self.name is None, "a run is active already"
        self.name = run_name
        return SimpleNamespace(info=SimpleNamespace(run_id="7"))

    def log_params(self, params, synchronous=None, run_id=None):
        assert self.name is not None
        assert all(len(str(value)) <= 6000 for value in params.values())
        self.params |= params

    def log_metrics(
        self, metrics, step=None, synchronous=None, run_id=None, timestamp=None, model_id=None,
        dataset=None,
    ):  # fmt: skip
        assert run_id == "7", "another thread has another active run"
        assert all(type(value) is float for value in metrics.values())
        allowed = set("/_-. ")
        assert all(c.isalnum() or c in allowed for name in metrics for c in name)
        self.metrics.append((step, metrics))

    def log_artifact(self, local_path, artifact_path=None, run_id=None):
        with open(local_path, "rb") as file:  # noqa: PTH123 (as MLflow takes it)
            self.artifacts.append((artifact_path, file.read(4)))

    def end_run(self, status="FINISHED"):
        assert status in ("FINISHED", "FAILED", "KILLED")
        self.status = status


class FakeWandb:
    """One run of Weights & Biases.

    Attributes:
        settings, logged, axes, exit_code: What it was told.
    """

    def __init__(self):
        self.settings, self.logged, self.exit_code = None, [], "running"
        self._step = 0

    def init(
        self, entity=None, project=None, dir=None, id=None, name=None, notes=None, tags=None,
        config=None, *, mode=None, resume=None, settings=None,
    ):  # fmt: skip
        self._step, self.axes = 0, {}
        self.settings = {"project": project, "dir": dir, "name": name, "config": config}
        return self

    def log(self, data, step=None, commit=None):
        assert step is None or step >= self._step, "wandb drops steps that fall"
        self._step = self._step if step is None else step
        self.logged.append((self._step, data))

    def define_metric(
        self, name, step_metric=None, step_sync=None, hidden=None, summary=None, overwrite=None
    ):
        assert name not in self.axes
        self.axes[name] = step_metric

    def finish(self, exit_code=None, quiet=None):
        self.exit_code = exit_code


class FakeImage:
    """A picture for Weights & Biases."""

    def __init__(self, data_or_path, mode=None, caption=None):
        self.path = data_or_path


@pytest.fixture
def mlflow(monkeypatch):
    """MLflow, as if it were installed."""
    fake = FakeMLflow()
    names = ("start_run", "log_params", "log_metrics", "log_artifact", "end_run")
    module = _module("mlflow", **{name: getattr(fake, name) for name in names})
    monkeypatch.setitem(sys.modules, "mlflow", module)
    monkeypatch.delitem(sys.modules, "shared.trackers.mlflow", raising=False)
    return fake


@pytest.fixture
def wandb(monkeypatch):
    """Weights & Biases, as if it were installed."""
    fake = FakeWandb()
    monkeypatch.setitem(sys.modules, "wandb", _module("wandb", init=fake.init, Image=FakeImage))
    monkeypatch.delitem(sys.modules, "shared.trackers.wandb", raising=False)
    monkeypatch.delenv("WANDB_PROJECT", raising=False)
    return fake
