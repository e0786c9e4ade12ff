"""The one training loop: any method, any network, any device, resumed to the bit."""

import logging
import math
import os
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from typing import Any

import torch
from lightning_fabric import Fabric
from torch import Tensor, nn
from torch.distributed import is_torchelastic_launched

from shared.common.callbacks import MetricsRow
from shared.common.collective import alone
from shared.common.errors import LisaError
from shared.common.seeds import derive_seed
from shared.common.torch_seeds import seed_draws
from shared.methods import Method
from shared.methods.autoencoder import Autoencoder
from shared.runs.locks import working_in
from shared.runs.run import BEST, CHECKPOINT, Run
from shared.training.progress import TrainingState
from shared.training.settings import Training, machines
from shared.training.weights import load_weights

_ADDED = {"valid_epochs": 1, "patience": 0, "kl_warmup": 0.0, "augment": 0.0}
"""Settings that the first checkpoints do not record, with what they were made with."""

FLUSH_STEPS = 50
"""Steps whose losses are read together: reading each would make a GPU wait every time."""


class LossModule(nn.Module):
    """A net and the method that trains it, as one module: its forward gives the loss terms."""

    def __init__(self, net: Autoencoder, method: Method, augment: float = 0.0) -> None:
        super().__init__()
        self.net, self.method, self.augment = net, method, augment

    def forward(self, x: Tensor, semantics: Tensor | None = None) -> dict[str, Tensor]:
        """Return the named loss terms of one batch `x` of examples as they are stored.

        With `semantics` `[batch, k]`, what the examples do, the method may learn from them.
        """
        prepared = self.net.prepare(x)
        if self.augment:
            prepared = self.net.augmented(prepared, self.augment)
        if semantics is None:
            return self.method.loss(self.net, prepared)
        return self.method.aligned_loss(self.net, prepared, semantics)


def launch(training: Training) -> Fabric:
    """Return the devices of a training, its processes started.

    A command calls this before it writes anything: with several devices every process runs the
    whole command, and only the first, `is_global_zero`, may make or finish a run.

    Raises:
        LisaError: Torchrun started another number of processes than there are devices.
    """
    logging.getLogger("lightning_fabric").setLevel(logging.WARNING)  # it greets on every start
    started = int(os.environ.get("WORLD_SIZE", "1"))
    if is_torchelastic_launched() and started != training.devices:
        raise LisaError(
            f"torchrun started {started} processes for {training.devices} devices; "
            f"give --devices {started} as well"
        )
    fabric = Fabric(
        accelerator=training.device,
        devices=training.devices // machines(),
        num_nodes=machines(),
        precision=training.precision,
    )
    fabric.launch()
    return fabric


def on_first(fabric: Fabric, act: Callable[[], None]) -> None:
    """Let the first process act, while the others wait.

    Raises:
        LisaError: In every process, if `act` raises it in the first.
    """
    if fabric.world_size == 1:
        act()
        return
    message = ""
    if fabric.is_global_zero:
        try:
            act()
        except LisaError as error:
            message = str(error)
    if message := fabric.broadcast(message):
        raise LisaError(message)


class Trainer:
    """Trains one net by one method on one tensor of examples, with checkpoints in a run.

    Attributes:
        steps: The steps of the whole training, if it does not stop early.
        rate: Examples a second, over what this process has done.
        progress: Where the training is.
    """

    def __init__(
        self,
        run: Run,
        net: Autoencoder,
        method: Method,
        training: Training,
        x: Tensor,
        *,
        semantics: Tensor | None = None,
        validate: Callable[[Autoencoder], MetricsRow],
        fabric: Fabric | None = None,
        keep_best: bool = False,
        on_step: Callable[[int, int], None] = lambda step, steps: None,
        on_epoch: Callable[[MetricsRow], None] = lambda row: None,
    ) -> None:
        """Set up a training.

        Args:
            run: Where checkpoints and metrics go.
            net: The net, its weights drawn already.
            method: How codes are learnt.
            training: Length, batch, learning rate, devices.
            x: All training examples, first axis the example.
            semantics: What each example does, `[n, k]`, standardised, for a method that learns
                from it.
            validate: Measures the net at the end of epochs; its `loss` rules the plateau schedule
                and when the training stops early.
            fabric: The launched devices of this training; by default they are launched here.
            keep_best: Whether the weights with the least validation `loss` are kept in the run.
            on_step: Told the steps done and the steps in all.
            on_epoch: Told each row of metrics.
        """
        if len(x) < 2:
            raise LisaError(f"training needs at least 2 examples, not {len(x)}")
        if method.aligned and semantics is None and not net.has_views:
            raise LisaError(f"{method.name}: this training is not told what the examples do")
        if semantics is not None and len(semantics) != len(x):
            raise LisaError(f"{len(semantics)} rows of semantics do not fit {len(x)} examples")
        self.run, self.training, self.method = run, training, method
        self.validate, self.on_step, self.on_epoch = validate, on_step, on_epoch
        self.fabric = fabric or launch(training)
        self.keep_best = keep_best
        if self.fabric.world_size > 1 and self.fabric.device.type == "cuda":
            net = nn.SyncBatchNorm.convert_sync_batchnorm(net)  # the statistics of the whole batch
        self.net = net
        optimizer = torch.optim.Adam(net.parameters(), lr=training.learning_rate, fused=True)
        objective, self.optimizer = self.fabric.setup(
            LossModule(net, method, training.augment), optimizer
        )
        self.objective = objective
        self.plateau = torch.optim.lr_scheduler.ReduceLROnPlateau(
            self.optimizer, factor=0.2, patience=3
        )
        self.x = x.to(self.fabric.device)
        self.semantics = None if semantics is None else semantics.to(self.fabric.device)
        self.batch_size = min(training.batch_size, len(x))
        self.steps_per_epoch = len(x) // self.batch_size
        self.steps = training.epochs * self.steps_per_epoch
        self.steps_per_row = training.valid_epochs * self.steps_per_epoch
        self.rate = 0.0
        self.progress = TrainingState(0, {}, 0, [], 0.0)
        self._names: tuple[str, ...] = ()
        self._pending: list[Tensor] = []
        self._best: dict[str, Tensor] | None = None

    def fit(self) -> list[MetricsRow]:
        """Train to the end, from the run's checkpoint if there is one.

        Returns:
            The rows of metrics, one a validation.

        Raises:
            LisaError: A loss is not finite, a checkpoint belongs to another training, or another
                process trains in this run.
        """
        with ExitStack() as held:
            on_first(self.fabric, lambda: held.enter_context(working_in(self.run.path)))
            return self._fit()

    def _fit(self) -> list[MetricsRow]:
        if (self.run.path / CHECKPOINT).is_file():
            self._load()
        saved_at = began = time.monotonic()
        first = self.progress.step
        before = self.progress.seconds
        while self.progress.step < self.steps and not self.stopped:
            self._step()
            now = time.monotonic()
            self.rate = (self.progress.step - first) * self.batch_size / (now - began)
            self.progress.seconds = before + now - began
            last = self.progress.step == self.steps
            if ended := last or self.progress.step % self.steps_per_row == 0:
                self._end_row()
            if not (last or self.stopped or self._due(now - saved_at, ended)):
                continue
            self._flush()
            self._save()
            saved_at = now
        self.fabric.barrier()
        return self.progress.rows

    @property
    def stopped(self) -> bool:
        """Whether the training has ended early, as the validation loss fell no more."""
        return self.progress.is_stale(self.training.patience)

    def _due(self, seconds: float, ended: bool) -> bool:
        """Tell whether a checkpoint is due, after a validation in a quarter of the time.

        Processes agree on it, at steps that all know.
        """
        due = seconds >= self.training.checkpoint_seconds / (4 if ended else 1)
        if self.fabric.world_size == 1:
            return due
        if self.progress.step % FLUSH_STEPS and not ended:
            return False
        return bool(self.fabric.broadcast(due))

    def _step(self) -> None:
        step = self.progress.step
        self._set_rate(step)
        seed_draws(
            derive_seed(self.training.seed, "step", step, self.fabric.global_rank),
            self.fabric.device,
        )
        if not self.net.training:  # a walk over all of the net's modules
            self.net.train()
        terms = self._warmed(self.objective(*self._batch(step)), step)
        total = torch.stack(list(terms.values())).sum()
        self.fabric.backward(total)
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        self._names = (*terms, "loss")
        self._pending.append(torch.stack([*terms.values(), total]).detach())
        self.progress.step += 1
        if self.progress.step % FLUSH_STEPS == 0:
            self._flush()
        self.on_step(self.progress.step, self.steps)

    def _batch(self, step: int) -> tuple[Tensor, ...]:
        """Return this device's share of the step's batch.

        It holds the examples, and their semantics if there are any.
        """
        epoch, index = divmod(step, self.steps_per_epoch)
        if index == 0 or not hasattr(self, "_order"):
            generator = torch.Generator().manual_seed(
                derive_seed(self.training.seed, "order", epoch)
            )
            self._order = torch.randperm(len(self.x), generator=generator).to(self.x.device)
        share = self.batch_size // self.fabric.world_size
        first = index * self.batch_size + self.fabric.global_rank * share
        rows = self._order[first : first + share]
        x = self.x.index_select(0, rows)
        return (x,) if self.semantics is None else (x, self.semantics.index_select(0, rows))

    def _warmed(self, terms: dict[str, Tensor], step: int) -> dict[str, Tensor]:
        """Return loss terms of which those of a divergence are weighted by how far it is warm."""
        steps = self.training.kl_warmup * self.steps_per_epoch
        if step + 1 >= steps:
            return terms
        share = (step + 1) / steps
        return {n: share * term if n in self.method.warmed else term for n, term in terms.items()}

    def _set_rate(self, step: int) -> None:
        if self.training.schedule != "cosine":
            return
        warm = max(1, self.steps // 50)
        rate = min((step + 1) / warm, (1 + math.cos(math.pi * step / self.steps)) / 2)
        for group in self.optimizer.param_groups:
            group["lr"] = self.training.learning_rate * rate

    def _flush(self) -> None:
        """Add the loss terms of the last steps, means over all devices, to those of the epoch."""
        if not self._pending:
            return
        progress, pending = self.progress, torch.stack(self._pending)
        self._pending = []
        values = self.fabric.all_reduce(pending).cpu().double()
        finite = values[:, -1].isfinite()
        if not finite.all():
            first = int((~finite).nonzero()[0])
            terms = zip(self._names, values[first].tolist(), strict=True)
            raise LisaError(
                f"the loss is not finite at step {progress.step - len(values) + first + 1}: "
                + ", ".join(f"{name} {value:.4g}" for name, value in terms)
                + "; try a smaller learning rate"
            )
        for row in values.tolist():  # one by one, so that a stop in between changes no digit
            for name, value in zip(self._names, row, strict=True):
                progress.sums[name] = progress.sums.get(name, 0.0) + value
        progress.counted += len(values)

    def _end_row(self) -> None:
        self._flush()
        progress = self.progress
        row: MetricsRow = {"epoch": float(progress.step // self.steps_per_epoch)}
        row |= {name: total / progress.counted for name, total in progress.sums.items()}
        self.net.eval()
        row |= {f"valid_{name}": value for name, value in self._validated().items()}
        if self.training.schedule == "plateau":
            self.plateau.step(row["valid_loss"])
        row["learning_rate"] = self.optimizer.param_groups[0]["lr"]
        row["seconds"] = progress.seconds
        progress.rows.append(row)
        progress.sums, progress.counted = {}, 0
        if _below(row["valid_loss"], progress.best):
            progress.best, progress.best_epoch = row["valid_loss"], int(row["epoch"])
            if self.keep_best and self.fabric.is_global_zero:
                self._best = {n: v.detach().clone() for n, v in self.net.state_dict().items()}
        on_first(self.fabric, lambda: self.run.write_metrics(progress.rows))
        self.on_epoch(row)

    def _validated(self) -> MetricsRow:
        """Return what the first process measures, which every process is told."""
        found: MetricsRow = {}

        def measure() -> None:
            with torch.no_grad(), alone():
                found.update(self.validate(self.net))

        on_first(self.fabric, measure)
        told: MetricsRow = self.fabric.broadcast(found)
        return told

    def _save(self) -> None:
        on_first(self.fabric, self._write_checkpoint)

    def _write_checkpoint(self) -> None:
        """Write the best weights, if there are new ones, and then the checkpoint that has them."""
        if self._best is not None:
            best = {"epoch": self.progress.best_epoch, "valid_loss": self.progress.best}
            self.run.write_tensors(BEST, self._best, best)
            self._best = None
        tensors = {f"net.{name}": value for name, value in self.net.state_dict().items()}
        groups = self.optimizer.state_dict()
        for number, state in groups["state"].items():
            tensors |= {f"optimizer.{number}.{name}": value for name, value in state.items()}
        record = {
            "training": self.training.identity(),
            "plateau": _plain(self.plateau.state_dict()),
            "learning_rate": groups["param_groups"][0]["lr"],
            "precision": self.fabric.strategy.precision.state_dict(),
            "progress": vars(self.progress),
        }
        self.run.write_tensors(CHECKPOINT, tensors, record)

    def _load(self) -> None:
        tensors, record = self.run.read_tensors(CHECKPOINT)
        if {**_ADDED, **record.get("training", {})} != self.training.identity():
            raise LisaError(
                f"the checkpoint in {self.run.path} was made with other settings: "
                f"{record.get('training')}; resume with those"
            )
        weights = {n.removeprefix("net."): v for n, v in tensors.items() if n.startswith("net.")}
        load_weights(self.net, weights, f"{self.run.path / CHECKPOINT}")
        state: dict[int, dict[str, Tensor]] = {}
        for name, value in tensors.items():
            if name.startswith("optimizer."):
                _, number, key = name.split(".")
                state.setdefault(int(number), {})[key] = value
        current = self.optimizer.state_dict()
        current["param_groups"][0]["lr"] = record["learning_rate"]
        self.optimizer.load_state_dict({"state": state, "param_groups": current["param_groups"]})
        self.plateau.load_state_dict(record["plateau"])
        self.fabric.strategy.precision.load_state_dict(record["precision"])
        self.progress = TrainingState(**record["progress"])


def _below(loss: float, best: float | None) -> bool:
    """Tell whether a loss is the least so far; one that is no number is above all that are."""
    return best is None or math.isnan(best) or loss < best


def _plain(state: Mapping[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in state.items() if isinstance(v, bool | int | float | str | list)}
